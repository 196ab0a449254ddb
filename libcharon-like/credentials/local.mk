noinst_LTLIBRARIES += libobol-credentials.la
libobol_credentials_la_SOURCES = \
	%D%/shared-keys.c %D%/shared-keys.h
libobol_credentials_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_credentials_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
