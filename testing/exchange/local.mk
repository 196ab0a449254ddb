# Engines joined in memory: what each rule of an exchange asks, one test a rule.
check_LTLIBRARIES += libobol-testing-exchange.la
libobol_testing_exchange_la_SOURCES = %D%/model-kernel.c %D%/model-kernel.h %D%/pair.c %D%/pair-children.c %D%/pair-configuration.c %D%/pair-fragments.c %D%/mobike.c %D%/mobike.h %D%/pair-mobike.c %D%/pair-selectors.c %D%/pair-set-up.c \
	%D%/pair-stories.c %D%/pair-windows.c %D%/pair.h
libobol_testing_exchange_la_CPPFLAGS = $(TEST_CPPFLAGS)
exchange_libs = libobol-testing-exchange.la libobol-testing-crypto.la libobol-engine.la libobol-credentials.la \
	libobol-crypto-backend.la libobol-crypto.la libobol-wire.la libobol-pools.la libobol-model.la $(GLIB_LIBS)

check_PROGRAMS += \
	testing/exchange/test-child-kernel \
	testing/exchange/test-collisions \
	testing/exchange/test-configuration \
	testing/exchange/test-configuration-life \
	testing/exchange/test-cookies \
	testing/exchange/test-crash \
	testing/exchange/test-create-child \
	testing/exchange/test-edges \
	testing/exchange/test-fragments \
	testing/exchange/test-ike-collisions \
	testing/exchange/test-ike-life \
	testing/exchange/test-ike-rekey \
	testing/exchange/test-ipcomp \
	testing/exchange/test-life \
	testing/exchange/test-mobike \
	testing/exchange/test-mobike-addresses \
	testing/exchange/test-mobike-checks \
	testing/exchange/test-mobike-kernel \
	testing/exchange/test-mobike-paths \
	testing/exchange/test-reassembly \
	testing/exchange/test-received \
	testing/exchange/test-redirect \
	testing/exchange/test-rekey \
	testing/exchange/test-selectors \
	testing/exchange/test-selectors-meanwhile \
	testing/exchange/test-sent \
	testing/exchange/test-set-up \
	testing/exchange/test-ten-lines \
	testing/exchange/test-transport \
	testing/exchange/test-window \
	testing/exchange/test-window-meanwhile
