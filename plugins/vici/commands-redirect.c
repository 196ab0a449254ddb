/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugins/vici/commands-redirect.c - clients are sent to another gateway (RFC 5685). */
#include "plugins/vici/commands.h"

/* Begun, not waited for: the log and the SA's end tell what came of it. */
void
vici_redirect(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    g_autoptr(GError) error = NULL;
    ObolRedirect which = {
        .ike = obol_vici_text(request, "ike"),
        .ike_id = (guint32) vici_number(request, "ike-id", 0),
        .peer_address = obol_vici_text(request, "peer-ip"),
        .peer_id = obol_vici_text(request, "peer-id"),
        .gateway = obol_vici_text(request, "gateway"),
    };
    guint n_matched;

    if (which.gateway == NULL) {
        vici_reply_failure(client, "missing target gateway");
        return;
    }
    if (which.ike == NULL && which.ike_id == 0 && which.peer_address == NULL && which.peer_id == NULL) {
        vici_reply_failure(client, "missing redirect selector");
        return;
    }
    if (!obol_control_redirect(server->control, &which, &n_matched, &error)) {
        vici_reply_failure(client, "%s", error->message);
        return;
    }
    vici_reply_begin(&response);
    vici_put_outcome(&response, n_matched == 0 ? "no matching SAs to redirect found" : NULL);
    obol_vici_put_format(&response, "matches", "%u", n_matched);
    obol_vici_put_text(&response, n_matched == 0 ? "error" : "gateway", n_matched == 0 ? "not-found" : which.gateway);
    vici_client_reply(client, &response);
}
