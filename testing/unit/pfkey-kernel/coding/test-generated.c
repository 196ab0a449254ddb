/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/test-generated.c - decode(encode(x)) = x for any x. */
#include "unit/pfkey-kernel/coding/pfkey-test.h"

#include <string.h>

#define ROUNDS 1000

/* Bytes that outlive the message which borrows them. */
static guint8 pool[4096];

static guint
below(guint n)
{
    return (guint) g_test_rand_int_range(0, (gint32) n);
}

static guint32
any32(void)
{
    return (guint32) g_test_rand_int();
}

static guint64
any64(void)
{
    return (guint64) any32() << 32 | any32();
}

static ObolSpan
any_span(gsize most, gsize unit)
{
    gsize n = below((guint) (most / unit) + 1) * unit;

    return n == 0 ? (ObolSpan) { NULL, 0 } : (ObolSpan) { pool + below((guint) (sizeof pool - n)), n };
}

static ObolAddress
any_address(guint16 family)
{
    ObolAddress address = { .family = family, .port = (guint16) below(65536) };
    gsize n = obol_address_n_bytes(&address);

    memcpy(address.bytes, pool + below(sizeof pool - 16), n);
    if (family == AF_INET6)
        address.scope = below(4);
    return address;
}

static guint16
any_family(void)
{
    return below(2) != 0 ? AF_INET : AF_INET6;
}

static PfkeyLifetime
any_lifetime(void)
{
    return (PfkeyLifetime) { any32(), any64(), any64(), any64() };
}

static PfkeyAddress
any_selector(void)
{
    return (PfkeyAddress) { any_address(any_family()), (guint8) below(256), (guint8) below(256) };
}

static PfkeyKey
any_key(void)
{
    PfkeyKey key = { .bytes = any_span(80, 1) };

    key.bits = (guint16) (key.bytes.n * 8);
    if (key.bytes.n > 0)
        key.bits = (guint16) (key.bits - below(8)); /* the last byte need not be full */
    return key;
}

static PfkeyIdentity
any_identity(void)
{
    static const char text[] = "carol@a-long-name.example.org";
    gsize n = below(sizeof text);

    return (PfkeyIdentity) { (guint16) below(4), any64(), { n > 0 ? (const guint8 *) text : NULL, n } };
}

static void
any_policy(const PfkeySystem *system, PfkeyPolicy *policy)
{
    guint n = below(PFKEY_REQUESTS_MAX + 1);

    policy->type = (guint16) below(5);
    policy->direction = (guint8) below(4);
    policy->id = any32();
    policy->priority = any32();
    while (n-- > 0) {
        PfkeyRequest *request = pfkey_policy_add_request(policy);
        guint16 family = any_family();

        *request = (PfkeyRequest) { (guint16) below(256), (guint8) below(4), (guint8) below(4),
                                    system->short_request ? below(65536) : any32(), { 0 }, { 0 } };
        if (below(2) == 0)
            continue;
        request->source = any_address(family);
        request->destination = any_address(family);
    }
}

static void
any_filter(PfkeyFilter *filter)
{
    guint16 family = below(3) == 0 ? 0 : any_family();

    filter->source = filter->destination = (ObolAddress) { 0 };
    if (family != 0) {
        filter->source = any_address(family);
        filter->destination = any_address(family);
        filter->source.port = filter->destination.port = 0; /* it has none */
        filter->source.scope = filter->destination.scope = 0;
    }
    filter->source_prefix = (guint8) below(256);
    filter->destination_prefix = (guint8) below(256);
}

/* Entries are whole, their reserved fields what they are. */
static void
any_lists(PfkeyMessage *message)
{
    message->proposal.combs = any_span(720, 72);
    message->proposal.n = (guint) (message->proposal.combs.n / 72);
    message->proposal.replay = (guint8) below(256);
    message->supported_auth.algorithms = any_span(80, 8);
    message->supported_auth.n = (guint) (message->supported_auth.algorithms.n / 8);
    message->supported_encr.algorithms = any_span(80, 8);
    message->supported_encr.n = (guint) (message->supported_encr.algorithms.n / 8);
}

