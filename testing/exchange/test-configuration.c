/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-configuration.c - virtual addresses: RFC 7296 sections 2.19, 2.20 and 3.15, RFC 8598. */
#include "exchange/pair.h"

#include <string.h>

/* --- what is given --- */

static const struct {
    const char *name, *vips, *pools, *given, *selectors;
} gifts[] = {
    { "2.19/an-address-of-the-pool", "0.0.0.0", "10.3.0.0/24", "10.3.0.1", "10.3.0.1/32" },
    { "2.19/an-address-of-ipv6", "::", "2001:db8:3::/112", "2001:db8:3::1", "2001:db8:3::1/128" },
    { "2.19/each-family-that-is-asked-for", "0.0.0.0 ::", "10.3.0.0/24 2001:db8:3::/112", "10.3.0.1 2001:db8:3::1",
      "10.3.0.1/32 2001:db8:3::1/128" },
    { "3.15.1/a-value-is-a-suggestion", "10.3.0.77", "10.3.0.0/24", "10.3.0.77", "10.3.0.77/32" },
    { "3.15.1/a-suggestion-may-be-passed-over", "10.9.0.77", "10.3.0.0/24", "10.3.0.1", "10.3.0.1/32" },
    { "3.15.4/a-family-without-a-pool-is-ignored", "0.0.0.0 ::", "10.3.0.0/24", "10.3.0.1", "10.3.0.1/32" },
    { "3.15.4/of-several-those-that-are-left", "0.0.0.0 0.0.0.0", "10.3.0.7-10.3.0.7", "10.3.0.7", "10.3.0.7/32" },
    { "3.15.1/several-of-one-family", "0.0.0.0 0.0.0.0", "10.3.0.6-10.3.0.9", "10.3.0.6 10.3.0.7", "10.3.0.6/32 10.3.0.7/32" },
    { "2.19/the-next-pool-when-one-is-used-up", "0.0.0.0 0.0.0.0", "10.3.0.7-10.3.0.7 10.4.0.0/24", "10.3.0.7 10.4.0.1",
      "10.3.0.7/32 10.4.0.1/32" },
};

static void
test_gift(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new_virtual(gifts[row].vips, gifts[row].pools);

    pair_set_up(pair);
    g_assert_true(pair_whole(pair));
    pair_check_given(pair, gifts[row].given);
    pair_check_virtual(pair, gifts[row].selectors);
    g_assert_cmpuint(pair->left.lent->len, >, 0);
    pair_finish(pair);
    g_assert_cmpuint(pair->left.lent->len, ==, 0);
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
}

/* The initiator's message is lost, its answer is lost: still one lease. */
static void
test_with_loss(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new_virtual(gifts[row].vips, gifts[row].pools);

    pair_establish_with_loss(pair);
    pair_check_given(pair, gifts[row].given);
    pair_finish(pair);
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
}

/* --- what is told --- */

static char *
told(const PairSide *side)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < side->attributes->len; i++) {
        const ObolAttribute *attribute = &g_array_index(side->attributes, ObolAttribute, i);
        g_autofree char *value = obol_attribute_format(attribute);

        g_string_append_printf(text, "%s%u=%s", i > 0 ? " " : "", attribute->type, value);
    }
    return g_string_free(text, FALSE);
}

static void
test_attributes(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    g_autofree char *text = NULL;

    pair_set_up(pair);
    text = told(&pair->left);
    /* No netmask: it was not asked for. */
    g_assert_cmpstr(text, ==, "3=10.2.0.53 13=10.2.0.0/16 25=corp.example");
}

/* --- what is asked for --- */

/* Before SA, with an address at least; every value is empty, since none is known; and no netmask, which goes with an address alone. */
static void
test_request(void)
{
    static const struct { const char *vips, *types; } rows[] = {
        { "0.0.0.0", "1 3 13 25" }, { "::", "8 10 15 25" }, { "0.0.0.0 ::", "1 8 3 10 13 15 25" },
    };

    for (gsize row = 0; row < G_N_ELEMENTS(rows); row++) {
        g_autoptr(Pair) pair = pair_new_virtual(rows[row].vips, "10.3.0.0/24");
        g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
        g_autoptr(GByteArray) plain = NULL;
        g_autoptr(GString) types = g_string_new(NULL);
        const ObolPayload *cp;

        pair_initiate(pair);
        pair_deliver(pair);
        pair_deliver(pair);
        g_assert_true(pair_look(pair, &plain, &chain));
        cp = obol_chain_find(&chain, OBOL_PAYLOAD_CP);
        g_assert_cmpint(cp->cp.cp_type, ==, OBOL_CFG_REQUEST);
        g_assert_true(cp < obol_chain_find(&chain, OBOL_PAYLOAD_SA));
        for (guint i = 0; i < cp->cp.n; i++) {
            g_string_append_printf(types, "%s%u", i > 0 ? " " : "", cp->cp.attributes[i].type);
            g_assert_cmpuint(cp->cp.attributes[i].value.n, ==, 0);
        }
        g_assert_cmpstr(types->str, ==, rows[row].types);
    }
}

