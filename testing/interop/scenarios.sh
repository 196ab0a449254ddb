# shellcheck shell=bash
# What obold must do with strongSwan, and with itself, each a function scenario_NAME that returns 0 when all of it holds.

# What both sides agree on, unless a scenario says otherwise.
ike=aes128gcm16-prfsha256-x25519
esp=aes128gcm16
mode=tunnel
psk="obol interop lab"
domain=lab.test # of the identities
declare -A net=([left]=10.1.0.0/24 [right]=10.2.0.0/24)
declare -A inside_address=([left]=10.1.0.1 [right]=10.2.0.1)

other() { if [ "$1" = left ]; then echo right; else echo left; fi; }
fail() { echo "FAILED: $*"; return 1; }
why_of() { sed -n 's/^FAILED: / - /p' "$1" | head -n 1; } # LOG - of a scenario that failed, for its line of TAP

# The address at which a host is seen by the other one: that of the router when it is hidden.
seen() { if [ -n "${nat:-}" ] && [ "$1" = left ]; then echo 192.0.2.1; else echo "${outer[$1]}"; fi; }

obol_side() { # HOST - obold with the settings above
	local me=$1 peer children='' esp_proposals="esp_proposals = [ \"${obol_esp:-$esp}\" ];"
	peer=$(other "$me")
	[ -z "${obol_no_esp:-}" ] || esp_proposals=
	[ "$mode" = transport ] || children="local_ts = [ \"${net[$me]}\" ]; remote_ts = [ \"${net[$peer]}\" ];"
	obold_conf "$me" <<-EOF
		daemon = { ${obol_daemon:-} };
		connections = {
		  ${connection:-lab} = {
		    local_addrs = [ "${obol_local:-${outer[$me]}}" ];
		    remote_addrs = [ "$(seen "$peer")"${obol_remote:+, $obol_remote} ];
		    proposals = [ $(printf '"%s", ' ${obol_ike:-$ike} | sed 's/, $//') ];
		    ${obol_connection:-}
		    local  = { auth = "psk"; id = "$me.$domain"; };
		    remote = { auth = "psk"; id = "$peer.$domain"; };
		    children = { net = { $children mode = "$mode"; $esp_proposals ${obol_child:-} }; };
		  };
		};
		secrets = { lab = { id = [ "left.$domain", "right.$domain" ]; secret = "${obol_psk:-$psk}"; }; };
		${obol_more:-}
	EOF
	obold_start "$me"
}

swan_side() { # HOST - strongSwan with the settings above
	local me=$1 peer children='' esp_proposals="esp_proposals = ${swan_esp:-$esp}"
	peer=$(other "$me")
	[ -z "${swan_no_esp:-}" ] || esp_proposals=
	[ "$mode" = transport ] || children="local_ts = ${net[$me]}
		        remote_ts = ${net[$peer]}"
	charon_conf "$me" "${swan_kernel:-kernel-libipsec kernel-netlink}" <<-EOF
		connections { lab {
		    version = 2
		    local_addrs = ${swan_local:-${outer[$me]}}
		    remote_addrs = $(seen "$peer")
		    proposals = ${swan_ike:-$ike}
		    mobike = ${swan_mobike:-no}
		    ${swan_connection:-}
		    local { auth = psk
		      id = $me.$domain }
		    remote { auth = psk
		      id = $peer.$domain }
		    children { net { $children
		        mode = $mode
		        ${swan_child:-}
		        $esp_proposals } } } }
		secrets { ike-lab { id-1 = left.$domain
		    id-2 = right.$domain
		    secret = "${swan_psk:-$psk}" } }
		${swan_more:-}
	EOF
	charon_start "$me"
}

network() { # 4|6 [nat]
	lab_network "$@" || return 1
	nat=${2:-}
	[ "$mode" = transport ] && return 0
	local host
	for host in left right; do
		lab_inner "$host" "${inside_address[$host]}/${net[$host]#*/}"
		# Without a policy packets would go out in clear by these routes, and be seen.
		[ -n "$nat" ] || [[ ${net[$(other $host)]} == *:* ]] && [ "$lab_version" = 4 ] ||
			on "$host" ip route add "${net[$(other $host)]}" via "${outer[$(other $host)]}" metric 9999 2>/dev/null
	done
	return 0
}

initiate() { # HOST
	if [ -S "$lab/$1/vici.sock" ]; then
		obolctl "$1" --timeout 20 initiate --child net lab
	else
		peer_swanctl "$1" --initiate --child net --timeout 20
	fi
}

# Four witnesses: both daemons' lists, a ping either way, and the wire.
whole() {
	local host
	for host in left right; do
		if [ -S "$lab/$host/vici.sock" ]; then
			obolctl "$host" list-sas >"$lab/list"
		else
			peer_swanctl "$host" --list-sas >"$lab/list"
		fi
		grep -q ESTABLISHED "$lab/list" && grep -q INSTALLED "$lab/list" || { cat "$lab/list"; fail "no SAs on the $host"; return 1; }
	done
	local from=${inside_address[left]} to=${inside_address[right]}
	[ "$mode" = transport ] && from=${outer[left]} to=${outer[right]}
	on left ping -q -c 3 -i 0.2 -W 2 -s 1000 -I "$from" "$to" || { fail "no ping from left to right"; return 1; }
	on right ping -q -c 3 -i 0.2 -W 2 -I "$to" "$from" || { fail "no ping from right to left"; return 1; }
	on left ping -q -c 3 -i 0.2 -W 2 -s 4000 -I "$from" "$to" || { fail "no ping of more than one packet's size"; return 1; }
}

clean_wire() { # protected by ESP, or by what $protected says
	capture_stop
	local filter=$filter_esp n leaked
	[ "${protected:-esp}" = esp ] || filter=$filter_ah
	n=$(captured "$filter") leaked=$(captured "$(filter_plain "$filter")")
	echo "wire: $n protected by ${protected:-esp}, $leaked not"
	if [ "$n" -lt 12 ] || [ "$leaked" != 0 ]; then
		tcpdump -n -r "$lab/wire.pcap" -c 30 "$(filter_plain "$filter")" 2>/dev/null
		fail "the wire"
	fi
}

gone() { # HOST - no SA is left there
	if [ -S "$lab/$1/vici.sock" ]; then
		wait_for 10 sh -c "[ -z \"\$(ip netns exec $1 $root/bin/obolctl --socket $lab/$1/vici.sock --no-legend list-sas)\" ]"
	else
		wait_for 10 sh -c "[ -z \"\$(ip netns exec $1 env STRONGSWAN_CONF=$lab/$1/strongswan.conf swanctl --list-sas --uri unix://$lab/$1/charon.vici)\" ]"
	fi || fail "an SA is left on the $1"
}

