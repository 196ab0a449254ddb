/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/wire/test-system.c - the numbers are the system's own.  The test may look into its headers. */
#include "pfkey-kernel/wire/system.h"

#include <linux/ipsec.h>

static void
test_linux_has_the_numbers_of_its_header(void)
{
    static const guint8 types[PFKEY_N_TYPES] = {
        [PFKEY_GETSPI] = SADB_GETSPI, [PFKEY_UPDATE] = SADB_UPDATE, [PFKEY_ADD] = SADB_ADD, [PFKEY_DELETE] = SADB_DELETE,
        [PFKEY_GET] = SADB_GET, [PFKEY_ACQUIRE] = SADB_ACQUIRE, [PFKEY_REGISTER] = SADB_REGISTER, [PFKEY_EXPIRE] = SADB_EXPIRE,
        [PFKEY_FLUSH] = SADB_FLUSH, [PFKEY_DUMP] = SADB_DUMP, [PFKEY_X_PROMISC] = SADB_X_PROMISC,
        [PFKEY_X_PCHANGE] = SADB_X_PCHANGE, [PFKEY_X_SPDUPDATE] = SADB_X_SPDUPDATE, [PFKEY_X_SPDADD] = SADB_X_SPDADD,
        [PFKEY_X_SPDDELETE] = SADB_X_SPDDELETE, [PFKEY_X_SPDGET] = SADB_X_SPDGET, [PFKEY_X_SPDACQUIRE] = SADB_X_SPDACQUIRE,
        [PFKEY_X_SPDDUMP] = SADB_X_SPDDUMP, [PFKEY_X_SPDFLUSH] = SADB_X_SPDFLUSH, [PFKEY_X_SPDSETIDX] = SADB_X_SPDSETIDX,
        [PFKEY_X_SPDEXPIRE] = SADB_X_SPDEXPIRE, [PFKEY_X_SPDDELETE2] = SADB_X_SPDDELETE2,
        [PFKEY_X_NAT_T_NEW_MAPPING] = SADB_X_NAT_T_NEW_MAPPING, [PFKEY_X_MIGRATE] = SADB_X_MIGRATE,
    };
    static const guint8 extensions[PFKEY_N_EXTENSIONS] = {
        [PFKEY_EXT_SA] = SADB_EXT_SA, [PFKEY_EXT_LIFETIME_CURRENT] = SADB_EXT_LIFETIME_CURRENT,
        [PFKEY_EXT_LIFETIME_HARD] = SADB_EXT_LIFETIME_HARD, [PFKEY_EXT_LIFETIME_SOFT] = SADB_EXT_LIFETIME_SOFT,
        [PFKEY_EXT_ADDRESS_SRC] = SADB_EXT_ADDRESS_SRC, [PFKEY_EXT_ADDRESS_DST] = SADB_EXT_ADDRESS_DST,
        [PFKEY_EXT_ADDRESS_PROXY] = SADB_EXT_ADDRESS_PROXY, [PFKEY_EXT_KEY_AUTH] = SADB_EXT_KEY_AUTH,
        [PFKEY_EXT_KEY_ENCRYPT] = SADB_EXT_KEY_ENCRYPT, [PFKEY_EXT_IDENTITY_SRC] = SADB_EXT_IDENTITY_SRC,
        [PFKEY_EXT_IDENTITY_DST] = SADB_EXT_IDENTITY_DST, [PFKEY_EXT_SENSITIVITY] = SADB_EXT_SENSITIVITY,
        [PFKEY_EXT_PROPOSAL] = SADB_EXT_PROPOSAL, [PFKEY_EXT_SUPPORTED_AUTH] = SADB_EXT_SUPPORTED_AUTH,
        [PFKEY_EXT_SUPPORTED_ENCRYPT] = SADB_EXT_SUPPORTED_ENCRYPT, [PFKEY_EXT_SPIRANGE] = SADB_EXT_SPIRANGE,
        [PFKEY_EXT_X_KMPRIVATE] = SADB_X_EXT_KMPRIVATE, [PFKEY_EXT_X_POLICY] = SADB_X_EXT_POLICY,
        [PFKEY_EXT_X_SA2] = SADB_X_EXT_SA2, [PFKEY_EXT_X_NAT_T_TYPE] = SADB_X_EXT_NAT_T_TYPE,
        [PFKEY_EXT_X_NAT_T_SPORT] = SADB_X_EXT_NAT_T_SPORT, [PFKEY_EXT_X_NAT_T_DPORT] = SADB_X_EXT_NAT_T_DPORT,
        [PFKEY_EXT_X_NAT_T_OA] = SADB_X_EXT_NAT_T_OA, [PFKEY_EXT_X_SEC_CTX] = SADB_X_EXT_SEC_CTX,
        [PFKEY_EXT_X_KMADDRESS] = SADB_X_EXT_KMADDRESS, [PFKEY_EXT_X_FILTER] = SADB_X_EXT_FILTER,
    };

    g_assert_cmpmem(pfkey_linux.types, sizeof types, types, sizeof types);
    g_assert_cmpmem(pfkey_linux.extensions, sizeof extensions, extensions, sizeof extensions);
    g_assert_cmpint(PFKEY_SATYPE_IPCOMP, ==, SADB_X_SATYPE_IPCOMP);
    g_assert_cmpint(PFKEY_AALG_NULL, ==, SADB_X_AALG_NULL);
    g_assert_cmpint(PFKEY_EALG_CAMELLIA_CBC, ==, SADB_X_EALG_CAMELLIACBC);
    g_assert_cmpint(PFKEY_LEVEL_UNIQUE, ==, IPSEC_LEVEL_UNIQUE);
    g_assert_cmpint(PFKEY_POLICY_BYPASS, ==, IPSEC_POLICY_BYPASS);
    g_assert_cmpint(PFKEY_REQID_MANUAL_MAX, ==, IPSEC_MANUAL_REQID_MAX);
}

