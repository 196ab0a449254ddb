noinst_LTLIBRARIES += libobol-daemon.la
libobol_daemon_la_SOURCES = \
	%D%/daemon.c
libobol_daemon_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_daemon_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
