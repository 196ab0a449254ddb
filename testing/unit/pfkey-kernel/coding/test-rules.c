/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/coding/test-rules.c - what a message must and may have. */
#include "unit/pfkey-kernel/coding/pfkey-test.h"

#include <string.h>

static void
add_ends(PfkeyMessage *message)
{
    pfkey_message_add_address(message, PFKEY_EXT_ADDRESS_SRC);
    pfkey_message_add_address(message, PFKEY_EXT_ADDRESS_DST);
    g_assert_true(obol_address_parse("192.0.2.1", &message->source.address));
    g_assert_true(obol_address_parse("192.0.2.2", &message->destination.address));
    message->source.prefix = message->destination.prefix = 32;
}

/* A whole SADB_ADD, from which the tests take things away. */
static void
init_add(PfkeyMessage *message)
{
    static const guint8 key[20];

    pfkey_message_init(message, PFKEY_ADD, PFKEY_SATYPE_ESP, 1, 2);
    pfkey_message_add_sa(message)->spi = 0x1001;
    add_ends(message);
    pfkey_message_add_key(message, PFKEY_EXT_KEY_AUTH, key, 20);
    pfkey_message_add_key(message, PFKEY_EXT_KEY_ENCRYPT, key, 16);
}

static void
init_spdadd(PfkeyMessage *message)
{
    pfkey_message_init(message, PFKEY_X_SPDADD, 0, 1, 2);
    add_ends(message);
    pfkey_message_add_policy(message)->direction = PFKEY_DIR_OUT;
}

static void
take_away(PfkeyMessage *message, PfkeyExtension extension)
{
    message->present &= ~(1u << extension);
}

static void
assert_down(const PfkeyMessage *message)
{
    PfkeyFault fault;

    if (!pfkey_message_check(message, PFKEY_DOWN, &fault)) {
        g_autofree char *text = pfkey_fault_text(&fault);

        g_error("%s", text);
    }
}

static void
assert_refused(const PfkeyMessage *message, PfkeyWay way, PfkeyExtension extension, const char *rule)
{
    PfkeyFault fault;

    g_assert_false(pfkey_message_check(message, way, &fault));
    pfkey_assert_fault(&fault, extension, rule);
}

static void
test_what_a_message_lacks_is_named(void)
{
    static const PfkeyExtension required[] = { PFKEY_EXT_SA, PFKEY_EXT_ADDRESS_SRC, PFKEY_EXT_ADDRESS_DST };
    PfkeyMessage message;

    init_add(&message);
    assert_down(&message);
    for (gsize i = 0; i < G_N_ELEMENTS(required); i++) {
        init_add(&message);
        take_away(&message, required[i]);
        assert_refused(&message, PFKEY_DOWN, required[i], "lacks");
        assert_refused(&message, PFKEY_UP, required[i], "lacks");
    }
    init_add(&message);
    take_away(&message, PFKEY_EXT_KEY_ENCRYPT);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_KEY_ENCRYPT, "to encrypt by");
    init_add(&message);
    message.header.satype = PFKEY_SATYPE_AH;
    take_away(&message, PFKEY_EXT_KEY_AUTH);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_KEY_AUTH, "to authenticate by");
}

static void
test_what_is_too_much_is_named(void)
{
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_FLUSH, 0, 1, 2);
    assert_down(&message);
    pfkey_message_add_sa2(&message);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_X_SA2, "may not have");
    init_add(&message);
    pfkey_message_add_lifetime(&message, PFKEY_EXT_LIFETIME_CURRENT);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_LIFETIME_CURRENT, "may not have");
    init_add(&message);
    pfkey_message_add_lifetime(&message, PFKEY_EXT_LIFETIME_HARD);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_LIFETIME_HARD, "together");
    pfkey_message_add_lifetime(&message, PFKEY_EXT_LIFETIME_SOFT);
    assert_down(&message);
}

/* The kernel would skip it in silence, and do something else than was meant. */
static void
test_what_the_kernel_would_skip_does_not_go_down(void)
{
    static const guint64 raw = 1; /* any length and type */
    PfkeyMessage message;
    PfkeyFault fault;

    init_add(&message);
    pfkey_message_add_unknown(&message, (ObolSpan) { (const guint8 *) &raw, sizeof raw });
    g_assert_false(pfkey_message_check(&message, PFKEY_DOWN, &fault));
    g_assert_true(pfkey_message_check(&message, PFKEY_UP, &fault));
}