/* --- forged requests --- */

typedef struct {
    guint8 cp_type; /* 0: no CP payload */
    guint16 types[4];
    guint8 n_values[4]; /* bytes, all of them 0x2a */
} Forged;

/* The left's IKE_AUTH request with another CP payload; it is on the wire, and the right has not seen it. */
static void
forge_request(Pair *pair, const Forged *forged)
{
    static guint8 value[32];
    ObolCpAttribute attributes[4];
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GByteArray *plain = NULL;
    PairPacket *packet;
    guint n = 0;

    memset(value, 0x2a, sizeof value);
    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    packet = pair_take(pair);
    g_assert_true(pair_open(&pair->right, packet, &plain, &chain));
    for (; n < 4 && forged->types[n] != 0; n++)
        attributes[n] = (ObolCpAttribute) { forged->types[n], { value, forged->n_values[n] } };
    for (guint i = 0; i < chain.n; i++) {
        if (chain.items[i].type == OBOL_PAYLOAD_CP) {
            chain.items[i].cp = (ObolCpPayload) { .cp_type = forged->cp_type, .n = n, .attributes = attributes };
            if (forged->cp_type == 0)
                chain.items[i] = (ObolPayload) { .type = OBOL_PAYLOAD_VENDOR };
        }
    }
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_IKE_AUTH, FALSE, 1, &chain));
    obol_plain_free(plain);
    pair_packet_free(packet);
}

/* Types of the attributes in the response that lies on the wire, "1 3"; "" for an empty payload, "-" for none. */
static char *
reply_types(Pair *pair)
{
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GByteArray *plain = NULL;
    const ObolPayload *cp;
    GString *text = g_string_new(NULL);

    g_assert_true(pair_open(&pair->left, pair_peek(pair), &plain, &chain));
    cp = obol_chain_find(&chain, OBOL_PAYLOAD_CP);
    if (cp == NULL)
        g_string_append_c(text, '-');
    for (guint i = 0; cp != NULL && i < cp->cp.n; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "", cp->cp.attributes[i].type);
    obol_plain_free(plain);
    return g_string_free(text, FALSE);
}

static const struct {
    const char *name;
    Forged forged;
    const char *reply;
} forgeries[] = {
    { "3.15.1/what-is-not-asked-for-is-not-told", { OBOL_CFG_REQUEST, { 1 }, { 0 } }, "1" },
    { "3.15.1/what-is-asked-for-is", { OBOL_CFG_REQUEST, { 1, 2, 3, 13 }, { 0 } }, "1 3 13 2" },
    { "3.15.1/unknown-attributes-are-ignored", { OBOL_CFG_REQUEST, { 1, 999, 28676 }, { 0, 7 } }, "1" },
    { "3.15.1/the-reserved-bit-is-ignored", { OBOL_CFG_REQUEST, { 0x8001 }, { 0 } }, "1" },
    { "1.7/attribute-5-is-ignored", { OBOL_CFG_REQUEST, { 1, 5 }, { 0, 4 } }, "1" },
    { "3.15.1/a-suggestion-of-the-wrong-length-is-none", { OBOL_CFG_REQUEST, { 1 }, { 3 } }, "1" },
    { "2.19/no-cfg-reply-without-a-request", { 0, { 0 }, { 0 } }, "-" },
    { "2.19/a-request-without-an-address-is-none", { OBOL_CFG_REQUEST, { 3 }, { 0 } }, "-" },
    { "3.15.4/no-address-and-no-cfg-reply", { OBOL_CFG_REQUEST, { 8 }, { 0 } }, "-" },
    { "2.20/a-version-is-withheld-as-an-empty-one", { OBOL_CFG_REQUEST, { 1, 7 }, { 0 } }, "1 7" },
    { "3.15.1/supported-attributes", { OBOL_CFG_REQUEST, { 1, 14 }, { 0 } }, "1 14" },
    { "3.15.1/another-kind-of-payload-is-no-request", { OBOL_CFG_SET, { 1 }, { 4 } }, "-" },
    { "rfc8598-3.2/domains-without-a-server-are-not-told", { OBOL_CFG_REQUEST, { 1, 25 }, { 0 } }, "1" },
    { "rfc8598-3.2/domains-with-one-are", { OBOL_CFG_REQUEST, { 1, 3, 25 }, { 0 } }, "1 3 25" },
};

static void
test_forgery(gconstpointer data)
{
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    g_autofree char *types = NULL;

    forge_request(pair, &forgeries[row].forged);
    pair_deliver(pair);
    types = reply_types(pair);
    g_assert_cmpstr(types, ==, forgeries[row].reply);
    g_assert_nonnull(pair->right.sa);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpuint(pair_n_online(pair), ==, *types == '-' ? 0 : 1);
}

