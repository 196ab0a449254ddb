check_PROGRAMS += testing/unit/socket-default/test-udp

testing_unit_socket_default_test_udp_SOURCES = %D%/test-udp.c
testing_unit_socket_default_test_udp_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_socket_default_test_udp_LDADD = libobol-socket-default.la libobol-model.la $(GLIB_LIBS)
