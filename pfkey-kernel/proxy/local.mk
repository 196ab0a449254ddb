# The client's side, which the engine uses as well: link it with libobol-pfkey-coding.la.
noinst_LTLIBRARIES += libobol-pfkey-link.la
libobol_pfkey_link_la_SOURCES = \
	%D%/connect.c %D%/connect.h %D%/endpoint.c %D%/endpoint.h %D%/frame.c %D%/frame.h %D%/link.c %D%/link.h \
	%D%/psk.c %D%/psk.h %D%/raw.c %D%/raw.h %D%/stream.c %D%/stream.h %D%/tls.c %D%/tls.h %D%/watch.c %D%/watch.h
libobol_pfkey_link_la_CPPFLAGS = $(PFKEY_CPPFLAGS) $(GNUTLS_CFLAGS)
libobol_pfkey_link_la_LIBADD = $(GNUTLS_LIBS) $(GLIB_LIBS)

# The proxy but for main(), for its tests; and the program.
noinst_LTLIBRARIES += libobol-pfkey-proxy.la
libobol_pfkey_proxy_la_SOURCES = \
	%D%/activation.c %D%/activation.h %D%/filter.c %D%/filter.h %D%/options.c %D%/options.h %D%/peer.c %D%/peer.h \
	%D%/privileges.c %D%/privileges.h %D%/server.c %D%/server.h %D%/session.c %D%/session.h
libobol_pfkey_proxy_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
libobol_pfkey_proxy_la_LIBADD = $(GLIB_LIBS)

sbin_PROGRAMS += pfkey-kernel/proxy/obol-pfkey-proxy
pfkey_kernel_proxy_obol_pfkey_proxy_SOURCES = %D%/main.c
pfkey_kernel_proxy_obol_pfkey_proxy_CPPFLAGS = $(PFKEY_CPPFLAGS)
pfkey_kernel_proxy_obol_pfkey_proxy_CFLAGS = $(PROGRAM_CFLAGS)
pfkey_kernel_proxy_obol_pfkey_proxy_LDFLAGS = $(PROGRAM_LDFLAGS)
pfkey_kernel_proxy_obol_pfkey_proxy_LDADD = libobol-pfkey-proxy.la libobol-pfkey-link.la libobol-pfkey-coding.la libobol.la \
	$(GNUTLS_LIBS) $(GLIB_LIBS)
