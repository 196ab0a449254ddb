# What tests of several rooms share.
check_LTLIBRARIES += libobol-testing.la libobol-testing-crypto.la
libobol_testing_la_SOURCES = \
	%D%/hex.c %D%/hex.h %D%/packet.c %D%/packet.h %D%/pcap.c %D%/pcap.h %D%/vectors.c %D%/vectors.h
libobol_testing_la_CPPFLAGS = $(TEST_CPPFLAGS)
libobol_testing_la_LIBADD = $(GLIB_LIBS)

# What tests of the engine and of all above it need.  With it link libobol-crypto-backend.la, libobol-crypto.la and libobol-model.la.
libobol_testing_crypto_la_SOURCES = %D%/lists.c %D%/lists.h %D%/test-crypto.c %D%/test-crypto.h
libobol_testing_crypto_la_CPPFLAGS = $(TEST_CPPFLAGS)
libobol_testing_crypto_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += testing/captures testing/data %D%/cited-tests.awk %D%/rule-totals.awk
