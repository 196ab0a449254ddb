noinst_LTLIBRARIES += libobol-model.la
libobol_model_la_SOURCES = \
	%D%/address.c %D%/attributes.c %D%/connection.c %D%/connection.h %D%/connection-set.c %D%/dn.c %D%/dn.h %D%/errors.c %D%/i18n.h \
	%D%/gateway.c %D%/gateway.h %D%/identity.c %D%/identity-text.c %D%/numbers.c %D%/pool-config.c %D%/pool-config.h %D%/prefix.c %D%/proposal.c %D%/proposal-text.c %D%/reason.c %D%/ts.c %D%/ts-change.c %D%/ts-text.c
libobol_model_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_model_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
