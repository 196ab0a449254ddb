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

# Commands of ip for HOST, one a line: a process each would take a guest of User Mode Linux half a minute.
links() { # HOST < COMMANDS
	ip -n "$1" -batch -
}

# lab_network 4|6 [nat] - outer addresses 192.0.2.1 and .2 (2001:db8::1 and ::2).  With nat, left is 10.99.0.2 behind a router
# that shows 192.0.2.1 and ports from 20000 on.
lab_network() {
	local host cable=bridge
	[ -z "${2:-}" ] || cable=nat
	lab_version=$1 wire_port=right-port
	for host in left wire right; do
		ip netns add "$host"
		on "$host" tee /proc/sys/net/ipv6/conf/{all,default}/accept_dad <<<0 >/dev/null 2>&1
	done
	ip -batch - <<-EOF
		link add left-eth netns left type veth peer name left-port netns wire
		link add right-eth netns right type veth peer name right-port netns wire
	EOF
	if [ $cable = nat ]; then
		outer=([left]=10.99.0.2 [right]=192.0.2.2)
	elif [ "$lab_version" = 4 ]; then
		outer=([left]=192.0.2.1 [right]=192.0.2.2)
	else
		outer=([left]=2001:db8::1 [right]=2001:db8::2)
	fi
	for host in left right; do
		links "$host" <<-EOF
			link set lo up
			link set $host-eth up
			address add ${outer[$host]}/$([ "$lab_version" = 4 ] && echo 24 || echo "64 nodad") dev $host-eth
			$([ "$cable-$host" != nat-left ] || echo route add default via 10.99.0.1)
		EOF
	done
	"lab_$cable"
}

lab_bridge() {
	links wire <<-EOF
		link add lan type bridge
		link set left-port up master lan
		link set right-port up master lan
		link set lan up
	EOF
}

lab_nat() {
	links wire <<-EOF
		link set left-port up
		link set right-port up
		address add 10.99.0.1/24 dev left-port
		address add 192.0.2.1/24 dev right-port
	EOF
	on wire sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	on wire iptables-legacy -t nat -A POSTROUTING -o right-port -p udp -j MASQUERADE --to-ports 20000-29999 &&
		on wire iptables-legacy -t nat -A POSTROUTING -o right-port -j MASQUERADE
}

# lab_inner HOST ADDRESS/PREFIX... - networks behind a gateway, as addresses of a bridge without ports.
lab_inner() {
	local host=$1
	shift
	links "$host" <<-EOF
		link add inner type bridge
		link set inner up
		$(for address in "$@"; do echo "address add $address dev inner$([[ $address != *:* ]] || echo " nodad")"; done)
	EOF
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
# AH hides nothing, but what it carries is not what a filter for ICMP or TCP sees.
filter_ah='((ip proto 51) or (ip6 proto 51))'
# A router with NAT shows other source ports, but the destination or the source is always one of ours.
filter_ike='(udp port 500 or udp port 4500)'
# The neighbours' talk: ARP, neighbour discovery, reports of multicast listeners.
filter_link='(arp or igmp or ((ip6[6] = 58) and (ip6[40] >= 130) and (ip6[40] <= 143)) or (ip6[6] = 0))'
# Further fragments of ESP, alone or in UDP: they show no port.  (What these tests send through a tunnel is ICMP and TCP.)
filter_fragment='((ip[6:2] & 0x1fff != 0) and (ip proto 17 or ip proto 50 or ip proto 51))'
filter_plain() { # PROTECTED - what is neither has leaked
	echo "not ($1 or $filter_ike or $filter_link or $filter_fragment)"
}

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
