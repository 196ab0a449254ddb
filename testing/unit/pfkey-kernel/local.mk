# PF_KEY's rooms by themselves: wire and coding without a socket, the proxy against a kernel that the tests make up.
PFKEY_TEST_LIBS = libobol-testing.la libobol-pfkey-coding.la libobol-crypto.la libobol-model.la $(GLIB_LIBS) $(GNUTLS_LIBS)
PFKEY_TEST_HELP = %D%/coding/pfkey-test.c %D%/coding/pfkey-test.h

check_PROGRAMS += \
	testing/unit/pfkey-kernel/wire/test-cursor testing/unit/pfkey-kernel/wire/test-buffer \
	testing/unit/pfkey-kernel/wire/test-system testing/unit/pfkey-kernel/coding/test-golden \
	testing/unit/pfkey-kernel/coding/test-hostile testing/unit/pfkey-kernel/coding/test-generated \
	testing/unit/pfkey-kernel/coding/test-rules

testing_unit_pfkey_kernel_wire_test_cursor_SOURCES = %D%/wire/test-cursor.c
testing_unit_pfkey_kernel_wire_test_cursor_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_wire_test_cursor_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_wire_test_buffer_SOURCES = %D%/wire/test-buffer.c
testing_unit_pfkey_kernel_wire_test_buffer_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_wire_test_buffer_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_wire_test_system_SOURCES = %D%/wire/test-system.c
testing_unit_pfkey_kernel_wire_test_system_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_wire_test_system_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_coding_test_golden_SOURCES = %D%/coding/test-golden.c $(PFKEY_TEST_HELP)
testing_unit_pfkey_kernel_coding_test_golden_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_coding_test_golden_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_coding_test_hostile_SOURCES = %D%/coding/test-hostile.c $(PFKEY_TEST_HELP)
testing_unit_pfkey_kernel_coding_test_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_coding_test_hostile_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_coding_test_generated_SOURCES = %D%/coding/test-generated.c $(PFKEY_TEST_HELP)
testing_unit_pfkey_kernel_coding_test_generated_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_coding_test_generated_LDADD = $(PFKEY_TEST_LIBS)

testing_unit_pfkey_kernel_coding_test_rules_SOURCES = %D%/coding/test-rules.c $(PFKEY_TEST_HELP)
testing_unit_pfkey_kernel_coding_test_rules_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_coding_test_rules_LDADD = $(PFKEY_TEST_LIBS)

PFKEY_PROXY_TEST_LIBS = libobol-pfkey-proxy.la libobol-pfkey-link.la $(PFKEY_TEST_LIBS)
PFKEY_PROXY_TEST_WORLD = %D%/proxy/proxy-world.c %D%/proxy/proxy-world.h
check_PROGRAMS += testing/unit/pfkey-kernel/proxy/test-endpoint testing/unit/pfkey-kernel/proxy/test-frame \
	testing/unit/pfkey-kernel/proxy/test-server testing/unit/pfkey-kernel/proxy/test-tls

testing_unit_pfkey_kernel_proxy_test_endpoint_SOURCES = %D%/proxy/test-endpoint.c
testing_unit_pfkey_kernel_proxy_test_endpoint_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_proxy_test_endpoint_LDADD = $(PFKEY_PROXY_TEST_LIBS)

testing_unit_pfkey_kernel_proxy_test_frame_SOURCES = %D%/proxy/test-frame.c
testing_unit_pfkey_kernel_proxy_test_frame_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_proxy_test_frame_LDADD = $(PFKEY_PROXY_TEST_LIBS)

testing_unit_pfkey_kernel_proxy_test_server_SOURCES = %D%/proxy/test-server.c $(PFKEY_PROXY_TEST_WORLD)
testing_unit_pfkey_kernel_proxy_test_server_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_proxy_test_server_LDADD = $(PFKEY_PROXY_TEST_LIBS)

testing_unit_pfkey_kernel_proxy_test_tls_SOURCES = %D%/proxy/test-tls.c $(PFKEY_PROXY_TEST_WORLD)
testing_unit_pfkey_kernel_proxy_test_tls_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_pfkey_kernel_proxy_test_tls_LDADD = $(PFKEY_PROXY_TEST_LIBS)

# In front of a real kernel (testing/lib/in-uml).
EXTRA_DIST += testing/kernel/pfkey-record testing/kernel/pfkey-proxy