static void
test_headers_are_judged_on_their_way_down(void)
{
    PfkeyMessage message;

    init_add(&message);
    message.header.reserved = 1;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "reserved");
    init_add(&message);
    message.header.satype = 0;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "AH, ESP or IPComp");
    message.header.satype = 10;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "no such SA type");
    init_add(&message);
    message.header.error = 1;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "errno");
    pfkey_message_init(&message, PFKEY_ACQUIRE, PFKEY_SATYPE_ESP, 1, 2);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "errno");
    message.header.error = 110;
    assert_down(&message);
    pfkey_message_init(&message, PFKEY_EXPIRE, PFKEY_SATYPE_ESP, 1, 2);
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "kernel alone");
}

static void
test_an_answer_with_an_errno_may_be_bare(void)
{
    PfkeyMessage message;
    PfkeyFault fault;

    pfkey_message_init(&message, PFKEY_ADD, PFKEY_SATYPE_ESP, 1, 2);
    assert_refused(&message, PFKEY_UP, PFKEY_EXT_SA, "lacks");
    message.header.error = 17;
    g_assert_true(pfkey_message_check(&message, PFKEY_UP, &fault));
}

static void
test_addresses_fit_together(void)
{
    PfkeyMessage message;

    init_spdadd(&message);
    message.source.prefix = 33;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_ADDRESS_SRC, "longer than the address");
    init_spdadd(&message);
    g_assert_true(obol_address_parse("2001:db8::1", &message.destination.address));
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_ADDRESS_DST, "two families");
}

static void
test_policies_are_of_a_kind_that_the_database_has(void)
{
    PfkeyMessage message;

    init_spdadd(&message);
    assert_down(&message);
    message.policy.type = PFKEY_POLICY_BYPASS;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_X_POLICY, "only a socket");
    init_spdadd(&message);
    message.policy.direction = 4;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_X_POLICY, "direction");
    init_spdadd(&message);
    message.header.type = PFKEY_X_MIGRATE;
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_X_POLICY, "pairs");
    pfkey_message_init(&message, PFKEY_X_SPDGET, 0, 1, 2);
    pfkey_message_add_policy(&message)->id = 8;
    assert_down(&message);
}

static void
test_promiscuity_carries_nothing_down(void)
{
    static const guint8 inner[16];
    PfkeyMessage message;

    pfkey_message_init(&message, PFKEY_X_PROMISC, 1, 1, 2);
    assert_down(&message);
    message.inner = (ObolSpan) { inner, sizeof inner };
    assert_refused(&message, PFKEY_DOWN, PFKEY_EXT_UNKNOWN, "carries nothing");
}

static void
test_an_expiry_is_of_some_lifetime(void)
{
    PfkeyMessage message;
    PfkeyFault fault;

    init_add(&message);
    message.header.type = PFKEY_EXPIRE;
    assert_refused(&message, PFKEY_UP, PFKEY_EXT_LIFETIME_HARD, "no lifetime");
    pfkey_message_add_lifetime(&message, PFKEY_EXT_LIFETIME_SOFT);
    g_assert_true(pfkey_message_check(&message, PFKEY_UP, &fault));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/rules/" path, function)
    CLAIM("what-a-message-lacks-is-named", test_what_a_message_lacks_is_named);
    CLAIM("what-is-too-much-is-named", test_what_is_too_much_is_named);
    CLAIM("what-the-kernel-would-skip-does-not-go-down", test_what_the_kernel_would_skip_does_not_go_down);
    CLAIM("headers-are-judged-on-their-way-down", test_headers_are_judged_on_their_way_down);
    CLAIM("an-answer-with-an-errno-may-be-bare", test_an_answer_with_an_errno_may_be_bare);
    CLAIM("addresses-fit-together", test_addresses_fit_together);
    CLAIM("policies-are-of-a-kind-that-the-database-has", test_policies_are_of_a_kind_that_the_database_has);
    CLAIM("promiscuity-carries-nothing-down", test_promiscuity_carries_nothing_down);
    CLAIM("an-expiry-is-of-some-lifetime", test_an_expiry_is_of_some_lifetime);
    return g_test_run();
}
