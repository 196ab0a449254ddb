/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/model/test-connection.c - which connection, and which key, is meant. */
#include "credentials/shared-keys.h"
#include "model/connection.h"
#include <obol/reason.h>
#include <string.h>

static ObolAddress
address(const char *text)
{
    ObolAddress out;

    g_assert_true(obol_address_parse(text, &out));
    return out;
}

/* "name local remote local-id remote-id"; "-" for an identity that is not set. */
static ObolConnection *
connection(const char *row)
{
    g_auto(GStrv) w = g_strsplit(row, " ", 5);
    ObolConnection *c = obol_connection_new(w[0]);

    g_ptr_array_add(c->local_hosts, obol_host_spec_new(w[1], NULL));
    g_ptr_array_add(c->remote_hosts, obol_host_spec_new(w[2], NULL));
    c->local_id = g_str_equal(w[3], "-") ? NULL : obol_identity_parse(w[3], NULL);
    c->remote_id = g_str_equal(w[4], "-") ? NULL : obol_identity_parse(w[4], NULL);
    return c;
}

static ObolConnectionSet *
set_of(const char *const *rows)
{
    GPtrArray *list = g_ptr_array_new();

    for (; *rows != NULL; rows++)
        g_ptr_array_add(list, connection(*rows));
    return obol_connection_set_new(list);
}

static void
test_the_closest_address_comes_first(void)
{
    static const char *const rows[] = { "any %any %any - %any", "net %any 192.0.2.0/24 - %any", "one %any 192.0.2.7 - %any",
                                        "other %any 198.51.100.1 - %any", NULL };
    g_autoptr(ObolConnectionSet) set = set_of(rows);
    ObolAddress local = address("203.0.113.1"), remote = address("192.0.2.7");
    g_autoptr(GPtrArray) found = obol_connection_set_candidates(set, &local, &remote);

    g_assert_cmpuint(found->len, ==, 3);
    g_assert_cmpstr(((ObolConnection *) found->pdata[0])->name, ==, "one");
    g_assert_cmpstr(((ObolConnection *) found->pdata[1])->name, ==, "net");
    g_assert_cmpstr(((ObolConnection *) found->pdata[2])->name, ==, "any");
}

static void
test_identities_decide_among_equals(void)
{
    static const char *const rows[] = { "wild %any %any gw *.example.org", "exact %any %any gw a.example.org",
                                        "address %any %any - -", NULL };
    static const struct {
        const char *idi, *idr, *name;
    } cases[] = {
        { "a.example.org", "gw", "exact" }, { "b.example.org", "gw", "wild" }, { "b.example.org", NULL, "wild" },
        { "b.example.net", "gw", NULL },    { "a.example.org", "other", NULL }, { "192.0.2.7", "203.0.113.1", "address" },
        { "192.0.2.8", NULL, NULL },
    };
    g_autoptr(ObolConnectionSet) set = set_of(rows);
    ObolAddress local = address("203.0.113.1"), remote = address("192.0.2.7");

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(ObolIdentity) idi = obol_identity_parse(cases[i].idi, NULL);
        g_autoptr(ObolIdentity) idr = cases[i].idr != NULL ? obol_identity_parse(cases[i].idr, NULL) : NULL;
        const ObolConnection *c = obol_connection_set_match(set, &local, &remote, idi, idr);

        g_assert_cmpstr(c != NULL ? c->name : NULL, ==, cases[i].name);
    }
}

static void
test_hosts_are_addresses_ranges_or_names(void)
{
    static const char *const bad[] = { "", "a b", "10.0.0.0/8[tcp]", "dynamic/x", "10.0.0.1..x" };
    g_autoptr(GError) error = NULL;
    ObolHostSpec *name = obol_host_spec_new("gw.example.org", &error), *range = obol_host_spec_new("192.0.2.1-192.0.2.9", &error);

    g_assert_no_error(error);
    g_assert_true(name->is_name && !range->is_name && !range->any);
    obol_host_spec_free(name);
    obol_host_spec_free(range);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) why = NULL;

        g_assert_null(obol_host_spec_new(bad[i], &why));
        g_assert_nonnull(why);
    }
}

