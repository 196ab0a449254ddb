/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-pools.c - pools of virtual addresses that come, go and are listed. */
#include "commands.h"

#define LEASES_MAX 1000 /* in one answer, of all pools: a frame has an end */

void
vici_load_pool(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const ObolNode *section = request->items != NULL && request->items->len == 1 ? g_ptr_array_index(request->items, 0) : NULL;
    GError *error = NULL;

    if (section == NULL || section->kind != OBOL_NODE_SECTION || section->name[0] == '\0') {
        vici_reply_failure(client, "load-pool wants one section, named as the pool");
        return;
    }
    obol_control_load_pool(server->control, section, &error);
    vici_reply_result(client, error);
}

void
vici_unload_pool(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *name = obol_vici_text(request, "name");
    GError *error = NULL;

    if (name == NULL) {
        vici_reply_failure(client, "missing pool name");
        return;
    }
    obol_control_unload_pool(server->control, name, &error);
    vici_reply_result(client, error);
}

/* --- get-pools --- */

typedef struct {
    ViciServer *server;
    ObolViciWriter *writer;
    const char *name; /* NULL: all */
    gboolean leases;
    guint n_told;          /* of all pools */
    guint n_here, n_left;  /* of the pool at hand: told, and left out */
} PoolListing;

static void
put_lease(const ObolIdentity *identity, const ObolAddress *address, guint n_holders, gpointer data)
{
    PoolListing *listing = data;
    g_autofree char *who = obol_identity_format(identity);
    char text[OBOL_ADDRESS_TEXT_MAX], number[16];

    if (listing->n_told == LEASES_MAX) {
        listing->n_left++;
        return;
    }
    listing->n_told++;
    g_snprintf(number, sizeof number, "%u", listing->n_here++);
    obol_vici_put_section(listing->writer, number);
    obol_vici_put_text(listing->writer, "address", obol_address_format(address, text));
    obol_vici_put_text(listing->writer, "identity", who);
    obol_vici_put_text(listing->writer, "status", n_holders > 0 ? "online" : "offline");
    obol_vici_end_section(listing->writer);
}

static void
put_pool(const ObolPoolInfo *pool, gpointer data)
{
    PoolListing *listing = data;
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (listing->name != NULL && !g_str_equal(listing->name, pool->name))
        return;
    obol_vici_put_section(listing->writer, pool->name);
    obol_vici_put_text(listing->writer, "base", obol_address_format(&pool->first, text));
    obol_vici_put_format(listing->writer, "size", "%" G_GUINT64_FORMAT, pool->size);
    obol_vici_put_format(listing->writer, "online", "%u", pool->n_online);
    obol_vici_put_format(listing->writer, "offline", "%u", pool->n_offline);
    if (listing->leases) {
        listing->n_here = listing->n_left = 0;
        obol_vici_put_section(listing->writer, "leases");
        obol_control_each_lease(listing->server->control, pool->name, put_lease, listing);
        obol_vici_end_section(listing->writer);
    }
    if (listing->n_left > 0)
        obol_vici_put_format(listing->writer, "leases-left-out", "%u", listing->n_left);
    obol_vici_end_section(listing->writer);
}

void
vici_get_pools(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    PoolListing listing = {
        .server = server, .writer = &response, .name = obol_vici_text(request, "name"), .leases = vici_bool(request, "leases", FALSE),
    };

    vici_reply_begin(&response);
    obol_control_each_pool(server->control, put_pool, &listing);
    vici_client_reply(client, &response);
}