/* --- refusals --- */

static void
assert_no_child(const Pair *pair, guint16 notify)
{
    g_assert_nonnull(pair->left.sa);
    g_assert_nonnull(pair->right.sa);
    g_assert_cmpint(pair->left.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_ESTABLISHED);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
    g_assert_true(model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel));
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_ADDRESS);
    g_assert_cmpint(pair->right.last_failure, ==, OBOL_REASON_ADDRESS);
    g_assert_cmpuint(pair->right.last_notify, ==, notify);
    g_assert_cmpuint(pair->left.lent->len, ==, 0);
}

static void
test_pool_is_empty(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.7-10.3.0.7");
    g_autoptr(ObolIdentity) other = obol_identity_parse("other.test", NULL);
    ObolAddress any = { .family = AF_INET }, given;

    g_assert_true(obol_pool_lease(obol_pools_nth(pair->right.pools, 0), other, &any, &given));
    pair_set_up(pair);
    assert_no_child(pair, OBOL_N_INTERNAL_ADDRESS_FAILURE);
    pair_finish(pair);
    g_assert_cmpuint(pair_n_online(pair), ==, 1);
}

static void
test_no_pool_of_the_family(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("::", "10.3.0.0/24");

    pair_set_up(pair);
    assert_no_child(pair, OBOL_N_INTERNAL_ADDRESS_FAILURE);
}

static void
test_cp_is_required(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");

    g_array_set_size(pair->left.connection->vips, 0);
    pair_set_up(pair);
    assert_no_child(pair, OBOL_N_FAILED_CP_REQUIRED);
    /* Nor is there a way around it. */
    pair_initiate_child(pair, &pair->left, "net", 7);
    pair_run(pair);
    assert_no_child(pair, OBOL_N_FAILED_CP_REQUIRED);
}

/* Section 3.15.4: a responder without configuration payloads ignores the request; whoever needs the address takes that as an error. */
static void
test_responder_knows_no_cp(void)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");

    g_clear_pointer(&pair->right.connection->pools, g_strfreev);
    pair_set_up(pair);
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_ADDRESS);
    g_assert_nonnull(pair->left.sa);
    g_assert_cmpuint(pair->left.sa->children->len + pair->right.sa->children->len, ==, 0);
}

/* --- a slow pool --- */

/* It has been asked, and has not answered yet. */
static Pair *
pair_with_slow_pool(void)
{
    Pair *pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");

    pair_initiate(pair);
    pair_deliver(pair);
    pair_deliver(pair);
    pair->hold_kernel = TRUE;
    pair->hold_only = &pair->right;
    pair_run(pair);
    return pair;
}

