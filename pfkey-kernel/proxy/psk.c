/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/psk.c - a file of shared keys. */
#include "pfkey-kernel/proxy/psk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pfkey-kernel/proxy/tls.h"
#include "pfkey-kernel/wire/buffer.h"

#define FILE_MAX 65536

struct PfkeyPskFile {
    GHashTable *keys; /* identity -> ObolSecret */
};

static void
secret_free(gpointer secret)
{
    obol_secret_free(secret);
}

gboolean
pfkey_file_is_private(int fd, const char *path, GError **error)
{
    struct stat status;
    const char *why = NULL;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        why = "not a regular file";
    else if ((status.st_mode & 077) != 0)
        why = "others than its owner may read or write it: chmod 600";
    else if (status.st_uid != 0 && status.st_uid != geteuid())
        why = "it belongs to another user";
    if (why != NULL)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES, "%s: %s", path, why);
    return why == NULL;
}

static gboolean
parse_hex(const char *hex, gsize n, ObolSecret *out)
{
    for (gsize i = 0; i < n; i++) {
        int digit = g_ascii_xdigit_value(hex[i]);

        if (digit < 0)
            return FALSE;
        out->bytes[i / 2] = (guint8) (out->bytes[i / 2] << 4 | digit);
    }
    return TRUE;
}

/* One line, without its end. */
static const char *
take_line(PfkeyPskFile *file, const char *line, gsize n)
{
    const char *colon = memchr(line, ':', n);
    g_autoptr(ObolSecret) key = NULL;
    g_autofree char *identity = NULL;
    gsize n_hex;

    if (n == 0 || line[0] == '#')
        return NULL;
    if (colon == NULL || colon == line)
        return "expected \"identity:hexadecimal key\"";
    n_hex = n - (gsize) (colon - line) - 1;
    if (n_hex % 2 != 0 || n_hex / 2 < PFKEY_PSK_MIN)
        return "a key is at least 16 octets, as pairs of hexadecimal digits";
    key = obol_secret_new(n_hex / 2);
    if (!parse_hex(colon + 1, n_hex, key))
        return "a key is hexadecimal digits alone";
    identity = g_strndup(line, (gsize) (colon - line));
    if (g_hash_table_contains(file->keys, identity))
        return "this identity was there before";
    g_hash_table_insert(file->keys, g_steal_pointer(&identity), g_steal_pointer(&key));
    return NULL;
}

static gboolean
take_lines(PfkeyPskFile *file, const char *path, const PfkeyBuffer *text, GError **error)
{
    const char *at = (const char *) text->data, *end = at + text->n;

    for (guint number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (gsize) (end - at));
        gsize n = (gsize) ((stop != NULL ? stop : end) - at);
        const char *why = take_line(file, at, n);

        if (why != NULL) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: %s", path, number, why);
            return FALSE;
        }
        at = stop != NULL ? stop + 1 : end;
    }
    if (g_hash_table_size(file->keys) > 0)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: no key in it", path);
    return FALSE;
}

static gboolean
read_all(int fd, const char *path, PfkeyBuffer *text, GError **error)
{
    pfkey_buffer_grow(text, FILE_MAX);
    for (gsize n = 0; n < FILE_MAX;) {
        gssize got = read(fd, text->data + n, FILE_MAX - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            pfkey_buffer_truncate(text, n);
            return TRUE;
        }
        n += (gsize) got;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: too long for a file of keys", path);
    return FALSE;
}

PfkeyPskFile *
pfkey_psk_file_read(const char *path, GError **error)
{
    g_autoptr(PfkeyPskFile) file = g_new0(PfkeyPskFile, 1);
    g_auto(PfkeyBuffer) text = PFKEY_BUFFER_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean good;

    file->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, secret_free);
    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    good = pfkey_file_is_private(fd, path, error) && read_all(fd, path, &text, error) && take_lines(file, path, &text, error);
    close(fd);
    return good ? g_steal_pointer(&file) : NULL;
}

void
pfkey_psk_file_free(PfkeyPskFile *file)
{
    if (file == NULL)
        return;
    g_hash_table_unref(file->keys);
    g_free(file);
}

const ObolSecret *
pfkey_psk_file_find(const PfkeyPskFile *file, const char *identity)
{
    return g_hash_table_lookup(file->keys, identity);
}

const char *
pfkey_psk_file_only(const PfkeyPskFile *file)
{
    GHashTableIter iter;
    gpointer identity = NULL;

    if (g_hash_table_size(file->keys) != 1)
        return NULL;
    g_hash_table_iter_init(&iter, file->keys);
    g_hash_table_iter_next(&iter, &identity, NULL);
    return identity;
}
