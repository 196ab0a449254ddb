/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-selectors.c - selectors: what a living Child SA protects. */
#include "session.h"

#include <string.h>

#include "text.h"

static gboolean add, remove_them, set, local, remote;
static char *ike;

const GOptionEntry ctl_selectors_options[] = {
    { "add", 0, 0, G_OPTION_ARG_NONE, &add, N_("protect these as well"), NULL },
    { "remove", 0, 0, G_OPTION_ARG_NONE, &remove_them, N_("do not protect these any more, whole or a part"), NULL },
    { "set", 0, 0, G_OPTION_ARG_NONE, &set, N_("protect these and nothing else"), NULL },
    { "local", 0, 0, G_OPTION_ARG_NONE, &local, N_("they are of our end"), NULL },
    { "remote", 0, 0, G_OPTION_ARG_NONE, &remote, N_("they are of the peer's end; so without either"), NULL },
    { "ike", 0, 0, G_OPTION_ARG_STRING, &ike, N_("the child of this connection, or of the IKE SA of this number"), N_("NAME") },
    G_OPTION_ENTRY_NULL,
};

static gboolean
is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* "a, b" is two, as in settings. */
static void
put_selectors(ObolViciWriter *request, const char *key, char **words)
{
    obol_vici_put_list(request, key);
    for (char **word = words; *word != NULL; word++) {
        g_auto(GStrv) parts = g_strsplit_set(*word, ", ", -1);

        for (char **part = parts; *part != NULL; part++) {
            if ((*part)[0] != '\0')
                obol_vici_put_item(request, *part);
        }
    }
    obol_vici_end_list(request);
}

static void
show_changed(const Ctl *ctl, const ObolNode *reply)
{
    g_autofree char *child = ctl_clean(ctl_value(reply, "child"));
    g_autofree char *here = ctl_joined(reply, "local-ts", "-"), *there = ctl_joined(reply, "remote-ts", "-");

    if (ctl->json)
        return;
    printf("%s #%s: %s === %s\n", child, ctl_value(reply, "new-id"), here, there);
    if (!ctl->quiet && strcmp(ctl_value(reply, "old-id"), ctl_value(reply, "new-id")) != 0)
        fprintf(stderr, _("in the place of #%s\n"), ctl_value(reply, "old-id"));
    else if (!ctl->quiet)
        fputs(_("nothing had to be changed\n"), stderr);
}

CtlStatus
ctl_selectors(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };
    g_autoptr(ObolNode) reply = NULL;
    CtlStatus status;

    if (objects[0] == NULL)
        return ctl_report(ctl, CTL_USAGE, _("selectors of what? Give a child's name or number"));
    if (add + remove_them + set != 1)
        return ctl_report(ctl, CTL_USAGE, _("one of --add, --remove and --set, please"));
    if (objects[1] == NULL)
        return ctl_report(ctl, CTL_USAGE, _("which selectors? Give at least one, such as 10.0.0.0/8 or 10.0.0.1[tcp/443]"));
    if (local && remote)
        return ctl_report(ctl, CTL_USAGE, _("--local or --remote: one end at a time"));
    ctl_request(&request, "selectors");
    ctl_argument(&request, is_number(objects[0]) ? "child-id" : "child", objects[0]);
    ctl_argument(&request, ike != NULL && is_number(ike) ? "ike-id" : "ike", ike);
    ctl_argument(&request, "op", add ? "add" : set ? "set" : "remove");
    put_selectors(&request, local ? "local-ts" : "remote-ts", objects + 1);
    ctl_put_timeout(ctl, &request);
    status = ctl_command(ctl, &request, CTL_FAILED, &reply);
    if (status == CTL_OK && ctl_has(reply, "new-id"))
        show_changed(ctl, reply);
    return status;
}
