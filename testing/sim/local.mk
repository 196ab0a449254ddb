# The simulator: many hosts in virtual time.  A program, and the room behind it for its tests.
EXTRA_DIST += %D%/README.md
sim_sources = %D%/admin.c %D%/batch.c %D%/batch.h %D%/deeds.c %D%/dice.c %D%/dice.h %D%/host.c %D%/host.h %D%/host-private.h %D%/items.c %D%/items.h \
	%D%/kernel.c %D%/kernel.h %D%/ladder.c %D%/ladder.h %D%/lend.c %D%/lend.h %D%/network.c %D%/network.h %D%/packet.h %D%/plan.c %D%/plan.h %D%/ports.c \
	%D%/schedule.c %D%/schedule.h %D%/settings.c %D%/shrink.c %D%/shrink.h %D%/sim.c %D%/sim.h %D%/traffic.c %D%/watch.c %D%/watch.h \
	testing/lib/first-request.c testing/lib/first-request.h testing/lib/lists.c testing/lib/lists.h testing/lib/test-crypto.c testing/lib/test-crypto.h
sim_libs = libobol-dispatcher.la libobol-engine.la libobol-credentials.la libobol-crypto-backend.la libobol-crypto.la \
	libobol-wire.la libobol-pools.la libobol-model.la $(GLIB_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) -lgmp

check_PROGRAMS += testing/sim/test-sim
testing_sim_test_sim_SOURCES = %D%/test-sim.c $(sim_sources)
testing_sim_test_sim_CPPFLAGS = $(TEST_CPPFLAGS)
testing_sim_test_sim_LDADD = $(sim_libs)

noinst_PROGRAMS += testing/sim/obol-sim
testing_sim_obol_sim_SOURCES = %D%/obol-sim.c %D%/scale.c %D%/scale.h testing/bench/side.c testing/bench/side.h $(sim_sources)
testing_sim_obol_sim_CPPFLAGS = $(TEST_CPPFLAGS)
testing_sim_obol_sim_LDADD = $(sim_libs)
