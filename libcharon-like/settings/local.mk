noinst_LTLIBRARIES += libobol-settings.la
libobol_settings_la_SOURCES = \
	%D%/settings.h
libobol_settings_la_CPPFLAGS = $(CORE_CPPFLAGS) $(CONFIG_CFLAGS)
libobol_settings_la_LIBADD = $(GLIB_LIBS) $(CONFIG_LIBS)
EXTRA_DIST += %D%/README.md
