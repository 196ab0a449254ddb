check_PROGRAMS += testing/unit/pools/test-pool
testing_unit_pools_test_pool_SOURCES = %D%/test-pool.c
testing_unit_pools_test_pool_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pools_test_pool_LDADD = libobol-pools.la libobol-model.la $(GLIB_LIBS)