static void
test_slow_pool(void)
{
    g_autoptr(Pair) pair = pair_with_slow_pool();

    /* The request comes again, and once more: it is asked for once. */
    for (guint i = 0; i < 3; i++) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
    pair_release_kernel(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    pair_check_given(pair, "10.3.0.1");
    g_assert_cmpuint(pair_n_online(pair), ==, 1);
}

static void
test_peer_has_gone_before_the_answer(void)
{
    g_autoptr(Pair) pair = pair_with_slow_pool();

    for (guint i = 0; pair->right.sa != NULL && i < 50; i++) {
        g_assert_true(pair_jump(pair));
        pair_run(pair);
    }
    g_assert_null(pair->right.sa);
    pair_release_kernel(pair);
    g_assert_cmpuint(pair_n_online(pair), ==, 0);
    g_assert_cmpuint(obol_pool_n_offline(obol_pools_nth(pair->right.pools, 0)), ==, 1);
}

/* --- INFORMATIONAL --- */

static void
test_inform(gconstpointer data)
{
    static const struct { guint8 cp_type; guint16 type; const char *reply; } rows[] = {
        { OBOL_CFG_REQUEST, OBOL_CP_APPLICATION_VERSION, "7" },
        { OBOL_CFG_REQUEST, OBOL_CP_IP4_ADDRESS, "-" },
        { OBOL_CFG_SET, OBOL_CP_IP4_DNS, "" },
    };
    gsize row = GPOINTER_TO_SIZE(data);
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    ObolCpAttribute attribute = { rows[row].type, { NULL, 0 } };
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    g_autofree char *types = NULL;

    pair_set_up(pair);
    obol_chain_add(&chain, OBOL_PAYLOAD_CP)->cp = (ObolCpPayload) { .cp_type = rows[row].cp_type, .n = 1, .attributes = &attribute };
    pair_put(pair, &pair->right, pair_seal(&pair->left, OBOL_INFORMATIONAL, FALSE, 2, &chain));
    pair_deliver(pair);
    types = reply_types(pair);
    g_assert_cmpstr(types, ==, rows[row].reply);
    g_assert_cmpint(pair->right.sa->state, ==, OBOL_IKE_ESTABLISHED);
}

/* --- the initiator does not believe everything --- */

typedef struct { guint16 type; guint8 n; const char *value; } Told;

/* The right's IKE_AUTH response with one more attribute in front. */
static void
answer_with(Pair *pair, const Told *extra)
{
    ObolCpAttribute attributes[OBOL_WIRE_CP_ATTRIBUTES_MAX];
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    GByteArray *plain = NULL;
    PairPacket *packet;

    pair_initiate(pair);
    for (guint i = 0; i < 3; i++)
        pair_deliver(pair);
    packet = pair_take(pair);
    g_assert_true(pair_open(&pair->left, packet, &plain, &chain));
    for (guint i = 0; i < chain.n; i++) {
        ObolCpPayload *cp = &chain.items[i].cp;

        if (chain.items[i].type != OBOL_PAYLOAD_CP)
            continue;
        attributes[0] = (ObolCpAttribute) { extra->type, { (const guint8 *) extra->value, extra->n } };
        memcpy(attributes + 1, cp->attributes, cp->n * sizeof *attributes);
        *cp = (ObolCpPayload) { .cp_type = cp->cp_type, .n = cp->n + 1, .attributes = attributes };
    }
    pair_put(pair, &pair->left, pair_seal(&pair->right, OBOL_IKE_AUTH, TRUE, 1, &chain));
    obol_plain_free(plain);
    pair_packet_free(packet);
    pair_run(pair);
}

static const struct {
    const char *name;
    Told extra;
} unbelieved[] = {
    { "3.15.1/an-address-of-another-length", { 1, 3, "\x0a\x09\x09" } },
    { "3.15/loopback-is-no-virtual-address", { 1, 4, "\x7f\x00\x00\x01" } },
    { "3.15/multicast-is-no-virtual-address", { 1, 4, "\xe0\x00\x00\x01" } },
    { "2.19/a-family-that-was-not-asked-for", { 8, 17, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x80" } },
    { "3.15.1/an-unknown-attribute", { 999, 4, "what" } },
    { "3.15.1/an-empty-address", { 1, 0, "" } },
};

static void
test_unbelieved(gconstpointer data)
{
    g_autoptr(Pair) pair = pair_new_virtual("0.0.0.0", "10.3.0.0/24");
    g_autofree char *ours = NULL;

    answer_with(pair, data);
    g_assert_true(pair_whole(pair));
    ours = pair_virtual(&pair->left, TRUE);
    g_assert_cmpstr(ours, ==, "10.3.0.1");
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(gifts); i++) {
        g_autofree char *plain = g_strdup_printf("/exchange/%s", gifts[i].name);
        g_autofree char *loss = g_strdup_printf("/exchange/%s/and-with-loss", gifts[i].name);

        g_test_add_data_func(plain, GSIZE_TO_POINTER(i), test_gift);
        g_test_add_data_func(loss, GSIZE_TO_POINTER(i), test_with_loss);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s", forgeries[i].name);

        g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_forgery);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(unbelieved); i++) {
        g_autofree char *name = g_strdup_printf("/exchange/%s/is-not-believed", unbelieved[i].name);

        g_test_add_data_func(name, &unbelieved[i].extra, test_unbelieved);
    }
    g_test_add_func("/exchange/3.15.1/what-is-told-with-an-address", test_attributes);
    g_test_add_func("/exchange/2.19/what-is-asked-for-comes-before-sa", test_request);
    g_test_add_func("/exchange/3.15.4/nothing-left-is-internal-address-failure", test_pool_is_empty);
    g_test_add_func("/exchange/3.15.4/no-pool-of-the-family-is-internal-address-failure", test_no_pool_of_the_family);
    g_test_add_func("/exchange/2.19/failed-cp-required-and-no-way-around", test_cp_is_required);
    g_test_add_func("/exchange/3.15.4/a-response-without-cfg-reply-is-an-error", test_responder_knows_no_cp);
    g_test_add_func("/exchange/2.19/a-slow-pool-is-asked-once", test_slow_pool);
    g_test_add_func("/exchange/2.19/an-answer-for-nobody-goes-back", test_peer_has_gone_before_the_answer);
    g_test_add_data_func("/exchange/2.20/the-version-is-withheld", GSIZE_TO_POINTER(0), test_inform);
    g_test_add_data_func("/exchange/2.19/addresses-are-had-in-ike-auth-alone", GSIZE_TO_POINTER(1), test_inform);
    g_test_add_data_func("/exchange/3.15.1/cfg-set-is-answered-with-an-empty-cfg-ack", GSIZE_TO_POINTER(2), test_inform);
    return g_test_run();
}
