check_PROGRAMS += \
	testing/unit/wire/test-cursor testing/unit/wire/test-pcap \
	testing/unit/wire/test-captures testing/unit/wire/test-generated testing/unit/wire/test-golden \
	testing/unit/wire/test-limits testing/unit/wire/test-notify testing/unit/wire/test-rules

# wire/ stands on model/ for names in dumps, and on nothing else.
WIRE_TEST_LIBS = libobol-testing.la libobol-wire.la libobol-model.la $(GLIB_LIBS)
WIRE_TEST_SHARED = %D%/wire-test.c %D%/wire-test.h
WIRE_TEST_GOLDEN = %D%/golden.c %D%/golden.h

testing_unit_wire_test_cursor_SOURCES = %D%/test-cursor.c
testing_unit_wire_test_cursor_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_cursor_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_pcap_SOURCES = %D%/test-pcap.c
testing_unit_wire_test_pcap_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_pcap_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_golden_SOURCES = %D%/test-golden.c $(WIRE_TEST_GOLDEN) $(WIRE_TEST_SHARED)
testing_unit_wire_test_golden_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_golden_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_rules_SOURCES = %D%/test-rules.c $(WIRE_TEST_SHARED)
testing_unit_wire_test_rules_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_rules_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_captures_SOURCES = %D%/test-captures.c $(WIRE_TEST_SHARED)
testing_unit_wire_test_captures_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_captures_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_generated_SOURCES = %D%/test-generated.c
testing_unit_wire_test_generated_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_generated_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_limits_SOURCES = %D%/test-limits.c $(WIRE_TEST_SHARED)
testing_unit_wire_test_limits_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_limits_LDADD = $(WIRE_TEST_LIBS)

testing_unit_wire_test_notify_SOURCES = %D%/test-notify.c
testing_unit_wire_test_notify_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_wire_test_notify_LDADD = $(WIRE_TEST_LIBS)
