# shellcheck shell=bash
# Foreign IKE daemons from Debian's packages: unpacked, not installed, so that no service of theirs starts.

peer_strongswan_packages=(strongswan-charon strongswan-swanctl strongswan-libcharon libstrongswan
	libstrongswan-standard-plugins libstrongswan-extra-plugins libcharon-extra-plugins libcharon-extauth-plugins)

# These two bring libraries along: whatever Debian would install with them and the machine lacks.
peer_packages_of() { # NAME
	apt-get install -s --no-install-recommends -o APT::Get::Show-User-Simulation-Note=no "$1" | awk '$1 == "Inst" { print $2 }'
}

# peer_unpack strongswan|libreswan|openiked - into build/peers/NAME; its path is in $peer_tree
peer_unpack() {
	local file packages
	peer_tree=$top/build/peers/$1
	[ -f "$peer_tree/complete" ] && return 0
	case $1 in
	strongswan) packages=("${peer_strongswan_packages[@]}") ;;
	*)
		mapfile -t packages < <(peer_packages_of "$1")
		if [ ${#packages[@]} = 0 ]; then # an empty package list, or it is installed
			[ "$(id -u)" = 0 ] && apt-get update -qq >/dev/null 2>&1
			mapfile -t packages < <(peer_packages_of "$1")
		fi
		[ ${#packages[@]} != 0 ] || packages=("$1")
		;;
	esac
	rm -rf "$peer_tree" "$peer_tree.debs"
	mkdir -p "$peer_tree/usr/bin" "$peer_tree/usr/sbin" "$peer_tree/usr/lib" "$peer_tree/usr/lib64" "$peer_tree.debs"
	local link
	for link in bin sbin lib lib64; do ln -s "usr/$link" "$peer_tree/$link"; done
	if ! (cd "$peer_tree.debs" && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}" >/dev/null 2>&1); then
		[ "$(id -u)" = 0 ] && apt-get update -qq >/dev/null 2>&1
		(cd "$peer_tree.debs" && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}" >/dev/null) ||
			{ echo "could not download: ${packages[*]}" >&2; return 1; }
	fi
	for file in "$peer_tree.debs"/*.deb; do
		dpkg-deb --fsys-tarfile "$file" | tar -x -C "$peer_tree" --keep-directory-symlink || return 1
	done
	rm -rf "$peer_tree.debs"
	touch "$peer_tree/complete"
}

# peer_mount - inside the lab: lays the peer's files over /usr
peer_mount() {
	mount -t overlay overlay -o "lowerdir=$peer_tree/usr:/usr" /usr
}

# charon_conf HOST KERNEL-PLUGINS < swanctl.conf
charon_conf() {
	local host=$1 kernel=$2
	mkdir -p "$lab/$host/swanctl"/{x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private,rsa,ecdsa,bliss,pkcs8,pkcs12}
	cat >"$lab/$host/swanctl/swanctl.conf"
	cat >"$lab/$host/strongswan.conf" <<-EOF
		charon {
		  load = random nonce pem pkcs1 x509 revocation constraints pubkey openssl aes sha1 sha2 hmac gcm curve25519 chapoly ctr ccm cmac xcbc md4 des kdf socket-default vici updown $kernel
		  install_routes = yes
		  retransmit_timeout = 1
		  retransmit_base = 1.4
		  retransmit_tries = 5
		  ${charon_settings:-}
		  plugins { vici { socket = unix://$lab/$host/charon.vici } }
		  filelog { x { path = $lab/$host/charon.log
		    default = 1
		    flush_line = yes } }
		}
	EOF
}

charon_start() { # HOST
	local host=$1
	# A /run of its own, since charon.pid there means that one is running.
	setsid ip netns exec "$host" env STRONGSWAN_CONF="$lab/$host/strongswan.conf" \
		sh -c 'mount -t tmpfs run /run && exec /usr/lib/ipsec/charon' >"$lab/$host/charon.out" 2>&1 &
	eval "${host}_pid=$!"
	wait_for 20 peer_swanctl "$host" --stats || { cat "$lab/$host/charon.out" >&2; return 1; }
	peer_swanctl "$host" --load-all --noprompt >"$lab/$host/load.log" 2>&1 || { cat "$lab/$host/load.log" >&2; return 1; }
}

# peer_swanctl HOST OPTION... - Debian's own swanctl, against charon
peer_swanctl() {
	local host=$1 verb=$2
	shift 2
	on "$host" env STRONGSWAN_CONF="$lab/$host/strongswan.conf" SWANCTL_DIR="$lab/$host/swanctl" /usr/sbin/swanctl "$verb" \
		--uri "unix://$lab/$host/charon.vici" "$@"
}

# obol_swanctl HOST OPTION... - Debian's own swanctl, against obold
obol_swanctl() {
	local host=$1 verb=$2
	shift 2
	echo 'swanctl { load = nonce }' >"$lab/$host/tool.conf"
	on "$host" env STRONGSWAN_CONF="$lab/$host/tool.conf" SWANCTL_DIR="$lab/$host/swanctl" /usr/sbin/swanctl "$verb" \
		--uri "unix://$lab/$host/vici.sock" "$@"
}
