/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-kernel.c - what the kernel holds, whoever put it there, and what it could do. */
#include "commands.h"

#include "fields.h"

static const char *
direction_name(ObolDirection direction)
{
    switch (direction) {
    case OBOL_DIR_IN:      return "in";
    case OBOL_DIR_OUT:     return "out";
    case OBOL_DIR_FORWARD: return "fwd";
    }
    return "?";
}

static const char *
action_name(ObolPolicyAction action)
{
    switch (action) {
    case OBOL_POLICY_PROTECT: return "protect";
    case OBOL_POLICY_PASS:    return "pass";
    case OBOL_POLICY_DROP:    return "drop";
    }
    return "?";
}

static void
put_protection(ObolViciWriter *writer, const ObolPolicySpec *policy)
{
    obol_vici_put_format(writer, "reqid", "%u", policy->reqid);
    obol_vici_put_text(writer, "mode", vici_mode_name(policy->mode));
    obol_vici_put_text(writer, "protocol", obol_protocol_name(policy->protocol));
    obol_vici_put_yes(writer, "trap", policy->trap);
    if (policy->mode == OBOL_MODE_TUNNEL) {
        vici_put_address(writer, "tunnel-source", &policy->tunnel_source);
        vici_put_address(writer, "tunnel-destination", &policy->tunnel_destination);
    }
}

static void
put_names(ObolViciWriter *writer, const ObolMark *mark, guint32 if_id, gboolean ours)
{
    if (mark->mask != 0)
        obol_vici_put_format(writer, "mark", "%#x/%#x", mark->value, mark->mask);
    if (if_id != 0)
        obol_vici_put_format(writer, "if-id", "%u", if_id);
    obol_vici_put_yes(writer, "foreign", !ours);
}

static void
stream_policy(ViciClient *client, const ObolPolicySpec *policy, gboolean ours)
{
    g_autofree char *source = obol_ts_format(&policy->source);
    g_autofree char *destination = obol_ts_format(&policy->destination);
    g_auto(ObolViciWriter) event = { 0 };

    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_KERNEL_POLICY), 256);
    obol_vici_put_text(&event, "direction", direction_name(policy->direction));
    obol_vici_put_text(&event, "action", action_name(policy->action));
    obol_vici_put_text(&event, "source", source);
    obol_vici_put_text(&event, "destination", destination);
    obol_vici_put_format(&event, "priority", "%u", policy->priority);
    if (policy->action == OBOL_POLICY_PROTECT)
        put_protection(&event, policy);
    put_names(&event, &policy->mark, policy->if_id, ours);
    vici_client_stream(client, &event);
}

static void
stream_own_policy(const ObolPolicySpec *policy, gpointer client)
{
    stream_policy(client, policy, TRUE);
}

static void
stream_sa(ViciClient *client, const ObolKernelSa *sa)
{
    g_auto(ObolViciWriter) event = { 0 };

    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_KERNEL_SA), 256);
    obol_vici_put_text(&event, "protocol", obol_protocol_name(sa->id.protocol));
    obol_vici_put_format(&event, "spi", "%08x", sa->id.spi);
    vici_put_address(&event, "source", &sa->id.source);
    vici_put_address(&event, "destination", &sa->id.destination);
    obol_vici_put_yes(&event, "reserved", sa->reserved);
    obol_vici_put_format(&event, "reqid", "%u", sa->reqid);
    obol_vici_put_text(&event, "mode", vici_mode_name(sa->mode));
    obol_vici_put_format(&event, "bytes", "%" G_GUINT64_FORMAT, sa->usage.bytes);
    obol_vici_put_format(&event, "packets", "%" G_GUINT64_FORMAT, sa->usage.packets);
    put_names(&event, &sa->mark, sa->if_id, sa->ours);
    vici_client_stream(client, &event);
}

/* A list that waits for the kernel; it can not be taken back, so it outlives a client that goes. */
typedef struct {
    ViciServer *server; /* valid while the client is there */
    ViciClient *client;
    gboolean policies;
} KernelListing;

/* A kernel that can not list everything may still know its own. */
static void
kernel_listed(const ObolKernelReply *reply, gpointer data)
{
    g_autofree KernelListing *listing = data;
    ViciClient *client = listing->client;
    gboolean gone = vici_client_is_gone(client);

    for (guint i = 0; !gone && listing->policies && reply->policies != NULL && i < reply->policies->len; i++) {
        const ObolKernelPolicy *policy = &g_array_index(reply->policies, ObolKernelPolicy, i);

        stream_policy(client, &policy->spec, policy->ours);
    }
    for (guint i = 0; !gone && !listing->policies && reply->sas != NULL && i < reply->sas->len; i++)
        stream_sa(client, &g_array_index(reply->sas, ObolKernelSa, i));
    if (!gone && reply->error != NULL && listing->policies)
        obol_control_each_policy(listing->server->control, stream_own_policy, client);
    if (!gone && reply->error != NULL && !listing->policies)
        vici_reply_failure(client, "the kernel can not list its SAs: %s", reply->error->message);
    else
        vici_reply_empty(client);
    vici_client_unref(client);
}

static void
list_kernel(ViciServer *server, ViciClient *client, gboolean policies)
{
    KernelListing *listing;

    if (!vici_client_listens(client, policies ? VICI_LIST_KERNEL_POLICY : VICI_LIST_KERNEL_SA)) {
        vici_reply_empty(client);
        return;
    }
    listing = g_new(KernelListing, 1);
    *listing = (KernelListing) { server, vici_client_ref(client), policies };
    obol_control_list_kernel(server->control, kernel_listed, listing);
}

void
vici_list_kernel_policies(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    list_kernel(server, client, TRUE);
}

void
vici_list_kernel_sas(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    list_kernel(server, client, FALSE);
}

void
vici_doctor(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_autoptr(ObolNode) report = obol_control_doctor(server->control);
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    obol_vici_put_members(&response, report);
    vici_client_reply(client, &response);
}
