# The ground is tested with the ground alone; keys belong to credentials/, which needs the wiping of crypto/.
check_PROGRAMS += \
	testing/unit/model/test-connection testing/unit/model/test-identity testing/unit/model/test-prefix \
	testing/unit/model/test-gateway testing/unit/model/test-proposal testing/unit/model/test-ts testing/unit/model/test-ts-change
testing_unit_model_test_connection_SOURCES = %D%/test-connection.c
testing_unit_model_test_connection_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_connection_LDADD = libobol-credentials.la libobol-crypto.la libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_identity_SOURCES = %D%/test-identity.c
testing_unit_model_test_identity_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_identity_LDADD = libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_prefix_SOURCES = %D%/test-prefix.c
testing_unit_model_test_prefix_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_prefix_LDADD = libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_proposal_SOURCES = %D%/test-proposal.c
testing_unit_model_test_proposal_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_proposal_LDADD = libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_ts_SOURCES = %D%/test-ts.c
testing_unit_model_test_ts_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_ts_LDADD = libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_ts_change_SOURCES = %D%/test-ts-change.c
testing_unit_model_test_ts_change_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_ts_change_LDADD = libobol-model.la $(GLIB_LIBS)
testing_unit_model_test_gateway_SOURCES = %D%/test-gateway.c
testing_unit_model_test_gateway_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_model_test_gateway_LDADD = libobol-model.la $(GLIB_LIBS)
