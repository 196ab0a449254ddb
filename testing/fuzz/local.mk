# A new target NAME: fuzz-NAME.c, some seeds in corpus/NAME/, a line in targets.h, and a word in each of the three lists here.
FUZZ_SOURCES = %D%/fuzz-message.c %D%/fuzz-settings.c %D%/fuzz-vici.c %D%/fuzz-userspace.c %D%/fuzz-pfkey.c %D%/fuzz-offload.c %D%/fuzz-pfkeyengine.c
# A library comes before those that it uses.
FUZZ_LIBS = $(FUZZ_MNL_LIBS) libobol-pfkey-engine.la libobol-pfkey-proxy.la libobol-pfkey-link.la libobol-pfkey-coding.la libobol-userspace-core.la libobol-vici-codec.la libobol-settings.la libobol-crypto.la libobol-wire.la libobol-model.la
FUZZ_TARGETS = %D%/fuzz-message %D%/fuzz-settings %D%/fuzz-vici %D%/fuzz-userspace %D%/fuzz-pfkey %D%/fuzz-offload %D%/fuzz-pfkeyengine
FUZZ_CPPFLAGS =
FUZZ_MNL_LIBS =
# Targets of plugins that need a library; targets.h has them where it is there.
if HAVE_MNL
FUZZ_CPPFLAGS += -DHAVE_MNL $(MNL_CFLAGS)
FUZZ_SOURCES += %D%/fuzz-network.c %D%/fuzz-xfrm.c
FUZZ_MNL_LIBS += libobol-network-netlink.la libobol-xfrm-pure.la $(MNL_LIBS)
FUZZ_TARGETS += %D%/fuzz-network %D%/fuzz-xfrm
endif

# In every test run, whatever the compiler: the corpus again.
check_PROGRAMS += testing/fuzz/replay
testing_fuzz_replay_SOURCES = %D%/replay.c %D%/fuzz.h %D%/targets.h $(FUZZ_SOURCES)
testing_fuzz_replay_CPPFLAGS = $(TEST_CPPFLAGS) $(FUZZ_CPPFLAGS)
testing_fuzz_replay_LDADD = $(FUZZ_LIBS) $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md %D%/corpus %D%/message.dict %D%/settings.dict %D%/pfkey.dict

# With --enable-fuzz (clang): testing/fuzz/fuzz-NAME [-dict=NAME.dict] corpus/NAME
if FUZZ
noinst_DATA = $(FUZZ_TARGETS)
fuzz-targets: $(FUZZ_TARGETS)
CLEANFILES += $(FUZZ_TARGETS)
$(FUZZ_TARGETS): %: %.c $(FUZZ_LIBS)
	$(AM_V_CCLD)$(LIBTOOL) $(AM_V_lt) --tag=CC --mode=link $(CC) -DOBOL_LIBFUZZER $(TEST_CPPFLAGS) $(FUZZ_CPPFLAGS) $(CPPFLAGS) \
		$(AM_CFLAGS) $(CFLAGS) -fsanitize=fuzzer $(AM_LDFLAGS) $(LDFLAGS) -o $@ $< $(FUZZ_LIBS) $(GLIB_LIBS)
endif
.PHONY: fuzz-targets
