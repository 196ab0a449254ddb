sbin_PROGRAMS += obold/obold
obold_obold_SOURCES = %D%/main.c %D%/notify.c %D%/notify.h
obold_obold_CPPFLAGS = $(PUBLIC_CPPFLAGS) -DPACKAGE_VERSION=\"$(PACKAGE_VERSION)\" \
	-DCONFIGDIR=\"$(obolconfdir)\" -DPLUGINDIR=\"$(plugindir)\" \
	-DSTATEDIR=\"$(localstatedir)/lib/obol\"
obold_obold_CFLAGS = $(PROGRAM_CFLAGS)
obold_obold_LDFLAGS = $(PROGRAM_LDFLAGS)
obold_obold_LDADD = libobol.la $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
