USERSPACE_TEST_LIBS = libobol-userspace-core.la libobol-model.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-replay testing/unit/kernel-userspace/test-packet \
	testing/unit/kernel-userspace/test-spd testing/unit/kernel-userspace/test-tables
EXTRA_DIST += %D%/packets.h

check_PROGRAMS += testing/unit/kernel-userspace/test-offload
testing_unit_kernel_userspace_test_offload_SOURCES = %D%/test-offload.c
testing_unit_kernel_userspace_test_offload_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_offload_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_replay_SOURCES = %D%/test-replay.c
testing_unit_kernel_userspace_test_replay_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_replay_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_packet_SOURCES = %D%/test-packet.c
testing_unit_kernel_userspace_test_packet_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_packet_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_spd_SOURCES = %D%/test-spd.c
testing_unit_kernel_userspace_test_spd_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_spd_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_tables_SOURCES = %D%/test-tables.c
testing_unit_kernel_userspace_test_tables_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_tables_LDADD = libobol-userspace.la $(USERSPACE_TEST_LIBS)

USERSPACE_CRYPTO_LIBS = libobol-testing.la libobol-testing-crypto.la libobol-userspace-core.la libobol-crypto-backend.la \
	libobol-crypto.la libobol-wire.la libobol-model.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-esp
testing_unit_kernel_userspace_test_esp_SOURCES = %D%/test-esp.c
testing_unit_kernel_userspace_test_esp_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_esp_LDADD = $(USERSPACE_CRYPTO_LIBS)


check_PROGRAMS += testing/unit/kernel-userspace/test-core testing/unit/kernel-userspace/test-requests
testing_unit_kernel_userspace_test_core_SOURCES = %D%/test-core.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_core_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_core_LDADD = $(USERSPACE_CRYPTO_LIBS)

testing_unit_kernel_userspace_test_requests_SOURCES = %D%/test-requests.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_requests_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_requests_LDADD = $(USERSPACE_CRYPTO_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-contract
testing_unit_kernel_userspace_test_contract_SOURCES = %D%/test-contract.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_contract_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_contract_LDADD = libobol-userspace.la $(USERSPACE_CRYPTO_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-ah
testing_unit_kernel_userspace_test_ah_SOURCES = %D%/test-ah.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_ah_CPPFLAGS = $(TEST_CPPFLAGS) -D_GNU_SOURCE
testing_unit_kernel_userspace_test_ah_LDADD = libobol-userspace.la $(USERSPACE_CRYPTO_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-ipcomp
testing_unit_kernel_userspace_test_ipcomp_SOURCES = %D%/test-ipcomp.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_ipcomp_CPPFLAGS = $(TEST_CPPFLAGS) $(ZLIB_CFLAGS)
testing_unit_kernel_userspace_test_ipcomp_LDADD = $(USERSPACE_CRYPTO_LIBS) $(ZLIB_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-beet
testing_unit_kernel_userspace_test_beet_SOURCES = %D%/test-beet.c %D%/world.c %D%/world.h
testing_unit_kernel_userspace_test_beet_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_beet_LDADD = $(USERSPACE_CRYPTO_LIBS)
