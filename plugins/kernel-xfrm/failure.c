/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* failure.c - the kernel's errno and words as an error that says what was asked. */
#include "failure.h"

#include <errno.h>

static const struct {
    int number;
    ObolKernelError code;
} codes[] = {
    { EEXIST, OBOL_KERNEL_ERROR_EXISTS },
    { ESRCH, OBOL_KERNEL_ERROR_NOT_FOUND },
    { ENOENT, OBOL_KERNEL_ERROR_NOT_FOUND },
    { ENOSYS, OBOL_KERNEL_ERROR_UNSUPPORTED },
    { EPROTONOSUPPORT, OBOL_KERNEL_ERROR_UNSUPPORTED },
    { EAFNOSUPPORT, OBOL_KERNEL_ERROR_UNSUPPORTED },
    { EOPNOTSUPP, OBOL_KERNEL_ERROR_UNSUPPORTED },
    { ENOPROTOOPT, OBOL_KERNEL_ERROR_UNSUPPORTED },
    { ENOMEM, OBOL_KERNEL_ERROR_LIMIT },
    { ENOSPC, OBOL_KERNEL_ERROR_LIMIT },
    { EAGAIN, OBOL_KERNEL_ERROR_LIMIT },
    { EPERM, OBOL_KERNEL_ERROR_PERMISSION },
    { EACCES, OBOL_KERNEL_ERROR_PERMISSION },
    { EINVAL, OBOL_KERNEL_ERROR_INVALID },
    { ERANGE, OBOL_KERNEL_ERROR_INVALID },
    { EMSGSIZE, OBOL_KERNEL_ERROR_INVALID },
};

ObolKernelError
failure_code(int status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].number == -status)
            return codes[i].code;
    return OBOL_KERNEL_ERROR_GONE;
}

static void
set(GError **error, ObolKernelError code, int status, const char *words, const char *what)
{
    g_set_error(error, OBOL_KERNEL_ERROR, (int) code, words[0] != '\0' ? "%s: %s (%s)" : "%s: %s%s", what, g_strerror(-status), words);
}

void
failure_set(GError **error, int status, const char *words, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    set(error, failure_code(status), status, words, what);
}

void
failure_set_code(GError **error, ObolKernelError code, int status, const char *words, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    set(error, code, status, words, what);
}

const char *
failure_name(const ObolSaId *id, char out[FAILURE_NAME_MAX])
{
    char address[OBOL_ADDRESS_TEXT_MAX];
    const char *protocol = id->protocol == OBOL_PROTO_IPCOMP ? "IPComp" : id->protocol == OBOL_PROTO_AH ? "AH" : "ESP";

    g_snprintf(out, FAILURE_NAME_MAX, "%s SA %08x to %s", protocol, id->spi, obol_address_format(&id->destination, address));
    return out;
}
