/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-control.c - initiate, rekey, terminate, install, uninstall. */
#include "session.h"

#include "text.h"

static char *child_name;
static char *ike_name, *ike_id, *child_id;
static gboolean force, by_id, reauth;

const GOptionEntry ctl_initiate_options[] = {
    { "child", 'c', 0, G_OPTION_ARG_STRING, &child_name, N_("this child, on an SA that is there or a new one"),
      N_("NAME") },
    G_OPTION_ENTRY_NULL,
};

const GOptionEntry ctl_terminate_options[] = {
    { "child", 'c', 0, G_OPTION_ARG_STRING, &child_name, N_("only the SAs of this child"), N_("NAME") },
    { "id", 'i', 0, G_OPTION_ARG_NONE, &by_id, N_("the names are the numbers that list-sas shows"), NULL },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &force, N_("do not wait for the peer's answer"), NULL },
    G_OPTION_ENTRY_NULL,
};

const GOptionEntry ctl_rekey_options[] = {
    { "ike", 0, 0, G_OPTION_ARG_STRING, &ike_name, N_("the IKE SAs of this connection, as NAME does"), N_("NAME") },
    { "ike-id", 0, 0, G_OPTION_ARG_STRING, &ike_id, N_("the IKE SA of this number, as list-sas shows it"), N_("N") },
    { "child", 'c', 0, G_OPTION_ARG_STRING, &child_name, N_("not IKE SAs but the SAs of this child"), N_("NAME") },
    { "child-id", 0, 0, G_OPTION_ARG_STRING, &child_id, N_("not IKE SAs but the Child SA of this number"), N_("N") },
    { "reauth", 'r', 0, G_OPTION_ARG_NONE, &reauth, N_("the whole IKE SA anew, its authentication too"), NULL },
    G_OPTION_ENTRY_NULL,
};

/* The lines of this connection's log while the command runs: notes, so they go to stderr. */
static gboolean
note(const char *event, const ObolNode *message, gpointer data)
{
    const Ctl *ctl = data;
    g_autofree char *group = ctl_clean(ctl_value(message, "group"));
    g_autofree char *text = ctl_clean(ctl_value(message, "msg"));

    if (g_str_equal(event, "control-log") && !ctl->quiet)
        fprintf(stderr, "[%s] %s\n", group, text);
    return TRUE;
}

/* The daemon keeps the time that was asked for; ours is longer, for its answer to arrive. */
static gint64
patience_ms(const Ctl *ctl)
{
    gint64 ms = ctl_patience_ms(ctl, CTL_FOREVER);

    return ms == CTL_FOREVER ? CTL_FOREVER : ms + 5000;
}

/* What became of it, where the daemon's log has not said so already. */
static void
note_success(const Ctl *ctl, const ObolNode *reply)
{
    if (!ctl->quiet && !ctl->json && ctl_has(reply, "terminated"))
        fprintf(stderr, _("%s of %s SAs taken down\n"), ctl_value(reply, "terminated"), ctl_value(reply, "matches"));
    else if (!ctl->quiet && !ctl->json && ctl_has(reply, "matches"))
        fprintf(stderr, _("%s SAs are being renewed\n"), ctl_value(reply, "matches"));
}

CtlStatus
ctl_command(Ctl *ctl, ObolViciWriter *request, CtlStatus fallback, ObolNode **out)
{
    g_autoptr(ObolNode) reply = NULL;
    GError *error = NULL;
    CtlStatus status;

    if (ctl_session(ctl, &error) == NULL)
        return ctl_report_error(ctl, error);
    if (!ctl->quiet && !ctl_session_register(ctl->session, "control-log", &error))
        return ctl_report_error(ctl, error);
    reply = ctl_session_call(ctl->session, request, patience_ms(ctl), note, ctl, &error);
    if (reply == NULL)
        return ctl_report_error(ctl, error);
    status = ctl_report_reply(ctl, reply, fallback);
    if (status == CTL_OK)
        note_success(ctl, reply);
    if (out != NULL)
        *out = g_steal_pointer(&reply);
    return status;
}

static CtlStatus
call(Ctl *ctl, ObolViciWriter *request, CtlStatus fallback)
{
    return ctl_command(ctl, request, fallback, NULL);
}

void
ctl_put_timeout(const Ctl *ctl, ObolViciWriter *request)
{
    gint64 ms = ctl->timeout_s < 0 ? 0 : ctl->timeout_s < 0.001 ? -1 : ctl_patience_ms(ctl, 0);

    obol_vici_put_format(request, "timeout", "%" G_GINT64_FORMAT, ms);
}

CtlStatus
ctl_initiate(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (objects[0] == NULL && child_name == NULL)
        return ctl_report(ctl, CTL_USAGE, _("initiate what? Give a connection's name, or --child NAME"));
    ctl_request(&request, "initiate");
    ctl_argument(&request, "ike", objects[0]);
    ctl_argument(&request, "child", child_name);
    ctl_put_timeout(ctl, &request);
    return call(ctl, &request, CTL_UP_FAILED);
}

/* All that are named must fit: `rekey gw --child net` means the children net of gw. */
CtlStatus
ctl_rekey(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };
    gboolean of_child = child_name != NULL || child_id != NULL;

    if (objects[0] != NULL && ike_name != NULL)
        return ctl_report(ctl, CTL_USAGE, _("rekey which? NAME and --ike are the same thing"));
    if (objects[0] == NULL && ike_name == NULL && ike_id == NULL && !of_child)
        return ctl_report(ctl, CTL_USAGE, _("rekey what? Give a connection's name, --ike-id N or --child NAME"));
    if (reauth && of_child)
        return ctl_report(ctl, CTL_USAGE, _("--reauth is for an IKE SA: a child has nothing to prove"));
    ctl_request(&request, "rekey");
    ctl_argument(&request, "ike", objects[0] != NULL ? objects[0] : ike_name);
    ctl_argument(&request, "ike-id", ike_id);
    ctl_argument(&request, "child", child_name);
    ctl_argument(&request, "child-id", child_id);
    ctl_argument(&request, "reauth", reauth ? "yes" : NULL);
    return call(ctl, &request, CTL_FAILED);
}

CtlStatus
ctl_terminate(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (objects[0] == NULL && child_name == NULL)
        return ctl_report(ctl, CTL_USAGE, _("terminate what? Give a connection's name, or --child NAME"));
    ctl_request(&request, "terminate");
    ctl_argument(&request, by_id ? "ike-id" : "ike", objects[0]);
    ctl_argument(&request, by_id ? "child-id" : "child", child_name);
    ctl_argument(&request, "force", force ? "yes" : NULL);
    ctl_put_timeout(ctl, &request);
    return call(ctl, &request, CTL_DOWN_FAILED);
}

static CtlStatus
install(Ctl *ctl, const char *command, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (objects[0] == NULL)
        return ctl_report(ctl, CTL_USAGE, _("%s what? Give a child's name"), command);
    ctl_request(&request, command);
    ctl_argument(&request, "child", objects[0]);
    return call(ctl, &request, CTL_FAILED);
}

CtlStatus
ctl_install(Ctl *ctl, char **objects)
{
    return install(ctl, "install", objects);
}

CtlStatus
ctl_uninstall(Ctl *ctl, char **objects)
{
    return install(ctl, "uninstall", objects);
}
