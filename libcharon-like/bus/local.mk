noinst_LTLIBRARIES += libobol-bus.la
libobol_bus_la_SOURCES = \
	%D%/bus-private.h %D%/internal.h %D%/bucket.h \
	%D%/bus.c %D%/plugin.c %D%/resolve.c %D%/roles.c %D%/kernels.c %D%/open.c %D%/watch.c %D%/log.c %D%/bucket.c %D%/check.c
libobol_bus_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_bus_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
