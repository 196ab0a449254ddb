/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/crash.c - quick crash detection (RFC 6290): our token for the peer, and the peer's, by which it may show one day that it has lost
 * the IKE SA.  What a daemon says that has lost one is the dispatcher's. */
#include "engine/ike-sa-private.h"

#include "engine/crash-token.h"

/* --- ours --- */

static gboolean
makes_tokens(const ObolIkeSa *sa)
{
    return sa->engine->crash_secret != NULL && sa->connection->crash_detection;
}

void
obol_crash_offer(const ObolIkeSa *sa, ObolIkeSa *of, ObolChain *chain)
{
    g_autoptr(ObolSecret) token = makes_tokens(sa) ? obol_crash_token(sa->engine->crypto, sa->engine->crash_secret,
                                                                      of->role == OBOL_INITIATOR, of->spi_i, of->spi_r) : NULL;

    if (token == NULL)
        return;
    obol_chain_add_notify(chain, OBOL_N_QUICK_CRASH_DETECTION, token->bytes, token->n);
    chain->items[chain->n - 1].notify.protocol = OBOL_PROTO_IKE; /* section 4.1 */
    of->token_told = TRUE;
}

gboolean
obol_crash_is_due(const ObolIkeSa *sa)
{
    return makes_tokens(sa) && !sa->token_told;
}

/* --- the peer's --- */

static gboolean
is_token(const ObolPayload *payload)
{
    return payload->type == OBOL_PAYLOAD_NOTIFY && payload->notify.type == OBOL_N_QUICK_CRASH_DETECTION
           && payload->notify.protocol == OBOL_PROTO_IKE && payload->notify.spi.n == 0 && obol_notify_data_valid(&payload->notify);
}

void
obol_crash_take(ObolIkeSa *sa, const ObolChain *chain)
{
    for (guint i = 0; i < chain->n && sa->connection->crash_detection; i++) {
        const ObolSpan *data = &chain->items[i].notify.data;

        if (!is_token(&chain->items[i]))
            continue;
        obol_secret_free(sa->peer_token);
        sa->peer_token = obol_secret_new_from(data->data, data->n);
        return;
    }
}

/* Section 4.5: any of them, and there may be several. */
static gboolean
shows_it(const ObolIkeSa *sa, const ObolChain *chain)
{
    guint n = 0;

    for (guint i = 0; i < chain->n && n < OBOL_CRASH_TOKENS_MAX; i++) {
        g_autoptr(ObolSecret) shown = NULL;

        if (!is_token(&chain->items[i]))
            continue;
        n++;
        shown = obol_secret_new_from(chain->items[i].notify.data.data, chain->items[i].notify.data.n);
        if (obol_secret_equal(shown, sa->peer_token))
            return TRUE;
    }
    return FALSE;
}

/* Section 8.1: whoever sends them in heaps costs us little. */
static gboolean
may_check(ObolIkeSa *sa)
{
    if (sa->now_us - sa->token_since_us >= G_USEC_PER_SEC) {
        sa->token_since_us = sa->now_us;
        sa->n_token_checks = 0;
    }
    return sa->n_token_checks++ < OBOL_CRASH_CHECKS_MAX;
}

static gboolean
is_in_clear(const ObolChain *chain)
{
    return obol_chain_find(chain, OBOL_PAYLOAD_SK) == NULL && obol_chain_find(chain, OBOL_PAYLOAD_SKF) == NULL;
}

gboolean
obol_crash_shown(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    char from[OBOL_ADDRESS_TEXT_MAX];
    ObolReason *reason;

    if (sa->peer_token == NULL || sa->state == OBOL_IKE_GONE || !is_in_clear(in->chain)
        || obol_chain_find_notify(in->chain, OBOL_N_QUICK_CRASH_DETECTION) == NULL)
        return FALSE;
    if (!may_check(sa))
        return TRUE;
    if (!shows_it(sa, in->chain)) {
        obol_ike_sa_log(sa, out, 1, "a crash token from %s is not the peer's: ignored", obol_address_format(in->remote, from));
        return TRUE;
    }
    reason = obol_reason_new(OBOL_REASON_PEER_RESTARTED, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, OBOL_N_QUICK_CRASH_DETECTION,
                             "told from %s", obol_address_format(in->remote, from));
    /* Of one that was rekeyed nothing is left to fail. */
    if (sa->state != OBOL_IKE_REKEYED)
        obol_ike_sa_fail(sa, reason, out);
    obol_succession_abandon(sa, out);
    obol_ike_sa_end(sa, reason, out);
    return TRUE;
}
