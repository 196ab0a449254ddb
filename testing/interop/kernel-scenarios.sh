# shellcheck shell=bash
# What obold must do where the kernel encrypts: each a function scenario_kernel_NAME that returns 0 when all of it holds.
# The second word of a name is the kernel plugin (xfrm, pfkey, both, user), the third is the peer.

# What PF_KEY, XFRM, strongSwan, libreswan and OpenIKED can all do right; a scenario may want more.
# The first look at a kernel's algorithms makes it load and test each of them, which takes a guest half a minute.
obold_patience=120

plain_suite() { ike=aes256-sha256-ecp256 esp=aes256-sha512; }

peer_of() { # SCENARIO - whose files are laid over /usr
	case $1 in
	*strongswan*) echo strongswan ;;
	*libreswan*) echo libreswan ;;
	*openiked*) echo openiked ;;
	*) echo obol ;;
	esac
}

# on_kernel LEFT [RIGHT] - which plugin each obold has
on_kernel() {
	local -A names=([xfrm]=kernel-xfrm [pfkey]=pfkey-kernel [user]=kernel-userspace)
	kernel_plugin=([left]=${names[$1]} [right]=${names[${2:-$1}]})
	kernel_companions="network-netlink = { load = true; };"
}

# The peer on the right, by its name.
peer_side() {
	case $peer in
	obol) obol_side right ;;
	strongswan) swan_kernel="kernel-netlink" swan_side right ;;
	*) "${peer}_side" right ;;
	esac
}
right_established() {
	case $peer in
	obol) obolctl right list-sas >"$lab/list" && grep -q ESTABLISHED "$lab/list" && grep -q INSTALLED "$lab/list" ;;
	strongswan) peer_swanctl right --list-sas >"$lab/list" && grep -q ESTABLISHED "$lab/list" && grep -q INSTALLED "$lab/list" ;;
	*) "${peer}_established" right ;;
	esac
}
right_initiate() {
	case $peer in
	obol | strongswan) initiate right ;;
	*) "${peer}_initiate" right ;;
	esac
}
right_terminate() {
	case $peer in
	obol | strongswan) terminate right ;;
	*) "${peer}_terminate" right ;;
	esac
}

left_established() { obolctl left list-sas >"$lab/list" && grep -q ESTABLISHED "$lab/list" && grep -q INSTALLED "$lab/list"; }

# A ping each way and a large one, by the addresses that the mode protects.
pings() {
	local from=${inside_address[left]} to=${inside_address[right]} back=${inside_address[left]}
	[ "$mode" = transport ] && from=${outer[left]} to=${outer[right]} back=$(seen left)
	on left ping -q -c 3 -i 0.2 -W 3 -s 1000 -I "$from" "$to" || { fail "no ping from left to right"; return 1; }
	on right ping -q -c 3 -i 0.2 -W 3 -I "$to" "$back" || { fail "no ping from right to left"; return 1; }
	on left ping -q -c 3 -i 0.2 -W 3 -s 4000 -I "$from" "$to" || { fail "no ping of more than one packet's size"; return 1; }
}
established() {
	wait_for 20 left_established || { cat "$lab/list"; fail "no SAs on the left"; return 1; }
	wait_for 20 right_established || { cat "$lab/list"; fail "no SAs on the right"; return 1; }
}

# Nothing of ours is left in a host's kernel.  (Policies of sockets belong to other programs' sockets: they are not listed here.)
kernel_states() { on "$1" ip xfrm state; }
kernel_policies() { on "$1" ip xfrm policy | awk '/^src/ { head = $0; next } /dir (in|out|fwd)/ { print head; print; next }'; }
kernel_empty() { [ -z "$(kernel_states "$1")" ] && [ -z "$(kernel_policies "$1")" ]; }
leaves_nothing() { # HOST
	wait_for 15 kernel_empty "$1" || { kernel_states "$1"; kernel_policies "$1"; fail "something is left in the kernel of the $1"; return 1; }
	[ -z "$(on "$1" ip route show table 220 2>/dev/null)" ] || { on "$1" ip route show table 220; fail "routes are left on the $1"; return 1; }
}

