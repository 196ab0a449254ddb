/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/doctor-others.c - who else speaks IKE on this machine, and who has our ports. */
#include "daemon/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 100000
#define DAEMON_DEFAULT_IKE 500
#define DAEMON_DEFAULT_NAT_T 4500

static char *
link_of(const Doctor *doctor, const char *pid, const char *what)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%s/%s", doctor->root, pid, what);

    return g_file_read_link(path, NULL);
}

/* --- processes --- */

static void
look_at_process(Doctor *doctor, const char *pid, const char *own_network)
{
    static const char *const daemons[] = { "charon", "charon-systemd", "pluto", "iked", "racoon", "obold" };
    g_autofree char *name = doctor_read(doctor, "/proc/%s/comm", pid);
    g_autofree char *network = NULL, *subject = NULL;

    if (name == NULL)
        return;
    g_strchomp(name);
    for (gsize i = 0; i < G_N_ELEMENTS(daemons); i++) {
        if (!g_str_equal(name, daemons[i]) || (gint64) getpid() == g_ascii_strtoll(pid, NULL, 10))
            continue;
        network = link_of(doctor, pid, "ns/net");
        if (g_strcmp0(network, own_network) != 0)
            return; /* behind a wall: a container's */
        subject = g_strdup_printf("%s (%s)", name, pid);
        doctor_find(doctor, DOCTOR_WARNING, "other-daemon", subject);
        return;
    }
}

static void
look_at_processes(Doctor *doctor)
{
    g_autofree char *path = g_strconcat(doctor->root, "/proc", NULL), *own = link_of(doctor, "self", "ns/net");
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;

    while (dir != NULL && n < PROCESSES_MAX && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_ascii_isdigit(*name))
            continue;
        look_at_process(doctor, name, own);
        n++;
    }
}

/* --- ports --- */

/* "sl local_address rem_address ...", the address in hexadecimal with the port behind a colon. */
static gboolean
is_bound(const char *table, guint port)
{
    g_autofree char *wanted = g_strdup_printf(":%04X", port);
    g_auto(GStrv) lines = g_strsplit(table != NULL ? table : "", "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " ", 4);

        if (g_strv_length(words) >= 2 && g_str_has_suffix(words[1], wanted))
            return TRUE;
    }
    return FALSE;
}

static guint
port_of(const Doctor *doctor, const char *key, guint fallback)
{
    const ObolNode *plugins = doctor->settings != NULL ? obol_node_get(doctor->settings, "plugins") : NULL;
    const ObolNode *section = plugins != NULL ? obol_node_get(plugins, "socket-default") : NULL;
    const ObolNode *node = section != NULL ? obol_node_get(section, key) : NULL;
    gint64 number;

    if (node == NULL || node->kind != OBOL_NODE_VALUE || !obol_integer_parse(node->value, &number))
        return fallback;
    return number > 0 && number <= 65535 ? (guint) number : 0;
}

static void
look_at_ports(Doctor *doctor)
{
    const guint ports[] = { port_of(doctor, "ike_port", DAEMON_DEFAULT_IKE), port_of(doctor, "nat_t_port", DAEMON_DEFAULT_NAT_T) };
    g_autofree char *four = doctor_read(doctor, "/proc/net/udp"), *six = doctor_read(doctor, "/proc/net/udp6");

    for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *subject = g_strdup_printf("UDP %u", ports[i]);

        if (ports[i] != 0 && (is_bound(four, ports[i]) || is_bound(six, ports[i])))
            doctor_find(doctor, DOCTOR_ERROR, "port-taken", subject);
    }
}

void
doctor_others(Doctor *doctor)
{
    look_at_processes(doctor);
    if (!doctor->running) /* else they are ours */
        look_at_ports(doctor);
}
