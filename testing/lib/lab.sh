# shellcheck shell=bash
# Hosts in network namespaces: left -- wire (a bridge, or a router that hides left) -- right.
# To be sourced inside testing/lib/in-lab.

lab=            # state of this lab: configuration, logs, captures
lab_version=4   # of the outer addresses
declare -A outer

lab_init() {
	lab=$(mktemp -d "${TMPDIR:-/tmp}/obol-lab.XXXXXX")
	trap 'rm -rf "$lab"' EXIT
	trap 'exit 130' INT TERM HUP
	mount -t tmpfs -o mode=755 lab /run
	mkdir -p /run/netns "$lab/left" "$lab/right" "$lab/wire"
	ip link set lo up
}

on() { # HOST COMMAND...
	local host=$1
	shift
	ip netns exec "$host" "$@"
}

# lab_network 4|6 [nat] - outer addresses 192.0.2.1 and .2 (2001:db8::1 and ::2).  With nat, left is 10.99.0.2 behind a router
# that shows 192.0.2.1 and ports from 20000 on.
lab_network() {
	local nat=${2:-}
	lab_version=$1
	local host
	for host in left wire right; do
		ip netns add "$host"
		on "$host" ip link set lo up
		on "$host" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 2>/dev/null
	done
	for host in left right; do
		ip link add "$host-eth" netns "$host" type veth peer name "$host-port" netns wire
		on "$host" ip link set "$host-eth" up
		on wire ip link set "$host-port" up
	done
	if [ -n "$nat" ]; then
		outer=([left]=10.99.0.2 [right]=192.0.2.2)
		on left ip address add 10.99.0.2/24 dev left-eth
		on left ip route add default via 10.99.0.1
		on right ip address add 192.0.2.2/24 dev right-eth
		on wire ip address add 10.99.0.1/24 dev left-port
		on wire ip address add 192.0.2.1/24 dev right-port
		on wire sysctl -qw net.ipv4.ip_forward=1
		on wire iptables-legacy -t nat -A POSTROUTING -o right-port -p udp -j MASQUERADE --to-ports 20000-29999 &&
			on wire iptables-legacy -t nat -A POSTROUTING -o right-port -j MASQUERADE
		wire_port=right-port
		return
	fi
	on wire ip link add lan type bridge
	on wire ip link set left-port master lan
	on wire ip link set right-port master lan
	on wire ip link set lan up
	wire_port=right-port
	if [ "$lab_version" = 4 ]; then
		outer=([left]=192.0.2.1 [right]=192.0.2.2)
		on left ip address add 192.0.2.1/24 dev left-eth
		on right ip address add 192.0.2.2/24 dev right-eth
	else
		outer=([left]=2001:db8::1 [right]=2001:db8::2)
		on left ip address add 2001:db8::1/64 dev left-eth nodad
		on right ip address add 2001:db8::2/64 dev right-eth nodad
	fi
}

# lab_inner HOST ADDRESS/PREFIX... - networks behind a gateway, as addresses of a bridge without ports.
lab_inner() {
	local host=$1 address
	shift
	on "$host" ip link add inner type bridge
	on "$host" ip link set inner up
	for address in "$@"; do
		on "$host" ip address add "$address" dev inner nodad 2>/dev/null || on "$host" ip address add "$address" dev inner
	done
}

# wait_for SECONDS COMMAND... - polls until COMMAND succeeds.
wait_for() {
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $until ] && return 1
		read -rt 0.1 <> <(:) || :
	done
}

# capture_start / capture_stop - what passes on the wire, headers only, into $lab/wire.pcap
capture_start() {
	ip netns exec wire tcpdump -i "$wire_port" -n -s 160 -U --immediate-mode -Z root -w "$lab/wire.pcap" 2>"$lab/tcpdump.log" &
	capture_pid=$!
	wait_for 10 grep -q 'listening on' "$lab/tcpdump.log"
}

capture_stop() {
	kill -TERM "$capture_pid" 2>/dev/null
	wait "$capture_pid" 2>/dev/null
	return 0
}

captured() { # FILTER - the number of packets that match
	tcpdump -n -r "$lab/wire.pcap" "$1" 2>/dev/null | wc -l
}

# tcpdump's `and` and `or` bind alike, so every pair has its parentheses.
# ESP, alone or in UDP (RFC 3948: no zero SPI before it, longer than a keep-alive).  An IPv6 header has 40 bytes.
filter_esp='(esp or (ip6 proto 50) or (udp port 4500 and udp[4:2] > 12 and udp[8:4] != 0) or ((ip6[6] = 17) and (ip6[40:2] = 4500 or ip6[42:2] = 4500) and (ip6[44:2] > 12) and (ip6[48:4] != 0)))'
# A router with NAT shows other source ports, but the destination or the source is always one of ours.
filter_ike='(udp port 500 or udp port 4500)'
# The neighbours' talk: ARP, neighbour discovery, reports of multicast listeners.
filter_link='(arp or igmp or ((ip6[6] = 58) and (ip6[40] >= 130) and (ip6[40] <= 143)) or (ip6[6] = 0))'
# Further fragments of ESP, alone or in UDP: they show no port.  (What these tests send through a tunnel is ICMP and TCP.)
filter_fragment='((ip[6:2] & 0x1fff != 0) and (ip proto 17 or ip proto 50))'
# What is neither has leaked.
filter_plain="not ($filter_esp or $filter_ike or $filter_link or $filter_fragment)"

# A session of its own keeps the terminal's Ctrl-C from the daemons: --keep takes them down in order.
# obold_start HOST - with the configuration in $lab/HOST/etc; waits until its control socket answers.
obold_start() {
	local host=$1
	setsid ip netns exec "$host" "$root/sbin/obold" --config "$lab/$host/etc" ${obold_options:-} >"$lab/$host/obold.log" 2>&1 &
	eval "${host}_pid=$!"
	wait_for "${obold_patience:-20}" obolctl "$host" version || { cat "$lab/$host/obold.log" >&2; return 1; }
}

obolctl() { # HOST VERB...
	local host=$1
	shift
	on "$host" "$root/bin/obolctl" --socket "$lab/$host/vici.sock" "$@"
}

# Which kernel plugin a host's obold has: kernel-userspace unless a scenario says kernel-xfrm or pfkey-kernel.
declare -A kernel_plugin=()

# obold_conf HOST < connections - what a user would write, with this lab's folders for sockets and devices.
obold_conf() {
	local host=$1 settings=
	mkdir -p "$lab/$host/etc/conf.d"
	case ${kernel_plugin[$host]:=kernel-userspace} in
	kernel-userspace) settings=${userspace_settings:-} ;;
	*) settings=${kernel_settings:-} ;;
	esac
	(umask 077; cat >"$lab/$host/etc/obol.conf")
	cat >"$lab/$host/etc/conf.d/plugins.conf" <<-EOF
		plugins = {
		  openssl-free-crypto = { load = true; };
		  socket-default = { load = true; };
		  ${kernel_plugin[$host]} = { load = true; $settings };
		  ${kernel_companions:-}
		  vici = { load = true; socket = "$lab/$host/vici.sock"; };
		};
	EOF
}

# stop_process PID - SIGTERM, and an honest wait of 15 s
stop_process() {
	kill -TERM "$1" 2>/dev/null || return 0
	wait_for 15 sh -c "! kill -0 $1" || { kill -KILL "$1" 2>/dev/null; return 1; }
	wait "$1" 2>/dev/null
	return 0
}