terminate() { # HOST
	if [ -S "$lab/$1/vici.sock" ]; then
		obolctl "$1" --timeout 10 terminate lab
	else
		peer_swanctl "$1" --terminate --ike lab --timeout 10
	fi
}

# tunnel VERSION INITIATOR [nat] - strongSwan is always on the right
tunnel() {
	network "$1" "${3:-}" && swan_side right && obol_side left && capture_start && initiate "$2" && whole && clean_wire &&
		terminate "$2" && gone left && gone right && stop_process "$left_pid"
}

scenario_gcm_x25519_as_initiator() { tunnel 4 left; }
scenario_gcm_x25519_as_responder() { tunnel 4 right; }
scenario_cbc_sha256_modp2048_as_initiator() { ike=aes256-sha256-modp2048 esp=aes256-sha256 tunnel 4 left; }
scenario_cbc_sha256_modp2048_as_responder() { ike=aes256-sha256-modp2048 esp=aes256-sha256 tunnel 4 right; }
scenario_chacha_ecp384_as_initiator() { ike=chacha20poly1305-prfsha512-ecp384 esp=chacha20poly1305 tunnel 4 left; }
scenario_chacha_ecp384_as_responder() { ike=chacha20poly1305-prfsha512-ecp384 esp=chacha20poly1305 tunnel 4 right; }
scenario_ctr_xcbc_ecp521_as_initiator() { ike=aes128ctr-aesxcbc-prfaesxcbc-ecp521 esp=aes192-sha384 tunnel 4 left; }
scenario_ccm_cmac_modp3072_as_responder() { ike=aes256ccm12-prfaescmac-modp3072 esp=aes256gcm12 tunnel 4 right; }
scenario_default_proposals_as_initiator() { ike=default esp=default tunnel 4 left; }
scenario_default_proposals_as_responder() { ike=default esp=default tunnel 4 right; }
scenario_ipv6_as_initiator() {
	net=([left]=2001:db8:1::/64 [right]=2001:db8:2::/64) inside_address=([left]=2001:db8:1::1 [right]=2001:db8:2::1)
	tunnel 6 left
}
scenario_ipv6_as_responder() {
	net=([left]=2001:db8:1::/64 [right]=2001:db8:2::/64) inside_address=([left]=2001:db8:1::1 [right]=2001:db8:2::1)
	tunnel 6 right
}
scenario_ipv6_inside_ipv4() {
	net=([left]=2001:db8:1::/64 [right]=2001:db8:2::/64) inside_address=([left]=2001:db8:1::1 [right]=2001:db8:2::1)
	tunnel 4 left
}
scenario_ipv4_inside_ipv6() { tunnel 6 left; }
scenario_behind_nat_as_initiator() {
	tunnel 4 left nat && echo "and the port was the router's" && tcpdump -n -r "$lab/wire.pcap" 'udp src portrange 20000-29999' 2>/dev/null |
		grep -q 192.0.2.1
}
scenario_peer_behind_nat_as_responder() {
	network 4 nat && swan_side left && obol_side right && capture_start && initiate left && whole && clean_wire &&
		terminate left && gone left && gone right
}

scenario_group_retry_as_initiator() {
	obol_ike="aes128gcm16-prfsha256-x25519-modp2048" swan_ike=aes128gcm16-prfsha256-modp2048 tunnel 4 left
}
scenario_group_retry_as_responder() {
	obol_ike="aes128gcm16-prfsha256-modp2048" swan_ike=aes128gcm16-prfsha256-x25519-modp2048 tunnel 4 right
}
scenario_cookie_is_answered() { charon_settings="cookie_threshold = 0" tunnel 4 left; }
scenario_cookie_is_asked_for() {
	obol_daemon="cookie_threshold = 0;" tunnel 4 right && obol_cookies
}
obol_cookies() { grep -q 'COOKIE' "$lab/right/charon.log"; }

# refused INITIATOR OBOL-EXIT-STATUS PATTERN - the set-up fails, and obold says why.
refused() {
	network 4 && swan_side right && obol_side left || return 1
	initiate "$1" >"$lab/initiate.log" 2>&1
	local status=$?
	cat "$lab/initiate.log"
	[ $status != 0 ] || { fail "it should have been refused"; return 1; }
	[ "$1" = right ] || [ $status = "$2" ] || { fail "exit status $status, not $2"; return 1; }
	wait_for 5 grep -qE "$3" "$lab/left/obold.log" || { fail "the log does not say $3"; return 1; }
}
scenario_wrong_key_as_initiator() { obol_psk=wrong refused left 23 AUTHENTICATION_FAILED && gone left && gone right; }
scenario_wrong_key_as_responder() { obol_psk=wrong refused right 0 E-AUTH-US && gone left && gone right; }
scenario_no_ike_proposal_as_initiator() {
	obol_ike=aes256-sha512-ecp521 refused left 21 NO_PROPOSAL_CHOSEN && gone left
}
scenario_no_ike_proposal_as_responder() {
	obol_ike=aes256-sha512-ecp521 refused right 0 E-PROP-US && gone left
}
ike_stays() { # HOST
	obolctl left list-sas >"$lab/list" && grep -q ESTABLISHED "$lab/list" && ! grep -q INSTALLED "$lab/list" ||
		{ cat "$lab/list"; fail "the IKE SA should have stayed, alone"; }
}
scenario_no_esp_proposal_as_initiator_keeps_the_ike_sa() {
	obol_esp=aes256-sha512 refused left 21 NO_PROPOSAL_CHOSEN && ike_stays
}
scenario_no_esp_proposal_as_responder_keeps_the_ike_sa() {
	obol_esp=aes256-sha512 refused right 0 E-PROP-US && ike_stays
}
scenario_no_selector_as_responder_keeps_the_ike_sa() {
	network 4 && swan_side right || return 1
	net=([left]=10.77.0.0/24 [right]=10.78.0.0/24)
	obol_side left || return 1
	initiate right >"$lab/initiate.log" 2>&1 && { fail "it should have been refused"; return 1; }
	wait_for 5 grep -q TS_UNACCEPTABLE "$lab/left/obold.log" && ike_stays
}
scenario_narrowing_as_responder() {
	network 4 || return 1
	net=([left]=10.1.0.0/16 [right]=10.2.0.0/16)
	swan_side right || return 1
	net=([left]=10.1.0.0/24 [right]=10.2.0.0/24)
	obol_side left && initiate right && obolctl left list-sas | tee /dev/stderr | grep -q '10.1.0.0/24' &&
		peer_swanctl right --list-sas | grep -q '10.1.0.0/24' && whole
}
scenario_narrowed_as_initiator() {
	network 4 && swan_side right || return 1
	net=([left]=10.1.0.0/16 [right]=10.2.0.0/16)
	obol_side left && initiate left && obolctl left list-sas | tee /dev/stderr | grep -q '10.2.0.0/24' && whole
}

