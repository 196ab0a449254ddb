# Settings belong to whoever runs the machine: what is there already is never written over, and only what nobody changed is
# taken away again.
CONF_PLUGIN_FILES = $(plugin_LTLIBRARIES:%.la=conf.d/%.conf)
CONF_EXAMPLES = conf.d/examples/net-to-net.conf.example conf.d/examples/host-to-host.conf.example conf.d/examples/roadwarriors.conf.example
EXTRA_DIST += %D%/README.md %D%/obol.conf $(CONF_PLUGIN_FILES) $(CONF_EXAMPLES)
CONF_LIST = set -- obol.conf . $(CONF_PLUGIN_FILES:conf.d/%=% conf.d) $(CONF_EXAMPLES:conf.d/%=% connections.d)

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(obolconfdir)/conf.d' '$(DESTDIR)$(obolconfdir)/connections.d'
	$(MKDIR_P) -m 0700 '$(DESTDIR)$(obolconfdir)/secrets.d'
	@$(CONF_LIST); while test $$# -gt 0; do \
	  to="$(DESTDIR)$(obolconfdir)/$$2/`basename $$1`"; \
	  if test -e "$$to"; then echo " kept: $$to"; else $(INSTALL_DATA) "$(top_srcdir)/conf.d/$$1" "$$to" || exit 1; fi; \
	  shift 2; done

uninstall-local:
	@$(CONF_LIST); while test $$# -gt 0; do \
	  to="$(DESTDIR)$(obolconfdir)/$$2/`basename $$1`"; \
	  if cmp -s "$(top_srcdir)/conf.d/$$1" "$$to"; then rm -f "$$to"; fi; \
	  shift 2; done
	-rmdir '$(DESTDIR)$(obolconfdir)/conf.d' '$(DESTDIR)$(obolconfdir)/connections.d' \
	  '$(DESTDIR)$(obolconfdir)/secrets.d' '$(DESTDIR)$(obolconfdir)' 2>/dev/null
