# pfkey-kernel: a local.mk for each room.  Headers are named from the top ("pfkey-kernel/wire/cursor.h"), so that each has one name.
PFKEY_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(top_srcdir) -D_GNU_SOURCE
include pfkey-kernel/wire/local.mk
include pfkey-kernel/coding/local.mk
include pfkey-kernel/proxy/local.mk
include pfkey-kernel/engine/local.mk
EXTRA_DIST += %D%/README.md
