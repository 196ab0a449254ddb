/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec.c - does a request make sense, and can Linux do it? */
#include "spec.h"

#include <netinet/in.h>
#include <string.h>

#include "algorithms.h"
#include "values.h"

static gboolean
refuse(GError **error, ObolKernelError code, const char *why)
{
    g_set_error_literal(error, OBOL_KERNEL_ERROR, code, why);
    return FALSE;
}

static gboolean
known_family(guint16 family)
{
    return family == AF_INET || family == AF_INET6;
}

static gboolean
known_mode(ObolMode mode)
{
    return mode == OBOL_MODE_TUNNEL || mode == OBOL_MODE_TRANSPORT || mode == OBOL_MODE_BEET;
}

gboolean
spec_check_id(const ObolSaId *id, GError **error)
{
    if (protocol_to_kernel(id->protocol) == 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "an SA is of ESP, AH or IPComp");
    if (id->source.family != id->destination.family || !known_family(id->destination.family))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the SA's addresses do not go together");
    return TRUE;
}

/* The kernel asks for no length of an HMAC key, so we do. */
static gboolean
check_key(const XfrmAlgorithm *algorithm, guint bits, const ObolSecret *key, GError **error)
{
    if (!algorithm_has_key_bits(algorithm, bits) && !(bits == 0 && algorithm->key_bits[0] == 0))
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "the algorithm has no key of that length");
    if ((key != NULL ? key->n : 0) != bits / 8 + algorithm->salt_bytes)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a key is not as long as its algorithm wants it");
    return TRUE;
}

static gboolean
check_encr(const ObolSaSpec *spec, gboolean *aead, GError **error)
{
    const XfrmAlgorithm *encr = algorithm_find(OBOL_TRANSFORM_ENCR, spec->suite.encr);

    *aead = FALSE;
    if (spec->id.protocol == OBOL_PROTO_AH)
        return spec->suite.encr == 0 || refuse(error, OBOL_KERNEL_ERROR_INVALID, "AH does not encrypt");
    if (encr == NULL)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "Linux has no such encryption algorithm for ESP");
    *aead = encr->icv_bits != 0;
    return check_key(encr, encr->sends_key_bits ? spec->suite.encr_bits : encr->key_bits[0], spec->encr_key, error);
}

/* Encryption that nobody can check is no protection (RFC 8221 section 4). */
static gboolean
check_integ(const ObolSaSpec *spec, gboolean aead, GError **error)
{
    const XfrmAlgorithm *integ = algorithm_find(OBOL_TRANSFORM_INTEG, spec->suite.integ);

    if (aead)
        return spec->suite.integ == 0 || refuse(error, OBOL_KERNEL_ERROR_INVALID, "an AEAD needs no integrity algorithm beside it");
    if (spec->suite.integ == 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "an SA without integrity protection is refused");
    if (integ == NULL)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "Linux has no such integrity algorithm");
    return check_key(integ, integ->key_bits[0], spec->integ_key, error);
}

static gboolean
check_mode(const ObolSaSpec *spec, GError **error)
{
    gboolean esp = spec->id.protocol == OBOL_PROTO_ESP;

    if (spec->reqid == 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "an SA needs a reqid");
    if (!known_mode(spec->mode))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "an SA has a mode");
    if (spec->udp_encap && !esp)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "only ESP goes in UDP (RFC 3948)");
    if (spec->udp_encap && (spec->id.source.port == 0 || spec->id.destination.port == 0))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "ESP in UDP needs both ports");
    if (spec->mode == OBOL_MODE_BEET && !esp)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "BEET mode is for ESP alone");
    if (spec->mode == OBOL_MODE_BEET && !spec_selects(spec))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "BEET mode joins one inner address with one other");
    if (spec->tfc_padding != 0 && !spec->inbound && (!esp || spec->mode != OBOL_MODE_TUNNEL))
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "Linux pads traffic only in ESP's tunnel mode");
    if (spec->offload == OBOL_OFFLOAD_PACKET)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "a device that does all of ESP needs its policies too: not done here");
    if (spec->replay_window > SPEC_WINDOW_MAX)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, "Linux has replay windows up to 4096 packets");
    return TRUE;
}

gboolean
spec_check_sa(const ObolSaSpec *spec, GError **error)
{
    gboolean aead;

    if (!spec_check_id(&spec->id, error) || !check_mode(spec, error))
        return FALSE;
    if (spec->id.spi < SPEC_SPI_FIRST)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the SPI is a reserved one");
    if (spec->id.protocol == OBOL_PROTO_IPCOMP)
        return spec->id.spi <= G_MAXUINT16 || refuse(error, OBOL_KERNEL_ERROR_INVALID, "a CPI has 16 bits");
    return check_encr(spec, &aead, error) && check_integ(spec, aead, error);
}

gboolean
spec_check_policy(const ObolPolicySpec *policy, GError **error)
{
    guint16 from = policy->tunnel_source.family, to = policy->tunnel_destination.family;

    if (policy->direction != OBOL_DIR_IN && policy->direction != OBOL_DIR_OUT && policy->direction != OBOL_DIR_FORWARD)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a policy has a direction");
    if (policy->action == OBOL_POLICY_PASS || policy->action == OBOL_POLICY_DROP)
        return TRUE;
    if (policy->action != OBOL_POLICY_PROTECT || !known_mode(policy->mode))
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a policy has an action and a mode");
    if (policy->reqid == 0)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a policy that protects needs a reqid");
    if (policy->protocol != OBOL_PROTO_ESP && policy->protocol != OBOL_PROTO_AH)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "a policy protects by ESP or AH");
    if (from != 0 && to != 0 && from != to)
        return refuse(error, OBOL_KERNEL_ERROR_INVALID, "the tunnel's addresses do not go together");
    return TRUE;
}

/* One address, the same as @host unless that is NULL. */
static gboolean
is_host(const ObolTs *ts, const ObolAddress *host)
{
    gsize n = ts->family == AF_INET ? 4 : 16;

    return known_family(ts->family) && memcmp(ts->first, ts->last, n) == 0 &&
           (host == NULL || (ts->family == host->family && memcmp(ts->first, host->bytes, n) == 0));
}

gboolean
spec_selects(const ObolSaSpec *spec)
{
    gboolean outer = spec->mode == OBOL_MODE_TRANSPORT;

    if (spec->source_ts == NULL || spec->destination_ts == NULL || spec->source_ts->len != 1 || spec->destination_ts->len != 1)
        return FALSE;
    return is_host(&g_array_index(spec->source_ts, ObolTs, 0), outer ? &spec->id.source : NULL) &&
           is_host(&g_array_index(spec->destination_ts, ObolTs, 0), outer ? &spec->id.destination : NULL);
}
