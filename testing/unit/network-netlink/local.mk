# network-netlink: what is pure by itself; the whole in a network namespace of its own
if HAVE_MNL
NETWORK_NETLINK_CPPFLAGS = $(TEST_CPPFLAGS) $(MNL_CFLAGS) -D_GNU_SOURCE -I$(top_srcdir)/plugins/network-netlink
NETWORK_NETLINK_LIBS = libobol-network-netlink.la libobol.la $(MNL_LIBS) $(GLIB_LIBS)

check_PROGRAMS += testing/unit/network-netlink/test-message testing/unit/network-netlink/test-network
testing_unit_network_netlink_test_message_SOURCES = %D%/test-message.c
testing_unit_network_netlink_test_message_CPPFLAGS = $(NETWORK_NETLINK_CPPFLAGS)
testing_unit_network_netlink_test_message_LDADD = $(NETWORK_NETLINK_LIBS)
testing_unit_network_netlink_test_network_SOURCES = %D%/test-network.c
testing_unit_network_netlink_test_network_CPPFLAGS = $(NETWORK_NETLINK_CPPFLAGS)
testing_unit_network_netlink_test_network_LDADD = $(NETWORK_NETLINK_LIBS)
endif
