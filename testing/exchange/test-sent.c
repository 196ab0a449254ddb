/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-sent.c - what RFC 7296 asks of everything that is sent: all messages of a life, read again by each rule. */
#include "exchange/pair.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

/* One message as it went over the wire, and what its receiver found in it. */
typedef struct {
    gboolean by_left;
    guint8 exchange;
    ObolMessage outer;
    ObolChain inner;
    GBytes *bytes;
    GByteArray *plain; /* NULL: it was in clear */
} Sent;

static void
sent_free(gpointer data)
{
    Sent *sent = data;

    obol_message_clear(&sent->outer);
    obol_chain_clear(&sent->inner);
    g_bytes_unref(sent->bytes);
    if (sent->plain != NULL)
        g_byte_array_unref(sent->plain);
    g_free(sent);
}

static const ObolChain *
payloads_of(const Sent *sent)
{
    return sent->plain != NULL ? &sent->inner : &sent->outer.chain;
}

static gboolean
is_response(const Sent *sent)
{
    return (sent->outer.header.flags & OBOL_FLAG_RESPONSE) != 0;
}

static void
note(Pair *pair, const PairPacket *packet, GPtrArray *all)
{
    Sent *sent = g_new0(Sent, 1);
    ObolWireFault fault;
    gconstpointer data;
    gsize n;

    sent->by_left = packet->to == &pair->right;
    sent->bytes = g_bytes_new(packet->bytes->data, packet->bytes->len);
    data = g_bytes_get_data(sent->bytes, &n);
    g_assert_true(obol_message_decode(data, n, &sent->outer, &fault));
    sent->exchange = sent->outer.header.exchange;
    if (sent->exchange != OBOL_IKE_SA_INIT)
        g_assert_true(pair_open(packet->to, packet, &sent->plain, &sent->inner));
    g_ptr_array_add(all, sent);
}

static void
follow(Pair *pair, GPtrArray *all)
{
    while (pair_peek(pair) != NULL) {
        note(pair, pair_peek(pair), all);
        pair_deliver(pair);
    }
}

/* (transfer full): a set-up, a further child by the responder, a rekeying, a check of liveness, and two ends. */
static GPtrArray *
life(const PairSetup *setup)
{
    g_autoptr(Pair) pair = pair_new(setup);
    GPtrArray *all = g_ptr_array_new_with_free_func(sent_free);

    pair_add_child(pair, "second", "10.3.0.0/16[tcp/443]", "10.4.0.0/16");
    pair_initiate(pair);
    follow(pair, all);
    g_assert_true(pair_whole(pair));
    pair_initiate_child(pair, &pair->right, "second", 3);
    follow(pair, all);
    g_assert_cmpuint(pair_n_children(&pair->left, OBOL_CHILD_INSTALLED), ==, 2);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_REKEY, .rekey.child_id = pair_child(&pair->left, 0)->unique_id });
    follow(pair, all);
    g_assert_true(pair_jump(pair));
    follow(pair, all);
    pair_terminate(pair, &pair->right, pair_child(&pair->right, 0)->unique_id);
    follow(pair, all);
    pair_terminate(pair, &pair->left, 0);
    follow(pair, all);
    g_assert_true(pair_clean(pair));
    g_assert_cmpuint(all->len, >=, 14);
    return all;
}

static const PairSetup setups[] = {
    { .ike = { "aes256gcm16-prfsha512-x25519 aes128-sha256-x25519", "aes256gcm16-prfsha512-x25519" },
      .child = { "aes128gcm16-x25519 aes128-sha256-x25519", "aes128gcm16-x25519" }, .dpd_us = 10 * SECOND },
    { .ike = { "aes256gcm16-prfsha512-x25519 aes128-sha256-x25519", "aes128-sha256-x25519" },
      .child = { "aes128gcm16-x25519 aes128-sha256-x25519", "aes128-sha256-x25519" }, .dpd_us = 10 * SECOND },
    { .ipv6 = TRUE, .protocol = OBOL_PROTO_AH, .mode = { OBOL_MODE_TRANSPORT, OBOL_MODE_TRANSPORT }, .dpd_us = 10 * SECOND },
};

