PFKEY_ENGINE_WORLD = testing/unit/pfkey-kernel/engine/world.c testing/unit/pfkey-kernel/engine/world.h \
	testing/unit/pfkey-kernel/engine/model.c testing/unit/pfkey-kernel/engine/model.h
PFKEY_ENGINE_LIBS = libobol-pfkey-engine.la libobol-pfkey-coding.la libobol-model.la libobol-crypto.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-requests
testing_unit_pfkey_kernel_engine_test_requests_SOURCES = %D%/test-requests.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_requests_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_requests_LDADD = $(PFKEY_ENGINE_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-policies
testing_unit_pfkey_kernel_engine_test_policies_SOURCES = %D%/test-policies.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_policies_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_policies_LDADD = $(PFKEY_ENGINE_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-events
testing_unit_pfkey_kernel_engine_test_events_SOURCES = %D%/test-events.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_events_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_events_LDADD = $(PFKEY_ENGINE_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-lost
testing_unit_pfkey_kernel_engine_test_lost_SOURCES = %D%/test-lost.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_lost_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_lost_LDADD = $(PFKEY_ENGINE_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-move
testing_unit_pfkey_kernel_engine_test_move_SOURCES = %D%/test-move.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_move_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_move_LDADD = $(PFKEY_ENGINE_LIBS)

# Against a real kernel: skipped where there is none with PF_KEY; testing/lib/in-uml has one.
check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-kernel
testing_unit_pfkey_kernel_engine_test_kernel_SOURCES = %D%/test-kernel.c
testing_unit_pfkey_kernel_engine_test_kernel_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_kernel_LDADD = libobol-pfkey.la $(PFKEY_ENGINE_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-nested
testing_unit_pfkey_kernel_engine_test_nested_SOURCES = %D%/test-nested.c
testing_unit_pfkey_kernel_engine_test_nested_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_nested_LDADD = libobol-pfkey.la $(PFKEY_ENGINE_LIBS)