static void
fill(const PfkeySystem *system, PfkeyMessage *message)
{
    guint16 family = any_family();

    message->sa = (PfkeySa) { any32(), (guint8) below(256), (guint8) below(256), (guint8) below(256), (guint8) below(256),
                              any32() };
    message->current = any_lifetime();
    message->hard = any_lifetime();
    message->soft = any_lifetime();
    message->source = any_selector();
    message->destination = any_selector();
    message->proxy = any_selector();
    message->nat_original = any_selector();
    message->auth_key = any_key();
    message->encr_key = any_key();
    message->source_identity = any_identity();
    message->destination_identity = any_identity();
    message->sensitivity = (PfkeySensitivity) { any32(), (guint8) below(256), (guint8) below(256), any_span(64, 8),
                                                any_span(64, 8) };
    message->spi_range = (PfkeySpiRange) { any32(), any32() };
    message->km_private = any32();
    message->sa2 = (PfkeySa2) { (guint8) below(256), any32(), any32() };
    message->nat_type.type = (guint8) below(256);
    message->nat_sport.port = (guint16) below(65536);
    message->nat_dport.port = (guint16) below(65536);
    message->sec_ctx = (PfkeySecCtx) { (guint8) below(256), (guint8) below(256), any_span(100, 1) };
    message->km_address = (PfkeyKmAddress) { any_address(family), any_address(family) };
    any_lists(message);
    any_policy(system, &message->policy);
    any_filter(&message->filter);
}

static void
any_message(const PfkeySystem *system, PfkeyMessage *message)
{
    PfkeyMessage values;

    memset(&values, 0, sizeof values);
    fill(system, &values);
    do
        pfkey_message_init(message, (PfkeyType) (1 + below(PFKEY_N_TYPES - 1)), (guint8) below(256), any32(), any32());
    while (system->types[message->header.type] == 0 || message->header.type == PFKEY_X_PROMISC);
    message->header.error = (guint8) below(256);
    message->header.reserved = (guint16) below(65536);
    for (guint i = 0; i < 12; i++) {
        PfkeyExtension extension = (PfkeyExtension) (1 + below(PFKEY_N_EXTENSIONS - 1));

        if (system->extensions[extension] != 0)
            pfkey_message_add(message, extension);
    }
    values.header = message->header;
    values.n_entries = message->n_entries;
    values.present = message->present;
    memcpy(values.entries, message->entries, sizeof values.entries);
    *message = values;
}

static void
assert_same_span(ObolSpan a, ObolSpan b)
{
    g_assert_cmpmem(a.data, a.n, b.data, b.n);
}

static void
assert_same_policy(const PfkeyPolicy *a, const PfkeyPolicy *b)
{
    g_assert_cmpuint(a->type, ==, b->type);
    g_assert_cmpuint(a->direction, ==, b->direction);
    g_assert_cmpuint(a->id, ==, b->id);
    g_assert_cmpuint(a->priority, ==, b->priority);
    g_assert_cmpuint(a->n, ==, b->n);
    for (guint i = 0; i < a->n; i++) {
        g_assert_cmpuint(a->requests[i].protocol, ==, b->requests[i].protocol);
        g_assert_cmpuint(a->requests[i].reqid, ==, b->requests[i].reqid);
        g_assert_cmpuint(a->requests[i].level, ==, b->requests[i].level);
        g_assert_cmpmem(&a->requests[i].source, sizeof(ObolAddress), &b->requests[i].source, sizeof(ObolAddress));
        g_assert_cmpmem(&a->requests[i].destination, sizeof(ObolAddress), &b->requests[i].destination, sizeof(ObolAddress));
    }
}