# Virtual addresses (RFC 7296 section 2.19): who asks says "dynamic" of its side, and so does who gives.
scenario_virtual_address_from_our_pool() {
	network 4 || return 1
	net=([left]=10.1.0.0/24 [right]=dynamic)
	inside_address[right]=10.9.0.1
	obol_connection='pools = [ "phones" ];' \
		obol_more='pools = { phones = { addrs = "10.9.0.0/24"; dns = "10.1.0.53"; subnet = "10.1.0.0/24"; }; };' obol_side left &&
		swan_connection='vips = 0.0.0.0' swan_side right && capture_start && initiate right &&
		obolctl left list-sas --raw | tee /dev/stderr | grep -q 'remote-vips=\[10.9.0.1\]' &&
		obolctl left list-pools --leases | tee /dev/stderr | grep -q '10.9.0.1 .*online .*right.lab.test' &&
		obol_swanctl left --list-pools | tee /dev/stderr | grep -q '^phones .*10.9.0.1 .*1 */ *0 */ *254' &&
		whole && clean_wire && terminate right && gone left && gone right &&
		obolctl left list-pools | grep -q '0/1/254' && stop_process "$left_pid"
}
scenario_virtual_address_from_the_peers_pool() {
	network 4 || return 1
	net=([left]=dynamic [right]=10.2.0.0/24)
	inside_address[left]=10.9.0.1
	swan_connection='pools = phones' swan_more='pools { phones { addrs = 10.9.0.0/24
		dns = 10.2.0.53 } }' swan_side right &&
		kernel_companions='network-netlink = { load = true; };' obol_connection='vips = [ "0.0.0.0" ];' obol_side left && capture_start && initiate left &&
		obolctl left list-sas --raw | tee /dev/stderr | grep -q 'local-vips=\[10.9.0.1\]' &&
		wait_for 5 grep -q 'name server 10.2.0.53' "$lab/left/obold.log" &&
		on left ip -4 address | tee /dev/stderr | grep -q 10.9.0.1/32 && whole && clean_wire && terminate left && gone left && gone right &&
		! on left ip -4 address | grep -q 10.9.0.1/32 && stop_process "$left_pid"
}
scenario_no_virtual_address_keeps_the_ike_sa() {
	network 4 || return 1
	net=([left]=10.1.0.0/24 [right]=dynamic)
	obol_connection='pools = [ "phones" ];' obol_more='pools = { phones = { addrs = "10.9.0.0/24"; }; };' obol_side left &&
		swan_connection='vips = ::' swan_side right || return 1
	initiate right >"$lab/initiate.log" 2>&1 && { fail "it should have been refused"; return 1; }
	wait_for 5 grep -q E-ADDRESS "$lab/left/obold.log" && ike_stays
}
scenario_who_asks_for_no_address_gets_no_tunnel() {
	network 4 && obol_connection='pools = [ "phones" ];' obol_more='pools = { phones = { addrs = "10.9.0.0/24"; }; };' obol_side left &&
		swan_side right || return 1
	initiate right >"$lab/initiate.log" 2>&1 && { fail "it should have been refused"; return 1; }
	wait_for 5 grep -q E-ADDRESS "$lab/left/obold.log" && ike_stays
}

# borrowing - obold on the left with an address of strongSwan's pool, packets flow; then whatever the caller does to it.
borrowing() {
	network 4 || return 1
	net=([left]=dynamic [right]=10.2.0.0/24)
	inside_address[left]=10.9.0.1
	swan_connection='pools = phones' swan_more='pools { phones { addrs = 10.9.0.0/24 } }' swan_mobike=yes swan_local=%any swan_side right &&
		kernel_companions='network-netlink = { load = true; };' obol_connection="vips = [ \"0.0.0.0\" ]; ${obol_connection:-}" obol_side left &&
		capture_start && initiate left && still_borrowed && whole
}
still_borrowed() { # one address, by one IKE SA, and it is there
	obolctl left list-sas --raw | tee /dev/stderr | grep -o 'local-vips=\[[^]]*\]' | sort -u | grep -qx 'local-vips=\[10.9.0.1\]' &&
		[ "$(on left ip -4 address | grep -c 10.9.0.1/32)" = 1 ]
}
given_back() {
	terminate left && gone left && gone right && ! on left ip -4 address | grep -q 10.9.0.1/32 && stop_process "$left_pid"
}
scenario_virtual_address_stays_when_we_move() {
	local kernel_companions="network-netlink = { load = true; };" obol_local=%any
	borrowing && new_address left || return 1
	wait_for 10 is_at left 192.0.2.11 || { obolctl left list-sas; fail "it has not moved"; return 1; }
	still_borrowed && whole && clean_wire && ! obolctl left list-sas | grep -q 'E-ADDRESS' && given_back
}
scenario_virtual_address_stays_when_we_reauthenticate() {
	obol_connection='reauth_time = "4s"; rand_time = "0s"; over_time = "60s";' borrowing || return 1
	wait_for 20 grep -q reauthenticated "$lab/left/obold.log" || { fail "it does not reauthenticate"; return 1; }
	wait_for 10 still_borrowed && whole && clean_wire && given_back
}
scenario_virtual_address_stays_when_strongswan_reauthenticates() {
	network 4 || return 1
	net=([left]=10.1.0.0/24 [right]=dynamic)
	inside_address[right]=10.9.0.1
	obol_connection='pools = [ "phones" ];' obol_more='pools = { phones = { addrs = "10.9.0.0/24"; }; };' obol_side left &&
		swan_connection='vips = 0.0.0.0
		reauth_time = 4s
		over_time = 60s
		rand_time = 0s' charon_settings="make_before_break = yes" swan_side right && capture_start && initiate right || return 1
	local spi
	spi=$(ike_spi_of_left)
	wait_for 20 sh -c "! ip netns exec left $root/bin/obolctl --socket $lab/left/vici.sock --json list-sas | grep -q $spi" ||
		{ fail "it does not reauthenticate"; return 1; }
	obolctl left list-pools --leases | tee /dev/stderr | grep -q '10.9.0.1 .*online .*right.lab.test' && obolctl left list-pools | grep -q '1/0/254' &&
		whole && clean_wire && terminate right && gone left && gone right && obolctl left list-pools | grep -q '0/1/254' && stop_process "$left_pid"
}

