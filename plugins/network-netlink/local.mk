# network-netlink: all of it but its descriptor, for the tests; the plugin.  Needs libmnl.
if HAVE_MNL
noinst_LTLIBRARIES += libobol-network-netlink.la
libobol_network_netlink_la_SOURCES = \
	%D%/addresses.c %D%/addresses.h %D%/message.c %D%/message.h %D%/network.c %D%/network.h \
	%D%/virtual.c %D%/virtual.h %D%/wire.c %D%/wire.h
libobol_network_netlink_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS) -D_GNU_SOURCE
libobol_network_netlink_la_LIBADD = $(MNL_LIBS) $(GLIB_LIBS)

plugin_LTLIBRARIES += network-netlink.la
network_netlink_la_SOURCES = %D%/plugin.c
network_netlink_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
network_netlink_la_LDFLAGS = $(PLUGIN_LDFLAGS)
network_netlink_la_LIBADD = libobol-network-netlink.la libobol.la $(GLIB_LIBS)
endif
EXTRA_DIST += %D%/README.md
