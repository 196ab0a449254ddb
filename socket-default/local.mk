# socket-default: all but the descriptor in a convenience library for the tests; the plugin.
noinst_LTLIBRARIES += libobol-socket-default.la
libobol_socket_default_la_SOURCES = \
	%D%/endpoint.c %D%/endpoint.h %D%/faults.c %D%/faults.h %D%/receive.c %D%/receive.h %D%/send.c %D%/send.h \
	%D%/udp.c %D%/udp.h
libobol_socket_default_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE
libobol_socket_default_la_LIBADD = $(GLIB_LIBS)

plugin_LTLIBRARIES += socket-default.la
socket_default_la_SOURCES = %D%/plugin.c
socket_default_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
socket_default_la_LDFLAGS = $(PLUGIN_LDFLAGS)
socket_default_la_LIBADD = libobol-socket-default.la libobol.la $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
