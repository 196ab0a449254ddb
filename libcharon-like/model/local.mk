noinst_LTLIBRARIES += libobol-model.la
libobol_model_la_SOURCES = \
	%D%/address.c %D%/connection.c %D%/connection.h
libobol_model_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_model_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
