# po: the texts for people.  A language LL: LL.po beside this file, and LL in the list.  msgfmt is needed only where there is one.
PO_LINGUAS =
PO_CATALOGS = $(PO_LINGUAS:%=po/%.mo)
EXTRA_DIST += %D%/README.md %D%/POTFILES.in %D%/obol.pot $(PO_LINGUAS:%=%D%/%.po)
CLEANFILES += $(PO_CATALOGS)

all-local: $(PO_CATALOGS)
po/%.mo: %D%/%.po
	$(AM_V_GEN)$(MKDIR_P) po && msgfmt --check -o $@ $<

# For maintainers, after texts have changed: which sources have some, the template from them, the languages from that.
XGETTEXT = xgettext --from-code=UTF-8 --keyword=_ --keyword=N_ --add-comments=TRANSLATORS: --sort-by-file \
	--package-name=obol --package-version=$(PACKAGE_VERSION) --copyright-holder='The Obol authors'
update-po:
	cd $(top_srcdir) && { sed '/^[^#]/d' po/POTFILES.in; \
	  find libcharon-like obold obolctl plugins pfkey-kernel socket-default openssl-free-crypto -name '*.c' \
	    -exec grep -lE '(^|[^A-Za-z_])N?_\("' {} + | LC_ALL=C sort; } >po/POTFILES.tmp && mv po/POTFILES.tmp po/POTFILES.in
	cd $(top_srcdir) && $(XGETTEXT) -f po/POTFILES.in -o po/obol.pot
	cd $(top_srcdir) && for lang in $(PO_LINGUAS); do msgmerge --quiet --update --backup=none po/$$lang.po po/obol.pot; done
.PHONY: update-po

install-data-local: install-catalogs
install-catalogs: $(PO_CATALOGS)
	for lang in $(PO_LINGUAS); do \
	  $(MKDIR_P) "$(DESTDIR)$(localedir)/$$lang/LC_MESSAGES" && \
	  $(INSTALL_DATA) po/$$lang.mo "$(DESTDIR)$(localedir)/$$lang/LC_MESSAGES/obol.mo" || exit 1; done
uninstall-local: uninstall-catalogs
uninstall-catalogs:
	for lang in $(PO_LINGUAS); do rm -f "$(DESTDIR)$(localedir)/$$lang/LC_MESSAGES/obol.mo"; done
.PHONY: install-catalogs uninstall-catalogs
