/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* secrets.c - pre-shared keys from files, never from the command line. */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECRET_MAX 4096 /* bytes of text */

static ObolSecret *
refuse(GError **error, const char *what)
{
    g_set_error_literal(error, CTL_ERROR, CTL_CONFIG, what);
    return NULL;
}

/* An odd number of digits lacks its leading zero. */
static ObolSecret *
decode_hex(const char *text, gsize n, GError **error)
{
    g_autoptr(ObolSecret) secret = obol_secret_new((n + 1) / 2);

    for (gsize i = 0; i < n; i++) {
        int digit = g_ascii_xdigit_value(text[i]);
        guint8 *byte = &secret->bytes[(i + n % 2) / 2];

        if (digit < 0)
            return refuse(error, _("the key behind 0x is not hexadecimal"));
        *byte = (guint8) (*byte << 4 | digit);
    }
    return g_steal_pointer(&secret);
}

static ObolSecret *
decode_base64(const char *text, gsize n, GError **error)
{
    g_autoptr(ObolSecret) copy = obol_secret_new(n + 1); /* GLib wants a NUL behind it */
    gsize n_data, n_bytes = 0;

    memcpy(copy->bytes, text, n);
    n_data = strspn((const char *) copy->bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    if (n_data + strspn((const char *) copy->bytes + n_data, "=") != n || n % 4 != 0 || n - n_data > 2)
        return refuse(error, _("the key behind 0s is not base64"));
    g_base64_decode_inplace((char *) copy->bytes, &n_bytes);
    return obol_secret_new_from(copy->bytes, n_bytes);
}

ObolSecret *
ctl_secret_decode(const char *text, gsize n, GError **error)
{
    if (n == 0)
        return refuse(error, _("the key is empty"));
    if (n > 2 && g_ascii_strncasecmp(text, "0x", 2) == 0)
        return decode_hex(text + 2, n - 2, error);
    if (n > 2 && g_ascii_strncasecmp(text, "0s", 2) == 0)
        return decode_base64(text + 2, n - 2, error);
    return obol_secret_new_from((const guint8 *) text, n);
}

/* Reads until the end or @n bytes; -1 with errno. */
static gssize
read_all(int fd, guint8 *into, gsize n)
{
    gsize n_read = 0;

    while (n_read < n) {
        gssize got = read(fd, into + n_read, n - n_read);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n_read += (gsize) got;
    }
    return (gssize) n_read;
}

ObolSecret *
ctl_secret_read(const char *path, GError **error)
{
    g_autoptr(ObolSecret) text = obol_secret_new(SECRET_MAX + 1);
    gboolean standard = g_str_equal(path, "-");
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    gssize n = fd >= 0 ? read_all(fd, text->bytes, text->n) : -1;
    int saved = errno;

    if (fd >= 0 && !standard)
        close(fd);
    if (n < 0) {
        g_set_error(error, CTL_ERROR, saved == EACCES ? CTL_PERMISSION : CTL_CONFIG, "%s: %s", path, g_strerror(saved));
        return NULL;
    }
    if (n > SECRET_MAX)
        return refuse(error, _("the key is longer than 4096 bytes"));
    if (n > 0 && text->bytes[n - 1] == '\n')
        n--;
    return ctl_secret_decode((const char *) text->bytes, (gsize) n, error);
}
