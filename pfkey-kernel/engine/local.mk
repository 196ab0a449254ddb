# The engine without I/O, for the tests and the fuzzers; the ways to the kernel around it; the plugin.
noinst_LTLIBRARIES += libobol-pfkey-engine.la
libobol_pfkey_engine_la_SOURCES = \
	%D%/algorithms.c %D%/algorithms.h %D%/deadlines.c %D%/deadlines.h %D%/engine.c %D%/engine.h %D%/engine-private.h \
	%D%/events.c %D%/jobs.c %D%/messages.c %D%/messages.h %D%/move.c %D%/policy-jobs.c %D%/refusal.c %D%/refusal.h \
	%D%/sa-jobs.c %D%/sad.c %D%/sad.h %D%/selectors.c %D%/selectors.h %D%/spd.c %D%/spd.h %D%/start.c %D%/survey.c
libobol_pfkey_engine_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
libobol_pfkey_engine_la_LIBADD = $(GLIB_LIBS)

noinst_LTLIBRARIES += libobol-pfkey.la
libobol_pfkey_la_SOURCES = %D%/adopt.c %D%/adopt.h %D%/nested.c %D%/nested.h %D%/pfkey.c %D%/pfkey.h %D%/sysctl.c %D%/sysctl.h
libobol_pfkey_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
libobol_pfkey_la_LIBADD = libobol-pfkey-engine.la libobol-pfkey-link.la libobol-pfkey-coding.la $(GLIB_LIBS)

plugin_LTLIBRARIES += pfkey-kernel.la
pfkey_kernel_la_SOURCES = pfkey-kernel/plugin.c
pfkey_kernel_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
pfkey_kernel_la_LDFLAGS = $(PLUGIN_LDFLAGS)
pfkey_kernel_la_LIBADD = libobol-pfkey.la libobol.la $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
