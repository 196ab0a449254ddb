/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-doctor.c - doctor: what this machine can do for us, and what is in the way. */
#include "session.h"

#include <obol/daemon.h>

#include "json.h"
#include "text.h"

static char *config_dir, *plugin_dir;

const GOptionEntry ctl_doctor_options[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_dir, N_("folder of the settings, when no daemon runs"), N_("DIR") },
    { "plugins", 'p', 0, G_OPTION_ARG_FILENAME, &plugin_dir, N_("folders of plugins, when no daemon runs"), N_("DIR") },
    G_OPTION_ENTRY_NULL,
};

/* (transfer full): the running daemon's report; %NULL: none runs, or it can not be asked. */
static ObolNode *
ask_daemon(Ctl *ctl)
{
    g_auto(ObolViciWriter) request = { 0 };
    g_autoptr(GError) error = NULL;

    if (ctl_session(ctl, &error) == NULL)
        return NULL;
    ctl_request(&request, "doctor");
    return ctl_session_call(ctl->session, &request, ctl_patience_ms(ctl, CTL_ANSWER_MS), NULL, NULL, &error);
}

/* As `obold --doctor` does. */
static ObolNode *
look_ourselves(GError **error)
{
    const ObolDaemonOptions options = {
        .config_dir = config_dir != NULL ? config_dir : CONFIGDIR,
        .plugin_dir = plugin_dir != NULL ? plugin_dir : PLUGINDIR,
    };

    return obol_doctor_look(&options, error);
}

/* --- JSON --- */

static void
json_ability(CtlJson *json, const ObolNode *ability)
{
    const char *value = ability->value;
    gint64 number;
    char *end;

    if (ability->kind != OBOL_NODE_VALUE) {
        ctl_json_node(json, ability->name, ability);
    } else if (g_str_equal(value, "yes") || g_str_equal(value, "no")) {
        ctl_json_bool(json, ability->name, g_str_equal(value, "yes"));
    } else {
        number = g_ascii_strtoll(value, &end, 10);
        ctl_json_number(json, ability->name, *end == '\0' ? number : 0);
    }
}

static void
json_kernel(CtlJson *json, const ObolNode *kernel)
{
    ctl_json_object(json, NULL);
    ctl_json_text(json, "name", kernel->name);
    for (guint i = 0; i < kernel->items->len; i++) {
        const ObolNode *item = g_ptr_array_index(kernel->items, i);

        if (item->kind == OBOL_NODE_VALUE) {
            ctl_json_text(json, item->name, item->value);
            continue;
        }
        ctl_json_object(json, item->name);
        for (guint k = 0; k < item->items->len; k++)
            json_ability(json, g_ptr_array_index(item->items, k));
        ctl_json_end_object(json);
    }
    ctl_json_end_object(json);
}

static void
json_finding(CtlJson *json, const ObolNode *finding)
{
    static const char *const keys[] = { "level", "code", "subject" };
    const char *advice;
    g_autofree char *text = obol_doctor_finding_text(finding, &advice);

    ctl_json_object(json, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        ctl_json_text(json, keys[i], ctl_value(finding, keys[i]));
    ctl_json_text(json, "text", text);
    if (advice != NULL)
        ctl_json_text(json, "advice", advice);
    ctl_json_end_object(json);
}

static void
json_array(CtlJson *json, const ObolNode *report, const char *name, void (*put)(CtlJson *json, const ObolNode *node))
{
    const ObolNode *section = obol_node_get(report, name);

    ctl_json_array(json, name);
    for (guint i = 0; section != NULL && section->kind == OBOL_NODE_SECTION && i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);

        if (node->kind == OBOL_NODE_SECTION)
            put(json, node);
    }
    ctl_json_end_array(json);
}

static void
print_json(const Ctl *ctl, const ObolNode *report)
{
    CtlJson json;

    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_bool(&json, "running", g_str_equal(ctl_value(report, "running"), "yes"));
    ctl_json_text(&json, "system", ctl_value(report, "system"));
    ctl_json_text(&json, "serving", ctl_value(report, "serving"));
    json_array(&json, report, "kernels", json_kernel);
    json_array(&json, report, "findings", json_finding);
    ctl_json_end(&json);
}

/* Line by line: a daemon's words may be a plugin's, or the system's. */
static void
print_text(const ObolNode *report)
{
    g_autofree char *text = obol_doctor_text(report);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL && (line[0][0] != '\0' || line[1] != NULL); line++) {
        g_autofree char *clean = ctl_clean(*line);

        puts(clean);
    }
}

CtlStatus
ctl_doctor(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    g_autoptr(ObolNode) report = ask_daemon(ctl);
    GError *error = NULL;

    if (report == NULL)
        report = look_ourselves(&error);
    if (report == NULL) {
        CtlStatus status = ctl_report(ctl, CTL_CONFIG, "%s", error->message);

        g_error_free(error);
        return status;
    }
    if (ctl->json)
        print_json(ctl, report);
    else
        print_text(report);
    switch (obol_doctor_verdict(report)) {
    case OBOL_DOCTOR_WELL:
        return CTL_OK;
    case OBOL_DOCTOR_ERRORS:
        return CTL_FAILED;
    case OBOL_DOCTOR_NO_KERNEL:
        return CTL_KERNEL;
    }
    return CTL_FAILED;
}
