# The code is a library of its own, so that tests and benchmarks link it without loading; the plugin is made of it.
noinst_LTLIBRARIES += libobol-crypto-backend.la
libobol_crypto_backend_la_SOURCES = \
	%D%/aead.c %D%/aes-mac.c %D%/backend.h %D%/ccm.c %D%/cipher.c %D%/hash.c %D%/ke.c %D%/ke.h %D%/ke-ecp.c \
	%D%/ke-modp.c %D%/ke-montgomery.c %D%/modp-primes.c %D%/modp-primes.h %D%/plugin.c %D%/random.c %D%/self-test.c
libobol_crypto_backend_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(GNUTLS_CFLAGS) $(NETTLE_CFLAGS)
libobol_crypto_backend_la_LIBADD = $(GLIB_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) -lgmp

plugin_LTLIBRARIES += openssl-free-crypto.la
openssl_free_crypto_la_SOURCES =
openssl_free_crypto_la_LIBADD = libobol-crypto-backend.la libobol.la
openssl_free_crypto_la_LDFLAGS = $(PLUGIN_LDFLAGS)
EXTRA_DIST += %D%/README.md
