# The ground is tested with the ground alone.
check_PROGRAMS += testing/unit/model/test-ts
testing_unit_model_test_ts_SOURCES = %D%/test-ts.c
testing_unit_model_test_ts_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_ts_LDADD = libobol-model.la $(GLIB_LIBS)
