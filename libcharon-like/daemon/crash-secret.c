/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/crash-secret.c - the secret behind our crash tokens, which has to outlive us (RFC 6290 section 5.1): 32 bytes in a file of the
 * state directory that nobody else can read, made on first use. */
#include "daemon/daemon-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/crash-token.h"

#define NAME "crash-secret"

static gboolean
fail(GError **error, const char *path, const char *what, int number)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: %s: %s", path, what, g_strerror(number));
    return FALSE;
}

static gboolean
refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", path, why);
    return FALSE;
}

/* Whoever reads it can end all of our SAs (section 9.1). */
static gboolean
check(int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail(error, path, "can not be looked at", errno);
    if (!S_ISREG(st.st_mode))
        return refuse(error, path, "is no file");
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return refuse(error, path, "others than its owner can read it, or it is somebody else's");
    if (st.st_size != OBOL_CRASH_SECRET)
        return refuse(error, path, "has not 32 bytes");
    return TRUE;
}

static gboolean
read_all(int fd, guint8 *out, gsize n)
{
    while (n > 0) {
        gssize got = read(fd, out, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FALSE;
        out += got;
        n -= (gsize) got;
    }
    return TRUE;
}

static gboolean
write_all(int fd, const guint8 *data, gsize n)
{
    while (n > 0) {
        gssize put = write(fd, data, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return FALSE;
        data += put;
        n -= (gsize) put;
    }
    return TRUE;
}

/* %FALSE with @error NULL: there is none yet. */
static gboolean
load(const char *path, ObolSecret *secret, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gboolean good;

    if (fd < 0)
        return errno == ENOENT ? FALSE : fail(error, path, "can not be read", errno);
    good = check(fd, path, error) && (read_all(fd, secret->bytes, secret->n) || fail(error, path, "can not be read", EIO));
    close(fd);
    return good;
}

/* Whole or not at all, whenever the machine stops. */
static gboolean
store(const char *path, const ObolSecret *secret, GError **error)
{
    g_autofree char *fresh = g_strconcat(path, ".new", NULL);
    gboolean good;
    int fd;

    if (unlink(fresh) != 0 && errno != ENOENT)
        return fail(error, fresh, "can not be removed", errno);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(error, fresh, "can not be made", errno);
    good = write_all(fd, secret->bytes, secret->n) && fsync(fd) == 0;
    if (close(fd) != 0 || !good || rename(fresh, path) != 0)
        return fail(error, path, "can not be written", errno);
    return TRUE;
}

static gboolean
load_or_make(ObolDaemon *daemon, const char *dir, ObolSecret *secret, GError **error)
{
    g_autofree char *path = g_build_filename(dir, NAME, NULL);
    GError *inner = NULL;

    if (load(path, secret, &inner))
        return TRUE;
    obol_random_fill(obol_crypto_random(obol_bus_crypto_registry(daemon->bus)), secret->bytes, secret->n);
    if (inner != NULL) {
        g_propagate_error(error, inner);
        return FALSE;
    }
    if (g_mkdir_with_parents(dir, 0700) != 0)
        return fail(error, dir, "can not be made", errno);
    return store(path, secret, error);
}

ObolSecret *
daemon_crash_secret(ObolDaemon *daemon)
{
    const char *said = daemon_text_setting(daemon, "state_dir");
    const char *dir = said != NULL ? said : daemon->options.state_dir;
    ObolSecret *secret = obol_secret_new(OBOL_CRASH_SECRET);
    g_autoptr(GError) error = NULL;

    if (dir == NULL)
        obol_random_fill(obol_crypto_random(obol_bus_crypto_registry(daemon->bus)), secret->bytes, secret->n);
    else if (!load_or_make(daemon, dir, secret, &error))
        obol_bus_log(daemon->bus, "dmn", 0, "%s; peers will not be told of a crash at once (RFC 6290)", error->message);
    return secret;
}
