/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-info.c - version, stats, algs, plugins, failures, explain. */
#include "session.h"

#include "json.h"
#include "text.h"

/* (transfer full): %NULL after the error was reported. */
static ObolNode *
ask(Ctl *ctl, const char *command, const char *event, const char *ike, CtlEventHandler handler, gpointer data,
    CtlStatus *status)
{
    g_auto(ObolViciWriter) request = { 0 };
    ObolNode *reply = NULL;
    GError *error = NULL;

    ctl_request(&request, command);
    ctl_argument(&request, "ike", ike);
    if (ctl_session(ctl, &error) != NULL && (event == NULL || ctl_session_register(ctl->session, event, &error)))
        reply = ctl_session_call(ctl->session, &request, ctl_patience_ms(ctl, CTL_ANSWER_MS), handler, data, &error);
    *status = reply != NULL ? CTL_OK : ctl_report_error(ctl, error);
    return reply;
}

static void
print_json(const Ctl *ctl, const ObolNode *reply)
{
    CtlJson json;

    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_members(&json, reply);
    ctl_json_end(&json);
}

static void
print_version(const Ctl *ctl, const ObolNode *daemon)
{
    CtlJson json;

    if (ctl->json) {
        ctl_json_init(&json, stdout, ctl->pretty);
        ctl_json_begin(&json);
        ctl_json_text(&json, "obolctl", PACKAGE_VERSION);
        ctl_json_node(&json, "daemon", daemon);
        ctl_json_end(&json);
        return;
    }
    printf("obolctl %s\n", PACKAGE_VERSION);
    ctl_put(ctl, CTL_PLAIN, "%s %s (%s %s, %s)", ctl_value(daemon, "daemon"), ctl_value(daemon, "version"),
            ctl_value(daemon, "sysname"), ctl_value(daemon, "release"), ctl_value(daemon, "machine"));
    putchar('\n');
}

/* Also the question whether the daemon answers; --version asks nobody. */
CtlStatus
ctl_version(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    CtlStatus status;
    g_autoptr(ObolNode) reply = ask(ctl, "version", NULL, NULL, NULL, NULL, &status);

    if (reply != NULL)
        print_version(ctl, reply);
    return status;
}

