WIRE_TEST_LIBS = libobol-testing.la libobol-wire.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/wire/test-cursor testing/unit/wire/test-pcap

testing_unit_wire_test_cursor_SOURCES = %D%/test-cursor.c
testing_unit_wire_test_cursor_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_cursor_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_pcap_SOURCES = %D%/test-pcap.c
testing_unit_wire_test_pcap_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_pcap_LDADD = $(WIRE_TEST_LIBS)
