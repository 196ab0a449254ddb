noinst_LTLIBRARIES += libobol-engine.la
libobol_engine_la_SOURCES = \
	%D%/ike-sa.c %D%/ike-sa.h %D%/action.c %D%/action.h %D%/event.h
libobol_engine_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_engine_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