/* That the members are the same is mostly told by their bytes, which test_the_bytes... compares; spans are compared by hand. */
static void
assert_same(const PfkeyMessage *a, const PfkeyMessage *b)
{
    g_assert_cmphex(a->present, ==, b->present);
    g_assert_cmpuint(a->n_entries, ==, b->n_entries);
    for (guint i = 0; i < a->n_entries; i++) {
        g_assert_cmpint(a->entries[i].kind, ==, b->entries[i].kind);
        g_assert_false(b->entries[i].verbatim && a->entries[i].kind != PFKEY_EXT_UNKNOWN);
    }
#define SAME(extension, member) \
    if (pfkey_message_has(a, extension)) \
        g_assert_cmpmem(&a->member, sizeof a->member, &b->member, sizeof b->member)
    SAME(PFKEY_EXT_ADDRESS_SRC, source.address);
    SAME(PFKEY_EXT_ADDRESS_PROXY, proxy.address);
    SAME(PFKEY_EXT_SPIRANGE, spi_range);
    SAME(PFKEY_EXT_X_SA2, sa2.reqid);
    SAME(PFKEY_EXT_X_KMADDRESS, km_address);
    SAME(PFKEY_EXT_X_FILTER, filter.source);
    SAME(PFKEY_EXT_X_FILTER, filter.destination);
    SAME(PFKEY_EXT_LIFETIME_HARD, hard.use_s);
    SAME(PFKEY_EXT_SA, sa);
#undef SAME
    if (pfkey_message_has(a, PFKEY_EXT_KEY_AUTH)) {
        g_assert_cmpuint(a->auth_key.bits, ==, b->auth_key.bits);
        assert_same_span(a->auth_key.bytes, b->auth_key.bytes);
    }
    if (pfkey_message_has(a, PFKEY_EXT_IDENTITY_DST))
        assert_same_span(a->destination_identity.text, b->destination_identity.text);
    if (pfkey_message_has(a, PFKEY_EXT_SENSITIVITY))
        assert_same_span(a->sensitivity.integ_bitmap, b->sensitivity.integ_bitmap);
    if (pfkey_message_has(a, PFKEY_EXT_PROPOSAL))
        assert_same_span(a->proposal.combs, b->proposal.combs);
    if (pfkey_message_has(a, PFKEY_EXT_X_SEC_CTX))
        assert_same_span(a->sec_ctx.context, b->sec_ctx.context);
    if (pfkey_message_has(a, PFKEY_EXT_X_POLICY))
        assert_same_policy(&a->policy, &b->policy);
}

static void
test_decode_gives_back_what_was_encoded(gconstpointer data)
{
    const PfkeySystem *system = data;

    for (gsize i = 0; i < sizeof pool; i++)
        pool[i] = (guint8) below(256);
    for (guint round = 0; round < ROUNDS; round++) {
        g_auto(PfkeyBuffer) encoded = PFKEY_BUFFER_INIT;
        g_autoptr(PfkeyDecoded) decoded = NULL;
        PfkeyMessage message;

        any_message(system, &message);
        pfkey_encode(system, &message, &encoded);
        decoded = pfkey_decode(system, encoded.data, encoded.n);
        if (!decoded->valid) {
            g_autofree char *text = pfkey_fault_text(&decoded->fault);

            g_error("%s", text);
        }
        assert_same(&message, &decoded->message);
        pfkey_assert_sane(system, encoded.data, encoded.n);
    }
}

static void
test_combinations_and_algorithms_are_read_as_put(void)
{
    g_auto(PfkeyBuffer) combs = PFKEY_BUFFER_INIT, algorithms = PFKEY_BUFFER_INIT;
    PfkeyComb comb = { 3, 12, 1, 160, 161, 128, 256, { 1, 2, 3, 4 }, { 5, 6, 7, 8 } }, got;
    PfkeyAlgorithm algorithm = { 12, 16, 128, 256 };
    PfkeyProposal proposal;
    PfkeySupported supported;

    pfkey_put_comb(&combs, &(PfkeyComb) { 0 });
    pfkey_put_comb(&combs, &comb);
    proposal = (PfkeyProposal) { .n = 2, .combs = { combs.data, combs.n } };
    got = pfkey_proposal_comb(&proposal, 1);
    g_assert_cmpuint(got.auth_max_bits, ==, 161);
    g_assert_cmpuint(got.encr_min_bits, ==, 128);
    g_assert_cmpuint(got.soft.allocations, ==, 1);
    g_assert_cmpuint(got.hard.bytes, ==, 6);
    g_assert_cmpuint(got.soft.add_s, ==, 3);
    g_assert_cmpuint(got.hard.use_s, ==, 8);
    pfkey_put_algorithm(&algorithms, &algorithm);
    supported = (PfkeySupported) { .n = 1, .algorithms = { algorithms.data, algorithms.n } };
    algorithm = pfkey_supported_algorithm(&supported, 0);
    g_assert_cmpuint(algorithm.iv_n, ==, 16);
    g_assert_cmpuint(algorithm.max_bits, ==, 256);
}