scenario_delete_by_the_peer() {
	network 4 && swan_side right && obol_side left && initiate left && whole && terminate right && gone right && gone left
}
scenario_child_deleted_by_the_peer_keeps_the_ike_sa() {
	network 4 && swan_side right && obol_side left && initiate left && whole &&
		peer_swanctl right --terminate --child net --timeout 10 &&
		wait_for 5 sh -c "! ip netns exec left $root/bin/obolctl --socket $lab/left/vici.sock list-sas | grep -q INSTALLED" && ike_stays
}
scenario_liveness_of_the_peer_is_answered() {
	swan_connection="dpd_delay = 1" network 4 && swan_connection="dpd_delay = 1" swan_side right && obol_side left &&
		initiate left && wait_for 10 grep -q 'parsed INFORMATIONAL response' "$lab/right/charon.log" && whole
}
scenario_dead_peer_is_noticed() {
	network 4 && swan_side right &&
		obol_connection='dpd_delay = "1s"; retransmit = { base = "300ms"; tries = 3; };' obol_side left &&
		initiate left && whole && kill -KILL "$right_pid" && gone left && grep -q E-NET-SILENT "$lab/left/obold.log"
}
scenario_initial_contact_after_a_crash() {
	network 4 && swan_side right && obol_side left && initiate right && whole || return 1
	kill -KILL "$right_pid"
	rm -f "$lab/right/charon.vici" /run/charon.pid
	charon_start right && initiate right && whole &&
		[ "$(obolctl left list-sas | grep -c ESTABLISHED)" = 1 ] || { obolctl left list-sas; fail "the dead SA should be gone"; }
}
scenario_stopping_obold_tells_the_peer() {
	network 4 && swan_side right && obol_side left && initiate left && whole && stop_process "$left_pid" && gone right
}

# Debian's own swanctl against obold.
scenario_swanctl_speaks_to_obold() {
	network 4 && swan_side right && obol_side left || return 1
	obol_swanctl left --version --daemon | tee /dev/stderr | grep -qi obol || { fail "--version"; return 1; }
	obol_swanctl left --stats | tee /dev/stderr | grep -q 'IKE_SAs: 0' || { fail "--stats"; return 1; }
	obol_swanctl left --list-conns | tee /dev/stderr | grep -q 'pre-shared key' || { fail "--list-conns"; return 1; }
	obol_swanctl left --initiate --child net --timeout 20 | tee /dev/stderr | grep -q 'initiate completed' || { fail "--initiate"; return 1; }
	obol_swanctl left --list-sas | tee /dev/stderr | grep -q 'net: #.*INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-128' || { fail "--list-sas"; return 1; }
	obol_swanctl left --list-sas --raw | tee /dev/stderr | grep -q 'list-sa event {lab {uniqueid=.*version=2 state=ESTABLISHED' || { fail "--raw"; return 1; }
	whole || return 1
	obol_swanctl left --terminate --ike lab --timeout 10 | tee /dev/stderr | grep -q 'terminate completed' || { fail "--terminate"; return 1; }
	gone left && gone right
}
scenario_swanctl_loads_its_own_settings_into_obold() {
	network 4 && swan_side right || return 1
	obold_conf left <<<'' && obold_start left || return 1
	mkdir -p "$lab/left/swanctl"/{x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private,rsa,ecdsa,bliss,pkcs8,pkcs12}
	cat >"$lab/left/swanctl/swanctl.conf" <<-EOF
		connections { lab {
		    version = 2
		    local_addrs = ${outer[left]}
		    remote_addrs = ${outer[right]}
		    proposals = $ike
		    local { auth = psk
		      id = left.lab.test }
		    remote { auth = psk
		      id = right.lab.test }
		    children { net { local_ts = ${net[left]}
		        remote_ts = ${net[right]}
		        esp_proposals = $esp } } } }
		secrets { ike-lab { id-1 = left.lab.test
		    id-2 = right.lab.test
		    secret = "$psk" } }
	EOF
	obol_swanctl left --load-all --noprompt && initiate left && whole
}

scenario_sighup_applies_good_settings_and_keeps_the_old_ones_else() {
	network 4 && swan_side right && obol_side left && initiate left && whole || return 1
	sed 's/lab = {$/office = {/' "$lab/left/etc/obol.conf" >"$lab/changed" && cat "$lab/changed" >"$lab/left/etc/obol.conf"
	kill -HUP "$left_pid"
	wait_for 5 sh -c "ip netns exec left $root/bin/obolctl --socket $lab/left/vici.sock list-conns | grep -q office" ||
		{ fail "the new connection is not there"; return 1; }
	sed 's/remote_addrs/remote_adrs/' "$lab/changed" | cat >"$lab/left/etc/obol.conf"
	kill -HUP "$left_pid"
	wait_for 5 grep -q 'remote_addrs' "$lab/left/obold.log" || { fail "the log does not name the nearest key"; return 1; }
	obolctl left list-conns | grep -q office && whole
}

# The lines between two macros of a manual page, as a reader sees them.
shown() { # PAGE BEGIN END
	sed '1,/^\.SH EXAMPLE/d' "$1" | sed -n "/^$2\$/,/^$3\$/p" | grep -v '^\.' | sed 's/\\-/-/g'
}
scenario_examples_of_obol_conf_5_are_valid() {
	mkdir -p "$lab/manual"
	(umask 077; shown "$top/doc/obol.conf.5" '.nf' '.fi' >"$lab/manual/obol.conf"; echo secret >"$lab/manual/berlin.psk")
	grep -q connections "$lab/manual/obol.conf" && "$root/sbin/obold" --config "$lab/manual" --check
}
scenario_examples_of_obolctl_1_work() {
	network 4 && obol_side right && connection=gateway obol_side left || return 1
	shown "$top/doc/obolctl.1" '.EX' '.EE' >"$lab/examples"
	[ "$(wc -l <"$lab/examples")" -ge 5 ] || { fail "there are too few examples"; return 1; }
	echo 'swanctl { load = nonce }' >"$lab/tool.conf"
	local line status
	while IFS= read -r line; do
		line=${line//obolctl /obolctl --socket $lab/left/vici.sock }
		line=${line//\/run\/obol/$lab\/left}
		echo "\$ $line"
		on left env PATH="$root/bin:$PATH" STRONGSWAN_CONF="$lab/tool.conf" timeout 3 bash -o pipefail -c "$line" </dev/null
		status=$?
		case $line in
		*monitor*) [ $status = 124 ] ;; # it goes on until it is ended
		*doctor*) [ $status -le 1 ] ;; # 1: this machine has something to mend
		*) [ $status = 0 ] ;;
		esac || { fail "status $status"; return 1; }
	done <"$lab/examples"
}

