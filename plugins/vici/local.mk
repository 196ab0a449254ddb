# plugins/vici: the codec, which obolctl shares; all of the server but its descriptor, for the tests; the plugin.
noinst_LTLIBRARIES += libobol-vici-codec.la libobol-vici.la
libobol_vici_codec_la_SOURCES = %D%/codec.h %D%/element.h %D%/decode.c %D%/encode.c
libobol_vici_codec_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
libobol_vici_codec_la_LIBADD = $(GLIB_LIBS)

libobol_vici_la_SOURCES = \
	%D%/client.c %D%/client.h %D%/commands.c %D%/commands.h %D%/commands-control.c %D%/commands-info.c \
	%D%/commands-kernel.c %D%/commands-list.c %D%/commands-load.c %D%/commands-pools.c %D%/commands-redirect.c %D%/commands-selectors.c %D%/counters.c %D%/counters.h \
	%D%/events.c %D%/events.h %D%/failures.c %D%/failures.h %D%/fields.c %D%/fields.h %D%/io.c %D%/io.h \
	%D%/job.c %D%/job.h %D%/listener.c %D%/listener.h %D%/server.c %D%/server.h %D%/tell.c %D%/tell.h
libobol_vici_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE
libobol_vici_la_LIBADD = $(GLIB_LIBS)

plugin_LTLIBRARIES += vici.la
vici_la_SOURCES = %D%/plugin.c
vici_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DRUNSTATEDIR=\"$(runstatedir)\"
vici_la_LDFLAGS = $(PLUGIN_LDFLAGS)
vici_la_LIBADD = libobol-vici.la libobol-vici-codec.la libobol.la $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