CtlStatus
ctl_stats(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    CtlStatus status;
    g_autoptr(ObolNode) reply = ask(ctl, "stats", NULL, NULL, NULL, NULL, &status);
    const ObolNode *uptime, *sas, *messages;
    g_autofree char *plugins = NULL;

    if (reply == NULL)
        return status;
    if (ctl->json) {
        print_json(ctl, reply);
        return CTL_OK;
    }
    uptime = obol_node_get(reply, "uptime");
    sas = obol_node_get(reply, "ikesas");
    messages = obol_node_get(reply, "messages");
    plugins = ctl_joined(reply, "plugins", "-");
    ctl_put(ctl, CTL_PLAIN, _("uptime:    %s, since %s"), ctl_value(uptime, "running"), ctl_value(uptime, "since"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, _("IKE SAs:   %s, %s of them half-open; initiated %s, accepted %s, failed %s"),
            ctl_value(sas, "total"), ctl_value(sas, "half-open"), ctl_value(sas, "initiated"),
            ctl_value(sas, "accepted"), ctl_value(sas, "failed"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, _("Child SAs: %s"), ctl_value(obol_node_get(reply, "child-sas"), "total"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, _("messages:  %s received, %s sent, %s retransmitted, %s dropped, %s cookies"),
            ctl_value(messages, "received"), ctl_value(messages, "sent"), ctl_value(messages, "retransmitted"),
            ctl_value(messages, "dropped"), ctl_value(messages, "cookies-sent"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, _("plugins:   %s"), plugins);
    putchar('\n');
    return CTL_OK;
}

CtlStatus
ctl_algs(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    CtlStatus status;
    g_autoptr(ObolNode) reply = ask(ctl, "get-algorithms", NULL, NULL, NULL, NULL, &status);

    if (reply == NULL)
        return status;
    if (ctl->json) {
        print_json(ctl, reply);
        return CTL_OK;
    }
    for (guint i = 0; reply->items != NULL && i < reply->items->len; i++) {
        const ObolNode *section = g_ptr_array_index(reply->items, i);

        ctl_put(ctl, CTL_BOLD, "%s:", section->name);
        putchar('\n');
        for (guint k = 0; section->items != NULL && k < section->items->len; k++) {
            const ObolNode *algorithm = g_ptr_array_index(section->items, k);

            ctl_put(ctl, CTL_PLAIN, "  %s", algorithm->name);
            ctl_put(ctl, CTL_DIM, " [%s]", algorithm->value != NULL ? algorithm->value : "");
            putchar('\n');
        }
    }
    return CTL_OK;
}

/* A stream whose events are kept: for JSON arrays, and for the last of them. */
static gboolean
keep(G_GNUC_UNUSED const char *event, const ObolNode *message, gpointer data)
{
    g_ptr_array_add(data, obol_vici_copy(message));
    return TRUE;
}

static GPtrArray *
ask_stream(Ctl *ctl, const char *command, const char *event, const char *ike, CtlStatus *status)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify) obol_node_free);
    g_autoptr(ObolNode) end = ask(ctl, command, event, ike, keep, kept, status);

    return end != NULL ? g_steal_pointer(&kept) : NULL;
}

static void
print_json_array(const Ctl *ctl, const char *name, const GPtrArray *nodes)
{
    CtlJson json;

    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_array(&json, name);
    for (guint i = 0; i < nodes->len; i++)
        ctl_json_node(&json, NULL, g_ptr_array_index(nodes, i));
    ctl_json_end_array(&json);
    ctl_json_end(&json);
}

/* "loaded", "loaded; without ke/x448: why", or why it is not loaded at all. */
static CtlInk
plugin_ink(const char *state)
{
    if (!g_str_has_prefix(state, "loaded"))
        return CTL_BAD;
    return g_str_equal(state, "loaded") ? CTL_GOOD : CTL_WARN;
}

CtlStatus
ctl_plugins(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    CtlStatus status;
    g_autoptr(GPtrArray) events = ask_stream(ctl, "plugins", "list-plugin", NULL, &status);

    if (events == NULL)
        return status;
    if (ctl->json) {
        print_json_array(ctl, "plugins", events);
        return CTL_OK;
    }
    for (guint i = 0; i < events->len; i++) {
        const ObolNode *event = g_ptr_array_index(events, i);
        const ObolNode *plugin = event->items->len > 0 ? g_ptr_array_index(event->items, 0) : NULL;
        g_autofree char *features = plugin != NULL ? ctl_joined(plugin, "features", "-") : NULL;
        const char *state = ctl_value(plugin, "state");

        if (plugin == NULL)
            continue;
        ctl_put(ctl, CTL_BOLD, "%s", plugin->name);
        ctl_put(ctl, CTL_PLAIN, " %s: ", ctl_value(plugin, "version"));
        ctl_put(ctl, plugin_ink(state), "%s", state);
        putchar('\n');
        ctl_put(ctl, CTL_DIM, "  %s", features);
        putchar('\n');
    }
    return CTL_OK;
}

static void
print_failure_line(const Ctl *ctl, const ObolNode *failure)
{
    g_autofree char *when = ctl_clock(ctl_number(failure, "last"));
    const char *child = ctl_value(failure, "child");

    ctl_put(ctl, CTL_DIM, "%s  ", when);
    ctl_put(ctl, CTL_BAD, "%-18s", ctl_value(failure, "reason"));
    ctl_put(ctl, CTL_PLAIN, " %s%s%s %s: %s", ctl_has(failure, "ike") ? ctl_value(failure, "ike") : "-",
            child[0] != '\0' ? "/" : "", child, ctl_value(failure, "remote"), ctl_value(failure, "reason-text"));
    if (ctl_number(failure, "times") > 1)
        ctl_put(ctl, CTL_DIM, _(" (%s times)"), ctl_value(failure, "times"));
    putchar('\n');
}

CtlStatus
ctl_failures(Ctl *ctl, char **objects)
{
    CtlStatus status;
    g_autoptr(GPtrArray) events = ask_stream(ctl, "list-failures", "list-failure", objects[0], &status);

    if (events == NULL)
        return status;
    if (ctl->json) {
        print_json_array(ctl, "failures", events);
        return CTL_OK;
    }
    for (guint i = 0; i < events->len; i++)
        print_failure_line(ctl, g_ptr_array_index(events, i));
    return CTL_OK;
}

static void
print_fact(const Ctl *ctl, const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    ctl_put(ctl, CTL_BOLD, "  %-7s", label);
    ctl_put(ctl, CTL_PLAIN, " %s", text);
    putchar('\n');
}

CtlStatus
ctl_explain(Ctl *ctl, char **objects)
{
    CtlStatus status;
    g_autoptr(GPtrArray) events = ask_stream(ctl, "list-failures", "list-failure", objects[0], &status);
    const ObolNode *last;

    if (events == NULL)
        return status;
    last = events->len > 0 ? g_ptr_array_index(events, events->len - 1) : NULL;
    if (ctl->json) {
        if (events->len > 1)
            g_ptr_array_remove_range(events, 0, events->len - 1);
        print_json_array(ctl, "failures", events);
        return CTL_OK;
    }
    if (last == NULL) {
        if (!ctl->no_legend)
            puts(_("Nothing failed lately."));
        return CTL_OK;
    }
    print_failure_line(ctl, last);
    print_fact(ctl, _("phase"), ctl_value(last, "reason-phase"));
    print_fact(ctl, _("side"),
               g_str_equal(ctl_value(last, "reason-side"), "us") ? _("we refused") : _("the peer refused"));
    print_fact(ctl, _("notify"), ctl_value(last, "reason-notify"));
    print_fact(ctl, _("facts"), ctl_value(last, "reason-facts"));
    print_fact(ctl, _("next"), ctl_value(last, "reason-next"));
    return CTL_OK;
}
