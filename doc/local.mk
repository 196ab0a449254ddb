EXTRA_DIST += %D%/README.md %D%/rfc4555.md %D%/rfc7296.md %D%/rfc7383.md
dist_man_MANS += %D%/obolctl.1 %D%/obold.8 %D%/obol.conf.5 %D%/obol-pfkey-proxy.8

# obol.conf(5) and the samples of conf.d are shipped; whoever changes a schema makes them again, and a test says so.
noinst_PROGRAMS += doc/schema-manual
doc_schema_manual_SOURCES = %D%/schema-manual.c
doc_schema_manual_CPPFLAGS = $(CORE_CPPFLAGS) -DRUNSTATEDIR=\"$(runstatedir)\"
doc_schema_manual_LDADD = libobol-settings.la libobol-credentials.la libobol-model.la libobol-crypto.la \
	$(CONFIG_LIBS) $(GNUTLS_LIBS) $(GLIB_LIBS)

update-manual: doc/schema-manual $(plugin_LTLIBRARIES)
	names=`for plugin in $(plugin_LTLIBRARIES:.la=); do echo $$plugin; done | LC_ALL=C sort`; \
	doc/schema-manual `for name in $$names; do echo .libs/$$name.so; done` >$(top_srcdir)/doc/obol.conf.5.tmp && \
	mv $(top_srcdir)/doc/obol.conf.5.tmp $(top_srcdir)/doc/obol.conf.5 && \
	doc/schema-manual --sample >$(top_srcdir)/conf.d/obol.conf && \
	for name in $$names; do doc/schema-manual --sample .libs/$$name.so >$(top_srcdir)/conf.d/$$name.conf || exit 1; done
.PHONY: update-manual
