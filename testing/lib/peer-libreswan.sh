# shellcheck shell=bash
# libreswan as a peer.  It has fixed paths, so it runs where /etc and /var may be written: inside User Mode Linux.

# libreswan_side HOST - with the settings of the scenario; a connection named lab, loaded and waiting
libreswan_side() {
	local me=$1 peer nets=
	peer=$(other "$me")
	[ "$mode" = transport ] || nets="leftsubnet=${net[$me]}
		rightsubnet=${net[$peer]}"
	mkdir -p /run/pluto /var/lib/ipsec/nss
	[ -f /var/lib/ipsec/nss/cert9.db ] || certutil -N -d sql:/var/lib/ipsec/nss --empty-password
	cat >/etc/ipsec.conf <<-END
	config setup
	  logfile=$lab/$me/pluto.log
	  nssdir=/var/lib/ipsec/nss
	conn lab
	  ikev2=insist
	  auto=add
	  authby=secret
	  type=$mode
	  left=${outer[$me]}
	  right=$(seen "$peer")
	  leftid=@$me.lab.test
	  rightid=@$peer.lab.test
	  $nets
	  ike=${libreswan_ike:-aes256-sha2_256-dh19}
	  phase2=${libreswan_phase2:-esp}
	  phase2alg=${libreswan_esp:-aes256-sha2_512}
	  pfs=no
	  esn=no
	  rekey=no
	  mobike=no
	  hostaddrfamily=ipv${lab_version}
	  retransmit-timeout=15s
	  keyingtries=1
	  ${libreswan_connection:-}
	END
	printf '@left.lab.test @right.lab.test : PSK "%s"\n' "$psk" >/etc/ipsec.secrets
	chmod 600 /etc/ipsec.secrets
	setsid ip netns exec "$me" /usr/libexec/ipsec/pluto --nofork --config /etc/ipsec.conf >"$lab/$me/pluto.out" 2>&1 &
	eval "${me}_pid=$!"
	wait_for 60 sh -c "grep -q 'added IKEv2 connection' '$lab/$me/pluto.log' && grep -q 'listening for IKE messages' '$lab/$me/pluto.log'" ||
		{ cat "$lab/$me/pluto.out" "$lab/$me/pluto.log" >&2; return 1; }
}

libreswan_initiate() { on "$1" /usr/libexec/ipsec/whack --initiate --name lab; }
libreswan_terminate() { on "$1" /usr/libexec/ipsec/whack --terminate --name lab; }
libreswan_established() { # HOST - an IKE SA and a child of it
	on "$1" /usr/libexec/ipsec/whack --showstates >"$lab/list" && grep -q ESTABLISHED_IKE_SA "$lab/list" &&
		grep -q 'ESTABLISHED_CHILD_SA' "$lab/list"
}
libreswan_empty() { [ -z "$(on "$1" /usr/libexec/ipsec/whack --showstates | grep 'STATE_')" ]; }
