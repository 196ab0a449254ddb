# Tests of one kind, one folder, one local.mk.
include testing/lib/local.mk
include testing/unit/wire/local.mk
include testing/unit/model/local.mk
include testing/unit/crypto/local.mk
include testing/unit/credentials/local.mk
include testing/unit/settings/local.mk
include testing/unit/bus/local.mk
include testing/unit/dispatcher/local.mk
include testing/unit/daemon/local.mk
include testing/unit/kernel-userspace/local.mk
include testing/unit/vici/local.mk
include testing/unit/socket-default/local.mk
include testing/exchange/local.mk
include testing/fuzz/local.mk
include testing/bench/local.mk
include testing/kernel/local.mk
include testing/interop/local.mk
