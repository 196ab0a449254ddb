/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-list.c - SAs, connections and policies as streams of events. */
#include "commands.h"

#include "fields.h"

/* --- list-sas --- */

/* A listing that waits for the kernel's counters.  It can not be taken back, so it outlives a client that goes. */
typedef struct {
    ViciServer *server; /* valid while the client is there */
    ViciClient *client;
    char *ike, *child;
    guint32 ike_id, child_id;
} SaListing;

static void
sa_listing_free(SaListing *listing)
{
    vici_client_unref(listing->client);
    g_free(listing->ike);
    g_free(listing->child);
    g_free(listing);
}

static gboolean
wants_sa(const SaListing *listing, const ObolIkeInfo *sa)
{
    return (listing->ike == NULL || g_strcmp0(listing->ike, sa->connection) == 0) &&
           (listing->ike_id == 0 || listing->ike_id == sa->unique_id);
}

static gboolean
wants_child(const SaListing *listing, const ObolChildInfo *child)
{
    return (listing->child == NULL || g_strcmp0(listing->child, child->name) == 0) &&
           (listing->child_id == 0 || listing->child_id == child->unique_id);
}

static void
stream_sa(const ObolIkeInfo *sa, gpointer data)
{
    SaListing *listing = data;
    g_auto(ObolViciWriter) event = { 0 };
    gint64 now_us;

    if (vici_client_is_gone(listing->client) || !wants_sa(listing, sa))
        return;
    now_us = obol_bus_now_us(listing->server->bus);
    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_SA), 1024);
    obol_vici_put_section(&event, sa->connection != NULL ? sa->connection : "");
    vici_put_ike(&event, sa, now_us);
    obol_vici_put_section(&event, "child-sas");
    for (gsize i = 0; i < sa->n_children; i++) {
        if (wants_child(listing, &sa->children[i]))
            vici_put_child_section(&event, &sa->children[i], now_us);
    }
    obol_vici_end_section(&event);
    obol_vici_end_section(&event);
    vici_client_stream(listing->client, &event);
}

static void
sas_listed(gpointer data)
{
    SaListing *listing = data;

    vici_reply_empty(listing->client);
    sa_listing_free(listing);
}

void
vici_list_sas(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    SaListing *listing;

    if (!vici_client_listens(client, VICI_LIST_SA)) {
        vici_reply_empty(client);
        return;
    }
    listing = g_new0(SaListing, 1);
    listing->server = server;
    listing->client = vici_client_ref(client);
    listing->ike = g_strdup(obol_vici_text(request, "ike"));
    listing->child = g_strdup(obol_vici_text(request, "child"));
    listing->ike_id = (guint32) vici_number(request, "ike-id", 0);
    listing->child_id = (guint32) vici_number(request, "child-id", 0);
    obol_control_query_sas(server->control, stream_sa, sas_listed, listing);
}

/* --- list-conns, list-policies --- */

typedef struct {
    ViciClient *client;
    const char *ike, *child; /* NULL: all */
    gboolean actions[OBOL_POLICY_DROP + 1]; /* of policies, which are wanted */
} ConnectionListing;

static void
put_seconds(ObolViciWriter *writer, const char *name, gint64 us)
{
    obol_vici_put_format(writer, name, "%" G_GINT64_FORMAT, us / G_USEC_PER_SEC);
}

static void
put_auth(ObolViciWriter *writer, const char *section, const char *class, const ObolIdentity *id)
{
    static const char *const empty[] = { "groups", "cert_policy", "certs", "cacerts" };

    obol_vici_put_section(writer, section);
    if (class != NULL)
        obol_vici_put_text(writer, "class", class);
    if (id != NULL)
        vici_put_identity(writer, "id", id);
    for (gsize i = 0; i < G_N_ELEMENTS(empty); i++) {
        obol_vici_put_list(writer, empty[i]);
        obol_vici_end_list(writer);
    }
    obol_vici_end_section(writer);
}

/* A shunt's action stands where others have their mode. */
static const char *
config_mode_name(const ObolChildConfigInfo *child)
{
    switch (child->action) {
    case OBOL_POLICY_PROTECT: return vici_mode_name(child->mode);
    case OBOL_POLICY_PASS:    return "PASS";
    case OBOL_POLICY_DROP:    return "DROP";
    }
    return "?";
}

