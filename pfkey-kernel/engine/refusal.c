/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* refusal.c - the kernel's errno as a reason. */
#include "pfkey-kernel/engine/refusal.h"

#include <errno.h>

/* What Linux means by an errno, where that is not what strerror says.  @asked 0: whatever was asked. */
static const struct {
    int number;
    PfkeyType asked;
    ObolKernelError code;
    const char *words;
} meanings[] = {
    { EEXIST, PFKEY_GETSPI, OBOL_KERNEL_ERROR_LIMIT, "no SPI of the range is free" },
    { ENOENT, PFKEY_GETSPI, OBOL_KERNEL_ERROR_LIMIT, "no SPI of the range is free" },
    { EEXIST, PFKEY_X_SPDADD, OBOL_KERNEL_ERROR_EXISTS, "another program has a policy of these selectors" },
    { EEXIST, 0, OBOL_KERNEL_ERROR_EXISTS, "there is one of that name already" },
    { ENOENT, PFKEY_ADD, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel has no module for the algorithm" },
    { ENOENT, PFKEY_UPDATE, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel has no module for the algorithm" },
    { ENOENT, 0, OBOL_KERNEL_ERROR_NOT_FOUND, "there is none such" },
    { ESRCH, 0, OBOL_KERNEL_ERROR_NOT_FOUND, "there is none such" },
    { ENOSYS, 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "PF_KEY does not know the algorithm" },
    { EPROTONOSUPPORT, 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel has no module for the protocol" },
    { EAFNOSUPPORT, 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel does not do it for this address family" },
    { EOPNOTSUPP, 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel does not serve that request" },
    { ENOPROTOOPT, 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "the kernel was built without it" },
    { EPERM, 0, OBOL_KERNEL_ERROR_PERMISSION, "that needs CAP_NET_ADMIN, or a proxy that lets it through" },
    { EACCES, 0, OBOL_KERNEL_ERROR_PERMISSION, "that needs CAP_NET_ADMIN, or a proxy that lets it through" },
    { ENOMEM, 0, OBOL_KERNEL_ERROR_LIMIT, "the kernel has no memory for it" },
    { ENOBUFS, 0, OBOL_KERNEL_ERROR_LIMIT, "the kernel has no room for it" },
    { EBUSY, 0, OBOL_KERNEL_ERROR_LIMIT, "another list is being made" },
    { EAGAIN, 0, OBOL_KERNEL_ERROR_LIMIT, "the kernel has no room for it" },
};

GError *
pfkey_refusal_new(PfkeyType asked, int number, const char *about)
{
    for (guint i = 0; i < G_N_ELEMENTS(meanings); i++)
        if (meanings[i].number == number && (meanings[i].asked == 0 || meanings[i].asked == asked))
            return g_error_new(OBOL_KERNEL_ERROR, meanings[i].code, "%s: %s: %s (%s)", pfkey_type_name(asked), about,
                               meanings[i].words, g_strerror(number));
    return g_error_new(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID, "%s: %s: the kernel refuses it (%s)", pfkey_type_name(asked),
                       about, g_strerror(number));
}
