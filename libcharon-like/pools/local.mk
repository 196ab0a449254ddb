noinst_LTLIBRARIES += libobol-pools.la
libobol_pools_la_SOURCES = %D%/pool.c %D%/pool.h %D%/pools.c %D%/pools.h
libobol_pools_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_pools_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
