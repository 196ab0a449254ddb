EXTRA_DIST += %D%/messages.h
if HAVE_MNL
XFRM_TEST_LIBS = libobol-xfrm-pure.la libobol-model.la libobol-crypto.la $(MNL_LIBS) $(GLIB_LIBS)

check_PROGRAMS += testing/unit/kernel-xfrm/test-decode testing/unit/kernel-xfrm/test-cover testing/unit/kernel-xfrm/test-encode \
	testing/unit/kernel-xfrm/test-tables

testing_unit_kernel_xfrm_test_decode_SOURCES = %D%/test-decode.c %D%/messages.c
testing_unit_kernel_xfrm_test_decode_CPPFLAGS = $(TEST_CPPFLAGS) $(MNL_CFLAGS)
testing_unit_kernel_xfrm_test_decode_LDADD = $(XFRM_TEST_LIBS)

testing_unit_kernel_xfrm_test_cover_SOURCES = %D%/test-cover.c
testing_unit_kernel_xfrm_test_cover_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_xfrm_test_cover_LDADD = $(XFRM_TEST_LIBS)

testing_unit_kernel_xfrm_test_encode_SOURCES = %D%/test-encode.c
testing_unit_kernel_xfrm_test_encode_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_xfrm_test_encode_LDADD = $(XFRM_TEST_LIBS)

testing_unit_kernel_xfrm_test_tables_SOURCES = %D%/test-tables.c
testing_unit_kernel_xfrm_test_tables_CPPFLAGS = $(TEST_CPPFLAGS)
testing_unit_kernel_xfrm_test_tables_LDADD = $(XFRM_TEST_LIBS)

# Against the kernel that runs; skipped where it has no ESP.  testing/lib/in-uml has one that does.
check_PROGRAMS += testing/unit/kernel-xfrm/test-kernel
testing_unit_kernel_xfrm_test_kernel_SOURCES = %D%/test-kernel.c %D%/world.c %D%/world.h
testing_unit_kernel_xfrm_test_kernel_CPPFLAGS = $(TEST_CPPFLAGS) $(MNL_CFLAGS) -D_GNU_SOURCE
testing_unit_kernel_xfrm_test_kernel_LDADD = libobol-xfrm.la $(XFRM_TEST_LIBS)
endif
