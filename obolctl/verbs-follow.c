/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-follow.c - log, monitor: until the daemon goes or somebody presses ^C. */
#include "session.h"

#include "json.h"
#include "ladder.h"
#include "text.h"

static gboolean ladder;

const GOptionEntry ctl_monitor_options[] = {
    { "ladder", 'l', 0, G_OPTION_ARG_NONE, &ladder,
      N_("draw the messages as they pass, initiator left, responder right"), NULL },
    G_OPTION_ENTRY_NULL,
};

static void
print_event_json(const char *event, const ObolNode *message)
{
    CtlJson json;

    ctl_json_init(&json, stdout, FALSE); /* a line an event, also on a terminal */
    ctl_json_begin(&json);
    ctl_json_text(&json, "event", event);
    ctl_json_members(&json, message);
    ctl_json_end(&json);
}

static gboolean
log_line(const char *event, const ObolNode *message, gpointer data)
{
    const Ctl *ctl = data;

    if (ctl->json) {
        print_event_json(event, message);
        return TRUE;
    }
    ctl_put(ctl, CTL_DIM, "[%s]", ctl_value(message, "group"));
    if (ctl_has(message, "ikesa-name"))
        ctl_put(ctl, CTL_BOLD, " <%s|%s>", ctl_value(message, "ikesa-name"), ctl_value(message, "ikesa-uniqueid"));
    ctl_put(ctl, CTL_PLAIN, " %s", ctl_value(message, "msg"));
    putchar('\n');
    return fflush(stdout) == 0;
}

CtlStatus
ctl_log(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    GError *error = NULL;

    if (ctl_session(ctl, &error) != NULL && ctl_session_register(ctl->session, "log", &error) &&
        ctl_session_follow(ctl->session, log_line, ctl, &error))
        return CTL_OK;
    return ctl_report_error(ctl, error);
}

/* The first section of @section, or NULL: an SA's own within an event. */
static const ObolNode *
first_section(const ObolNode *section)
{
    for (guint i = 0; section != NULL && section->items != NULL && i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);

        if (node->kind == OBOL_NODE_SECTION)
            return node;
    }
    return NULL;
}

static void
print_event(const Ctl *ctl, const char *event, const ObolNode *message)
{
    gboolean alert = g_str_equal(event, "alert"), up = ctl_has(message, "up");
    const ObolNode *sa = first_section(alert ? obol_node_get(message, "ike-sa") : message);
    const ObolNode *child = sa != NULL ? first_section(obol_node_get(sa, "child-sas")) : NULL;
    g_autofree char *now = ctl_clock(g_get_real_time());

    ctl_put(ctl, CTL_DIM, "%s  ", now);
    if (alert)
        ctl_put(ctl, CTL_BAD, "%s", ctl_value(message, "type"));
    else
        ctl_put(ctl, up ? CTL_GOOD : CTL_WARN, "%s", up ? _("up") : _("down"));
    if (sa != NULL)
        ctl_put(ctl, CTL_BOLD, "  %s", sa->name);
    if (child != NULL)
        ctl_put(ctl, CTL_BOLD, "/%s", child->name);
    if (sa != NULL)
        ctl_put(ctl, CTL_PLAIN, "  #%s '%s' @ %s - '%s' @ %s", ctl_value(sa, "uniqueid"), ctl_value(sa, "local-id"),
                ctl_value(sa, "local-host"), ctl_value(sa, "remote-id"), ctl_value(sa, "remote-host"));
    if (ctl_has(message, "reason"))
        ctl_put(ctl, CTL_PLAIN, "  %s: %s", ctl_value(message, "reason"), ctl_value(message, "reason-text"));
    putchar('\n');
    if (ctl_has(message, "reason-facts")) {
        ctl_put(ctl, CTL_PLAIN, "              %s", ctl_value(message, "reason-facts"));
        putchar('\n');
    }
}