testing_exchange_test_child_kernel_SOURCES = %D%/test-child-kernel.c
testing_exchange_test_child_kernel_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_child_kernel_LDADD = $(exchange_libs)
testing_exchange_test_configuration_SOURCES = %D%/test-configuration.c
testing_exchange_test_configuration_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_configuration_LDADD = $(exchange_libs)
testing_exchange_test_configuration_life_SOURCES = %D%/test-configuration-life.c
testing_exchange_test_configuration_life_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_configuration_life_LDADD = $(exchange_libs)
testing_exchange_test_collisions_SOURCES = %D%/test-collisions.c
testing_exchange_test_collisions_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_collisions_LDADD = $(exchange_libs)
testing_exchange_test_cookies_SOURCES = %D%/test-cookies.c
testing_exchange_test_cookies_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_cookies_LDADD = $(exchange_libs)
testing_exchange_test_crash_SOURCES = %D%/test-crash.c
testing_exchange_test_crash_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_crash_LDADD = $(exchange_libs)
testing_exchange_test_create_child_SOURCES = %D%/test-create-child.c
testing_exchange_test_create_child_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_create_child_LDADD = $(exchange_libs)
testing_exchange_test_edges_SOURCES = %D%/test-edges.c
testing_exchange_test_edges_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_edges_LDADD = $(exchange_libs)
testing_exchange_test_fragments_SOURCES = %D%/test-fragments.c
testing_exchange_test_fragments_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_fragments_LDADD = $(exchange_libs)
testing_exchange_test_ike_collisions_SOURCES = %D%/test-ike-collisions.c
testing_exchange_test_ike_collisions_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_ike_collisions_LDADD = $(exchange_libs)
testing_exchange_test_ike_life_SOURCES = %D%/test-ike-life.c
testing_exchange_test_ike_life_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_ike_life_LDADD = $(exchange_libs)
testing_exchange_test_ike_rekey_SOURCES = %D%/test-ike-rekey.c
testing_exchange_test_ike_rekey_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_ike_rekey_LDADD = $(exchange_libs)
testing_exchange_test_ipcomp_SOURCES = %D%/test-ipcomp.c
testing_exchange_test_ipcomp_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_ipcomp_LDADD = $(exchange_libs)
testing_exchange_test_life_SOURCES = %D%/test-life.c
testing_exchange_test_life_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_life_LDADD = $(exchange_libs)
testing_exchange_test_mobike_SOURCES = %D%/test-mobike.c
testing_exchange_test_mobike_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_mobike_LDADD = $(exchange_libs)
testing_exchange_test_mobike_addresses_SOURCES = %D%/test-mobike-addresses.c
testing_exchange_test_mobike_addresses_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_mobike_addresses_LDADD = $(exchange_libs)
testing_exchange_test_mobike_paths_SOURCES = %D%/test-mobike-paths.c
testing_exchange_test_mobike_paths_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_mobike_paths_LDADD = $(exchange_libs)
testing_exchange_test_reassembly_SOURCES = %D%/test-reassembly.c
testing_exchange_test_reassembly_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_reassembly_LDADD = $(exchange_libs)
testing_exchange_test_received_SOURCES = %D%/test-received.c
testing_exchange_test_received_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_received_LDADD = $(exchange_libs)
testing_exchange_test_redirect_SOURCES = %D%/test-redirect.c
testing_exchange_test_redirect_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_redirect_LDADD = $(exchange_libs)
testing_exchange_test_rekey_SOURCES = %D%/test-rekey.c
testing_exchange_test_rekey_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_rekey_LDADD = $(exchange_libs)
testing_exchange_test_selectors_SOURCES = %D%/test-selectors.c
testing_exchange_test_selectors_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_selectors_LDADD = $(exchange_libs)
testing_exchange_test_selectors_meanwhile_SOURCES = %D%/test-selectors-meanwhile.c
testing_exchange_test_selectors_meanwhile_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_selectors_meanwhile_LDADD = $(exchange_libs)
testing_exchange_test_sent_SOURCES = %D%/test-sent.c
testing_exchange_test_sent_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_sent_LDADD = $(exchange_libs)
testing_exchange_test_set_up_SOURCES = %D%/test-set-up.c
testing_exchange_test_set_up_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_set_up_LDADD = $(exchange_libs)
testing_exchange_test_ten_lines_SOURCES = %D%/test-ten-lines.c
testing_exchange_test_ten_lines_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_ten_lines_LDADD = $(exchange_libs)
testing_exchange_test_mobike_checks_SOURCES = %D%/test-mobike-checks.c
testing_exchange_test_mobike_checks_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_mobike_checks_LDADD = $(exchange_libs)
testing_exchange_test_mobike_kernel_SOURCES = %D%/test-mobike-kernel.c
testing_exchange_test_mobike_kernel_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_mobike_kernel_LDADD = $(exchange_libs)
testing_exchange_test_window_SOURCES = %D%/test-window.c
testing_exchange_test_window_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_window_LDADD = $(exchange_libs)
testing_exchange_test_window_meanwhile_SOURCES = %D%/test-window-meanwhile.c
testing_exchange_test_window_meanwhile_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_window_meanwhile_LDADD = $(exchange_libs)
testing_exchange_test_transport_SOURCES = %D%/test-transport.c
testing_exchange_test_transport_CPPFLAGS = $(TEST_CPPFLAGS)
testing_exchange_test_transport_LDADD = $(exchange_libs)