/* --- section 3.1 --- */

static void
header_fields(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolHeader *header = &sent->outer.header;

        g_assert_cmpuint(header->version, ==, 0x20);
        g_assert_cmpuint(header->flags & ~(OBOL_FLAG_INITIATOR | OBOL_FLAG_RESPONSE), ==, 0);
        g_assert_cmpint((header->flags & OBOL_FLAG_INITIATOR) != 0, ==, sent->by_left);
        g_assert_cmpuint(header->spi_i, !=, 0);
        g_assert_cmpint(header->spi_r == 0, ==, i == 0);
        g_assert_cmpuint(header->length, ==, g_bytes_get_size(sent->bytes));
    }
}

/* Sections 2.2 and 3.1: each end counts its own requests from 0, and an answer has the number of what it answers. */
static void
message_ids(const GPtrArray *all)
{
    guint32 next[2] = { 0, 0 };
    const Sent *asked = NULL;

    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        guint32 id = sent->outer.header.message_id;

        if (is_response(sent)) {
            g_assert_nonnull(asked);
            g_assert_cmpuint(id, ==, asked->outer.header.message_id);
            g_assert_cmpuint(sent->exchange, ==, asked->exchange);
            g_assert_cmpint(sent->by_left, !=, asked->by_left);
            asked = NULL;
        } else {
            g_assert_null(asked);
            g_assert_cmpuint(id, ==, next[sent->by_left]++);
            asked = sent;
        }
    }
}

/* --- sections 2.5 and 3.2 --- */

static void
no_payload_is_critical(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolChain *chains[] = { &sent->outer.chain, payloads_of(sent) };

        for (guint j = 0; j < G_N_ELEMENTS(chains); j++) {
            for (guint k = 0; k < chains[j]->n; k++)
                g_assert_cmpuint(chains[j]->items[k].flags, ==, 0);
        }
    }
}

/* What the typed form can not keep, reserved bits of an SA payload among it, sets @verbatim. */
static void
reserved_fields_are_zero(const GPtrArray *all)
{
    static const guint8 zero[3];

    for (guint i = 0; i < all->len; i++) {
        const ObolChain *chain = payloads_of(all->pdata[i]);

        for (guint j = 0; j < chain->n; j++) {
            const ObolPayload *p = &chain->items[j];

            g_assert_cmpuint(p->verbatim, ==, 0);
            switch (p->type) {
            case OBOL_PAYLOAD_KE: g_assert_cmpuint(p->ke.reserved, ==, 0); break;
            case OBOL_PAYLOAD_IDI:
            case OBOL_PAYLOAD_IDR: g_assert_cmpmem(p->id.reserved, 3, zero, 3); break;
            case OBOL_PAYLOAD_AUTH: g_assert_cmpmem(p->auth.reserved, 3, zero, 3); break;
            case OBOL_PAYLOAD_TSI:
            case OBOL_PAYLOAD_TSR: g_assert_cmpmem(p->ts.reserved, 3, zero, 3); break;
            default: break;
            }
        }
    }
}

