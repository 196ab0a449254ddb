# shellcheck shell=bash
# OpenIKED as a peer: on Linux it speaks PF_KEY, so AES-CBC with HMAC-SHA2-512 is what it can do right.  Fixed paths, as libreswan.

openiked_side() { # HOST - active (initiates at once) when openiked_active is set
	local me=$1 peer selectors=
	peer=$(other "$me")
	if [ "$mode" = transport ]; then
		selectors="transport esp from ${outer[$me]} to $(seen "$peer")"
	else
		selectors="tunnel esp from ${net[$me]} to ${net[$peer]}"
	fi
	getent group _iked >/dev/null || groupadd --system _iked
	getent passwd _iked >/dev/null || useradd --system -g _iked -d /var/lib/openiked/empty -s /usr/sbin/nologin _iked
	mkdir -p /var/lib/openiked/empty /etc/iked/{ca,certs,crls,private,pubkeys/ipv4,pubkeys/ipv6,pubkeys/fqdn,pubkeys/ufqdn}
	if [ ! -f /etc/iked/private/local.key ]; then
		openssl ecparam -name prime256v1 -genkey -noout -out /etc/iked/private/local.key 2>/dev/null
		openssl pkey -in /etc/iked/private/local.key -pubout -out /etc/iked/local.pub 2>/dev/null
		chmod 600 /etc/iked/private/local.key
	fi
	cat >/etc/iked.conf <<-END
	set nomobike
	set fragmentation
	set dpd_check_interval 0
	ikev2 "lab" ${openiked_active:-passive} $selectors local ${outer[$me]} peer $(seen "$peer") \\
	  ikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 group ecp256 \\
	  childsa enc aes-256 auth hmac-sha2-512 noesn \\
	  srcid $me.lab.test dstid $peer.lab.test ${openiked_lifetime:-} psk "$psk"
	END
	chmod 600 /etc/iked.conf
	setsid ip netns exec "$me" /usr/sbin/iked -d -vv -f /etc/iked.conf >"$lab/$me/iked.log" 2>&1 &
	eval "${me}_pid=$!"
	# It answers before it is configured, and forgets those SAs: this line is the last of its configuration.
	wait_for 120 grep -q stickyaddress "$lab/$me/iked.log" || { cat "$lab/$me/iked.log" >&2; return 1; }
}

openiked_initiate() { fail "OpenIKED begins by itself"; }
openiked_terminate() { on "$1" ikectl reset sa; }
openiked_established() {
	on "$1" ikectl show sa >"$lab/list" && grep -q ESTABLISHED "$lab/list" && grep -q iked_sas "$lab/list"
}
openiked_empty() { ! on "$1" ikectl show sa | grep -q ESTABLISHED; }
