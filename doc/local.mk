EXTRA_DIST += %D%/README.md
dist_man_MANS += %D%/obolctl.1 %D%/obold.8 %D%/obol.conf.5

# obol.conf(5) is shipped; whoever changes a schema makes it again, and a test says so.
noinst_PROGRAMS += doc/schema-manual
doc_schema_manual_SOURCES = %D%/schema-manual.c
doc_schema_manual_CPPFLAGS = $(CORE_CPPFLAGS) -DRUNSTATEDIR=\"$(runstatedir)\"
doc_schema_manual_LDADD = libobol-settings.la libobol-credentials.la libobol-model.la libobol-crypto.la $(CONFIG_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)

update-manual: doc/schema-manual $(plugin_LTLIBRARIES)
	doc/schema-manual $$(for plugin in $(plugin_LTLIBRARIES:.la=); do echo .libs/$$plugin.so; done | LC_ALL=C sort) \
	  >$(top_srcdir)/%D%/obol.conf.5.tmp && mv $(top_srcdir)/%D%/obol.conf.5.tmp $(top_srcdir)/%D%/obol.conf.5
.PHONY: update-manual