# obold with itself.
both_obol() { # VERSION [nat]
	network "$@" && obol_side right && obol_side left && capture_start && initiate left && whole && clean_wire &&
		terminate left && gone left && gone right
}
scenario_obol_with_obol_behind_nat() { both_obol 4 nat; }
scenario_obol_with_obol_over_ipv6() { both_obol 6; }
scenario_obol_with_obol_in_transport_mode() { mode=transport both_obol 4; }
scenario_obol_with_obol_trap_is_sprung_by_a_packet() {
	network 4 && obol_side right && obol_child='start_action = "trap";' obol_side left && capture_start || return 1
	[ -z "$(obolctl left --no-legend list-sas)" ] || { fail "too early"; return 1; }
	on left ping -q -c 3 -i 0.5 -W 3 -I 10.1.0.1 10.2.0.1 && whole && clean_wire
}
scenario_obol_with_obol_both_start_at_once() {
	network 4 && obol_side right && obol_side left || return 1
	initiate left >"$lab/one" 2>&1 &
	local first=$!
	initiate right || { fail "right"; return 1; }
	wait $first || { cat "$lab/one"; fail "left"; return 1; }
	whole
}

installed() { obolctl "$1" list-sas | grep -q INSTALLED; } # HOST
# RFC 6290: the liveness check meets a daemon that has lost the SA, and its token spares minutes of silence.
scenario_obol_with_obol_recovers_from_a_crash_at_once() {
	local began took
	network 4 && obol_daemon="state_dir = \"$lab/right/state\";" obol_side right || return 1
	obol_connection='dpd_delay = "1s";' obol_child='dpd_action = "restart";' obol_side left && initiate left && whole || return 1
	kill -KILL "$right_pid"
	rm -f "$lab/right/vici.sock"
	obold_start right || return 1
	began=$(date +%s%N)
	wait_for 10 grep -q E-PEER-RESTARTED "$lab/left/obold.log" || { fail "the crash was not noticed"; return 1; }
	wait_for 10 installed right || { obolctl right list-sas; fail "it was not set up anew"; return 1; }
	took=$((($(date +%s%N) - began) / 1000000))
	echo "set up anew $took ms after the peer was there again"
	whole && [ $took -lt 5000 ] && [ "$(obolctl left list-sas | grep -c ESTABLISHED)" = 1 ] || { obolctl left list-sas; fail "that took too long"; }
}

# RFC 5685: both addresses of the right are one daemon's, so a client that is sent from one to the other ends up there.  The left is the client.
second_address() { on right ip address add "$second/24" dev right-eth; }
at_second() { [ "$(obolctl right list-sas | grep -c ESTABLISHED)" = 1 ] && obolctl right list-sas | grep -q "$second"; }
redirected() { # WHEN - the gateway sends clients that call its first address to the second one
	local second=192.0.2.99
	network 4 && second_address || return 1
	obold_conf right <<-EOF
		connections = {
		  away = { local_addrs = [ "${outer[right]}" ]; remote_addrs = [ "${outer[left]}" ]; proposals = [ "$ike" ];
		    redirect_to = "$second"; redirect_at = "$1";
		    local = { auth = "psk"; id = "right.$domain"; }; remote = { auth = "psk"; id = "left.$domain"; };
		    children = { net = { local_ts = [ "${net[right]}" ]; remote_ts = [ "${net[left]}" ]; esp_proposals = [ "$esp" ]; }; }; };
		  here = { local_addrs = [ "$second" ]; remote_addrs = [ "${outer[left]}" ]; proposals = [ "$ike" ];
		    local = { auth = "psk"; id = "right.$domain"; }; remote = { auth = "psk"; id = "left.$domain"; };
		    children = { net = { local_ts = [ "${net[right]}" ]; remote_ts = [ "${net[left]}" ]; esp_proposals = [ "$esp" ]; }; }; };
		};
		secrets = { lab = { id = [ "left.$domain", "right.$domain" ]; secret = "$psk"; }; };
	EOF
	obold_start right && "${client}_side" left && initiate left && wait_for 5 at_second || { obolctl right list-sas; fail "the client is not where it was sent"; return 1; }
	whole
}
scenario_redirected_at_init() { client=obol redirected init; }
scenario_redirected_at_auth() { client=obol redirected auth; }
scenario_strongswan_is_redirected_at_init() { client=swan redirected init; }
in_session() { # CLIENT - by a command, while the tunnel is up
	local second=192.0.2.99
	network 4 && second_address && obol_local="%any" obol_side right && "${1}_side" left && initiate left && whole || return 1
	obolctl right redirect lab --gateway "$second" && wait_for 10 at_second || { obolctl right list-sas; fail "the client is not where it was sent"; return 1; }
	whole
}
scenario_redirected_in_a_session() { in_session obol; }
scenario_strongswan_is_redirected_in_a_session() { in_session swan; }
scenario_strongswan_redirects_us() {
	network 4 && swan_side right && obol_side left && initiate left && whole || return 1
	peer_swanctl right --redirect --ike lab --gateway 192.0.2.99 || { fail "swanctl --redirect"; return 1; }
	wait_for 5 grep -q 'is redirected to 192.0.2.99' "$lab/left/obold.log" || { fail "it was not heeded"; return 1; }
	whole # nobody is there, and so the old tunnel stays
}

