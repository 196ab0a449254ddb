/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/configuration.c - virtual addresses: asked for, given, told, taken back (RFC 7296 sections 2.19, 2.20 and 3.15; RFC 8598). */
#include "engine/configuration.h"

#include <string.h>

#include <obol/prefix.h>

#include "engine/configuration-payload.h"
#include "engine/ike-sa-private.h"

struct ObolConfiguration {
    gboolean asks, gives;   /* by IKE_AUTH: we want addresses; the peer has to have some */
    GArray *wanted;         /* of ObolAddress; NULL: as in the settings */
    GArray *ours, *theirs;  /* of ObolAddress; NULL: none */
    GArray *told;           /* of ObolAttribute: by the peer with ours, or to be told with theirs */
    ObolConfigurationWish wish; /* of the peer, until its request is answered */
    gboolean asked;         /* it has asked for addresses */
    GByteArray *request;    /* the payloads of its IKE_AUTH request, while the pool is asked; NULL: it is not */
    guint8 first;           /* type of the first of them */
};

static ObolConfiguration *
configuration_of(ObolIkeSa *sa)
{
    if (sa->configuration == NULL)
        sa->configuration = g_new0(ObolConfiguration, 1);
    return sa->configuration;
}

void
obol_configuration_free(ObolConfiguration *c)
{
    if (c == NULL)
        return;
    g_clear_pointer(&c->wanted, g_array_unref);
    g_clear_pointer(&c->ours, g_array_unref);
    g_clear_pointer(&c->theirs, g_array_unref);
    g_clear_pointer(&c->told, g_array_unref);
    obol_configuration_wish_clear(&c->wish);
    g_clear_pointer(&c->request, g_byte_array_unref);
    g_free(c);
}

static guint
count(const GArray *list)
{
    return list != NULL ? list->len : 0;
}

/* --- selectors --- */

/* Section 2.19: before the address is known all of its family is proposed, for the responder to narrow. */
static void
add_family(GArray *list, const ObolTs *like, const ObolAddress *wanted)
{
    static const guint8 all[16];
    ObolTs ts;

    obol_ts_from_prefix(wanted->family, all, 0, &ts);
    ts.protocol = like->protocol;
    ts.port_first = like->port_first;
    ts.port_last = like->port_last;
    for (guint i = 0; i < list->len; i++) {
        if (obol_ts_equal(&g_array_index(list, ObolTs, i), &ts))
            return;
    }
    g_array_append_val(list, ts);
}

static const GArray *
wanted_of(const ObolIkeSa *sa)
{
    return sa->configuration->wanted != NULL ? sa->configuration->wanted : sa->connection->vips;
}

GArray *
obol_configuration_addresses(const ObolIkeSa *sa, ObolEnd end)
{
    const ObolConfiguration *c = sa->configuration;
    GArray *lent = c == NULL ? NULL : end == OBOL_END_LOCAL ? c->ours : c->theirs;
    GArray *list;

    if (count(lent) > 0)
        return g_array_copy(lent);
    list = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    g_array_append_vals(list, end == OBOL_END_LOCAL ? &sa->local : &sa->remote, 1);
    return list;
}

/* All that the addresses may come to be which we ask for. */
static GArray *
open_selectors(const ObolIkeSa *sa, const GArray *selectors)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolTs));

    for (guint i = 0; i < selectors->len; i++) {
        const ObolTs *ts = &g_array_index(selectors, ObolTs, i);

        for (guint j = 0; ts->family == 0 && j < wanted_of(sa)->len; j++)
            add_family(list, ts, &g_array_index(wanted_of(sa), ObolAddress, j));
        if (ts->family != 0)
            g_array_append_val(list, *ts);
    }
    g_array_set_size(list, MIN(list->len, OBOL_TS_MAX));
    return list;
}

GArray *
obol_configuration_resolve(const ObolIkeSa *sa, ObolEnd end, const GArray *selectors)
{
    g_autoptr(GArray) addresses = NULL;

    if (end == OBOL_END_LOCAL && obol_configuration_asks(sa) && sa->configuration->ours == NULL)
        return open_selectors(sa, selectors);
    addresses = obol_configuration_addresses(sa, end);
    return obol_ts_list_resolve(selectors, addresses);
}

GArray *
obol_configuration_narrow(const ObolIkeSa *sa, const ObolChildConfig *config, const GArray *answered)
{
    g_autoptr(GArray) allowed = obol_configuration_resolve(sa, OBOL_END_LOCAL, config->local_ts);

    return obol_ts_narrow(allowed, answered);
}

void
obol_configuration_look(const ObolIkeSa *sa, ObolIkeInfo *info)
{
    const ObolConfiguration *c = sa->configuration;

    if (c == NULL)
        return;
    info->local_vips = c->ours;
    info->remote_vips = c->theirs;
    info->attributes = c->ours != NULL ? c->told : NULL;
}

/* --- initiator --- */

gboolean
obol_configuration_asks(const ObolIkeSa *sa)
{
    return sa->configuration != NULL && sa->configuration->asks;
}

void
obol_ike_sa_take_over_addresses(ObolIkeSa *sa, const ObolIkeSa *old)
{
    if (old->configuration != NULL && count(old->configuration->ours) > 0 && sa->connection->vips->len > 0)
        configuration_of(sa)->wanted = g_array_copy(old->configuration->ours);
}

void
obol_configuration_put_request(ObolIkeSa *sa, ObolChain *chain)
{
    if (sa->connection->vips->len == 0)
        return;
    configuration_of(sa)->asks = TRUE;
    obol_configuration_build_request(wanted_of(sa), chain);
}

