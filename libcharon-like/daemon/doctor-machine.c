/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/doctor-machine.c - what the system has, lets us do, and does to packets. */
#include "daemon/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static gint64
number_in(const Doctor *doctor, const char *path, gint64 fallback)
{
    g_autofree char *text = doctor_read(doctor, "%s", path);
    char *end = NULL;
    gint64 number = text != NULL ? g_ascii_strtoll(text, &end, 10) : fallback;

    return text != NULL && end != text ? number : fallback;
}

/* --- modules --- */

static gboolean
names_module(const char *text, const char *name)
{
    g_autofree char *dashes = g_strdelimit(g_strdup(name), "_", '-');
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        const char *base = strrchr(*line, '/') != NULL ? strrchr(*line, '/') + 1 : *line;
        gsize n = strcspn(base, ". :");

        if ((n == strlen(name) && strncmp(base, name, n) == 0) || (n == strlen(dashes) && strncmp(base, dashes, n) == 0))
            return TRUE;
    }
    return FALSE;
}

/* modules.dep names what could be loaded: "kernel/net/ipv4/esp4.ko.xz: ..." */
static char *
dependencies_of(const char *release, const Doctor *doctor)
{
    g_autofree char *text = doctor_read(doctor, "/lib/modules/%s/modules.dep", release);
    GString *names = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        (*line)[strcspn(*line, ":")] = '\0';
        g_string_append_printf(names, "%s\n", *line);
    }
    return g_string_free(names, FALSE);
}

static void
look_at_modules(Doctor *doctor)
{
    static const char *const modules[] = { "xfrm_user", "esp4", "esp6", "ah4", "ah6", "ipcomp", "af_key", "tun" };
    g_autofree char *loaded = doctor_read(doctor, "/proc/modules"), *builtin = NULL, *loadable = NULL;
    struct utsname system = { 0 };

    if (uname(&system) != 0)
        return;
    builtin = doctor_read(doctor, "/lib/modules/%s/modules.builtin", system.release);
    loadable = dependencies_of(system.release, doctor);
    /* Without a list of what is built in, absence proves nothing. */
    for (gsize i = 0; builtin != NULL && i < G_N_ELEMENTS(modules); i++) {
        if (names_module(loaded, modules[i]) || names_module(builtin, modules[i]))
            continue;
        doctor_find(doctor, DOCTOR_NOTE, names_module(loadable, modules[i]) ? "module-not-loaded" : "module-missing", modules[i]);
    }
}

/* --- what we may --- */

static void
look_at_capabilities(Doctor *doctor)
{
    static const struct {
        guint bit;
        const char *name;
        DoctorLevel level;
    } needed[] = { { 12, "CAP_NET_ADMIN", DOCTOR_WARNING }, { 10, "CAP_NET_BIND_SERVICE", DOCTOR_WARNING },
                   { 13, "CAP_NET_RAW", DOCTOR_NOTE } };
    g_autofree char *status = doctor_read(doctor, "/proc/self/status");
    const char *line = status != NULL ? strstr(status, "\nCapEff:") : NULL;
    guint64 effective = line != NULL ? g_ascii_strtoull(line + strlen("\nCapEff:"), NULL, 16) : G_MAXUINT64;

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if ((effective >> needed[i].bit & 1) == 0)
            doctor_find(doctor, needed[i].level, "no-capability", needed[i].name);
}

static void
look_at_tun(Doctor *doctor)
{
    const ObolNode *kernels = obol_node_get(doctor->report, "kernels");
    g_autofree char *path = g_strconcat(doctor->root, "/dev/net/tun", NULL);

    if (obol_node_get(kernels, "kernel/userspace") != NULL && !g_file_test(path, G_FILE_TEST_EXISTS))
        doctor_find(doctor, DOCTOR_WARNING, "no-tun", "/dev/net/tun");
}

/* --- what happens to packets --- */

/* @max: how the system joins "all" with each interface's own value; else either is enough. */
static const struct {
    const char *key, *code;
    gint64 bad;
    gboolean max;
} interface_switches[] = {
    { "rp_filter", "rp-filter", 1, TRUE },
    { "disable_policy", "disable-policy", 1, FALSE },
    { "disable_xfrm", "disable-xfrm", 1, FALSE },
};

static void
look_at_interface(Doctor *doctor, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(interface_switches); i++) {
        const char *key = interface_switches[i].key;
        g_autofree char *own = g_strdup_printf("/proc/sys/net/ipv4/conf/%s/%s", name, key);
        g_autofree char *all = g_strdup_printf("/proc/sys/net/ipv4/conf/all/%s", key);
        gint64 value = number_in(doctor, own, 0);

        if (interface_switches[i].max)
            value = MAX(value, number_in(doctor, all, 0));
        if (value == interface_switches[i].bad)
            doctor_find(doctor, DOCTOR_WARNING, interface_switches[i].code, name);
    }
}

static void
look_at_interfaces(Doctor *doctor)
{
    g_autofree char *path = g_strconcat(doctor->root, "/proc/sys/net/ipv4/conf", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (!g_str_equal(name, "all") && !g_str_equal(name, "default") && !g_str_equal(name, "lo"))
            look_at_interface(doctor, name);
}

/* Does a child stand for more than the host itself, so that packets are forwarded into it? */
static void
families_forwarded(const ObolConnectionSet *set, gboolean found[2])
{
    for (guint i = 0; i < set->connections->len; i++) {
        const ObolConnection *connection = g_ptr_array_index(set->connections, i);

        for (guint j = 0; j < connection->children->len; j++) {
            const ObolChildConfig *child = g_ptr_array_index(connection->children, j);

            for (guint k = 0; k < child->local_ts->len; k++) {
                const ObolTs *ts = &g_array_index(child->local_ts, ObolTs, k);
                gsize n = ts->family == AF_INET6 ? 16 : 4;

                if (ts->family != 0 && memcmp(ts->first, ts->last, n) != 0)
                    found[ts->family == AF_INET6] = TRUE;
            }
        }
    }
}

static void
look_at_forwarding(Doctor *doctor)
{
    static const char *const paths[] = { "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding" };
    static const char *const subjects[] = { "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" };
    g_autoptr(ObolConnectionSet) set = doctor->settings != NULL ? obol_connections_from_tree(doctor->settings, NULL) : NULL;
    gboolean wanted[2] = { FALSE, FALSE };

    if (set == NULL)
        return;
    families_forwarded(set, wanted);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        if (wanted[i] && number_in(doctor, paths[i], 1) == 0)
            doctor_find(doctor, DOCTOR_WARNING, "no-forwarding", subjects[i]);
}

void
doctor_machine(Doctor *doctor)
{
    look_at_modules(doctor);
    look_at_capabilities(doctor);
    look_at_tun(doctor);
    look_at_interfaces(doctor);
    look_at_forwarding(doctor);
    if (number_in(doctor, "/proc/sys/net/core/xfrm_larval_drop", 1) == 0)
        doctor_find(doctor, DOCTOR_NOTE, "larval-drop", "net.core.xfrm_larval_drop");
}
