# shellcheck shell=bash
# Debian packages that a script needs: installed when they are not there.

build_packages=(autoconf automake libtool pkg-config gcc make libc6-dev libglib2.0-dev libgnutls28-dev nettle-dev
	libgmp-dev libconfig-dev libmnl-dev zlib1g-dev gettext)
lab_packages=(iproute2 iputils-ping tcpdump socat procps util-linux iptables libcap2-bin)

# need PACKAGE... - installs what is missing; returns 1, having said what, when that can not be done.
need() {
	local missing=() package as_root=()
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} = 0 ] && return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null && as_root=(sudo)
		if [ ${#as_root[@]} = 0 ]; then
			echo "missing Debian packages: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
			return 1
		fi
	fi
	echo "installing ${missing[*]}" >&2
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
		>/dev/null 2>&1 && return 0
	# An empty or old package list is the usual cause.
	"${as_root[@]}" apt-get update -qq >/dev/null 2>&1
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
		>/dev/null || { echo "could not install: ${missing[*]}" >&2; return 1; }
}
