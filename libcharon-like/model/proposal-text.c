/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/proposal-text.c - proposals as an admin writes them: "aes256gcm16-prfsha384-ecp384". */
#include <obol/proposal.h>

#include <obol/settings.h>
#include <string.h>

#include "model/i18n.h"

typedef struct {
    const char *word;
    guint8 type;
    guint16 id;
    guint16 key_bits;
} Keyword;

#define ENCR OBOL_TRANSFORM_ENCR
#define INTEG OBOL_TRANSFORM_INTEG
#define PRF OBOL_TRANSFORM_PRF
#define KE OBOL_TRANSFORM_KE
#define ESN OBOL_TRANSFORM_ESN
#define BY_KEY(prefix, suffix, id) \
    { prefix "128" suffix, ENCR, id, 128 }, { prefix "192" suffix, ENCR, id, 192 }, { prefix "256" suffix, ENCR, id, 256 }

/* swanctl.conf's words.  A hash's word is an integrity algorithm; obol_proposal_parse() makes it a PRF where that is meant. */
static const Keyword keywords[] = {
    BY_KEY("aes", "", OBOL_ENCR_AES_CBC),
    { "aes", ENCR, OBOL_ENCR_AES_CBC, 128 },
    BY_KEY("aes", "ctr", OBOL_ENCR_AES_CTR),
    BY_KEY("aes", "ccm8", OBOL_ENCR_AES_CCM_8),
    BY_KEY("aes", "ccm64", OBOL_ENCR_AES_CCM_8),
    BY_KEY("aes", "ccm12", OBOL_ENCR_AES_CCM_12),
    BY_KEY("aes", "ccm96", OBOL_ENCR_AES_CCM_12),
    BY_KEY("aes", "ccm16", OBOL_ENCR_AES_CCM_16),
    BY_KEY("aes", "ccm128", OBOL_ENCR_AES_CCM_16),
    BY_KEY("aes", "ccm", OBOL_ENCR_AES_CCM_16),
    BY_KEY("aes", "gcm8", OBOL_ENCR_AES_GCM_8),
    BY_KEY("aes", "gcm64", OBOL_ENCR_AES_GCM_8),
    BY_KEY("aes", "gcm12", OBOL_ENCR_AES_GCM_12),
    BY_KEY("aes", "gcm96", OBOL_ENCR_AES_GCM_12),
    BY_KEY("aes", "gcm16", OBOL_ENCR_AES_GCM_16),
    BY_KEY("aes", "gcm128", OBOL_ENCR_AES_GCM_16),
    BY_KEY("aes", "gcm", OBOL_ENCR_AES_GCM_16),
    BY_KEY("camellia", "", OBOL_ENCR_CAMELLIA_CBC),
    { "camellia", ENCR, OBOL_ENCR_CAMELLIA_CBC, 128 },
    { "chacha20poly1305", ENCR, OBOL_ENCR_CHACHA20_POLY1305, 0 },
    { "3des", ENCR, OBOL_ENCR_3DES, 0 },
    { "null", ENCR, OBOL_ENCR_NULL, 0 },
    { "sha", INTEG, OBOL_INTEG_HMAC_SHA1_96, 0 },
    { "sha1", INTEG, OBOL_INTEG_HMAC_SHA1_96, 0 },
    { "sha256", INTEG, OBOL_INTEG_HMAC_SHA2_256_128, 0 },
    { "sha2_256", INTEG, OBOL_INTEG_HMAC_SHA2_256_128, 0 },
    { "sha384", INTEG, OBOL_INTEG_HMAC_SHA2_384_192, 0 },
    { "sha2_384", INTEG, OBOL_INTEG_HMAC_SHA2_384_192, 0 },
    { "sha512", INTEG, OBOL_INTEG_HMAC_SHA2_512_256, 0 },
    { "sha2_512", INTEG, OBOL_INTEG_HMAC_SHA2_512_256, 0 },
    { "aesxcbc", INTEG, OBOL_INTEG_AES_XCBC_96, 0 },
    { "aescmac", INTEG, OBOL_INTEG_AES_CMAC_96, 0 },
    { "prfsha1", PRF, OBOL_PRF_HMAC_SHA1, 0 },
    { "prfsha256", PRF, OBOL_PRF_HMAC_SHA2_256, 0 },
    { "prfsha384", PRF, OBOL_PRF_HMAC_SHA2_384, 0 },
    { "prfsha512", PRF, OBOL_PRF_HMAC_SHA2_512, 0 },
    { "prfaesxcbc", PRF, OBOL_PRF_AES128_XCBC, 0 },
    { "prfaescmac", PRF, OBOL_PRF_AES128_CMAC, 0 },
    { "modp1536", KE, OBOL_KE_MODP_1536, 0 },
    { "modp2048", KE, OBOL_KE_MODP_2048, 0 },
    { "modp3072", KE, OBOL_KE_MODP_3072, 0 },
    { "modp4096", KE, OBOL_KE_MODP_4096, 0 },
    { "modp6144", KE, OBOL_KE_MODP_6144, 0 },
    { "modp8192", KE, OBOL_KE_MODP_8192, 0 },
    { "ecp256", KE, OBOL_KE_ECP_256, 0 },
    { "ecp384", KE, OBOL_KE_ECP_384, 0 },
    { "ecp521", KE, OBOL_KE_ECP_521, 0 },
    { "x25519", KE, OBOL_KE_X25519, 0 },
    { "curve25519", KE, OBOL_KE_X25519, 0 },
    { "x448", KE, OBOL_KE_X448, 0 },
    { "curve448", KE, OBOL_KE_X448, 0 },
    { "none", KE, OBOL_KE_NONE, 0 },
    { "noesn", ESN, OBOL_ESN_NO, 0 },
    { "esn", ESN, OBOL_ESN_YES, 0 },
};