static void
log_addresses(const ObolIkeSa *sa, const GArray *addresses, const char *whose, ObolActions *out)
{
    for (guint i = 0; i < addresses->len; i++) {
        char text[OBOL_ADDRESS_TEXT_MAX];

        obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u: virtual address %s is %s", sa->connection->name, sa->unique_id,
                        obol_address_format(&g_array_index(addresses, ObolAddress, i), text), whose);
    }
}

/* The world installs the addresses before anything that uses them, and removes them after that. */
static void
tell_world(const ObolIkeSa *sa, gboolean up, ObolActions *out)
{
    const ObolConfiguration *c = sa->configuration;
    ObolAction *action = obol_actions_add(out, OBOL_ACTION_CONFIGURE);

    action->configure.up = up;
    action->configure.addresses = g_array_copy(c->ours);
    action->configure.attributes = obol_attributes_new();
    obol_attributes_add_all(action->configure.attributes, c->told);
}

void
obol_configuration_take_reply(ObolIkeSa *sa, const ObolChain *chain, ObolActions *out)
{
    ObolConfiguration *c = sa->configuration;

    if (c == NULL || !c->asks || c->ours != NULL)
        return;
    c->ours = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    c->told = obol_attributes_new();
    obol_configuration_parse_reply(chain, wanted_of(sa), c->ours, c->told);
    if (c->ours->len == 0) {
        g_clear_pointer(&c->ours, g_array_unref);
        g_clear_pointer(&c->told, g_array_unref);
        return;
    }
    log_addresses(sa, c->ours, "ours", out);
    tell_world(sa, TRUE, out);
}

ObolReason *
obol_configuration_unanswered(const ObolIkeSa *sa, const char *phase)
{
    if (!obol_configuration_asks(sa) || sa->configuration->ours != NULL)
        return NULL;
    return obol_reason_new(OBOL_REASON_ADDRESS, phase, OBOL_SIDE_US, 0, "the peer gives no virtual address, and we asked for one");
}

/* --- responder --- */

gboolean
obol_configuration_ask_pool(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *cp = obol_chain_find(in->chain, OBOL_PAYLOAD_CP);
    ObolConfiguration *c;

    if (sa->connection->pools == NULL || *sa->connection->pools == NULL)
        return FALSE;
    c = configuration_of(sa);
    c->gives = TRUE;
    /* Section 2.19: it comes with SA, or not at all. */
    obol_configuration_parse_request(obol_chain_find(in->chain, OBOL_PAYLOAD_SA) != NULL ? cp : NULL, &c->wish);
    c->asked = c->wish.addresses->len > 0;
    if (!c->asked)
        return FALSE;
    c->request = g_byte_array_new();
    c->first = obol_chain_encode(in->chain, OBOL_PAYLOAD_NONE, c->request);
    obol_actions_add(out, OBOL_ACTION_LEASE)->lease =
        obol_pool_request_new(sa->remote_id, (const char *const *) sa->connection->pools, c->wish.addresses);
    return TRUE;
}

/* No more than was asked for, of the families that were. */
static GArray *
acceptable(const ObolConfiguration *c, const GArray *addresses)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ObolAddress));

    for (guint i = 0; i < addresses->len && i < c->wish.addresses->len; i++)
        g_array_append_val(list, g_array_index(addresses, ObolAddress, i));
    return list;
}

void
obol_configuration_leased(ObolIkeSa *sa, const ObolPoolReply *reply, ObolActions *out)
{
    ObolConfiguration *c = sa->configuration;
    g_auto(ObolChain) chain = { .n = 0, .owned = NULL };
    g_autoptr(GByteArray) request = NULL;
    ObolWireFault fault;

    if (c == NULL || c->request == NULL)
        return;
    request = g_steal_pointer(&c->request);
    if (count(reply->addresses) > 0) {
        c->theirs = acceptable(c, reply->addresses);
        c->told = obol_attributes_new();
        obol_attributes_add_all(c->told, reply->attributes);
        log_addresses(sa, c->theirs, "the peer's", out);
    }
    /* The same payloads once more: what we have encoded decodes. */
    if (obol_chain_decode(c->first, request->data, request->len, &chain, &fault))
        obol_auth_take_up(sa, &chain, out);
}

ObolReason *
obol_configuration_missing(const ObolIkeSa *sa, const char *phase)
{
    const ObolConfiguration *c = sa->configuration;

    if (c == NULL || !c->gives || count(c->theirs) > 0)
        return NULL;
    if (c->asked)
        return obol_reason_new(OBOL_REASON_ADDRESS, phase, OBOL_SIDE_US, OBOL_N_INTERNAL_ADDRESS_FAILURE,
                               "no pool of connection %s has one of the family that the peer asks for", sa->connection->name);
    return obol_reason_new(OBOL_REASON_ADDRESS, phase, OBOL_SIDE_US, OBOL_N_FAILED_CP_REQUIRED,
                           "connection %s has pools, and the peer does not ask for an address (RFC 7296 section 2.19)",
                           sa->connection->name);
}

void
obol_configuration_put_reply(const ObolIkeSa *sa, ObolChain *chain)
{
    const ObolConfiguration *c = sa->configuration;

    if (c != NULL && count(c->theirs) > 0)
        obol_configuration_build_reply(&c->wish, c->theirs, c->told, chain);
}

/* --- both --- */

void
obol_configuration_end(ObolIkeSa *sa, ObolActions *out)
{
    const ObolConfiguration *c = sa->configuration;

    if (c == NULL)
        return;
    if (count(c->ours) > 0)
        tell_world(sa, FALSE, out);
    if (count(c->theirs) > 0)
        obol_actions_add(out, OBOL_ACTION_RELEASE)->lease =
            obol_pool_request_new(sa->remote_id, (const char *const *) sa->connection->pools, c->theirs);
    g_clear_pointer(&sa->configuration, obol_configuration_free);
}
