# bench
noinst_PROGRAMS += testing/bench/handshake
testing_bench_handshake_SOURCES = \
	%D%/handshake.c %D%/meter.c %D%/meter.h %D%/side.c %D%/side.h %D%/sockets.c %D%/sockets.h \
	testing/lib/lists.c testing/lib/lists.h testing/lib/test-crypto.c testing/lib/test-crypto.h
testing_bench_handshake_CPPFLAGS = $(TEST_CPPFLAGS)
testing_bench_handshake_LDADD = libobol-dispatcher.la libobol-engine.la libobol-credentials.la \
	libobol-crypto-backend.la libobol-crypto.la libobol-wire.la libobol-model.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) -lgmp

noinst_PROGRAMS += testing/bench/traffic
testing_bench_traffic_SOURCES = %D%/traffic.c
testing_bench_traffic_CPPFLAGS = $(TEST_CPPFLAGS) -D_GNU_SOURCE
testing_bench_traffic_LDADD = libobol-model.la $(GLIB_LIBS) $(GNUTLS_LIBS)