static void
put_child_config(ObolViciWriter *writer, const ObolChildConfigInfo *child)
{
    obol_vici_put_section(writer, child->name);
    obol_vici_put_text(writer, "mode", config_mode_name(child));
    put_seconds(writer, "rekey_time", child->rekey_us);
    obol_vici_put_format(writer, "rekey_bytes", "%" G_GUINT64_FORMAT, child->rekey_bytes);
    obol_vici_put_format(writer, "rekey_packets", "%" G_GUINT64_FORMAT, child->rekey_packets);
    obol_vici_put_text(writer, "dpd_action", child->dpd_action != NULL ? child->dpd_action : "none");
    obol_vici_put_text(writer, "close_action", child->close_action != NULL ? child->close_action : "none");
    obol_vici_put_text(writer, "start_action", child->start_action != NULL ? child->start_action : "none");
    vici_put_ts(writer, "local-ts", child->local_ts);
    vici_put_ts(writer, "remote-ts", child->remote_ts);
    obol_vici_put_texts(writer, "esp_proposals", (const char *const *) child->proposals);
    obol_vici_end_section(writer);
}

static void
put_connection(ObolViciWriter *writer, const ObolConnectionInfo *connection)
{
    obol_vici_put_texts(writer, "local_addrs", connection->local_addrs);
    obol_vici_put_texts(writer, "remote_addrs", connection->remote_addrs);
    obol_vici_put_format(writer, "local_port", "%u", connection->local_port);
    obol_vici_put_format(writer, "remote_port", "%u", connection->remote_port);
    obol_vici_put_text(writer, "version", "IKEv2");
    put_seconds(writer, "reauth_time", connection->reauth_us);
    put_seconds(writer, "rekey_time", connection->rekey_us);
    if (connection->unique != NULL)
        obol_vici_put_text(writer, "unique", connection->unique);
    if (connection->dpd_us != 0)
        put_seconds(writer, "dpd_delay", connection->dpd_us);
    put_auth(writer, "local-1", connection->local_auth, connection->local_id);
    put_auth(writer, "remote-1", connection->remote_auth, connection->remote_id);
    obol_vici_put_section(writer, "children");
    for (gsize i = 0; i < connection->n_children; i++)
        put_child_config(writer, &connection->children[i]);
    obol_vici_end_section(writer);
    obol_vici_put_texts(writer, "proposals", (const char *const *) connection->proposals);
}

static void
stream_connection(const ObolConnectionInfo *connection, gpointer data)
{
    const ConnectionListing *listing = data;
    g_auto(ObolViciWriter) event = { 0 };

    if (listing->ike != NULL && g_strcmp0(listing->ike, connection->name) != 0)
        return;
    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_CONN), 1024);
    obol_vici_put_section(&event, connection->name);
    put_connection(&event, connection);
    obol_vici_end_section(&event);
    vici_client_stream(listing->client, &event);
}

void
vici_list_conns(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    ConnectionListing listing = { .client = client, .ike = obol_vici_text(request, "ike") };

    if (vici_client_listens(client, VICI_LIST_CONN))
        obol_control_each_connection(server->control, stream_connection, &listing);
    vici_reply_empty(client);
}

static void
stream_policy_of(const ConnectionListing *listing, const char *ike, const ObolChildConfigInfo *child)
{
    g_autofree char *name = g_strconcat(ike, "/", child->name, NULL);
    g_auto(ObolViciWriter) event = { 0 };

    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_POLICY), 256);
    obol_vici_put_section(&event, name);
    obol_vici_put_text(&event, "child", child->name);
    obol_vici_put_text(&event, "ike", ike);
    if (child->reqid != 0)
        obol_vici_put_format(&event, "reqid", "%u", child->reqid);
    obol_vici_put_text(&event, "mode", config_mode_name(child));
    vici_put_ts(&event, "local-ts", child->local_ts);
    vici_put_ts(&event, "remote-ts", child->remote_ts);
    obol_vici_end_section(&event);
    vici_client_stream(listing->client, &event);
}

static void
stream_policies_of(const ObolConnectionInfo *connection, gpointer data)
{
    const ConnectionListing *listing = data;

    if (listing->ike != NULL && g_strcmp0(listing->ike, connection->name) != 0)
        return;
    for (gsize i = 0; i < connection->n_children; i++) {
        const ObolChildConfigInfo *child = &connection->children[i];

        if (child->trap_installed && listing->actions[child->action]
            && (listing->child == NULL || g_str_equal(listing->child, child->name)))
            stream_policy_of(listing, connection->name, child);
    }
}

/* `trap`, `pass` and `drop` are flags: that the key is there counts, whatever its value (so the protocol's first server has it). */
void
vici_list_policies(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    ConnectionListing listing = {
        .client = client,
        .ike = obol_vici_text(request, "ike"),
        .child = obol_vici_text(request, "child"),
        .actions = {
            [OBOL_POLICY_PROTECT] = obol_node_get(request, "trap") != NULL,
            [OBOL_POLICY_PASS] = obol_node_get(request, "pass") != NULL,
            [OBOL_POLICY_DROP] = obol_node_get(request, "drop") != NULL,
        },
    };

    if (vici_client_listens(client, VICI_LIST_POLICY))
        obol_control_each_connection(server->control, stream_policies_of, &listing);
    vici_reply_empty(client);
}
