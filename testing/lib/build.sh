# shellcheck shell=bash
# Builds of the tree, each in a folder of its own under build/, so that a check never disturbs a developer's.

# Several builds compile the same sources with the same flags: once is enough, where there is ccache.
if command -v ccache >/dev/null && [ -z "${CC:-}" ]; then
	export CC="ccache gcc" CCACHE_DIR=${CCACHE_DIR:-$top/build/ccache} CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
fi

# build NAME [CONFIGURE-OPTION...] - configures build/NAME and makes there what $goals names, or all; its path is in $built.  A log is kept
# beside it.
build() {
	local name=$1
	shift
	built=$top/build/$name
	mkdir -p "$built"
	(
		if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then "$top/autogen.sh"; fi &&
			cd "$built" && {
			if [ ! -f config.status ] || [ "$(cat options 2>/dev/null)" != "$*" ]; then
				"$top/configure" -q "$@" && echo "$*" >options
			fi
		} && make -s -j"$(nproc)" "${goals:-all}"
	) >"$built.log" 2>&1 || { tail -n 40 "$built.log" >&2; echo "the build failed: build/$name.log" >&2; return 1; }
}

# build_installed NAME - as a user has it: everything under build/NAME/root; its path is in $root.
build_installed() {
	root=$top/build/$1/root
	build "$1" --prefix="$root" --sysconfdir="$root/etc" --localstatedir="$root/var" --enable-werror || return 1
	make -s -C "$built" install >>"$built.log" 2>&1 || { tail -n 40 "$built.log" >&2; return 1; }
}
