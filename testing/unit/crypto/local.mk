# Algorithms and the key derivation against published vectors.
crypto_libs = libobol-testing-crypto.la libobol-testing.la libobol-crypto-backend.la libobol-crypto.la libobol-wire.la \
	libobol-model.la $(GLIB_LIBS)
check_PROGRAMS += testing/unit/crypto/test-captures testing/unit/crypto/test-keymat testing/unit/crypto/test-vectors \
	testing/unit/crypto/test-wycheproof
testing_unit_crypto_test_keymat_SOURCES = %D%/test-keymat.c
testing_unit_crypto_test_keymat_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_crypto_test_keymat_LDADD = $(crypto_libs)
EXTRA_DIST += testing/vectors
testing_unit_crypto_test_vectors_SOURCES = %D%/test-vectors.c
testing_unit_crypto_test_vectors_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_crypto_test_vectors_LDADD = $(crypto_libs)
testing_unit_crypto_test_captures_SOURCES = %D%/test-captures.c
testing_unit_crypto_test_captures_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_crypto_test_captures_LDADD = $(crypto_libs)
testing_unit_crypto_test_wycheproof_SOURCES = %D%/test-wycheproof.c
testing_unit_crypto_test_wycheproof_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_crypto_test_wycheproof_LDADD = $(crypto_libs)