# fragments VERSION INITIATOR - RFC 7383: both ends cut what is longer than a few hundred bytes, so IKE_AUTH in both directions.
fragments() {
	domain=identities.that.are.as.long.as.certificates.would.make.a.message.so.that.it.has.to.be.cut.into.several.fragments.of.which.each.can.be.lost.lab.test
	network "$1" && swan_connection="fragmentation = force" charon_settings="fragment_size = 300" swan_side right &&
		obol_connection='fragmentation = "force"; fragment_size = 256; retransmit = { base = "500ms"; };' obol_side left || return 1
	lossy -A && initiate "$2" && lossy -D || return 1
	local ours=request theirs=response
	[ "$2" = left ] || ours=response theirs=request
	grep -qE "parsed IKE_AUTH $ours 1 \[ EF\(1/[2-9]\)" "$lab/right/charon.log" || { fail "our IKE_AUTH $ours came whole"; return 1; }
	grep -qE "generating IKE_AUTH $theirs 1 \[ EF\(1/[2-9]\)" "$lab/right/charon.log" || { fail "strongSwan's IKE_AUTH $theirs came whole"; return 1; }
	obolctl left list-sas | grep -q 'fragmentation of IKE messages above 256 bytes' || { obolctl left list-sas; fail "list-sas does not tell"; return 1; }
	[ "$(obolctl left --json list-sas | jq -c '[.. | objects | .fragmentation? // empty]')" = '[true]' ] || { fail "nor does --json"; return 1; }
	whole && terminate "$2" && gone left && gone right
}
# lossy -A|-D - with $loss every so many-th datagram is lost, either way: by count, so that every run is the same.
# It is one more than a message has fragments, so that no repetition loses the same one.
lossy() {
	local host
	for host in ${loss:+left right}; do
		on "$host" iptables-legacy "$1" INPUT -p udp -m statistic --mode nth --every "$loss" --packet $((loss - 1)) -j DROP || return 1
	done
}
scenario_fragments_as_initiator() { fragments 4 left; }
scenario_fragments_as_responder() { fragments 4 right; }
scenario_fragments_over_ipv6_as_initiator() { fragments 6 left; }
scenario_fragments_over_ipv6_as_responder() { fragments 6 right; }
scenario_fragments_of_cbc_as_initiator() { ike=aes256-sha512-modp2048 fragments 4 left; }
scenario_fragments_of_cbc_as_responder() { ike=aes256-sha512-modp2048 fragments 4 right; }
scenario_fragments_are_lost_as_initiator() { loss=5 fragments 4 left; }
scenario_fragments_are_lost_as_responder() { loss=5 fragments 4 right; }
scenario_nothing_is_fragmented_that_strongswan_does_not_announce() {
	network 4 && swan_connection="fragmentation = no" swan_side right && obol_connection='fragment_size = 256;' obol_side left &&
		initiate left && whole && ! grep -q 'EF(' "$lab/right/charon.log" && ! obolctl left list-sas | grep fragmentation
}
# The router lets nothing pass that is longer than 600 bytes, and says nothing: RFC 7383 section 2.5.2.
scenario_a_narrow_path_is_found() {
	network 4 nat && on wire iptables-legacy -A FORWARD -p udp -m length --length 601: -j DROP || return 1
	local many
	many=$(printf '%s", "' aes128gcm16 aes{128,192,256}-sha{256,384,512}-{x25519,ecp256} aes128gcm16-modp2048)
	swan_esp="aes128gcm16, aes256gcm16" swan_side right && obol_esp=${many%\", \"} obol_connection='retransmit = { base = "500ms"; };' \
		obol_side left && initiate left || return 1
	grep -qE 'parsed IKE_AUTH request 1 \[ EF\(1/[2-9]\)' "$lab/right/charon.log" || { fail "the request came whole"; return 1; }
	obolctl left list-sas >"$lab/list" && grep -q 'fragmentation of IKE messages above 576 bytes' "$lab/list" || { cat "$lab/list"; fail "the size was not found"; return 1; }
	# The pings' ESP would not pass either.
	on wire iptables-legacy -F FORWARD && whole && terminate left && gone left && gone right
}

# On a real kernel: strongSwan's ESP is the kernel's own.
scenario_uml_transport_as_initiator() { mode=transport swan_kernel=kernel-netlink swan_connection="encap = yes" tunnel 4 left; }
scenario_uml_transport_as_responder() { mode=transport swan_kernel=kernel-netlink swan_connection="encap = yes" tunnel 4 right; }
scenario_uml_tunnel_without_udp() { swan_kernel=kernel-netlink tunnel 4 left; }
scenario_uml_ipv6_tunnel_without_udp() {
	net=([left]=2001:db8:1::/64 [right]=2001:db8:2::/64) inside_address=([left]=2001:db8:1::1 [right]=2001:db8:2::1)
	swan_kernel=kernel-netlink tunnel 6 right
}

# flow_begin, flow_end - 15 seconds of packets both ways, of which none may be lost
flow_n=1500
flow_begin() {
	local host
	flow_pids=()
	for host in left right; do
		on "$host" ping -q -c $flow_n -i 0.01 -W 2 -I "${inside_address[$host]}" "${inside_address[$(other $host)]}" >"$lab/ping.$host" &
		flow_pids+=($!)
	done
}
flow_end() {
	local host
	wait "${flow_pids[@]}"
	for host in left right; do
		grep -q "$flow_n packets transmitted, $flow_n received" "$lab/ping.$host" ||
			{ cat "$lab/ping.$host"; fail "packets from $host were lost"; return 1; }
	done
}

flow_lost() { cat "$lab"/ping.* | awk -v n=$flow_n '/packets transmitted/ { lost += n - $4 } END { print lost }'; }

# rekeying LIFETIME-OF-OBOL LIFETIME-OF-STRONGSWAN - of the Child SA; seconds, 0: never
rekeying() {
	local spis
	# strongSwan's life_time is a tenth more than its rekey_time, in whole seconds: of three that leaves nothing.
	obol_child="rekey_time = \"${1}s\"; rand_time = \"0s\"; ${obol_child:-}" swan_child="rekey_time = ${2}s
		        life_time = 60s
		        rand_time = 0s"
	network 4 && swan_side right && obol_side left && initiate left && whole || return 1
	spis=$(spis_of_left)
	flow_begin && flow_end || return 1
	[ "$spis" != "$(spis_of_left)" ] || { fail "nothing was rekeyed"; return 1; }
	grep -c 'installed' "$lab/left/obold.log"
	terminate left && gone left && gone right && stop_process "$left_pid"
}
spis_of_left() { obolctl left --json list-sas | jq -c '[.. | objects | ."spi-in"? // empty] | sort'; }
scenario_rekeying_by_us_loses_nothing() { rekeying 3 0; }
scenario_rekeying_by_strongswan_loses_nothing() { rekeying 0 3; }
scenario_rekeying_by_both_at_once_loses_nothing() { rekeying 3 3; }
scenario_rekeying_with_forward_secrecy_loses_nothing() { esp=aes128gcm16-x25519 rekeying 3 4; }

# selectors_under_traffic STATUS ARGUMENT... - of obolctl selectors, while packets flow, of which none may be lost
selectors_under_traffic() {
	local status=$1 spis got
	shift
	network 4 && on right ip addr add 10.4.0.1/24 dev lo && ${peer_side:-swan_side} right && obol_side left && initiate left && whole || return 1
	spis=$(spis_of_left)
	flow_begin
	sleep 4
	obolctl left --timeout 10 selectors "$@" >"$lab/changed" 2>&1
	got=$?
	cat "$lab/changed"
	flow_end || return 1
	[ "$got" = "$status" ] || { fail "status $got"; return 1; }
	[ "$(obolctl left --no-legend list-sas | grep -c INSTALLED)" = 1 ] || { obolctl left list-sas; fail "not one Child SA"; return 1; }
	if [ "$status" = 0 ]; then
		[ "$spis" != "$(spis_of_left)" ] || fail "it is the old one"
	else
		[ "$spis" = "$(spis_of_left)" ] || fail "it is not the old one"
	fi
}
one_child_on_the_right() { [ "$(peer_swanctl right --list-sas | grep -c INSTALLED)" = 1 ] || { peer_swanctl right --list-sas; fail "not one Child SA on the right"; }; }
scenario_selectors_are_widened_and_nothing_is_lost() {
	swan_child='local_ts = 10.2.0.0/24, 10.4.0.0/24'
	selectors_under_traffic 0 net --add 10.4.0.0/24 && one_child_on_the_right || return 1
	grep -q '10.1.0.0/24 === 10.2.0.0/24 10.4.0.0/24' "$lab/changed" || { fail "the answer"; return 1; }
	peer_swanctl right --list-sas | grep -q 'local .*10.4.0.0/24' || { fail "strongSwan has other selectors"; return 1; }
	on left ping -q -c 3 -i 0.2 -W 2 -I 10.1.0.1 10.4.0.1 || { fail "no ping to what was added"; return 1; }
	whole && obolctl left --json selectors net --remove 10.4.0.0/24 | jq -e '."remote-ts" == ["10.2.0.0/24"]' && one_child_on_the_right && whole &&
		terminate left && gone left && gone right
}
scenario_selectors_that_strongswan_narrows_leave_the_old_tunnel() {
	selectors_under_traffic 22 net --add 10.4.0.0/24 && one_child_on_the_right || return 1
	grep -q 'asked for 10.1.0.0/24 === 10.2.0.0/24 10.4.0.0/24, the peer grants 10.1.0.0/24 === 10.2.0.0/24' "$lab/changed" ||
		{ fail "the reason"; return 1; }
	obolctl left explain lab | grep -q E-NARROWED && whole && terminate left && gone left && gone right
}
scenario_selectors_that_strongswan_refuses_leave_the_old_tunnel() {
	selectors_under_traffic 22 net --set 10.4.0.0/24 && grep -q TS_UNACCEPTABLE "$lab/changed" && one_child_on_the_right && whole &&
		terminate left && gone left && gone right
}
scenario_selectors_are_changed_between_obol_and_obol() {
	peer_side=wide_obol_side
	selectors_under_traffic 0 net --add 10.4.0.0/24 && on left ping -q -c 3 -i 0.2 -W 2 -I 10.1.0.1 10.4.0.1 && whole &&
		obolctl right list-sas | grep -q 10.4.0.0/24 && obolctl left list-sas | grep -q 'no longer as the settings say' && terminate left && gone left && gone right
}
wide_obol_side() { # HOST - allows one network more
	net[$1]='10.2.0.0/24", "10.4.0.0/24'
	obol_side "$1" || return 1
	net[$1]=10.2.0.0/24
}

ike_spi_of_left() { obolctl left --json list-sas | jq -r '[.. | objects | select(.state? == "ESTABLISHED") | ."initiator-spi"] | sort | unique | .[]'; }

# Each end has one IKE SA, the same one, with one child; what was rekeyed may not have been deleted yet.
one_ike_sa() {
	[ "$(ike_spi_of_left | wc -l)" = 1 ] && [ "$(obolctl left --no-legend list-sas | grep -c INSTALLED)" = 1 ] &&
		[ "$(peer_swanctl right --list-sas | grep -c ESTABLISHED)" = 1 ] && [ "$(peer_swanctl right --list-sas | grep -c INSTALLED)" = 1 ] &&
		peer_swanctl right --list-sas | grep -q "$(ike_spi_of_left)"
}

# renewing NAME-OF-TIME LIFETIME-OF-OBOL LIFETIME-OF-STRONGSWAN [INITIATOR] - of the IKE SA, with the child in it; seconds, 0: never
renewing() {
	local spi
	obol_connection="$1 = \"${2}s\"; rand_time = \"0s\"; over_time = \"${over:-60}s\"; ${obol_connection:-}"
	swan_connection="$1 = ${3}s
		    over_time = 60s
		    rand_time = 0s"
	network 4 && swan_side right && obol_side left && initiate "${4:-left}" && whole || return 1
	spi=$(ike_spi_of_left)
	flow_begin
	[ -z "${meanwhile:-}" ] || $meanwhile
	case ${may_lose:-nothing} in
	nothing) flow_end || return 1 ;;
	little) flow_end || [ "$(flow_lost)" -le 10 ] || return 1 ;;
	much) wait "${flow_pids[@]}" ;;
	esac
	[ "$spi" != "$(ike_spi_of_left)" ] || { fail "nothing was renewed"; return 1; }
	grep -E 'rekeyed: #|reauthenticated' "$lab/left/obold.log"
	wait_for 10 one_ike_sa || { obolctl left list-sas; peer_swanctl right --list-sas; fail "there is not one IKE SA at both ends"; return 1; }
	whole && terminate left && gone left && gone right && stop_process "$left_pid"
}
# Eight times within the flow, and not by chance.
ask_both_at_once() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		sleep 1.5
		peer_swanctl right --rekey --ike lab >/dev/null &
		obolctl left --quiet rekey --ike lab
		wait $!
	done
}
scenario_ike_rekeying_by_us_loses_nothing() { renewing rekey_time 4 0; }
scenario_ike_rekeying_by_strongswan_loses_nothing() { renewing rekey_time 0 4; }
# Between two of them must be time for what is looked at afterwards.
scenario_ike_rekeying_by_both_at_once_loses_nothing() { renewing rekey_time 6 6; }
scenario_ike_rekeying_asked_of_both_at_once_loses_nothing() { meanwhile=ask_both_at_once renewing rekey_time 0 0; }
scenario_ike_rekeying_with_another_prf_loses_nothing() { ike=aes256-sha384-ecp384 renewing rekey_time 4 5; }
scenario_reauthentication_by_us_loses_nothing() { renewing reauth_time 5 0; }
# A responder waits half of over_time longer, for the initiator to do it.
scenario_reauthentication_by_us_as_responder_loses_nothing() { over=10 renewing reauth_time 5 0 right; }
# Who answers IKE_AUTH sends by the new child at once, and strongSwan may not have it yet: a packet or two.
scenario_reauthentication_by_strongswan_make_before_break() {
	charon_settings="make_before_break = yes" may_lose=little renewing reauth_time 0 5 right
}
scenario_reauthentication_by_us_break_before_make() { obol_connection='make_before_break = false;' may_lose=much renewing reauth_time 5 0; }
scenario_reauthentication_by_strongswan_break_before_make() { may_lose=much renewing reauth_time 0 5 right; }