# The same SAs at both ends, in the kernels' own words.
same_states() { [ "$(kernel_states left | grep -o 'spi 0x[0-9a-f]*' | sort -u)" = "$(kernel_states right | grep -o 'spi 0x[0-9a-f]*' | sort -u)" ]; }
# strongSwan keeps the inbound SA of a Child SA that was rekeyed for five seconds.
kernels_agree() {
	[ "${kernel_plugin[left]}" = kernel-userspace ] || [ "${kernel_plugin[right]:-}" = kernel-userspace ] && return 0
	wait_for 15 same_states ||
		{ kernel_states left; kernel_states right; fail "the kernels hold different SAs"; return 1; }
}

# What helps to understand a failure: both daemons, both kernels, the wire.
witnesses() {
	local host file
	for host in left right; do
		echo "--- kernel of the $host"
		on "$host" ip -s xfrm state 2>/dev/null | grep -v '0x................................' | tail -n 60
		on "$host" ip xfrm policy 2>/dev/null | grep -v '^$' | grep -v socket | tail -n 30
		on "$host" cat /proc/net/xfrm_stat 2>/dev/null | awk '$2 != 0'
	done
	for file in "$lab"/*/obold.log "$lab"/*/charon.log "$lab"/*/pluto.log "$lab"/*/iked.log "$lab"/*/proxy.log; do
		[ -f "$file" ] && { echo "--- ${file#"$lab"/}"; tail -n 50 "$file"; }
	done
	[ -f "$lab/wire.pcap" ] && { echo "--- wire"; tcpdump -n -r "$lab/wire.pcap" -c 40 2>/dev/null; }
}

# whole_way PEER VERSION INITIATOR [nat] - set up, both kernels, the wire, taken down, nothing left
whole_way() {
	peer=$1
	network "$2" "${4:-}" && peer_side && obol_side left && capture_start || return 1
	if [ "$3" = left ]; then
		initiate left || { fail "initiate"; return 1; }
	elif [ "$peer" != openiked ]; then
		right_initiate || { fail "initiate on the right"; return 1; }
	fi
	established && pings && kernels_agree && clean_wire || return 1
	if [ "$3" = left ]; then terminate left; else right_terminate; fi
	gone left || return 1
	leaves_nothing left || return 1
	[ "$peer" != obol ] || leaves_nothing right
	stop_process "$left_pid" || { fail "obold does not stop"; return 1; }
	leaves_nothing left
}

inner6() { net=([left]=2001:db8:1::/64 [right]=2001:db8:2::/64) inside_address=([left]=2001:db8:1::1 [right]=2001:db8:2::1); }
ah() { # the child is protected by AH instead of ESP
	obol_child="ah_proposals = [ \"$1\" ];" obol_no_esp=1 protected=ah
}

# --- obol with itself ---

for k in xfrm pfkey; do
	eval "
	scenario_kernel_${k}_obol_tunnel() { plain_suite; on_kernel $k; whole_way obol 4 left; }
	scenario_kernel_${k}_obol_transport() { plain_suite; on_kernel $k; mode=transport whole_way obol 4 left; }
	scenario_kernel_${k}_obol_tunnel_ipv6() { plain_suite; on_kernel $k; inner6; whole_way obol 6 left; }
	scenario_kernel_${k}_obol_transport_ipv6() { plain_suite; on_kernel $k; mode=transport whole_way obol 6 left; }
	scenario_kernel_${k}_obol_ipv6_inside_ipv4() { plain_suite; on_kernel $k; inner6; whole_way obol 4 left; }
	scenario_kernel_${k}_obol_ipv4_inside_ipv6() { plain_suite; on_kernel $k; whole_way obol 6 left; }
	scenario_kernel_${k}_obol_behind_nat() { plain_suite; on_kernel $k; whole_way obol 4 left nat; }
	scenario_kernel_${k}_obol_ah_tunnel() { plain_suite; on_kernel $k; ah sha1; whole_way obol 4 left; }
	scenario_kernel_${k}_obol_ah_transport() { plain_suite; on_kernel $k; ah sha384; mode=transport whole_way obol 6 left; }
	scenario_kernel_${k}_strongswan_ah() { plain_suite; on_kernel $k; ah sha1; swan_child=\"ah_proposals = sha1\" swan_no_esp=1 whole_way strongswan 4 left; }
	scenario_kernel_${k}_obol_trap_is_sprung_by_a_packet() { plain_suite; on_kernel $k; trap_is_sprung; }
	scenario_kernel_${k}_obol_three_rekeys_by_bytes_lose_nothing() { plain_suite; on_kernel $k; peer=obol rekeys_by_bytes; }
	scenario_kernel_${k}_obol_killed_and_started_again() { plain_suite; on_kernel $k; peer=obol killed_and_started_again; }
	scenario_kernel_${k}_strongswan_tunnel_as_initiator() { plain_suite; on_kernel $k; whole_way strongswan 4 left; }
	scenario_kernel_${k}_strongswan_tunnel_as_responder() { plain_suite; on_kernel $k; whole_way strongswan 4 right; }
	scenario_kernel_${k}_strongswan_transport_as_initiator() { plain_suite; on_kernel $k; mode=transport whole_way strongswan 4 left; }
	scenario_kernel_${k}_strongswan_tunnel_ipv6_as_responder() { plain_suite; on_kernel $k; inner6; whole_way strongswan 6 right; }
	scenario_kernel_${k}_strongswan_behind_nat() { plain_suite; on_kernel $k; whole_way strongswan 4 left nat; }
	scenario_kernel_${k}_strongswan_three_rekeys_by_bytes_lose_nothing() { plain_suite; on_kernel $k; peer=strongswan rekeys_by_bytes; }
	scenario_kernel_${k}_strongswan_killed_and_started_again() { plain_suite; on_kernel $k; peer=strongswan killed_and_started_again; }
	scenario_kernel_${k}_openiked_tunnel_as_initiator() { plain_suite; on_kernel $k; whole_way openiked 4 left; }
	scenario_kernel_${k}_openiked_transport_as_initiator() { plain_suite; on_kernel $k; mode=transport whole_way openiked 4 left; }
	scenario_kernel_${k}_openiked_tunnel_as_responder() { plain_suite; on_kernel $k; openiked_begins; }
	scenario_kernel_${k}_libreswan_tunnel_as_initiator() { plain_suite; on_kernel $k; whole_way libreswan 4 left; }
	scenario_kernel_${k}_libreswan_tunnel_as_responder() { plain_suite; on_kernel $k; whole_way libreswan 4 right; }
	scenario_kernel_${k}_libreswan_transport_as_initiator() { plain_suite; on_kernel $k; mode=transport whole_way libreswan 4 left; }
	"
done
scenario_kernel_both_obol_xfrm_and_pfkey() { plain_suite; on_kernel xfrm pfkey; whole_way obol 4 left; }
scenario_kernel_both_obol_xfrm_and_user() { on_kernel xfrm user; whole_way obol 4 left; }
scenario_kernel_xfrm_strongswan_gcm_esn() { esp=aes256gcm16-esn on_kernel xfrm; esp=aes256gcm16-esn whole_way strongswan 4 left; }
scenario_kernel_xfrm_strongswan_chacha() { on_kernel xfrm; esp=chacha20poly1305 whole_way strongswan 4 right; }
scenario_kernel_xfrm_obol_ipcomp() { plain_suite; on_kernel xfrm; obol_child='ipcomp = true;' whole_way obol 4 left; }
scenario_kernel_xfrm_strongswan_ah_sha256() { plain_suite; on_kernel xfrm; ah sha256; swan_child="ah_proposals = sha256" swan_no_esp=1 whole_way strongswan 4 left; }
scenario_kernel_user_openiked_tunnel() { plain_suite; on_kernel user; whole_way openiked 4 left; }
scenario_kernel_user_libreswan_tunnel() { plain_suite; on_kernel user; whole_way libreswan 4 right; }

# --- what a kernel asks for ---

# The first packet brings the tunnel up, and is not lost for good: the kernel holds the flow or the sender tries again.
trap_is_sprung() {
	network 4 && obol_side right && obol_child='start_action = "trap";' obol_side left && capture_start || return 1
	[ -z "$(obolctl left --no-legend list-sas)" ] || { fail "too early"; return 1; }
	on left ping -q -c 5 -i 0.5 -W 3 -I "${inside_address[left]}" "${inside_address[right]}" || { fail "the ping"; return 1; }
	peer=obol established && pings && clean_wire || return 1
	[ "$(obolctl left --no-legend list-sas | grep -c INSTALLED)" = 1 ] || { obolctl left list-sas; fail "more than one Child SA"; return 1; }
}

# How many pings had no answer, up to the last one that had: what is on its way when a ping is ended counts as lost there.
n_lost() { # FILE
	awk -F'icmp_seq=' '/bytes from/ { n++; if ($2 + 0 > last) last = $2 + 0 } END { print (n > 0 ? last - n : "all") }' "$1"
}
# How many packets have come to these hosts for an SPI that was no more than reserved yet: their kernels count them.
n_early() { # HOST...
	local host
	for host in "$@"; do ip netns exec "$host" cat /proc/net/xfrm_stat; done | awk '$1 == "XfrmAcquireError" { n += $2 } END { print n + 0 }'
}
# may_lose: nothing; little, what a peer loses by itself; early, what has come too early to the hosts of $early_at.
few_lost() { # FILE... - early_before: what n_early said at the beginning
	local file n lost=0 most=0
	case ${may_lose:-nothing} in
	little) most=10 ;;
	early) most=$(($(n_early $early_at) - early_before)) ;;
	esac
	for file in "$@"; do
		n=$(n_lost "$file")
		[ -n "$n" ] && [ "$n" != all ] || { fail "no ping came back at all"; return 1; }
		lost=$((lost + n))
	done
	[ $lost -le "$most" ] || { fail "$lost pings were lost, where $most may be: $(grep -h transmitted "$@" | tr '\n' ' ')"; return 1; }
}

# A file goes through while a limit of bytes makes new keys due three times; a steady ping counts what is lost.
rekeys_by_bytes() {
	local pinger n_rekeys
	network 4 && peer_side && obol_child='rekey_bytes = "4M"; life_bytes = "40M"; rekey_time = "0s";' obol_side left || return 1
	initiate left && established || { fail "set-up"; return 1; }
	ip netns exec left ping -n -i 0.1 -W 3 -w 60 -I "${inside_address[left]}" "${inside_address[right]}" >"$lab/ping" &
	pinger=$!
	head -c 18M /dev/urandom >"$lab/file"
	ip netns exec right socat -u TCP-LISTEN:5001,bind="${inside_address[right]}",reuseaddr CREATE:"$lab/arrived" &
	wait_for 10 sh -c "ip netns exec right ss -ltn | grep -q :5001" || { fail "socat"; return 1; }
	on left timeout 50 socat -u FILE:"$lab/file" TCP:"${inside_address[right]}":5001,bind="${inside_address[left]}" || { fail "the transfer broke off"; return 1; }
	wait_for 10 cmp "$lab/file" "$lab/arrived" || { fail "what arrived is not what was sent"; return 1; }
	wait_for 10 sh -c "[ \$(grep -c 'rekeyed' $lab/left/obold.log) -ge 3 ]" || { obolctl left list-sas; fail "fewer than three rekeyings"; return 1; }
	n_rekeys=$(grep -c 'rekeyed' "$lab/left/obold.log")
	kill -INT "$pinger"
	wait "$pinger"
	tail -n 3 "$lab/ping"
	echo "$n_rekeys rekeyings"
	few_lost "$lab/ping" || return 1
	# One pair of SAs is left: the old ones have gone at both ends.
	wait_for 15 sh -c "[ \$(ip netns exec left ip xfrm state | grep -c '^src') = 2 ]" || { kernel_states left; fail "old SAs are left"; return 1; }
	kernels_agree
}

# SIGKILL leaves its SAs in the kernel; the next start finds them, and both ends are whole again.
killed_and_started_again() {
	network 4 && peer_side && obol_child='start_action = "start";' obol_side left || return 1
	established && pings || return 1
	local before
	before=$(kernel_states left | grep -o 'spi 0x[0-9a-f]*' | sort)
	kill -KILL "$left_pid"
	wait "$left_pid" 2>/dev/null
	[ -n "$(kernel_states left)" ] || { fail "nothing was left: the test proves nothing"; return 1; }
	rm -f "$lab/left/vici.sock"
	obold_start left && wait_for 20 left_established && wait_for 10 pings || { fail "not whole again"; return 1; }
	local spi
	for spi in $(sed 's/spi //' <<<"$before"); do
		! kernel_states left | grep -q "$spi" || { kernel_states left; fail "SA $spi of the dead daemon is still there"; return 1; }
	done
	wait_for 20 sh -c "[ \$(ip netns exec left ip xfrm state | grep -c '^src') = 2 ]" || { kernel_states left; fail "stale SAs on the left"; return 1; }
	[ "$peer" = openiked ] || wait_for 20 sh -c "[ \$(ip netns exec right ip xfrm state | grep -c '^src') = 2 ]" || { kernel_states right; fail "stale SAs on the right"; return 1; }
}

# The way to the kernel breaks off while a child is to be rekeyed: the IKE SA stays, the rekeying is tried again, and what the kernel
# holds is compared when there is a way again.
proxy_start() {
	setsid ip netns exec left "$root/sbin/obol-pfkey-proxy" --listen "unix:$lab/left/pfkey" >"$lab/left/proxy.log" 2>&1 &
	proxy_pid=$!
	wait_for 60 grep -q ready "$lab/left/proxy.log" || { cat "$lab/left/proxy.log"; fail "the proxy"; return 1; }
}
rekeyed_since() { [ "$(kernel_states left | grep -o 'spi 0x[0-9a-f]*' | sort)" != "$1" ] && left_established; }
scenario_kernel_pfkey_obol_the_proxy_dies_and_comes_back() {
	local before
	plain_suite
	on_kernel pfkey
	peer=obol
	network 4 && obol_side right && proxy_start || return 1
	kernel_settings="proxy = \"unix:$lab/left/pfkey\";" obol_child='rekey_time = "20s"; life_time = "600s"; rand_time = "0s";' obol_side left || return 1
	initiate left && established && pings || { fail "set-up"; return 1; }
	before=$(kernel_states left | grep -o 'spi 0x[0-9a-f]*' | sort)
	kill -KILL "$proxy_pid"
	wait "$proxy_pid" 2>/dev/null
	wait_for 40 grep -q 'is rekeyed' "$lab/left/obold.log" || { fail "no rekeying fell into the time without a proxy"; return 1; }
	wait_for 30 grep -qE 'PF_KEY: .*(lost|gone|closed|refused)' "$lab/left/obold.log" || { fail "no word of it in the log"; return 1; }
	obolctl left --timeout 30 list-sas | grep -q ESTABLISHED || { obolctl left list-sas; fail "the IKE SA was lost"; return 1; }
	pings || { fail "the SAs in the kernel should have gone on"; return 1; }
	proxy_start && wait_for 60 rekeyed_since "$before" || { obolctl left list-sas; fail "it was not rekeyed when the proxy was back"; return 1; }
	pings && kernels_agree || return 1
	terminate left && gone left && leaves_nothing left && leaves_nothing right || return 1
	stop_process "$left_pid" || { fail "obold does not stop"; return 1; }
	leaves_nothing left
}

openiked_begins() {
	peer=openiked
	network 4 && obol_side left || return 1
	capture_start && openiked_active=active openiked_side right && established && pings && kernels_agree && clean_wire || return 1
	right_terminate
	gone left && leaves_nothing left
}
