USERSPACE_TEST_LIBS = libobol-userspace-core.la libobol-model.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/kernel-userspace/test-replay testing/unit/kernel-userspace/test-packet \
	testing/unit/kernel-userspace/test-spd testing/unit/kernel-userspace/test-tables
EXTRA_DIST += %D%/packets.h

testing_unit_kernel_userspace_test_replay_SOURCES = %D%/test-replay.c
testing_unit_kernel_userspace_test_replay_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_replay_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_packet_SOURCES = %D%/test-packet.c
testing_unit_kernel_userspace_test_packet_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_packet_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_spd_SOURCES = %D%/test-spd.c
testing_unit_kernel_userspace_test_spd_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_spd_LDADD = $(USERSPACE_TEST_LIBS)

testing_unit_kernel_userspace_test_tables_SOURCES = %D%/test-tables.c
testing_unit_kernel_userspace_test_tables_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_userspace_test_tables_LDADD = libobol-userspace.la $(USERSPACE_TEST_LIBS)
