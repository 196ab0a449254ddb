# What tests of several rooms share.
check_LTLIBRARIES += libobol-testing.la
libobol_testing_la_SOURCES = \
	%D%/hex.c %D%/hex.h %D%/packet.c %D%/packet.h %D%/pcap.c %D%/pcap.h
libobol_testing_la_CPPFLAGS = $(TEST_CPPFLAGS)
libobol_testing_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += testing/captures testing/data
