noinst_LTLIBRARIES += libobol-wire.la
libobol_wire_la_SOURCES = \
	%D%/build.c %D%/chain.c %D%/cp.c %D%/cursor.c %D%/cursor.h %D%/dump.c %D%/message.c %D%/message.h \
	%D%/notify.c %D%/payload.c %D%/payload.h %D%/put.c %D%/sa.c %D%/ts.c
libobol_wire_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_wire_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