/* The figures of sections 1.2 and 1.3; notifications may stand anywhere. */
static void
order_is_that_of_the_figures(const GPtrArray *all)
{
    static const guint8 order[] = { OBOL_PAYLOAD_IDI, OBOL_PAYLOAD_IDR, OBOL_PAYLOAD_AUTH, OBOL_PAYLOAD_SA, 0, OBOL_PAYLOAD_TSI,
                                    OBOL_PAYLOAD_TSR, OBOL_PAYLOAD_DELETE };

    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolChain *chain = payloads_of(sent);
        gsize at = 0;

        for (guint j = 0; j < chain->n; j++) {
            guint8 type = chain->items[j].type;
            gboolean agrees = type == OBOL_PAYLOAD_KE || type == OBOL_PAYLOAD_NONCE;

            if (type == OBOL_PAYLOAD_NOTIFY)
                continue;
            while (at < G_N_ELEMENTS(order) && order[at] != (agrees ? 0 : type))
                at++;
            if (at == G_N_ELEMENTS(order))
                g_error("exchange %u: %s", sent->exchange, obol_chain_summary(chain));
            /* SA, KE, N in IKE_SA_INIT; SA, N, KE in CREATE_CHILD_SA */
            if (agrees && j + 1 < chain->n && chain->items[j + 1].type == (type == OBOL_PAYLOAD_KE ? OBOL_PAYLOAD_NONCE : OBOL_PAYLOAD_KE))
                g_assert_cmpint(type == OBOL_PAYLOAD_KE, ==, sent->exchange == OBOL_IKE_SA_INIT);
        }
    }
}

/* --- section 3.14 --- */

static void
an_encrypted_payload_is_last(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolChain *outer = &sent->outer.chain;

        if (sent->exchange == OBOL_IKE_SA_INIT)
            continue;
        g_assert_cmpuint(outer->n, ==, 1);
        g_assert_cmpuint(outer->items[0].type, ==, OBOL_PAYLOAD_SK);
        g_assert_null(obol_chain_find(&sent->inner, OBOL_PAYLOAD_SK));
    }
}

/* 8 bytes of an AEAD, and the first 8 of 16 of a block cipher. */
static void
no_iv_is_used_twice(const GPtrArray *all)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolPayload *sk = obol_chain_find(&sent->outer.chain, OBOL_PAYLOAD_SK);
        guint64 iv;

        if (sk == NULL)
            continue;
        memcpy(&iv, sk->sk.body.data, sizeof iv);
        g_assert_true(g_hash_table_add(seen, g_strdup_printf("%d-%" G_GINT64_MODIFIER "x", sent->by_left, iv)));
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, all->len - 2);
}

/* --- sections 2.10 and 3.9 --- */

static void
nonces_are_long_enough_and_new(const GPtrArray *all)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    guint n = 0;

    for (guint i = 0; i < all->len; i++) {
        const ObolPayload *nonce = obol_chain_find(payloads_of(all->pdata[i]), OBOL_PAYLOAD_NONCE);

        if (nonce == NULL)
            continue;
        g_assert_cmpuint(nonce->bytes.n, >=, 32); /* half of what HMAC-SHA-512 has for a key: no PRF that we know has a longer one */
        g_assert_cmpuint(nonce->bytes.n, <=, 256);
        g_assert_true(g_hash_table_add(seen, g_bytes_new(nonce->bytes.data, nonce->bytes.n)));
        n++;
    }
    g_assert_cmpuint(n, ==, 6); /* of IKE_SA_INIT, of the further child, of the rekeying */
}

/* --- section 3.3 --- */

static guint
count_of(const ObolProposal *proposal, guint8 type)
{
    guint n = 0;

    for (guint i = 0; i < proposal->n_transforms; i++)
        n += proposal->transforms[i].type == type;
    return n;
}

static gboolean
is_combined(const ObolProposal *proposal)
{
    for (guint i = 0; i < proposal->n_transforms; i++) {
        if (proposal->transforms[i].type == OBOL_TRANSFORM_ENCR && proposal->transforms[i].id == OBOL_ENCR_AES_GCM_16)
            return TRUE;
    }
    return FALSE;
}

