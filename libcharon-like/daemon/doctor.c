/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/doctor.c - what this machine can do for us, what it can not, and why.
 *
 * A tree for frontends: who serves, every kernel plugin with its abilities, and findings.  A finding is a code and a subject:
 * its words are made where they are read, in the reader's language. */
#include "daemon/doctor.h"

#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>

/* --- the tree --- */

ObolNode *
doctor_section(ObolNode *parent, const char *name)
{
    ObolNode *section = obol_node_new(OBOL_NODE_SECTION, name, NULL, 0, 0);

    obol_node_take(parent, section);
    return section;
}

void
doctor_put(ObolNode *parent, const char *name, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    obol_node_take(parent, obol_node_new_value(name, text, strlen(text)));
}

void
doctor_find(Doctor *doctor, DoctorLevel level, const char *code, const char *subject)
{
    static const char *const levels[] = {
        [DOCTOR_NOTE] = "note", [DOCTOR_WARNING] = "warning", [DOCTOR_ERROR] = "error",
    };
    g_autofree char *number = g_strdup_printf("%u", ++doctor->n_findings);
    ObolNode *findings = (ObolNode *) obol_node_get(doctor->report, "findings");
    ObolNode *finding = doctor_section(findings, number);

    doctor_put(finding, "level", "%s", levels[level]);
    doctor_put(finding, "code", "%s", code);
    doctor_put(finding, "subject", "%s", subject);
}

char *
doctor_read(const Doctor *doctor, const char *format, ...)
{
    g_autofree char *path = NULL, *whole = NULL;
    char *contents = NULL;
    va_list args;

    va_start(args, format);
    path = g_strdup_vprintf(format, args);
    va_end(args);
    whole = g_strconcat(doctor->root, path, NULL);
    return g_file_get_contents(whole, &contents, NULL, NULL) ? contents : NULL;
}

/* --- kernels --- */

static const struct {
    const char *name;
    gsize offset;
} abilities_table[] = {
#define ABILITY(member) { #member, G_STRUCT_OFFSET(ObolKernelAbilities, member) }
    ABILITY(esp), ABILITY(ah), ABILITY(ah_padding), ABILITY(ipcomp), ABILITY(tunnel), ABILITY(transport), ABILITY(beet),
    ABILITY(plain_esp), ABILITY(udp_encap), ABILITY(esn), ABILITY(mixed_families), ABILITY(other_family), ABILITY(port_ranges),
    ABILITY(byte_lifetimes), ABILITY(packet_lifetimes), ABILITY(tfc_padding), ABILITY(acquire_selectors), ABILITY(marks),
    ABILITY(set_marks), ABILITY(if_ids), ABILITY(offload), ABILITY(update_addresses), ABILITY(change_encap),
    ABILITY(shared_selectors), ABILITY(exact_priority), ABILITY(last_used), ABILITY(routes_itself),
#undef ABILITY
};

static void
put_transforms(ObolNode *section, const ObolTransform *transforms)
{
    ObolNode *list = obol_node_new(OBOL_NODE_LIST, "algorithms", NULL, 0, 0);

    for (guint i = 0; transforms != NULL && transforms[i].type != 0 && i < 256; i++) {
        const char *name = obol_transform_name(transforms[i].type, transforms[i].id);
        g_autofree char *text = transforms[i].key_bits != 0 ? g_strdup_printf("%s_%u", name, transforms[i].key_bits) : g_strdup(name);

        obol_node_take(list, obol_node_new_value(NULL, text, strlen(text)));
    }
    obol_node_take(section, list);
}

static void
put_abilities(ObolNode *kernel, const ObolKernelAbilities *abilities)
{
    ObolNode *section = doctor_section(kernel, "abilities");

    for (gsize i = 0; i < G_N_ELEMENTS(abilities_table); i++)
        doctor_put(section, abilities_table[i].name, "%s",
                   G_STRUCT_MEMBER(gboolean, abilities, abilities_table[i].offset) ? "yes" : "no");
    doctor_put(section, "replay_window_max", "%u", abilities->replay_window_max);
    doctor_put(section, "reqid_max", "%u", abilities->reqid_max);
    put_transforms(section, abilities->transforms);
}

typedef struct {
    Doctor *doctor;
    char *serving; /* or the one that would */
} Kernels;

