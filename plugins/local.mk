include plugins/kernel-userspace/local.mk
include plugins/network-netlink/local.mk
include plugins/vici/local.mk
include plugins/kernel-xfrm/local.mk
