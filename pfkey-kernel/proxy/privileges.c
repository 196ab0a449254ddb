/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/privileges.c - what obol-pfkey-proxy keeps: CAP_NET_ADMIN, and that only while it opens a socket. */
#include "pfkey-kernel/proxy/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/raw.h"

/* By the system calls: what we want of them does not need a library. */
static int
get_capabilities(struct __user_cap_data_struct out[2])
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

    return (int) syscall(SYS_capget, &header, out);
}

static int
set_capabilities(const struct __user_cap_data_struct all[2])
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

    return (int) syscall(SYS_capset, &header, all);
}

static gboolean
fail(const char *what, GError **error)
{
    int code = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "giving up privileges: %s: %s", what, g_strerror(code));
    return FALSE;
}

static gboolean
become(const PfkeyRunAs *who, GError **error)
{
    if (who->uid == (uid_t) -1)
        return TRUE;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        return fail("PR_SET_KEEPCAPS", error);
    if (initgroups(who->name, who->gid) != 0)
        return fail("initgroups", error);
    if (setresgid(who->gid, who->gid, who->gid) != 0)
        return fail("setgid", error);
    if (setresuid(who->uid, who->uid, who->uid) != 0)
        return fail("setuid", error);
    return TRUE;
}

gboolean
pfkey_privileges_drop(const PfkeyRunAs *who, GError **error)
{
    struct __user_cap_data_struct all[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (capability != CAP_NET_ADMIN)
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* fails without CAP_SETPCAP: then there is nothing to drop */
    if (!become(who, error))
        return FALSE;
    if (get_capabilities(all) != 0)
        return fail("capget", error);
    for (int i = 0; i < 2; i++) {
        all[i].permitted &= i == CAP_TO_INDEX(CAP_NET_ADMIN) ? CAP_TO_MASK(CAP_NET_ADMIN) : 0;
        all[i].effective = all[i].inheritable = 0;
    }
    if (set_capabilities(all) != 0)
        return fail("capset", error);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail("PR_SET_NO_NEW_PRIVS", error);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail("PR_SET_DUMPABLE", error);
    return TRUE;
}

int
pfkey_privileged_open(G_GNUC_UNUSED gpointer unused, GError **error)
{
    struct __user_cap_data_struct before[2], raised[2];
    gboolean known = get_capabilities(before) == 0;
    int fd;

    if (known) {
        memcpy(raised, before, sizeof raised);
        raised[CAP_TO_INDEX(CAP_NET_ADMIN)].effective |= raised[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted & CAP_TO_MASK(CAP_NET_ADMIN);
        set_capabilities(raised);
    }
    fd = pfkey_raw_open(error);
    if (known)
        set_capabilities(before);
    return fd;
}
