# dispatcher
check_LTLIBRARIES += libobol-testing-shard.la
libobol_testing_shard_la_SOURCES = testing/lib/shard-world.c testing/lib/shard-world.h
libobol_testing_shard_la_CPPFLAGS = $(TEST_CPPFLAGS)
libobol_testing_shard_la_LIBADD = $(GLIB_LIBS)

# A shard with everything below it.
SHARD_TEST_LIBS = libobol-testing-shard.la libobol-dispatcher.la libobol-engine.la libobol-credentials.la \
	libobol-testing-crypto.la libobol-crypto-backend.la libobol-crypto.la libobol-wire.la libobol-model.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) -lgmp

check_PROGRAMS += testing/unit/dispatcher/test-addresses testing/unit/dispatcher/test-admission testing/unit/dispatcher/test-crash \
	testing/unit/dispatcher/test-leases testing/unit/dispatcher/test-redirect testing/unit/dispatcher/test-shard \
	testing/unit/dispatcher/test-stray testing/unit/dispatcher/test-succession testing/unit/dispatcher/test-tables testing/unit/dispatcher/test-uniqueness

testing_unit_dispatcher_test_addresses_SOURCES = %D%/test-addresses.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_addresses_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_addresses_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_admission_SOURCES = %D%/test-admission.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_admission_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_admission_LDADD = libobol-dispatcher.la libobol-testing-crypto.la libobol-crypto-backend.la \
	libobol-crypto.la libobol-wire.la libobol-model.la $(GLIB_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) -lgmp

testing_unit_dispatcher_test_crash_SOURCES = %D%/test-crash.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_crash_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_crash_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_redirect_SOURCES = %D%/test-redirect.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_redirect_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_redirect_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_shard_SOURCES = %D%/test-shard.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_shard_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_shard_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_stray_SOURCES = %D%/test-stray.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_stray_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_stray_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_succession_SOURCES = %D%/test-succession.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_succession_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_succession_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_tables_SOURCES = %D%/test-tables.c
testing_unit_dispatcher_test_tables_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_tables_LDADD = libobol-dispatcher.la libobol-crypto.la libobol-wire.la libobol-model.la $(GNUTLS_LIBS) $(GLIB_LIBS)

testing_unit_dispatcher_test_uniqueness_SOURCES = %D%/test-uniqueness.c testing/lib/first-request.c testing/lib/first-request.h
testing_unit_dispatcher_test_uniqueness_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_uniqueness_LDADD = $(SHARD_TEST_LIBS)

testing_unit_dispatcher_test_leases_SOURCES = %D%/test-leases.c
testing_unit_dispatcher_test_leases_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_dispatcher_test_leases_LDADD = $(SHARD_TEST_LIBS)