/* What the first one that could serve is called depends on whether anything serves yet. */
static const char *
state_of(const ObolKernelReport *report, Kernels *kernels)
{
    if (report->serves)
        return "serves";
    if (report->why_not != NULL)
        return "unusable";
    if (kernels->doctor->running || kernels->serving != NULL)
        return report->unknown ? "unknown" : "standby";
    return "would-serve";
}

static void
put_kernel(const ObolKernelReport *report, gpointer data)
{
    Kernels *kernels = data;
    Doctor *doctor = kernels->doctor;
    ObolNode *kernel = doctor_section((ObolNode *) obol_node_get(doctor->report, "kernels"), report->id);
    const char *state = state_of(report, kernels);
    g_autofree char *subject = NULL;

    doctor_put(kernel, "plugin", "%s", report->plugin);
    doctor_put(kernel, "rank", "%" G_GINT64_FORMAT, report->rank);
    doctor_put(kernel, "state", "%s", state);
    if (g_str_equal(state, "serves") || g_str_equal(state, "would-serve"))
        kernels->serving = kernels->serving != NULL ? kernels->serving : g_strdup(report->id);
    if (report->why_not != NULL) {
        doctor_put(kernel, "reason", "%s", report->why_not);
        subject = g_strdup_printf("%s: %s", report->plugin, report->why_not);
        doctor_find(doctor, DOCTOR_NOTE, "kernel-unusable", subject);
    }
    if (report->abilities == NULL)
        return;
    if (report->abilities->summary != NULL)
        doctor_put(kernel, "summary", "%s", report->abilities->summary);
    put_abilities(kernel, report->abilities);
}

static void
note_plugin(const char *name, G_GNUC_UNUSED const char *version, G_GNUC_UNUSED const char *const *features, const char *state,
            gpointer data)
{
    g_autofree char *subject = g_strdup_printf("%s: %s", name, state);

    if (g_str_has_prefix(state, "loaded"))
        return;
    if (strstr(state, "switched off") == NULL)
        doctor_find(data, DOCTOR_ERROR, "plugin-unusable", subject);
    else if (strstr(name, "kernel") != NULL)
        doctor_find(data, DOCTOR_NOTE, "plugin-off", name);
}

static void
look_at_kernels(Doctor *doctor, ObolBus *bus)
{
    Kernels kernels = { .doctor = doctor };

    obol_bus_each_kernel(bus, put_kernel, &kernels);
    obol_bus_each_plugin(bus, note_plugin, doctor);
    doctor_put(doctor->report, "serving", "%s", kernels.serving != NULL ? kernels.serving : "");
    if (kernels.serving == NULL)
        doctor_find(doctor, DOCTOR_ERROR, "no-kernel", "");
    g_free(kernels.serving);
}

/* --- the whole --- */

static ObolNode *
report_new(gboolean running)
{
    ObolNode *report = obol_node_new(OBOL_NODE_SECTION, NULL, NULL, 0, 0);
    struct utsname system = { 0 };

    doctor_put(report, "running", "%s", running ? "yes" : "no");
    if (uname(&system) == 0)
        doctor_put(report, "system", "%s %s %s", system.sysname, system.release, system.machine);
    doctor_section(report, "kernels");
    doctor_section(report, "findings");
    return report;
}

ObolNode *
daemon_doctor(ObolBus *bus, const ObolNode *settings, const char *root, gboolean running)
{
    Doctor doctor = { .report = report_new(running), .settings = settings, .root = root, .running = running };

    look_at_kernels(&doctor, bus);
    doctor_machine(&doctor);
    doctor_others(&doctor);
    return doctor.report;
}

ObolNode *
obol_control_doctor(ObolControl *control)
{
    return daemon_doctor(control->daemon->bus, control->daemon->settings, "", TRUE);
}

ObolNode *
obol_doctor_look(const ObolDaemonOptions *options, GError **error)
{
    g_autoptr(ObolNode) settings = obol_settings_read_dir(options->config_dir, error);
    g_autoptr(ObolBus) bus = NULL;

    if (settings == NULL || !obol_settings_check(settings, obol_schema, error))
        return NULL;
    bus = obol_bus_new(g_main_context_get_thread_default());
    obol_bus_set_log(bus, -1, FALSE);
    if (!obol_bus_load(bus, options->plugin_dir, settings, NULL, error))
        return NULL;
    return daemon_doctor(bus, settings, "", FALSE);
}
