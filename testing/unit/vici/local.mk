include testing/unit/obolctl/local.mk

# The codec alone, and the server against a daemon that the tests make up: the rooms below, no other.
check_PROGRAMS += \
	testing/unit/vici/test-codec testing/unit/vici/test-commands testing/unit/vici/test-control \
	testing/unit/vici/test-events testing/unit/vici/test-listener testing/unit/vici/test-server

VICI_TEST_LIBS = libobol-testing.la libobol-vici.la libobol-vici-codec.la libobol-settings.la libobol-credentials.la \
	libobol-crypto.la libobol-wire.la libobol-model.la $(GLIB_LIBS) $(GNUTLS_LIBS)
VICI_TEST_DAEMON = %D%/client-end.c %D%/client-end.h %D%/fake-daemon.c %D%/fake-daemon.h

testing_unit_vici_test_codec_SOURCES = %D%/test-codec.c
testing_unit_vici_test_codec_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_codec_LDADD = $(VICI_TEST_LIBS)

testing_unit_vici_test_commands_SOURCES = %D%/test-commands.c $(VICI_TEST_DAEMON)
testing_unit_vici_test_commands_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_commands_LDADD = $(VICI_TEST_LIBS)

testing_unit_vici_test_control_SOURCES = %D%/test-control.c $(VICI_TEST_DAEMON)
testing_unit_vici_test_control_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_control_LDADD = $(VICI_TEST_LIBS)

testing_unit_vici_test_events_SOURCES = %D%/test-events.c $(VICI_TEST_DAEMON)
testing_unit_vici_test_events_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_events_LDADD = $(VICI_TEST_LIBS)

testing_unit_vici_test_listener_SOURCES = %D%/test-listener.c
testing_unit_vici_test_listener_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_listener_LDADD = $(VICI_TEST_LIBS)

testing_unit_vici_test_server_SOURCES = %D%/test-server.c $(VICI_TEST_DAEMON)
testing_unit_vici_test_server_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_vici_test_server_LDADD = $(VICI_TEST_LIBS)