static void
proposals_follow_the_rules(const GPtrArray *all)
{
    static const guint8 types[] = { OBOL_TRANSFORM_ENCR, OBOL_TRANSFORM_PRF, OBOL_TRANSFORM_INTEG, OBOL_TRANSFORM_KE, OBOL_TRANSFORM_ESN };

    for (guint i = 0; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        const ObolPayload *sa = obol_chain_find(payloads_of(sent), OBOL_PAYLOAD_SA);

        for (guint j = 0; sa != NULL && j < sa->sa.n; j++) {
            const ObolProposal *p = &sa->sa.proposals[j];
            gboolean init = sent->exchange == OBOL_IKE_SA_INIT;

            if (is_response(sent))
                g_assert_cmpuint(sa->sa.n, ==, 1);
            else
                g_assert_cmpuint(p->number, ==, j + 1);
            g_assert_cmpuint(p->n_spi, ==, init ? 0 : 4);
            for (gsize k = 0; k < G_N_ELEMENTS(types); k++)
                g_assert_cmpuint(count_of(p, types[k]), <=, 1);
            if (is_combined(p))
                g_assert_cmpuint(count_of(p, OBOL_TRANSFORM_INTEG), ==, 0);
            if (sent->exchange == OBOL_IKE_AUTH) /* section 1.2: no key exchange of its own, so none is named, not even NONE */
                g_assert_cmpuint(count_of(p, OBOL_TRANSFORM_KE), ==, 0);
        }
    }
}

/* Section 3.14: the block size is 16 for CBC and 1 for GCM; IV and ICV are 16 each, or 8 and 16. */
static void
padding_is_as_little_as_can_be(const GPtrArray *all)
{
    gboolean combined = is_combined(&obol_chain_find(payloads_of(all->pdata[1]), OBOL_PAYLOAD_SA)->sa.proposals[0]);
    gsize n_around = combined ? 24 : 32, block = combined ? 1 : 16;

    for (guint i = 2; i < all->len; i++) {
        const Sent *sent = all->pdata[i];
        gsize n_text = obol_chain_find(&sent->outer.chain, OBOL_PAYLOAD_SK)->sk.body.n - n_around;

        g_assert_cmpuint(n_text % block, ==, 0);
        g_assert_cmpuint(n_text - sent->plain->len - 1, <, block);
    }
}

/* Section 3.4: KE is of a group that is proposed, in fact the first; without one there is no KE. */
static void
ke_is_of_a_proposed_group(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const ObolChain *chain = payloads_of(all->pdata[i]);
        const ObolPayload *sa = obol_chain_find(chain, OBOL_PAYLOAD_SA), *ke = obol_chain_find(chain, OBOL_PAYLOAD_KE);
        guint16 first = OBOL_KE_NONE;

        for (guint j = 0; sa != NULL && j < sa->sa.proposals[0].n_transforms && first == OBOL_KE_NONE; j++) {
            if (sa->sa.proposals[0].transforms[j].type == OBOL_TRANSFORM_KE)
                first = sa->sa.proposals[0].transforms[j].id;
        }
        g_assert_cmpuint(ke != NULL ? ke->ke.group : OBOL_KE_NONE, ==, first);
    }
}

/* --- sections 3.10, 3.11, 3.13.1 --- */

static void
notifications_name_an_spi_or_no_protocol(const GPtrArray *all)
{
    guint n = 0;

    for (guint i = 0; i < all->len; i++) {
        const ObolChain *chain = payloads_of(all->pdata[i]);

        for (guint j = 0; j < chain->n; j++) {
            const ObolNotifyPayload *notify = &chain->items[j].notify;
            gboolean rekey = notify->type == OBOL_N_REKEY_SA;

            if (chain->items[j].type != OBOL_PAYLOAD_NOTIFY)
                continue;
            n++;
            g_assert_cmpuint(notify->spi.n, ==, rekey ? 4 : 0);
            if (rekey)
                g_assert_true(notify->protocol == OBOL_PROTO_ESP || notify->protocol == OBOL_PROTO_AH);
            else
                g_assert_cmpuint(notify->protocol, ==, 0);
            g_assert_true(obol_notify_data_valid(notify));
        }
    }
    g_assert_cmpuint(n, >=, 5);
}

