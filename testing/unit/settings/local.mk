SETTINGS_TEST_LIBS = libobol-settings.la libobol-credentials.la libobol-model.la libobol-crypto.la $(CONFIG_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)

check_PROGRAMS += testing/unit/settings/test-child-kernel testing/unit/settings/test-value testing/unit/settings/test-read testing/unit/settings/test-check

testing_unit_settings_test_child_kernel_SOURCES = %D%/test-child-kernel.c %D%/settings-test.h
testing_unit_settings_test_child_kernel_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_child_kernel_LDADD = $(SETTINGS_TEST_LIBS)

testing_unit_settings_test_value_SOURCES = %D%/test-value.c
testing_unit_settings_test_value_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_value_LDADD = $(SETTINGS_TEST_LIBS)

testing_unit_settings_test_read_SOURCES = %D%/test-read.c
testing_unit_settings_test_read_CPPFLAGS = $(TEST_CPPFLAGS) $(CONFIG_CFLAGS)
testing_unit_settings_test_read_LDADD = $(SETTINGS_TEST_LIBS) $(CONFIG_LIBS)

testing_unit_settings_test_check_SOURCES = %D%/test-check.c %D%/settings-test.h
testing_unit_settings_test_check_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_check_LDADD = $(SETTINGS_TEST_LIBS)

check_PROGRAMS += testing/unit/settings/test-dir testing/unit/settings/test-connection testing/unit/settings/test-secrets

testing_unit_settings_test_dir_SOURCES = %D%/test-dir.c %D%/settings-test.h
testing_unit_settings_test_dir_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_dir_LDADD = $(SETTINGS_TEST_LIBS)

testing_unit_settings_test_connection_SOURCES = %D%/test-connection.c %D%/settings-test.h
testing_unit_settings_test_connection_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_connection_LDADD = $(SETTINGS_TEST_LIBS)

testing_unit_settings_test_secrets_SOURCES = %D%/test-secrets.c %D%/settings-test.h
testing_unit_settings_test_secrets_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_secrets_LDADD = $(SETTINGS_TEST_LIBS)

check_PROGRAMS += testing/unit/settings/test-corpus
testing_unit_settings_test_corpus_SOURCES = %D%/test-corpus.c %D%/settings-test.h
testing_unit_settings_test_corpus_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_settings_test_corpus_LDADD = $(SETTINGS_TEST_LIBS)
EXTRA_DIST += %D%/corpus

check_PROGRAMS += testing/unit/settings/test-manual
testing_unit_settings_test_manual_SOURCES = %D%/test-manual.c %D%/settings-test.h
testing_unit_settings_test_manual_CPPFLAGS = $(TEST_CPPFLAGS) \
	-DOBOL_PLUGINS="\"`for plugin in $(plugin_LTLIBRARIES:.la=); do echo $$plugin; done | LC_ALL=C sort | xargs`\""
testing_unit_settings_test_manual_LDADD = $(SETTINGS_TEST_LIBS)
