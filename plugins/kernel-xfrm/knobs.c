/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* knobs.c - the kernel's own settings of how packets wait for an SA. */
#include "knobs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const paths[] = { "/proc/sys/net/core/xfrm_acq_expires", "/proc/sys/net/core/xfrm_larval_drop" };

/* The files stay open: they are those of the network namespace that we began in, whoever may close us. */
typedef struct {
    int fd;
    char before[16], ours[16];
} Knob;

struct Knobs {
    Knob knobs[G_N_ELEMENTS(paths)];
};

static gboolean
read_value(int fd, char out[16])
{
    gssize n = pread(fd, out, 15, 0);

    if (n <= 0)
        return FALSE;
    out[n] = '\0';
    g_strchomp(out);
    return TRUE;
}

static gboolean
write_value(int fd, const char *value)
{
    gsize n = strlen(value);

    return pwrite(fd, value, n, 0) == (gssize) n;
}

Knobs *
knobs_new(guint32 acquire_timeout_s, gboolean hold, KnobsLog log, gpointer log_data)
{
    const guint32 values[G_N_ELEMENTS(paths)] = { acquire_timeout_s, hold ? 0 : 1 };
    Knobs *knobs = g_new0(Knobs, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        Knob *knob = &knobs->knobs[i];

        knob->fd = open(paths[i], O_RDWR | O_CLOEXEC);
        g_snprintf(knob->ours, sizeof knob->ours, "%u", values[i]);
        if (knob->fd < 0 || !read_value(knob->fd, knob->before) || !write_value(knob->fd, knob->ours)) {
            g_autofree char *text = g_strdup_printf("%s can not be set to %s: the kernel's own value stays", paths[i], knob->ours);

            log(log_data, 1, text);
            knob->before[0] = '\0';
        }
    }
    return knobs;
}

/* What somebody else has set since then is theirs. */
void
knobs_free(Knobs *knobs)
{
    if (knobs == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        Knob *knob = &knobs->knobs[i];
        char now[16];

        if (knob->fd < 0)
            continue;
        if (knob->before[0] != '\0' && read_value(knob->fd, now) && g_str_equal(now, knob->ours))
            write_value(knob->fd, knob->before);
        close(knob->fd);
    }
    g_free(knobs);
}
