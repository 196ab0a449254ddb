# kernel-userspace: the core without I/O, for the tests and the fuzzers; the I/O; the plugin.
noinst_LTLIBRARIES += libobol-userspace-core.la
libobol_userspace_core_la_SOURCES = \
	%D%/acquire.c %D%/acquire.h %D%/ah.c %D%/ah.h %D%/ah-headers.c %D%/ipcomp.c %D%/ipcomp.h %D%/outer.c %D%/outer.h %D%/unwrap.c %D%/whole.c %D%/beet.c %D%/beet.h %D%/bytes.h %D%/checksum.c %D%/checksum.h %D%/core.c %D%/core.h %D%/core-private.h \
	%D%/drops.c %D%/drops.h %D%/ecn.c %D%/ecn.h %D%/esp.c %D%/esp.h %D%/flow-cache.c %D%/flow-cache.h \
	%D%/fragments.c %D%/fragments.h %D%/gather.c %D%/gather.h %D%/heap.c %D%/heap.h %D%/icmp.c %D%/icmp.h %D%/inbound.c %D%/lifetime.c \
	%D%/outbound.c %D%/packet.c %D%/packet.h %D%/reassembly.c %D%/reassembly.h %D%/replay.c %D%/replay.h \
	%D%/offload.h %D%/requests.c %D%/sad.c %D%/sad.h %D%/segments.c %D%/segments.h %D%/selectors.c %D%/selectors.h \
	%D%/siphash.c %D%/siphash.h %D%/spd.c %D%/spd.h %D%/spi.c %D%/spi.h %D%/upper.c %D%/upper.h
libobol_userspace_core_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(ZLIB_CFLAGS)
libobol_userspace_core_la_LIBADD = $(GLIB_LIBS) $(ZLIB_LIBS)
EXTRA_DIST += %D%/README.md

noinst_LTLIBRARIES += libobol-userspace.la
libobol_userspace_la_SOURCES = \
	%D%/abilities.c %D%/abilities.h %D%/answers.c %D%/answers.h %D%/netlink.c %D%/netlink.h %D%/raw.c %D%/raw-ah.c %D%/raw-ah.h \
	%D%/raw.h %D%/route.c %D%/route.h %D%/tun.c %D%/tun.h %D%/userspace.c %D%/userspace.h
libobol_userspace_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE
libobol_userspace_la_LIBADD = libobol-userspace-core.la $(GLIB_LIBS)

plugin_LTLIBRARIES += kernel-userspace.la
kernel_userspace_la_SOURCES = %D%/plugin.c
kernel_userspace_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
kernel_userspace_la_LDFLAGS = $(PLUGIN_LDFLAGS)
kernel_userspace_la_LIBADD = libobol-userspace.la libobol.la $(GLIB_LIBS)
