# The client's side, which the engine uses as well: link it with libobol-pfkey-coding.la.
noinst_LTLIBRARIES += libobol-pfkey-link.la
libobol_pfkey_link_la_SOURCES = \
	%D%/connect.c %D%/connect.h %D%/endpoint.c %D%/endpoint.h %D%/frame.c %D%/frame.h %D%/link.c %D%/link.h \
	%D%/psk.c %D%/psk.h %D%/raw.c %D%/raw.h %D%/stream.c %D%/stream.h %D%/tls.c %D%/tls.h %D%/watch.c %D%/watch.h
libobol_pfkey_link_la_CPPFLAGS = $(PFKEY_CPPFLAGS) $(GNUTLS_CFLAGS)
libobol_pfkey_link_la_LIBADD = $(GNUTLS_LIBS) $(GLIB_LIBS)
