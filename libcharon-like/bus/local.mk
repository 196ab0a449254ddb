noinst_LTLIBRARIES += libobol-bus.la
libobol_bus_la_SOURCES = \
	%D%/bus.c %D%/bus-private.h
libobol_bus_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_bus_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