/* The PRF that goes with an integrity algorithm when none is named. */
static const struct {
    guint16 integ, prf;
} prf_of[] = {
    { OBOL_INTEG_HMAC_SHA1_96, OBOL_PRF_HMAC_SHA1 },
    { OBOL_INTEG_HMAC_SHA2_256_128, OBOL_PRF_HMAC_SHA2_256 },
    { OBOL_INTEG_HMAC_SHA2_384_192, OBOL_PRF_HMAC_SHA2_384 },
    { OBOL_INTEG_HMAC_SHA2_512_256, OBOL_PRF_HMAC_SHA2_512 },
    { OBOL_INTEG_AES_XCBC_96, OBOL_PRF_AES128_XCBC },
    { OBOL_INTEG_AES_CMAC_96, OBOL_PRF_AES128_CMAC },
};

static guint
count(const ObolProposal *p, guint8 type)
{
    guint n = 0;

    for (guint i = 0; i < p->n_transforms; i++)
        n += p->transforms[i].type == type;
    return n;
}

static guint
count_aead(const ObolProposal *p)
{
    guint n = 0;

    for (guint i = 0; i < p->n_transforms; i++)
        n += p->transforms[i].type == ENCR && obol_encr_is_aead(p->transforms[i].id);
    return n;
}

static gboolean
has(const ObolProposal *p, guint8 type, guint16 id)
{
    for (guint i = 0; i < p->n_transforms; i++) {
        if (p->transforms[i].type == type && p->transforms[i].id == id)
            return TRUE;
    }
    return FALSE;
}

static void
derive_prfs(ObolProposal *p)
{
    guint n = p->n_transforms;

    for (guint i = 0; i < n; i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(prf_of); j++) {
            if (p->transforms[i].type == INTEG && p->transforms[i].id == prf_of[j].integ)
                obol_proposal_add(p, PRF, prf_of[j].prf, 0);
        }
    }
}

/* "aes256gcm16-sha384-ecp384": beside an AEAD a hash can only mean the PRF. */
static void
integ_to_prf(ObolProposal *p)
{
    ObolProposal out = { .protocol = p->protocol };

    derive_prfs(p);
    for (guint i = 0; i < p->n_transforms; i++) {
        if (p->transforms[i].type != INTEG)
            obol_proposal_add(&out, p->transforms[i].type, p->transforms[i].id, p->transforms[i].key_bits);
    }
    *p = out;
}

/* What is wrong with the proposal as a whole; NULL: nothing.  RFC 7296 section 3.3.3 has the types of each protocol. */
static const char *
objection(const ObolProposal *p)
{
    guint n_encr = count(p, ENCR), n_integ = count(p, INTEG), n_aead = count_aead(p);

    if (p->protocol == OBOL_PROTO_AH) {
        if (n_encr > 0)
            return _("AH does not encrypt: leave out the cipher");
        if (n_integ == 0)
            return _("AH needs an integrity algorithm: add one, as sha256");
        return count(p, PRF) > 0 ? _("AH has no PRF: leave it out") : NULL;
    }
    if (n_encr == 0)
        return _("a cipher is missing: add one, as aes128gcm16");
    if (n_aead > 0 && n_aead < n_encr)
        return _("combined-mode ciphers and others can not share a proposal: make it two (RFC 7296 section 3.3)");
    if (n_aead == 0 && n_integ == 0)
        return _("this cipher needs an integrity algorithm: add one, as sha256");
    if (p->protocol == OBOL_PROTO_ESP) {
        if (n_aead > 0 && n_integ > 0)
            return _("a combined-mode cipher has no integrity algorithm beside it: leave it out (RFC 4106 section 8)");
        return count(p, PRF) > 0 ? _("ESP has no PRF: leave it out") : NULL;
    }
    if (has(p, ENCR, OBOL_ENCR_NULL))
        return _("IKE is never sent in clear: null is for ESP (RFC 7296 section 5)");
    if (count(p, PRF) == 0)
        return _("a PRF is missing: add one, as prfsha256");
    if (count(p, KE) == 0 || has(p, KE, OBOL_KE_NONE))
        return _("IKE needs a key exchange: add one, as x25519");
    return count(p, ESN) > 0 ? _("extended sequence numbers are for ESP and AH: leave out esn and noesn") : NULL;
}