static void
test_a_number_finds_its_way_back(void)
{
    const PfkeySystem *const systems[] = { &pfkey_linux, &pfkey_freebsd };

    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++) {
        g_assert_true(pfkey_system_by_id(systems[i]->id) == systems[i]);
        for (guint type = 1; type < PFKEY_N_TYPES; type++)
            if (systems[i]->types[type] != 0)
                g_assert_cmpuint(pfkey_system_type(systems[i], systems[i]->types[type]), ==, type);
        for (guint extension = 1; extension < PFKEY_N_EXTENSIONS; extension++)
            if (systems[i]->extensions[extension] != 0)
                g_assert_cmpuint(pfkey_system_extension(systems[i], systems[i]->extensions[extension]), ==, extension);
    }
    g_assert_null(pfkey_system_by_id(0));
    g_assert_cmpint(pfkey_system_type(&pfkey_linux, 0), ==, 0);
    g_assert_cmpint(pfkey_system_type(&pfkey_freebsd, 24), ==, 0);
    g_assert_cmpint(pfkey_system_extension(&pfkey_linux, 0), ==, PFKEY_EXT_UNKNOWN);
    g_assert_cmpint(pfkey_system_extension(&pfkey_linux, 65535), ==, PFKEY_EXT_UNKNOWN);
}

static void
test_whatever_the_number_there_is_a_word(void)
{
    for (guint i = 0; i < 256; i++) {
        g_assert_nonnull(pfkey_auth_name((guint8) i));
        g_assert_nonnull(pfkey_encr_name((guint8) i));
        g_assert_nonnull(pfkey_satype_name((guint8) i));
        g_assert_nonnull(pfkey_mode_name((guint8) i));
        g_assert_nonnull(pfkey_direction_name((guint8) i));
        g_assert_nonnull(pfkey_policy_name((guint16) i));
        g_assert_nonnull(pfkey_level_name((guint8) i));
        g_assert_nonnull(pfkey_state_name((guint8) i));
    }
    for (guint type = 1; type < PFKEY_N_TYPES; type++)
        g_assert_cmpstr(pfkey_type_name((PfkeyType) type), !=, "?");
    for (guint extension = 1; extension < PFKEY_N_EXTENSIONS; extension++)
        g_assert_cmpstr(pfkey_extension_name((PfkeyExtension) extension), !=, "?");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CLAIM(path, function) g_test_add_func("/pfkey/system/" path, function)
    CLAIM("linux-has-the-numbers-of-its-header", test_linux_has_the_numbers_of_its_header);
    CLAIM("a-number-finds-its-way-back", test_a_number_finds_its_way_back);
    CLAIM("whatever-the-number-there-is-a-word", test_whatever_the_number_there_is_a_word);
    return g_test_run();
}