static void
a_delete_names_one_protocol(const GPtrArray *all)
{
    guint n = 0;

    for (guint i = 0; i < all->len; i++) {
        const ObolPayload *p = obol_chain_find(payloads_of(all->pdata[i]), OBOL_PAYLOAD_DELETE);

        if (p == NULL)
            continue;
        n++;
        g_assert_cmpuint(p->del.spi_size, ==, p->del.protocol == OBOL_PROTO_IKE ? 0 : 4);
        g_assert_cmpuint(p->del.n, ==, p->del.protocol == OBOL_PROTO_IKE ? 0 : 1);
    }
    g_assert_cmpuint(n, ==, 5); /* both halves of the rekeyed child and of the deleted one; the IKE SA */
}

static void
all_ports_are_0_to_65535(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const ObolChain *chain = payloads_of(all->pdata[i]);

        for (guint j = 0; j < chain->n; j++) {
            const ObolPayload *p = &chain->items[j];

            for (guint k = 0; (p->type == OBOL_PAYLOAD_TSI || p->type == OBOL_PAYLOAD_TSR) && k < p->ts.n; k++) {
                g_assert_cmpuint(p->ts.selectors[k].port_first, ==, p->ts.selectors[k].protocol == 0 ? 0 : 443);
                g_assert_cmpuint(p->ts.selectors[k].port_last, ==, p->ts.selectors[k].protocol == 0 ? 65535 : 443);
            }
        }
    }
}

/* --- section 2.23 --- */

static void
both_ends_send_hashes_of_their_addresses(const GPtrArray *all)
{
    for (guint i = 0; i < 2; i++) {
        const ObolChain *chain = payloads_of(all->pdata[i]);
        const ObolPayload *source = obol_chain_find_notify(chain, OBOL_N_NAT_DETECTION_SOURCE_IP),
                          *destination = obol_chain_find_notify(chain, OBOL_N_NAT_DETECTION_DESTINATION_IP);

        g_assert_true(source != NULL && destination != NULL);
        g_assert_cmpuint(source->notify.data.n, ==, 20);
        g_assert_cmpuint(destination->notify.data.n, ==, 20);
    }
}

typedef void (*Rule)(const GPtrArray *all);

static const struct {
    const char *name;
    Rule rule;
} rules[] = {
    { "3.1/header-fields-are-as-they-must-be", header_fields },
    { "2.2/each-end-counts-its-requests-from-0", message_ids },
    { "3.2/no-payload-is-critical-and-reserved-bits-are-zero", no_payload_is_critical },
    { "2.5/reserved-fields-are-zero", reserved_fields_are_zero },
    { "2.5/payloads-come-in-the-order-of-the-figures", order_is_that_of_the_figures },
    { "3.14/an-encrypted-payload-is-last-and-holds-no-other", an_encrypted_payload_is_last },
    { "3.14/no-iv-is-used-twice", no_iv_is_used_twice },
    { "3.14/padding-is-as-little-as-can-be", padding_is_as_little_as_can_be },
    { "2.10/nonces-are-long-enough-and-never-used-twice", nonces_are_long_enough_and_new },
    { "3.3/proposals-are-numbered-and-combined-ciphers-come-alone", proposals_follow_the_rules },
    { "3.4/the-public-value-is-of-the-group-proposed-first", ke_is_of_a_proposed_group },
    { "3.10/a-notification-names-an-spi-or-no-protocol", notifications_name_an_spi_or_no_protocol },
    { "3.11/a-delete-names-one-protocol", a_delete_names_one_protocol },
    { "3.13.1/all-ports-are-0-to-65535", all_ports_are_0_to_65535 },
    { "2.23/both-ends-send-hashes-of-their-addresses", both_ends_send_hashes_of_their_addresses },
};

static void
test_rule(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);

    for (gsize i = 0; i < G_N_ELEMENTS(setups); i++) {
        g_autoptr(GPtrArray) all = life(&setups[i]);

        rules[row].rule(all);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/sent/%s", rules[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_rule);
    }
    return g_test_run();
}