# moving INITIATOR MOVER [VERSION] - RFC 4555: obold on the left, strongSwan, or obold too, on the right; one of them loses its address for another
# one while a ping goes on.
declare -A second_address=([left4]=192.0.2.11/24 [right4]=192.0.2.22/24 [left6]=2001:db8::11/64 [right6]=2001:db8::22/64)
new_address() { # HOST - after this it has the second address alone
	local prefix=24 flags=
	[ "$lab_version" = 4 ] || prefix=64 flags=nodad
	on "$1" sh -c "echo 1 >/proc/sys/net/ipv4/conf/$1-eth/promote_secondaries"
	links "$1" <<-EOF
		address add ${second_address[$1$lab_version]} dev $1-eth $flags
		address del ${outer[$1]}/$prefix dev $1-eth
	EOF
	outer[$1]=${second_address[$1$lab_version]%/*}
}
ping_goes_on() { # WHAT... - at most ten packets of a ping, two seconds' worth, are lost while it is done
	on left ping -i 0.2 -c 50 -W 2 -I 10.1.0.1 10.2.0.1 >"$lab/ping" 2>&1 &
	local ping=$!
	wait_for 10 grep -q icmp_seq=5 "$lab/ping" || { cat "$lab/ping"; fail "no ping before"; return 1; }
	"$@" || return 1
	wait $ping
	tail -n 3 "$lab/ping"
	[ "$(grep -c 'bytes from' "$lab/ping")" -ge 40 ] || { cat "$lab/ping"; fail "the tunnel did not go on"; return 1; }
}
is_at() { # HOST ADDRESS - obold's list has an IKE SA of that host at that address
	obolctl left --json list-sas | jq -e --arg a "$2" --arg k "$([ "$1" = left ] && echo local || echo remote)-host" '[.. | objects | .[$k]? // empty] == [$a]'
}
moving() {
	local kernel_companions="network-netlink = { load = true; };" obol_local=%any obol_remote='"192.0.2.0/24"'
	[ "${3:-4}" = 4 ] || obol_remote='"2001:db8::/64"'
	network "${3:-4}" && swan_mobike=yes swan_local=%any "${right_side:-swan_side}" right && obol_side left && capture_start && initiate "$1" && whole || return 1
	obolctl left --json list-sas | jq -e '[.. | objects | .mobike? // empty] == [true]' || { fail "list-sas tells no MOBIKE"; return 1; }
	local first
	first=$(obolctl left --json list-sas | jq -c '[.. | objects | .["spi-in"]? // empty]')
	ping_goes_on new_address "$2" || return 1
	wait_for 5 is_at "$2" "${outer[$2]}" || { obolctl left list-sas; fail "the $2 is not at its new address"; return 1; }
	# strongSwan's IPsec in user space changes no addresses of SAs, so charon rekeys them.
	[ "${right_side:-swan_side}" = swan_side ] || [ "$(obolctl left --json list-sas | jq -c '[.. | objects | .["spi-in"]? // empty]')" = "$first" ] ||
		{ fail "it is not the same Child SA"; return 1; }
	whole && clean_wire && terminate "$1" && gone left && gone right
}
scenario_mobike_our_address_changes_as_initiator() { moving left left; }
scenario_mobike_our_address_changes_as_responder() { moving right left; }
scenario_mobike_strongswan_s_address_changes_as_responder() { moving left right; }
scenario_mobike_strongswan_s_address_changes_as_initiator() { moving right right; }
scenario_mobike_obol_with_obol_over_ipv6() { right_side=obol_side moving left left 6; }

# The path dies and no address goes: the initiator finds the peer's other address by itself (RFC 4555 section 3.10).
scenario_mobike_another_path_is_found() {
	local kernel_companions="network-netlink = { load = true; };" obol_local=%any obol_remote='"192.0.2.0/24"'
	local obol_connection='dpd_delay = "1s"; retransmit = { base = "500ms"; };'
	network 4 && links right <<<"address add 192.0.2.22/24 dev right-eth" && swan_mobike=yes swan_local=%any swan_side right && obol_side left &&
		initiate left && whole || return 1
	wait_for 5 sh -c "ip netns exec left $root/bin/obolctl --socket $lab/left/vici.sock list-sas | grep -q 'the peer has 192.0.2.22'" ||
		{ obolctl left list-sas; fail "the peer's other address is not known"; return 1; }
	on left iptables-legacy -A OUTPUT -d 192.0.2.2 -j DROP && on left iptables-legacy -A INPUT -s 192.0.2.2 -j DROP || return 1
	wait_for 20 is_at right 192.0.2.22 || { obolctl left list-sas; fail "no other path was found"; return 1; }
	outer[right]=192.0.2.22
	whole
}

# Without MOBIKE what is to be up is set up anew.
scenario_without_mobike_an_address_that_goes_is_another_sa() {
	local kernel_companions="network-netlink = { load = true; };" obol_local=%any obol_child='start_action = "start";' obol_connection='mobike = false;'
	network 4 && swan_connection="remote_addrs = %any" swan_side right && obol_side left && wait_for 20 whole || return 1
	new_address left
	wait_for 20 is_at left 192.0.2.11 || { obolctl left list-sas; fail "it is not set up anew"; return 1; }
	grep -q E-ADDRESS-GONE "$lab/left/obold.log" || { fail "the log does not say why"; return 1; }
	wait_for 10 whole
}
