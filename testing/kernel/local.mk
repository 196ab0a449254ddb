# kernel: the conformance suite of the `kernel` role.  testing/kernel/run runs it; it is no test of `make check`, since it needs a plugin
# and rights.
noinst_PROGRAMS += testing/kernel/suite
testing_kernel_suite_SOURCES = \
	%D%/abilities.c %D%/abilities.h %D%/case.h %D%/cases-left.c %D%/cases-life.c %D%/cases-move.c %D%/cases-policies.c \
	%D%/cases-refusals.c %D%/cases-replay.c %D%/cases-requests.c %D%/cases-traffic.c %D%/cases-trap.c %D%/end.c %D%/end.h \
	%D%/foreign.c %D%/foreign.h %D%/lab.c %D%/lab.h %D%/messages.h %D%/net.c %D%/net.h %D%/pair.c %D%/pair.h %D%/side.c \
	%D%/sockets.c %D%/sockets.h %D%/suite.c %D%/wire.c %D%/wire.h
testing_kernel_suite_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/%D% -D_GNU_SOURCE
testing_kernel_suite_LDADD = libobol-bus.la libobol-settings.la libobol-credentials.la libobol-model.la libobol-crypto.la \
	$(CONFIG_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md %D%/run