static void
add_key(GPtrArray *keys, const char *secret, const char *owners)
{
    ObolSharedKey *key = obol_shared_key_new(NULL, (const guint8 *) secret, strlen(secret));
    g_auto(GStrv) words = g_strsplit(owners, " ", -1);

    for (char **word = words; *word != NULL && **word != '\0'; word++)
        g_ptr_array_add(key->owners, obol_identity_parse(*word, NULL));
    g_ptr_array_add(keys, key);
}

static void
test_the_key_that_names_both_is_taken(void)
{
    static const struct {
        const char *local, *remote, *secret;
    } cases[] = {
        { "a", "b", "ab" }, { "b", "a", "ab" }, { "a", "c", "peer c" }, { "a", "x.wild", "wild" }, { "a", "nobody", "anybody" },
    };
    GPtrArray *list = g_ptr_array_new();
    g_autoptr(ObolSharedKeys) keys = NULL;

    add_key(list, "anybody", "");
    add_key(list, "wild", "*.wild");
    add_key(list, "peer c", "c");
    add_key(list, "ab", "a b");
    add_key(list, "of others", "d e");
    keys = obol_shared_keys_new(list);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(ObolIdentity) local = obol_identity_parse(cases[i].local, NULL), remote = obol_identity_parse(cases[i].remote, NULL);
        const ObolSecret *secret = obol_shared_keys_find(keys, local, remote);

        g_assert_nonnull(secret);
        g_assert_cmpmem(secret->bytes, secret->n, cases[i].secret, strlen(cases[i].secret));
    }
}

static void
test_no_key_of_others_is_taken(void)
{
    GPtrArray *list = g_ptr_array_new();
    g_autoptr(ObolSharedKeys) keys = NULL;
    g_autoptr(ObolIdentity) a = obol_identity_parse("a", NULL), x = obol_identity_parse("x", NULL);

    add_key(list, "ab", "a b");
    keys = obol_shared_keys_new(list);
    g_assert_null(obol_shared_keys_find(keys, a, x));
    g_assert_null(obol_shared_keys_find(keys, x, x));
}

static void
test_every_reason_has_a_name_and_a_sentence(void)
{
    for (int code = 0; code < OBOL_N_REASONS; code++) {
        g_assert_nonnull(obol_reason_code_name(code));
        g_assert_true(g_str_has_prefix(obol_reason_code_name(code), "E-"));
        g_assert_cmpuint(strlen(obol_reason_code_text(code)), >, 5);
        for (int other = 0; other < code; other++)
            g_assert_cmpstr(obol_reason_code_name(code), !=, obol_reason_code_name(other));
    }
}

static void
test_a_reason_reads_well(void)
{
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_PROPOSAL_US, "IKE_SA_INIT", OBOL_SIDE_US, OBOL_N_NO_PROPOSAL_CHOSEN,
                                                   "they want %s", "3DES");
    g_autoptr(ObolReason) copy = obol_reason_dup(reason);
    g_autofree char *text = obol_reason_format(copy);

    g_assert_cmpstr(text, ==, "IKE_SA_INIT: none of the peer's proposals is acceptable to us (NO_PROPOSAL_CHOSEN): they want 3DES [E-PROP-US]");
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/connection/the-closest-address-comes-first", test_the_closest_address_comes_first);
    g_test_add_func("/model/connection/identities-decide-among-equals", test_identities_decide_among_equals);
    g_test_add_func("/model/connection/hosts-are-addresses-ranges-or-names", test_hosts_are_addresses_ranges_or_names);
    g_test_add_func("/credentials/shared-keys/the-one-that-names-both-is-taken", test_the_key_that_names_both_is_taken);
    g_test_add_func("/credentials/shared-keys/none-of-others-is-taken", test_no_key_of_others_is_taken);
    g_test_add_func("/model/reason/every-one-has-a-name-and-a-sentence", test_every_reason_has_a_name_and_a_sentence);
    g_test_add_func("/model/reason/reads-well", test_a_reason_reads_well);
    return g_test_run();
}