static void
test_what_can_not_be_said_is_refused(void)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyMessage message;
    PfkeyFault fault;

    pfkey_message_init(&message, PFKEY_X_MIGRATE, 0, 1, 2);
    g_assert_false(pfkey_message_encode(&pfkey_freebsd, &message, &out, &fault));
    pfkey_assert_fault(&fault, PFKEY_EXT_UNKNOWN, "no such message");
    pfkey_message_init(&message, PFKEY_DUMP, 0, 1, 2);
    pfkey_message_add(&message, PFKEY_EXT_X_FILTER);
    g_assert_false(pfkey_message_encode(&pfkey_freebsd, &message, &out, &fault));
    pfkey_assert_fault(&fault, PFKEY_EXT_X_FILTER, "no such extension");
    pfkey_message_init(&message, PFKEY_ADD, 0, 1, 2);
    pfkey_message_add(&message, PFKEY_EXT_ADDRESS_SRC);
    g_assert_false(pfkey_message_encode(&pfkey_linux, &message, &out, &fault));
    pfkey_assert_fault(&fault, PFKEY_EXT_ADDRESS_SRC, "neither IPv4 nor IPv6");
    pfkey_message_init(&message, PFKEY_ADD, 0, 1, 2);
    pfkey_message_add(&message, PFKEY_EXT_KEY_AUTH);
    message.auth_key.bits = 8;
    g_assert_false(pfkey_message_encode(&pfkey_linux, &message, &out, &fault));
    pfkey_assert_fault(&fault, PFKEY_EXT_KEY_AUTH, "as many bytes");
    pfkey_message_init(&message, PFKEY_X_SPDADD, 0, 1, 2);
    pfkey_policy_add_request(pfkey_message_add_policy(&message))->reqid = 65536;
    g_assert_false(pfkey_message_encode(&pfkey_freebsd, &message, &out, &fault));
    pfkey_assert_fault(&fault, PFKEY_EXT_X_POLICY, "16 bits");
    g_assert_cmpuint(out.n, ==, 0);
}

static void
test_a_message_inside_of_promisc_is_carried(void)
{
    g_auto(PfkeyBuffer) inner = PFKEY_BUFFER_INIT, outer = PFKEY_BUFFER_INIT;
    g_autoptr(PfkeyDecoded) decoded = NULL;
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_FLUSH, PFKEY_SATYPE_ESP, 1, 2);
    pfkey_encode(&pfkey_linux, &message, &inner);
    pfkey_message_init(&message, PFKEY_X_PROMISC, 1, 3, 4);
    message.inner = (ObolSpan) { inner.data, inner.n };
    pfkey_encode(&pfkey_linux, &message, &outer);
    g_assert_cmpuint(outer.n, ==, 32);
    decoded = pfkey_decode(&pfkey_linux, outer.data, outer.n);
    g_assert_true(decoded->valid);
    g_assert_cmpmem(decoded->message.inner.data, decoded->message.inner.n, inner.data, inner.n);
    pfkey_assert_sane(&pfkey_linux, outer.data, outer.n);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/pfkey/generated/linux/decode-gives-back-what-was-encoded", &pfkey_linux,
                         test_decode_gives_back_what_was_encoded);
    g_test_add_data_func("/pfkey/generated/freebsd/decode-gives-back-what-was-encoded", &pfkey_freebsd,
                         test_decode_gives_back_what_was_encoded);
#define CLAIM(path, function) g_test_add_func("/pfkey/generated/" path, function)
    CLAIM("combinations-and-algorithms-are-read-as-put", test_combinations_and_algorithms_are_read_as_put);
    CLAIM("what-can-not-be-said-is-refused", test_what_can_not_be_said_is_refused);
    CLAIM("a-message-inside-of-promisc-is-carried", test_a_message_inside_of_promisc_is_carried);
    return g_test_run();
}
