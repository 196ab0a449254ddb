noinst_LTLIBRARIES += libobol-settings.la
libobol_settings_la_SOURCES = \
	%D%/settings.h %D%/tree.h %D%/fault.h %D%/file.h %D%/schema.h %D%/connection.h \
	%D%/scan.h %D%/scan.c %D%/read.c %D%/dir.c \
	%D%/node.c %D%/value.c %D%/nearest.c %D%/fault.c %D%/check.c %D%/get.c %D%/file.c \
	%D%/schema.c %D%/schema-connection.c %D%/schema-child.c \
	%D%/connection.c %D%/child.c %D%/child-kernel.c %D%/child-kernel.h %D%/secrets.c %D%/pools.c
libobol_settings_la_CPPFLAGS = $(CORE_CPPFLAGS) $(CONFIG_CFLAGS)
libobol_settings_la_LIBADD = $(GLIB_LIBS) $(CONFIG_LIBS)
EXTRA_DIST += %D%/README.md
