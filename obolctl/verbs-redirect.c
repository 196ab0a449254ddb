/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs-redirect.c - redirect: connected clients are sent to another gateway (RFC 5685). */
#include "ctl.h"
#include "session.h"

static char *gateway, *ike_id, *peer_ip, *peer_id;

const GOptionEntry ctl_redirect_options[] = {
    { "gateway", 'g', 0, G_OPTION_ARG_STRING, &gateway, N_("where to: an address or a host name"), N_("HOST") },
    { "ike-id", 0, 0, G_OPTION_ARG_STRING, &ike_id, N_("the IKE SA of this number, as list-sas shows it"), N_("N") },
    { "peer-ip", 0, 0, G_OPTION_ARG_STRING, &peer_ip, N_("clients at this address, or of this network or range"), N_("NET") },
    { "peer-id", 0, 0, G_OPTION_ARG_STRING, &peer_id, N_("clients with this identity, which may have wildcards"), N_("ID") },
    G_OPTION_ENTRY_NULL,
};

/* All that are named must fit. */
CtlStatus
ctl_redirect(Ctl *ctl, char **objects)
{
    g_auto(ObolViciWriter) request = { 0 };

    if (gateway == NULL)
        return ctl_report(ctl, CTL_USAGE, _("redirect where to? Give --gateway"));
    if (objects[0] == NULL && ike_id == NULL && peer_ip == NULL && peer_id == NULL)
        return ctl_report(ctl, CTL_USAGE, _("redirect whom? Give a connection's name, --ike-id, --peer-ip or --peer-id"));
    ctl_request(&request, "redirect");
    ctl_argument(&request, "gateway", gateway);
    ctl_argument(&request, "ike", objects[0]);
    ctl_argument(&request, "ike-id", ike_id);
    ctl_argument(&request, "peer-ip", peer_ip);
    ctl_argument(&request, "peer-id", peer_id);
    return ctl_command(ctl, &request, CTL_FAILED, NULL);
}