static gboolean
add_word(ObolProposal *p, const char *word, const char *text, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keywords); i++) {
        const Keyword *k = &keywords[i];

        if (g_ascii_strcasecmp(k->word, word) != 0)
            continue;
        if (obol_proposal_add(p, k->type, k->id, k->key_bits))
            return TRUE;
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_CONFLICT, _("\"%s\" in proposal \"%s\" stands there twice"),
                    word, text);
        return FALSE;
    }
    g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                _("\"%s\" in proposal \"%s\" is no algorithm that is known here"), word, text);
    return FALSE;
}

gboolean
obol_proposal_parse(ObolProtocol protocol, const char *text, ObolProposal *out, GError **error)
{
    ObolProposal p = { .protocol = (guint8) protocol };
    g_auto(GStrv) words = g_strsplit(text, "-", OBOL_PROPOSAL_TRANSFORMS_MAX);
    const char *wrong;

    for (char **word = words; *word != NULL; word++) {
        if (!add_word(&p, *word, text, error))
            return FALSE;
    }
    if (protocol == OBOL_PROTO_IKE && count_aead(&p) > 0 && count(&p, INTEG) > 0)
        integ_to_prf(&p);
    else if (protocol == OBOL_PROTO_IKE && count(&p, PRF) == 0)
        derive_prfs(&p);
    if (protocol != OBOL_PROTO_IKE && count(&p, ESN) == 0)
        obol_proposal_add(&p, ESN, OBOL_ESN_NO, 0);
    wrong = objection(&p);
    if (wrong != NULL) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, _("proposal \"%s\": %s"), text, wrong);
        return FALSE;
    }
    *out = p;
    return TRUE;
}

/* RFC 8247 sections 2.1 to 2.4 (IKE), RFC 8221 sections 5 and 6 (ESP, AH): what MUST or SHOULD be there, strongest ties first;
 * nothing that SHOULD NOT. */
static const char *const ike_defaults[] = {
    "aes128gcm16-aes256gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-x25519-ecp256-ecp384-x448-modp3072-modp2048",
    "aes128-aes256-sha256-sha384-sha512-x25519-ecp256-ecp384-x448-modp3072-modp2048", NULL,
};
static const char *const esp_defaults[] = {
    "aes128gcm16-aes256gcm16-chacha20poly1305-noesn", "aes128-aes256-sha256-sha384-sha512-noesn", NULL,
};
static const char *const ah_defaults[] = { "sha256-sha384-sha512-noesn", NULL };

GArray *
obol_proposal_defaults(ObolProtocol protocol)
{
    const char *const *texts = protocol == OBOL_PROTO_IKE ? ike_defaults : protocol == OBOL_PROTO_AH ? ah_defaults : esp_defaults;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolProposal));

    for (; *texts != NULL; texts++) {
        ObolProposal p;

        if (obol_proposal_parse(protocol, *texts, &p, NULL))
            g_array_append_val(list, p);
    }
    return list;
}

char *
obol_proposal_format(const ObolProposal *proposal)
{
    GString *out = g_string_new(obol_protocol_name(proposal->protocol));

    for (guint i = 0; i < proposal->n_transforms; i++) {
        const ObolTransform *t = &proposal->transforms[i];

        g_string_append_printf(out, "%c%s", i == 0 ? ':' : '/', obol_transform_name(t->type, t->id));
        if (t->key_bits != 0)
            g_string_append_printf(out, "_%u", t->key_bits);
    }
    return g_string_free(out, FALSE);
}

char *
obol_suite_format(const ObolSuite *suite)
{
    ObolProposal p;

    obol_proposal_from_suite(suite, 0, NULL, 0, &p);
    return obol_proposal_format(&p);
}
