# libobol: the core.  A convenience library for each room, so that a room's tests link what it may know and nothing else.
include libcharon-like/wire/local.mk
include libcharon-like/model/local.mk
include libcharon-like/pools/local.mk
include libcharon-like/crypto/local.mk
include libcharon-like/credentials/local.mk
include libcharon-like/engine/local.mk
include libcharon-like/dispatcher/local.mk
include libcharon-like/settings/local.mk
include libcharon-like/bus/local.mk
include libcharon-like/daemon/local.mk

lib_LTLIBRARIES += libobol.la
libobol_la_SOURCES =
libobol_la_LIBADD = libobol-daemon.la libobol-bus.la libobol-settings.la libobol-dispatcher.la libobol-engine.la \
	libobol-credentials.la libobol-crypto.la libobol-wire.la libobol-pools.la libobol-model.la \
	$(GLIB_LIBS) $(GNUTLS_LIBS) $(CONFIG_LIBS)
libobol_la_LDFLAGS = -version-info 1:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/%D%/libobol.map $(AM_LDFLAGS)
EXTRA_libobol_la_DEPENDENCIES = $(top_srcdir)/%D%/libobol.map
EXTRA_DIST += %D%/libobol.map %D%/README.md

obolincludedir = $(includedir)/obol
obolinclude_HEADERS = \
	%D%/include/obol/address.h %D%/include/obol/bus.h %D%/include/obol/control.h %D%/include/obol/crypto.h \
	%D%/include/obol/daemon.h %D%/include/obol/identity.h %D%/include/obol/kernel.h %D%/include/obol/listener.h \
	%D%/include/obol/macros.h %D%/include/obol/network.h %D%/include/obol/numbers.h %D%/include/obol/plugin.h %D%/include/obol/prefix.h %D%/include/obol/proposal.h \
	%D%/include/obol/reason.h %D%/include/obol/secret.h %D%/include/obol/settings.h %D%/include/obol/socket.h \
	%D%/include/obol/pool.h %D%/include/obol/ts.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/obol-plugin-1.pc
