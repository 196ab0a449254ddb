# kernel-xfrm: what needs no kernel, for the tests and the fuzzers; what talks to it; the plugin.
if HAVE_MNL
noinst_LTLIBRARIES += libobol-xfrm-pure.la libobol-xfrm.la
libobol_xfrm_pure_la_SOURCES = \
	%D%/algorithms.c %D%/algorithms.h %D%/cover.c %D%/cover.h %D%/decode.c %D%/decode.h %D%/encode-policy.c %D%/encode-sa.c \
	%D%/encode.h %D%/failure.c %D%/failure.h %D%/message.c %D%/message.h %D%/owner.c %D%/owner.h %D%/rules.c %D%/rules.h \
	%D%/sas.c %D%/sas.h %D%/spec.c %D%/spec.h %D%/values.c %D%/values.h
libobol_xfrm_pure_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
libobol_xfrm_pure_la_LIBADD = $(MNL_LIBS) $(GLIB_LIBS)

libobol_xfrm_la_SOURCES = \
	%D%/adopt.c %D%/adopt.h %D%/alone.c %D%/alone.h %D%/answers.c %D%/answers.h %D%/compare.c %D%/device.c %D%/device.h %D%/ethtool.c \
	%D%/events.c %D%/events.h %D%/knobs.c %D%/knobs.h %D%/link.c %D%/link.h %D%/list.c %D%/move.c %D%/probe.c %D%/probe.h \
	%D%/receive.c %D%/receive.h %D%/requests-policy.c %D%/requests-sa.c %D%/told.c %D%/waiting.c %D%/xfrm.c %D%/xfrm.h %D%/xfrm-private.h
libobol_xfrm_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS) -D_GNU_SOURCE
libobol_xfrm_la_LIBADD = libobol-xfrm-pure.la $(MNL_LIBS) $(GLIB_LIBS)

plugin_LTLIBRARIES += kernel-xfrm.la
kernel_xfrm_la_SOURCES = %D%/plugin.c
kernel_xfrm_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
kernel_xfrm_la_LDFLAGS = $(PLUGIN_LDFLAGS)
kernel_xfrm_la_LIBADD = libobol-xfrm.la libobol.la $(GLIB_LIBS)
endif
EXTRA_DIST += %D%/README.md conf.d/kernel-xfrm.conf
