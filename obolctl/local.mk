# obolctl: a thin program over the VICI codec; all but main() in a convenience library, for the tests.
noinst_LTLIBRARIES += libobolctl.la
libobolctl_la_SOURCES = \
	%D%/commands.c %D%/complete.c %D%/ctl.h %D%/help.c %D%/json.c %D%/json.h %D%/ladder.c %D%/ladder.h \
	%D%/report.c %D%/secrets.c %D%/secrets.h %D%/session.c %D%/session.h %D%/show.c %D%/show.h %D%/text.c %D%/text.h \
	%D%/verbs-control.c %D%/verbs-doctor.c %D%/verbs-follow.c %D%/verbs-info.c %D%/verbs-list.c %D%/verbs-load.c \
	%D%/verbs-pools.c %D%/verbs-redirect.c %D%/verbs-selectors.c
libobolctl_la_CPPFLAGS = $(PUBLIC_CPPFLAGS) -I$(top_srcdir) -DPACKAGE_VERSION=\"$(PACKAGE_VERSION)\" \
	-DRUNSTATEDIR=\"$(runstatedir)\" -DCONFIGDIR=\"$(obolconfdir)\" -DPLUGINDIR=\"$(plugindir)\"
libobolctl_la_LIBADD = $(GLIB_LIBS)

bin_PROGRAMS += obolctl/obolctl
obolctl_obolctl_SOURCES = %D%/main.c
obolctl_obolctl_CPPFLAGS = $(PUBLIC_CPPFLAGS) -I$(top_srcdir) -DPACKAGE_VERSION=\"$(PACKAGE_VERSION)\" \
	-DLOCALEDIR=\"$(localedir)\"
obolctl_obolctl_CFLAGS = $(PROGRAM_CFLAGS)
obolctl_obolctl_LDFLAGS = $(PROGRAM_LDFLAGS)
obolctl_obolctl_LDADD = libobolctl.la libobol-vici-codec.la libobol.la $(GLIB_LIBS)

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completion/obolctl
EXTRA_DIST += %D%/README.md
