# shellcheck shell=bash
# The life of SAs where the kernel encrypts: new keys for both kinds from either end, other addresses, other selectors, under traffic.

# Every packet of a steady ping each way arrives while WHAT... goes on, but for those that may be lost.
nothing_lost_while() { # WHAT...
	local host pingers=() status=0 early_before
	early_before=$(n_early ${early_at:-})
	for host in left right; do
		# The program itself is to be told that it is enough, not a shell around it.
		ip netns exec "$host" ping -n -i 0.05 -W 3 -w 250 -I "${inside_address[$host]}" "${inside_address[$(other "$host")]}" >"$lab/ping.$host" &
		pingers+=($!)
	done
	"$@" || status=1
	sleep 1
	kill -INT "${pingers[@]}"
	wait "${pingers[@]}"
	tail -n 3 "$lab/ping.left" "$lab/ping.right"
	[ $status = 0 ] && few_lost "$lab/ping.left" "$lab/ping.right"
}

right_rekeys() { # child|ike
	case $peer in
	obol) obolctl right --timeout 10 rekey "--$1" "$([ "$1" = ike ] && echo lab || echo net)" ;;
	strongswan) peer_swanctl right --rekey "--$1" "$([ "$1" = ike ] && echo lab || echo net)" ;;
	libreswan) on right /usr/libexec/ipsec/whack "--rekey-$([ "$1" = ike ] && echo ike || echo ipsec)" --name lab --async ;;
	esac
}
n_states() { [ "$(kernel_states "$1" | grep -c '^src')" = "$2" ]; }
spis_on_left() { kernel_states left | grep -o 'spi 0x[0-9a-f]*' | sort; }
child_is_not() { [ -n "$(spis_on_left)" ] && [ "$(spis_on_left)" != "$1" ] && n_states left 2; }
ike_is_not() { [ "$(ike_spi_of_left | wc -l)" = 1 ] && [ "$(ike_spi_of_left)" != "$1" ]; }

# anew WHAT KIND - WHAT asks an end for new keys of a KIND; in the end there is one SA of it, another one
anew() {
	local before
	case $2 in
	child) before=$(spis_on_left) ;;
	ike) before=$(ike_spi_of_left) ;;
	esac
	"$1" "$2" || { fail "$1 $2"; return 1; }
	wait_for 20 "$2_is_not" "$before" || { obolctl left list-sas; kernel_states left; fail "$1 $2: no new one, or not one"; return 1; }
}
left_rekeys() { obolctl left --timeout 20 rekey "--$1" "$([ "$1" = ike ] && echo lab || echo net)"; }
both_kinds_from_either_end() {
	anew left_rekeys child && anew left_rekeys ike && { [ "$peer" = openiked ] || { anew right_rekeys child && anew right_rekeys ike; }; } && anew left_rekeys child
}
rekeys_of_both_kinds() { # PEER
	peer=$1
	network 4 && peer_side && obol_side left && initiate left && established && pings || { fail "set-up"; return 1; }
	nothing_lost_while both_kinds_from_either_end && kernels_agree && pings || return 1
	terminate left && gone left && leaves_nothing left
}

# OpenIKED is not asked: its lifetimes are short.
openiked_rekeys() {
	peer=openiked openiked_lifetime="ikelifetime 12 lifetime 5"
	network 4 && obol_child='rekey_time = "0s";' obol_connection='rekey_time = "0s";' obol_side left || return 1
	openiked_active=active openiked_side right && established && pings || return 1
	nothing_lost_while wait_for 40 sh -c "[ \$(grep -c 'rekeyed' $lab/left/obold.log) -ge 3 ]" || { obolctl left list-sas; fail "it did not rekey, or packets were lost"; return 1; }
}

# moves INITIATOR MOVER - RFC 4555: the kernel's SAs and policies go to the new address, and stay the same SAs
moves() {
	local spis obol_local=%any obol_remote='"192.0.2.0/24"' swan_mobike=yes swan_local=%any
	network 4 && peer_side && obol_side left && capture_start && initiate "$1" && established && pings || return 1
	spis=$(spis_on_left)
	ping_goes_on new_address "$2" || return 1
	wait_for 10 is_at "$2" "${outer[$2]}" || { obolctl left list-sas; fail "the $2 is not at its new address"; return 1; }
	[ "$(spis_on_left)" = "$spis" ] || { kernel_states left; fail "they are not the same SAs"; return 1; }
	[ "$(kernel_states left | grep -c "${outer[$2]}")" = 2 ] || { kernel_states left; fail "the kernel has them at another address"; return 1; }
	pings && kernels_agree && clean_wire || return 1
	terminate "$1" && gone left && leaves_nothing left
}

