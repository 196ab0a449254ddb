PFKEY_ENGINE_WORLD = testing/unit/pfkey-kernel/engine/world.c testing/unit/pfkey-kernel/engine/world.h \
	testing/unit/pfkey-kernel/engine/model.c testing/unit/pfkey-kernel/engine/model.h
PFKEY_ENGINE_LIBS = libobol-pfkey-engine.la libobol-pfkey-coding.la libobol-model.la libobol-crypto.la $(GLIB_LIBS)

check_PROGRAMS += testing/unit/pfkey-kernel/engine/test-requests
testing_unit_pfkey_kernel_engine_test_requests_SOURCES = %D%/test-requests.c $(PFKEY_ENGINE_WORLD)
testing_unit_pfkey_kernel_engine_test_requests_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_engine_test_requests_LDADD = $(PFKEY_ENGINE_LIBS)
