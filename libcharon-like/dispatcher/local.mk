# dispatcher
noinst_LTLIBRARIES += libobol-dispatcher.la
libobol_dispatcher_la_SOURCES = \
	%D%/acquire.c %D%/actions.c %D%/addresses.c %D%/admission.c %D%/admission.h %D%/bucket.h %D%/commands.c \
	%D%/cookie.c %D%/cookie.h %D%/kernel-tickets.c %D%/kernel-tickets.h %D%/key-table.c %D%/key-table.h \
	%D%/keyed-hash.c %D%/keyed-hash.h %D%/lingering.c %D%/lingering.h %D%/reauth.c %D%/reqids.c %D%/reqids.h %D%/shard.c %D%/shard.h %D%/shard-private.h \
	%D%/slots.c %D%/stray.c %D%/stray.h %D%/timer-heap.c %D%/timer-heap.h %D%/uniqueness.c
libobol_dispatcher_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_dispatcher_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