static void
print_rekeyed(const Ctl *ctl, const ObolNode *message)
{
    const ObolNode *connection = first_section(message);
    const ObolNode *old = connection != NULL ? obol_node_get(connection, "old") : NULL;
    const ObolNode *successor = connection != NULL ? obol_node_get(connection, "new") : NULL;
    g_autofree char *now = ctl_clock(g_get_real_time());

    if (old == NULL || successor == NULL)
        return;
    ctl_put(ctl, CTL_DIM, "%s  ", now);
    ctl_put(ctl, CTL_GOOD, "%s", _("rekeyed"));
    ctl_put(ctl, CTL_BOLD, "  %s", connection->name);
    ctl_put(ctl, CTL_PLAIN, "  #%s -> #%s", ctl_value(old, "uniqueid"), ctl_value(successor, "uniqueid"));
    putchar('\n');
}

static void
print_moved(const Ctl *ctl, const ObolNode *message)
{
    const ObolNode *sa = first_section(message);
    g_autofree char *now = ctl_clock(g_get_real_time());

    if (sa == NULL)
        return;
    ctl_put(ctl, CTL_DIM, "%s  ", now);
    ctl_put(ctl, CTL_GOOD, "%s", _("moved"));
    ctl_put(ctl, CTL_BOLD, "  %s", sa->name);
    ctl_put(ctl, CTL_PLAIN, "  #%s %s - %s -> %s - %s", ctl_value(sa, "uniqueid"), ctl_value(sa, "local-host"), ctl_value(sa, "remote-host"),
            ctl_value(message, "local-host"), ctl_value(message, "remote-host"));
    putchar('\n');
}

typedef struct {
    const Ctl *ctl;
    CtlLadder *ladder; /* NULL: events alone */
} Monitor;

static gboolean
monitor_event(const char *event, const ObolNode *message, gpointer data)
{
    const Monitor *monitor = data;

    if (monitor->ctl->json)
        print_event_json(event, message);
    else if (monitor->ladder != NULL && g_str_equal(event, "message"))
        ctl_ladder_draw(monitor->ladder, message);
    else if (monitor->ladder != NULL)
        ctl_ladder_note(monitor->ladder, event, message);
    else if (g_str_equal(event, "ike-rekey"))
        print_rekeyed(monitor->ctl, message);
    else if (g_str_equal(event, "ike-update"))
        print_moved(monitor->ctl, message);
    else
        print_event(monitor->ctl, event, message);
    return fflush(stdout) == 0;
}

static gboolean
register_all(Ctl *ctl, GError **error)
{
    static const char *const events[] = { "ike-updown", "ike-rekey", "ike-update", "child-updown", "alert" };

    for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
        if (!ctl_session_register(ctl->session, events[i], error))
            return FALSE;
    }
    return !ladder || ctl_session_register(ctl->session, "message", error);
}

/* SAs that are there already: who began them is not seen in messages that come later. */
static gboolean
learn_sa(const char *event, const ObolNode *message, gpointer data)
{
    if (g_str_equal(event, "list-sa"))
        ctl_ladder_learn(data, first_section(message));
    return TRUE;
}

static gboolean
learn(Ctl *ctl, CtlLadder *known, GError **error)
{
    g_auto(ObolViciWriter) request = { 0 };
    g_autoptr(ObolNode) end = NULL;

    ctl_request(&request, "list-sas");
    if (!ctl_session_register(ctl->session, "list-sa", error))
        return FALSE;
    end = ctl_session_call(ctl->session, &request, ctl_patience_ms(ctl, CTL_ANSWER_MS), learn_sa, known, error);
    return end != NULL;
}

CtlStatus
ctl_monitor(Ctl *ctl, G_GNUC_UNUSED char **objects)
{
    g_autoptr(CtlLadder) drawn = ladder ? ctl_ladder_new(ctl) : NULL;
    Monitor monitor = { .ctl = ctl, .ladder = drawn };
    GError *error = NULL;

    if (ctl_session(ctl, &error) != NULL && (drawn == NULL || learn(ctl, drawn, &error)) && register_all(ctl, &error) &&
        ctl_session_follow(ctl->session, monitor_event, &monitor, &error))
        return CTL_OK;
    return ctl_report_error(ctl, error);
}
