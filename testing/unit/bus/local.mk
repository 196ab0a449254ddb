BUS_TEST_LIBS = libobol-bus.la libobol-settings.la libobol-credentials.la libobol-model.la libobol-crypto.la \
	$(CONFIG_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)

# Plugins for the loader to try; -rpath makes libtool build shared objects of what is never installed.
BUS_TEST_PLUGINS = testing/unit/bus/plugins/good.la testing/unit/bus/plugins/other-major.la \
	testing/unit/bus/plugins/newer-minor.la testing/unit/bus/plugins/no-symbol.la \
	testing/unit/bus/plugins/misnamed.la testing/unit/bus/plugins/bad-test.la
check_LTLIBRARIES += $(BUS_TEST_PLUGINS)
BUS_TEST_PLUGIN_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

testing_unit_bus_plugins_good_la_SOURCES = %D%/plugins/good.c
testing_unit_bus_plugins_good_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_good_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_other_major_la_SOURCES = %D%/plugins/other-major.c
testing_unit_bus_plugins_other_major_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_other_major_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_newer_minor_la_SOURCES = %D%/plugins/newer-minor.c
testing_unit_bus_plugins_newer_minor_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_newer_minor_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_no_symbol_la_SOURCES = %D%/plugins/no-symbol.c
testing_unit_bus_plugins_no_symbol_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_no_symbol_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_misnamed_la_SOURCES = %D%/plugins/misnamed.c
testing_unit_bus_plugins_misnamed_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_misnamed_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_bad_test_la_SOURCES = %D%/plugins/bad-test.c
testing_unit_bus_plugins_bad_test_la_CPPFLAGS = $(PUBLIC_CPPFLAGS)
testing_unit_bus_plugins_bad_test_la_LDFLAGS = $(BUS_TEST_PLUGIN_LDFLAGS)
testing_unit_bus_plugins_bad_test_la_LIBADD = $(GLIB_LIBS)

check_PROGRAMS += testing/unit/bus/test-load testing/unit/bus/test-resolve testing/unit/bus/test-watch testing/unit/bus/test-roles

testing_unit_bus_test_load_SOURCES = %D%/test-load.c %D%/bus-test.h
testing_unit_bus_test_load_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_bus_test_load_LDADD = $(BUS_TEST_LIBS)
EXTRA_testing_unit_bus_test_load_DEPENDENCIES = $(BUS_TEST_PLUGINS)

testing_unit_bus_test_resolve_SOURCES = %D%/test-resolve.c %D%/bus-test.h
testing_unit_bus_test_resolve_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_bus_test_resolve_LDADD = $(BUS_TEST_LIBS)

testing_unit_bus_test_watch_SOURCES = %D%/test-watch.c %D%/bus-test.h
testing_unit_bus_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_bus_test_watch_LDADD = $(BUS_TEST_LIBS)

testing_unit_bus_test_roles_SOURCES = %D%/test-roles.c %D%/bus-test.h
testing_unit_bus_test_roles_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_bus_test_roles_LDADD = $(BUS_TEST_LIBS)
