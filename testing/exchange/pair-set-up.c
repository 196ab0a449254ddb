/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair-set-up.c - two ends and their settings, before anything has happened. */
#include "exchange/pair.h"
#include "lib/lists.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

static guint32
next_id(gpointer data)
{
    return ++((PairSide *) data)->n_ids;
}

/* Neither end's SPIs are the other's, nor any that were before. */
static guint64
new_spi(gpointer data)
{
    PairSide *side = data;

    return (side->role == OBOL_INITIATOR ? G_GUINT64_CONSTANT(0x1111000000000000) : G_GUINT64_CONSTANT(0x2222000000000000)) + ++side->n_spis;
}

static gboolean
source_for(gpointer data, const ObolAddress *remote, ObolAddress *source)
{
    const PairSide *side = data;

    *source = side->source.family != 0 ? side->source : side->address;
    return source->family == remote->family;
}

static guint32
reqid_for(gpointer data, const char *connection, const char *child)
{
    (void) data, (void) connection;
    return 7 + g_str_hash(child) % 1000;
}

static const char *
either(const char *given, const char *usual)
{
    return given != NULL ? given : usual;
}

static ObolChildConfig *
new_child(const PairSetup *setup, guint me)
{
    static const char *const nets[] = { "10.1.0.0/16", "10.2.0.0/16" };
    ObolChildConfig *child = obol_child_config_new("net");
    ObolProtocol protocol = setup->protocol != 0 ? setup->protocol : OBOL_PROTO_ESP;
    gboolean transport = setup->mode[me] == OBOL_MODE_TRANSPORT;

    child->mode = setup->mode[me];
    child->protocol = protocol;
    test_add_proposals(child->proposals, protocol, either(setup->child[me], protocol == OBOL_PROTO_AH ? "sha256" : "aes128gcm16"));
    test_add_selectors(child->local_ts, either(setup->local_ts[me], transport ? "dynamic" : nets[me]));
    test_add_selectors(child->remote_ts, either(setup->remote_ts[me], transport ? "dynamic" : nets[1 - me]));
    return child;
}

static ObolConnection *
new_connection(const PairSetup *setup, guint me)
{
    static const char *const ids[] = { "left.test", "right.test" };
    ObolConnection *c = obol_connection_new("lab");

    g_ptr_array_add(c->local_hosts, obol_host_spec_new("%any", NULL));
    g_ptr_array_add(c->remote_hosts, obol_host_spec_new("%any", NULL));
    test_add_proposals(c->proposals, OBOL_PROTO_IKE, either(setup->ike[me], "aes128gcm16-prfsha256-x25519"));
    c->local_id = obol_identity_parse(either(setup->id[me], ids[me]), NULL);
    c->remote_id = obol_identity_parse(ids[1 - me], NULL);
    c->dpd_us = setup->dpd_us;
    c->rekey_us = setup->rekey_us;
    c->encap = setup->encap;
    c->mobike = setup->mobike;
    c->window = setup->window[me] != 0 ? setup->window[me] : OBOL_WINDOW_DEFAULT;
    if (!setup->no_children)
        g_ptr_array_add(c->children, new_child(setup, me));
    return c;
}

static void
set_up_side(Pair *pair, PairSide *side, const PairSetup *setup, guint me)
{
    static const char *const addresses[2][2] = { { "192.0.2.1", "192.0.2.2" }, { "2001:db8::1", "2001:db8::2" } };
    const char *psk = either(setup->psk[me], "a shared key of the tests");
    GPtrArray *keys = g_ptr_array_new(), *connections = g_ptr_array_new();

    side->connection = new_connection(setup, me);
    g_ptr_array_add(connections, obol_connection_ref(side->connection));
    g_ptr_array_add(keys, obol_shared_key_new(NULL, (const guint8 *) psk, strlen(psk)));
    pair->sets[me] = obol_connection_set_new(connections);
    pair->keys[me] = obol_shared_keys_new(keys);
    g_assert_true(obol_address_parse(addresses[setup->ipv6 ? 1 : 0][me], &side->address));
    side->address.port = 500;
    side->role = me == 0 ? OBOL_INITIATOR : OBOL_RESPONDER;
    side->wake_us = G_MAXINT64;
    model_kernel_init(&side->kernel, 0x1000 * (me + 1));
    side->others = g_array_new(FALSE, FALSE, sizeof(PairOther));
    side->pools = obol_pools_new();
    side->attributes = obol_attributes_new();
    side->lent = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    side->ends = g_array_new(FALSE, FALSE, sizeof(ObolReasonCode));
    side->engine = (ObolEngine) {
        .crypto = pair->crypto,
        .random = test_random_init(&side->random, 100 + me),
        .connections = pair->sets[me],
        .keys = pair->keys[me],
        .abilities = setup->abilities[me],
        .next_unique_id = next_id,
        .new_spi = new_spi,
        .reqid_for = reqid_for,
        .source_for = source_for,
        .lent = side->lent,
        .data = side,
        .trace_messages = TRUE,
        .nat_t_port = 4500,
    };
}

Pair *
pair_new(const PairSetup *setup)
{
    static const PairSetup usual;
    Pair *pair = g_new0(Pair, 1);

    pair->crypto = test_crypto_new();
    pair->wire = g_queue_new();
    pair->held = g_queue_new();
    pair->now_us = 1000 * (gint64) SECOND;
    set_up_side(pair, &pair->left, setup != NULL ? setup : &usual, 0);
    set_up_side(pair, &pair->right, setup != NULL ? setup : &usual, 1);
    return pair;
}

void
pair_add_child(Pair *pair, const char *name, const char *left_ts, const char *right_ts)
{
    PairSide *sides[] = { &pair->left, &pair->right };
    const char *ts[] = { left_ts, right_ts };

    for (guint i = 0; i < 2; i++) {
        ObolChildConfig *child = obol_child_config_new(name);

        test_add_proposals(child->proposals, OBOL_PROTO_ESP, "aes128gcm16");
        test_add_selectors(child->local_ts, ts[i]);
        test_add_selectors(child->remote_ts, ts[1 - i]);
        child->protocol = OBOL_PROTO_ESP;
        g_ptr_array_add(sides[i]->connection->children, child);
    }
}
