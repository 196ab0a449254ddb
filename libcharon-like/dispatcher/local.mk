noinst_LTLIBRARIES += libobol-dispatcher.la
libobol_dispatcher_la_SOURCES = \
	%D%/shard.c %D%/shard.h
libobol_dispatcher_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_dispatcher_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
