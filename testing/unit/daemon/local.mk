# daemon: whole daemons, so the shared library and its public headers alone, and plugins that are loaded
check_LTLIBRARIES += testing/unit/daemon/fake.la
testing_unit_daemon_fake_la_SOURCES = %D%/fake.c %D%/fake.h
testing_unit_daemon_fake_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
testing_unit_daemon_fake_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
testing_unit_daemon_fake_la_LIBADD = libobol.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/daemon/test-daemon testing/unit/daemon/test-doctor testing/unit/daemon/test-fit testing/unit/daemon/test-names \
	testing/unit/daemon/test-policies \
	testing/unit/daemon/test-selectors
DAEMON_TEST_SOURCES = %D%/daemon-test.c %D%/daemon-test.h %D%/fake.h
DAEMON_TEST_PLUGINS = testing/unit/daemon/fake.la openssl-free-crypto.la

testing_unit_daemon_test_daemon_SOURCES = %D%/test-daemon.c $(DAEMON_TEST_SOURCES)
testing_unit_daemon_test_daemon_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_daemon_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_testing_unit_daemon_test_daemon_DEPENDENCIES = $(DAEMON_TEST_PLUGINS)

# The insides, with made-up machines.
testing_unit_daemon_test_doctor_SOURCES = %D%/test-doctor.c
testing_unit_daemon_test_doctor_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_doctor_LDADD = libobol-daemon.la libobol-bus.la libobol-settings.la libobol-dispatcher.la \
	libobol-engine.la libobol-credentials.la libobol-crypto.la libobol-wire.la libobol-pools.la libobol-model.la $(CONFIG_LIBS) $(GNUTLS_LIBS) \
	$(GLIB_LIBS)

testing_unit_daemon_test_fit_SOURCES = %D%/test-fit.c $(DAEMON_TEST_SOURCES)
testing_unit_daemon_test_fit_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_fit_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_testing_unit_daemon_test_fit_DEPENDENCIES = $(DAEMON_TEST_PLUGINS)

testing_unit_daemon_test_policies_SOURCES = %D%/test-policies.c $(DAEMON_TEST_SOURCES)
testing_unit_daemon_test_policies_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_policies_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_testing_unit_daemon_test_policies_DEPENDENCIES = $(DAEMON_TEST_PLUGINS)

testing_unit_daemon_test_selectors_SOURCES = %D%/test-selectors.c $(DAEMON_TEST_SOURCES)
testing_unit_daemon_test_selectors_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_selectors_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_testing_unit_daemon_test_selectors_DEPENDENCIES = $(DAEMON_TEST_PLUGINS)

testing_unit_daemon_test_names_SOURCES = %D%/test-names.c $(DAEMON_TEST_SOURCES)
testing_unit_daemon_test_names_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_daemon_test_names_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_testing_unit_daemon_test_names_DEPENDENCIES = $(DAEMON_TEST_PLUGINS)
