# The parts of obolctl by themselves, and the program against the control server of plugins/vici on a made-up daemon.
check_PROGRAMS += testing/unit/obolctl/test-json testing/unit/obolctl/test-program testing/unit/obolctl/test-text

OBOLCTL_TEST_LIBS = libobolctl.la $(VICI_TEST_LIBS) libobol.la

testing_unit_obolctl_test_json_SOURCES = %D%/test-json.c
testing_unit_obolctl_test_json_CPPFLAGS = $(TEST_CPPFLAGS) -D_GNU_SOURCE
testing_unit_obolctl_test_json_LDADD = $(OBOLCTL_TEST_LIBS)

testing_unit_obolctl_test_text_SOURCES = %D%/test-text.c
testing_unit_obolctl_test_text_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_obolctl_test_text_LDADD = $(OBOLCTL_TEST_LIBS)

testing_unit_obolctl_test_program_SOURCES = %D%/test-program.c $(VICI_TEST_DAEMON)
testing_unit_obolctl_test_program_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_obolctl_test_program_LDADD = $(VICI_TEST_LIBS)
EXTRA_testing_unit_obolctl_test_program_DEPENDENCIES = obolctl/obolctl