# selectors_change STATUS ARGUMENT... - of a living Child SA by obolctl, and nothing is lost
changes_selectors() { # STATUS ARGUMENT...
	local got
	obolctl left --timeout 10 selectors "${@:2}" >"$lab/changed" 2>&1
	got=$?
	cat "$lab/changed"
	[ "$got" = "$1" ] || fail "status $got"
}
selectors_change() {
	local swan_child='local_ts = 10.2.0.0/24, 10.4.0.0/24' side=peer_side
	[ "$peer" != obol ] || side='wide_obol_side right'
	network 4 && on right ip addr add 10.4.0.1/24 dev lo && $side || return 1
	obol_side left && initiate left && established && pings || return 1
	nothing_lost_while changes_selectors 0 net --add 10.4.0.0/24 || return 1
	on left ping -q -c 3 -i 0.2 -W 2 -I 10.1.0.1 10.4.0.1 || { fail "no ping to what was added"; return 1; }
	kernel_policies left | grep -q '10.4.0.0/24' || { kernel_policies left; fail "no policy for what was added"; return 1; }
	nothing_lost_while changes_selectors 0 net --remove 10.4.0.0/24 && pings || return 1
	wait_for 10 n_states left 2 && ! kernel_policies left | grep -q '10.4.0.0/24' ||
		{ kernel_states left; kernel_policies left; fail "what was taken away is still there"; return 1; }
	kernels_agree && terminate left && gone left && leaves_nothing left
}

# What is the engine's is the same on either kernel: PF_KEY has what it must say in its own words.
scenario_kernel_xfrm_strongswan_rekeys_of_both_kinds_lose_nothing() { plain_suite; on_kernel xfrm; rekeys_of_both_kinds strongswan; }
# These two answer, and send by the new SA at once: what overtakes the answer comes before we can have the keys (RFC 7296 section 2.8
# allows that).  OpenIKED besides gives its kernel the SA by which we send only when the answer is out.  libreswan rekeys as well: were we
# ahead of our answer, its end would count that, which is not forgiven; OpenIKED only answers here.
scenario_kernel_xfrm_libreswan_rekeys_of_both_kinds_lose_only_what_is_early() { plain_suite; on_kernel xfrm; may_lose=early early_at=left rekeys_of_both_kinds libreswan; }
scenario_kernel_xfrm_openiked_rekeys_of_both_kinds_lose_only_what_is_early() { plain_suite; on_kernel xfrm; may_lose=early early_at="left right" rekeys_of_both_kinds openiked; }
# OpenIKED takes its old SA away before it tells us, and what we have sent by it meanwhile is lost: a packet or so each time.
scenario_kernel_xfrm_openiked_rekeys_and_hardly_anything_is_lost() { plain_suite; on_kernel xfrm; may_lose=little openiked_rekeys; }
scenario_kernel_xfrm_strongswan_moves_as_responder() { plain_suite; on_kernel xfrm; peer=strongswan moves left right; }
scenario_kernel_xfrm_strongswan_we_move_as_initiator() { plain_suite; on_kernel xfrm; peer=strongswan moves left left; }
scenario_kernel_pfkey_obol_moves_as_initiator() { plain_suite; on_kernel pfkey; peer=obol moves left left; }
# For strongSwan it is a new child, with a reqid of its own: from the moment that its policies have that, what comes by the old SA is
# dropped, until its answer is here.
scenario_kernel_xfrm_strongswan_selectors_change_and_hardly_anything_is_lost() { plain_suite; on_kernel xfrm; may_lose=little peer=strongswan selectors_change; }
scenario_kernel_pfkey_obol_selectors_change_and_nothing_is_lost() { plain_suite; on_kernel pfkey; peer=obol selectors_change; }

# Transport mode through a NAT (RFC 7296 section 2.23.1): TCP too, whose checksum was made with other addresses than those that come.
translated_transport() { # PEER
	peer=$1 mode=transport
	network 4 nat && peer_side && obol_side left && capture_start && initiate left && established && pings && tcp_arrives && clean_wire || return 1
	[ "$(kernel_states right | grep -c "src $(seen left) dst ${outer[right]}")" = 1 ] || { kernel_states right; fail "the right has other addresses than it sees"; return 1; }
	terminate left && gone left && leaves_nothing left
}
tcp_arrives() { # from the left to the right
	printf 'through a NAT\n' >"$lab/said"
	timeout 30 ip netns exec right socat -u TCP-LISTEN:5001,reuseaddr CREATE:"$lab/heard" &
	wait_for 10 sh -c "ip netns exec right ss -ltn | grep -q :5001" && on left timeout 20 socat -u FILE:"$lab/said" TCP:"${outer[right]}":5001 &&
		wait_for 10 cmp "$lab/said" "$lab/heard" || fail "TCP"
}
scenario_kernel_xfrm_obol_transport_behind_nat() { plain_suite; on_kernel xfrm; translated_transport obol; }
scenario_kernel_xfrm_strongswan_transport_behind_nat() { plain_suite; on_kernel xfrm; translated_transport strongswan; }
scenario_kernel_pfkey_obol_transport_behind_nat() { plain_suite; on_kernel pfkey; translated_transport obol; }
