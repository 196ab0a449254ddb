noinst_LTLIBRARIES += libobol-crypto.la
libobol_crypto_la_SOURCES = %D%/guard.c %D%/keymat.c %D%/keymat.h %D%/registry.c %D%/secret.c
libobol_crypto_la_CPPFLAGS = $(CORE_CPPFLAGS) $(GNUTLS_CFLAGS)
libobol_crypto_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS)
EXTRA_DIST += %D%/README.md
