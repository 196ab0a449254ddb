# The client's side, which the engine uses as well: link it with libobol-pfkey-coding.la.
noinst_LTLIBRARIES += libobol-pfkey-link.la
libobol_pfkey_link_la_SOURCES = \
	%D%/endpoint.h %D%/link.h
libobol_pfkey_link_la_CPPFLAGS = $(PFKEY_CPPFLAGS) $(GNUTLS_CFLAGS)
libobol_pfkey_link_la_LIBADD = $(GNUTLS_LIBS) $(GLIB_LIBS)
