/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine/mobike.c - the addresses of an SA change while it lives, as both ends have agreed (RFC 4555).
 *
 * The initiator of the first IKE SA decides which pair of addresses is used, and says so with UPDATE_SA_ADDRESSES; the responder takes
 * them from the IP header of that.  Either end tells the other one which addresses it has besides, and either may ask for a
 * proof that the other one receives where it says to be (COOKIE2). */
#include "engine/ike-sa-private.h"

#include <string.h>

void
obol_mobike_free(ObolMobike *mobike)
{
    if (mobike == NULL)
        return;
    g_clear_pointer(&mobike->peer_addresses, g_array_unref);
    g_free(mobike);
}

static const ObolPayload *
find(const ObolChain *chain, guint16 type)
{
    const ObolPayload *p = obol_chain_find_notify(chain, type);

    return p != NULL && obol_notify_data_valid(&p->notify) ? p : NULL;
}

static void
tell(const ObolIkeSa *sa, const char *what, ObolActions *out)
{
    obol_ike_sa_log(sa, out, 0, "IKE SA %s #%u: %s", sa->connection->name, sa->unique_id, what);
}

/* --- the peer's addresses, sections 3.4 and 3.6 --- */

/* Nobody can be met at the others: this host itself, everybody, or whoever is on some link. */
static gboolean
is_reachable(const ObolAddress *a)
{
    static const guint8 zero[12], mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (a->family == AF_INET)
        return a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
    return memcmp(a->bytes, zero, sizeof zero) != 0 && memcmp(a->bytes, mapped, sizeof mapped) != 0 && a->bytes[0] != 0xff
           && (a->bytes[0] != 0xfe || (a->bytes[1] & 0xc0) != 0x80);
}

static gboolean
read_address(const ObolPayload *p, ObolAddress *out)
{
    if (p->type != OBOL_PAYLOAD_NOTIFY
        || (p->notify.type != OBOL_N_ADDITIONAL_IP4_ADDRESS && p->notify.type != OBOL_N_ADDITIONAL_IP6_ADDRESS)
        || !obol_notify_data_valid(&p->notify))
        return FALSE;
    *out = (ObolAddress) { .family = p->notify.type == OBOL_N_ADDITIONAL_IP4_ADDRESS ? AF_INET : AF_INET6 };
    memcpy(out->bytes, p->notify.data.data, p->notify.data.n);
    return TRUE;
}

/* -1: it is not there. */
static int
place_of(const GArray *list, const ObolAddress *address)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        if (obol_address_equal(&g_array_index(list, ObolAddress, i), address))
            return (int) i;
    }
    return -1;
}

static gboolean
tells_addresses(const ObolChain *chain)
{
    ObolAddress address;

    for (guint i = 0; i < chain->n; i++) {
        if (read_address(&chain->items[i], &address))
            return TRUE;
    }
    return find(chain, OBOL_N_NO_ADDITIONAL_ADDRESSES) != NULL;
}

static void
add_peer_address(ObolMobike *mobike, const ObolAddress *address)
{
    ObolAddress bare = *address;

    bare.port = 0;
    if (mobike->peer_addresses == NULL)
        mobike->peer_addresses = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    if (mobike->peer_addresses->len < OBOL_ENGINE_PEER_ADDRESSES_MAX && place_of(mobike->peer_addresses, &bare) < 0
        && is_reachable(&bare))
        g_array_append_val(mobike->peer_addresses, bare);
}

static void
drop_peer_address(ObolMobike *mobike, const ObolAddress *address)
{
    int place = place_of(mobike->peer_addresses, address);

    if (place >= 0)
        g_array_remove_index(mobike->peer_addresses, (guint) place);
}

/* One of the peer's is used instead of another one: which it has stays the same. */
static void
exchange_peer_address(ObolMobike *mobike, const ObolAddress *was, const ObolAddress *now)
{
    if (obol_address_equal(was, now))
        return;
    drop_peer_address(mobike, now);
    add_peer_address(mobike, was);
}

/* Section 3.6: the address of the IP header and those that are named are all that there are now. %FALSE: the one that we use is not among
 * them. */
static gboolean
take_addresses(ObolIkeSa *sa, const ObolIncoming *in)
{
    ObolMobike *mobike = sa->mobike;
    gboolean has_present = obol_address_equal(in->remote, &sa->remote);
    ObolAddress address;

    g_clear_pointer(&mobike->peer_addresses, g_array_unref);
    if (!has_present)
        add_peer_address(mobike, in->remote);
    for (guint i = 0; i < in->chain->n; i++) {
        if (!read_address(&in->chain->items[i], &address))
            continue;
        if (obol_address_equal(&address, &sa->remote))
            has_present = TRUE;
        else
            add_peer_address(mobike, &address);
    }
    return has_present;
}

/* --- IKE_AUTH, sections 3.2 to 3.4 --- */

void
obol_mobike_offer(ObolIkeSa *sa, ObolChain *chain)
{
    if (sa->role == OBOL_RESPONDER ? sa->mobike == NULL : !sa->connection->mobike)
        return;
    obol_chain_add_notify(chain, OBOL_N_MOBIKE_SUPPORTED, NULL, 0);
    obol_mobike_add_addresses(sa, FALSE, chain);
    /* Section 3.9: without NAT traversal the addresses of the first IKE_AUTH request are protected. */
    if (sa->role == OBOL_INITIATOR && !sa->negotiation->nat_detection)
        obol_nat_add_prohibition(sa, chain);
}

void
obol_mobike_agree(ObolIkeSa *sa, const ObolIncoming *in)
{
    if (!sa->connection->mobike || find(in->chain, OBOL_N_MOBIKE_SUPPORTED) == NULL || sa->mobike != NULL)
        return;
    sa->mobike = g_new0(ObolMobike, 1);
    sa->mobike->decides = sa->role == OBOL_INITIATOR;
    sa->mobike->nat_t = sa->negotiation->nat_detection;
    sa->mobike->told = sa->negotiation->told;
    if (tells_addresses(in->chain))
        take_addresses(sa, in);
}

/* --- the initiator moves, section 3.5 --- */

void
obol_mobike_move(ObolIkeSa *sa, const ObolPath *path, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    ObolPath was = obol_path_of(sa);

    if (mobike->before.local.family == 0)
        mobike->before = was;
    obol_path_set(sa, path, out);
    exchange_peer_address(mobike, &was.remote, &path->remote);
    sa->request.searched = FALSE;
    if (obol_address_equal(&path->remote, &mobike->before.remote))
        mobike->unverified = FALSE;
    else
        mobike->unverified |= sa->connection->mobike_check == OBOL_CHECK_BEFORE;
    obol_tasks_add(sa, OBOL_TASK_UPDATE, 0, 0);
    obol_window_hurry(sa);
    obol_child_move(sa, out);
}

void
obol_mobike_answered(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolPath paths[OBOL_ENGINE_PATHS_MAX], by = { *in->local, *in->remote }, present = obol_path_of(sa);
    guint n;

    if (sa->mobike == NULL || !sa->mobike->decides || !sa->request.searched || sa->state != OBOL_IKE_ESTABLISHED
        || obol_path_equal(&by, &present))
        return;
    n = obol_paths(sa, paths);
    for (guint i = 0; i < n; i++) {
        if (obol_path_equal(&by, &paths[i])) {
            obol_mobike_move(sa, &by, out);
            return;
        }
    }
}

gboolean
obol_mobike_searches(const ObolIkeSa *sa)
{
    return sa->mobike != NULL && (sa->mobike->decides ? sa->request.n_in_size > OBOL_ENGINE_PATH_SENDINGS : sa->mobike->roaming);
}

gboolean
obol_mobike_is_patient(const ObolIkeSa *sa)
{
    return sa->mobike != NULL && !sa->mobike->decides && sa->now_us - sa->request.first_us < OBOL_ENGINE_RESPONDER_PATIENCE_US;
}

static void
note_seen(ObolMobike *mobike, const ObolPayload *seen)
{
    memcpy(mobike->seen, seen->notify.data.data, sizeof mobike->seen);
    mobike->has_seen = TRUE;
}

static void
update_succeeded(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    const ObolPayload *seen = find(in->chain, OBOL_N_NAT_DETECTION_DESTINATION_IP);

    if (mobike->nat_t)
        obol_nat_detect(sa, in);
    if (seen != NULL)
        note_seen(mobike, seen);
    mobike->unverified = FALSE;
    mobike->before = (ObolPath) { .local.family = 0 };
    mobike->n_tries = mobike->next_path = 0;
    obol_child_move(sa, out);
}

/* Section 3.5: another pair of addresses, the one of before, or the end. */
static void
update_refused(ObolIkeSa *sa, guint16 notify, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    ObolPath paths[OBOL_ENGINE_PATHS_MAX], present = obol_path_of(sa), before = mobike->before;
    guint n = obol_paths(sa, paths);
    g_autofree char *text = obol_path_format(&present);
    g_autoptr(ObolReason) reason =
        obol_reason_new(OBOL_REASON_ADDRESS_REFUSED, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_PEER, notify, "%s", text);

    obol_ike_sa_fail(sa, reason, out);
    mobike->n_tries = 0;
    while (mobike->next_path < n) {
        const ObolPath *next = &paths[mobike->next_path++];

        if (!obol_path_equal(next, &present) && !obol_path_equal(next, &before)) {
            obol_mobike_move(sa, next, out);
            return;
        }
    }
    if (before.local.family == 0 || obol_path_equal(&before, &present) || !obol_path_is_ours(sa, &before.local)) {
        obol_ike_sa_close(sa, g_steal_pointer(&reason), out);
        return;
    }
    tell(sa, "the peer accepts no other addresses, so it stays where it was", out);
    mobike->before = (ObolPath) { .local.family = 0 };
    mobike->unverified = FALSE;
    mobike->next_path = 0;
    obol_path_set(sa, &before, out);
    obol_child_move(sa, out);
}

/* Section 3.9: whoever can change one packet only is not to make us give up a path. %FALSE: enough of it. */
static gboolean
try_again(ObolIkeSa *sa, ObolTaskKind kind)
{
    if (++sa->mobike->n_tries > sa->connection->retransmit_tries)
        return FALSE;
    obol_tasks_add(sa, kind, 0, sa->now_us + sa->connection->retransmit_base_us);
    return TRUE;
}

static void
update_answered(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    const ObolPayload *error = obol_chain_first_error(in->chain);
    guint16 type = error != NULL ? error->notify.type : 0;

    if (error == NULL)
        update_succeeded(sa, in, out);
    else if (type != OBOL_N_UNEXPECTED_NAT_DETECTED || !try_again(sa, OBOL_TASK_UPDATE))
        update_refused(sa, type, out);
}

/* --- the answers to our requests --- */

/* Section 3.7. */
static gboolean
cookie2_is_right(const ObolMobike *mobike, const ObolChain *chain)
{
    const ObolPayload *p = obol_chain_find_notify(chain, OBOL_N_COOKIE2);

    return !mobike->cookie2_sent
           || (p != NULL && p->notify.data.n == sizeof mobike->cookie2
               && memcmp(p->notify.data.data, mobike->cookie2, sizeof mobike->cookie2) == 0);
}

/* An answer by which nothing is known: the request went to several addresses, or from several (sections 3.5 to 3.7). */
static void
ask_anew(ObolIkeSa *sa, guint asked)
{
    static const ObolTaskKind kinds[] = { OBOL_TASK_UPDATE, OBOL_TASK_ANNOUNCE, OBOL_TASK_CHECK };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if ((asked & 1u << kinds[i]) != 0)
            obol_tasks_add(sa, kinds[i], 0, 0);
    }
}

static void
check_answered(ObolIkeSa *sa, ObolActions *out)
{
    sa->mobike->unverified = FALSE;
    obol_child_move(sa, out);
}

static void
announcement_answered(ObolIkeSa *sa, const ObolIncoming *in)
{
    sa->mobike->roaming = FALSE;
    if (obol_chain_find_notify(in->chain, OBOL_N_UNEXPECTED_NAT_DETECTED) != NULL)
        try_again(sa, OBOL_TASK_ANNOUNCE);
    else
        sa->mobike->n_tries = 0;
}

/* Section 3.8: has the mapping of our NAT changed? */
static void
compare_seen(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    const ObolPayload *seen = find(in->chain, OBOL_N_NAT_DETECTION_DESTINATION_IP);

    if (!mobike->decides || seen == NULL)
        return;
    if (!mobike->has_seen) {
        note_seen(mobike, seen);
    } else if (memcmp(mobike->seen, seen->notify.data.data, sizeof mobike->seen) != 0) {
        tell(sa, "the peer sees us at another address than before: it is told that we are there now", out);
        obol_tasks_add(sa, OBOL_TASK_UPDATE, 0, 0);
    }
}

gboolean
obol_mobike_response(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    guint asked = mobike != NULL ? mobike->asked : 0;

    if (asked == 0)
        return TRUE;
    mobike->asked = 0;
    if (!cookie2_is_right(mobike, in->chain)) {
        ObolReason *reason = obol_reason_new(OBOL_REASON_COOKIE2, OBOL_PHASE_INFORMATIONAL, OBOL_SIDE_US, OBOL_N_COOKIE2, NULL);

        obol_ike_sa_fail(sa, reason, out);
        obol_ike_sa_close(sa, reason, out);
        return FALSE;
    }
    if (sa->state != OBOL_IKE_ESTABLISHED)
        return TRUE;
    if (sa->request.many_paths) {
        if ((asked & 1u << OBOL_TASK_ANNOUNCE) != 0)
            mobike->roaming = FALSE;
        ask_anew(sa, asked);
    } else if ((asked & 1u << OBOL_TASK_UPDATE) != 0) {
        update_answered(sa, in, out);
    } else if ((asked & 1u << OBOL_TASK_CHECK) != 0) {
        check_answered(sa, out);
    } else if ((asked & 1u << OBOL_TASK_ANNOUNCE) != 0) {
        announcement_answered(sa, in);
    } else {
        compare_seen(sa, in, out);
    }
    return TRUE;
}

/* --- what the peer asks --- */

/* Ours as the settings have them, and the peer's as they allow it to come from. */
static gboolean
is_acceptable(const ObolIkeSa *sa, const ObolIncoming *in)
{
    return obol_hosts_allow(sa->connection->local_hosts, in->local) && obol_hosts_allow(sa->connection->remote_hosts, in->remote);
}

static void
follow(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolMobike *mobike = sa->mobike;
    ObolAddressCheck check = sa->connection->mobike_check;
    gboolean moves = !obol_address_equal(&sa->remote, in->remote);
    ObolPath path = { *in->local, *in->remote }, was = obol_path_of(sa);

    if (mobike->nat_t)
        obol_nat_detect(sa, in);
    mobike->mapped = (ObolAddress) { .family = 0 };
    mobike->roaming = FALSE;
    mobike->unverified |= moves && check == OBOL_CHECK_BEFORE;
    if (!obol_path_equal(&path, &was))
        obol_window_hurry(sa);
    obol_path_set(sa, &path, out);
    exchange_peer_address(mobike, &was.remote, &path.remote);
    if (moves && check != OBOL_CHECK_NOT)
        obol_tasks_add(sa, OBOL_TASK_CHECK, 0, 0);
    obol_child_move(sa, out);
}

static void
take_update(ObolIkeSa *sa, const ObolIncoming *in, ObolChain *answer, ObolActions *out)
{
    gboolean ours_to_say = sa->mobike->decides;

    if (!ours_to_say && sa->state == OBOL_IKE_ESTABLISHED && is_acceptable(sa, in)) {
        follow(sa, in, out);
        return;
    }
    obol_chain_add_notify(answer, OBOL_N_UNACCEPTABLE_ADDRESSES, NULL, 0);
    if (sa->state == OBOL_IKE_ESTABLISHED)
        tell(sa, ours_to_say ? "the peer wants to choose the addresses, which is for us to do"
                             : "the peer wants to move to addresses that the settings do not allow", out);
}

/* Section 3.6: the peer may have left the address that we use; where it asks from it can be reached. */
static void
reconsider(ObolIkeSa *sa, const ObolIncoming *in, ObolActions *out)
{
    ObolPath path = { *in->local, *in->remote };
    ObolAddress left = sa->remote;

    if (!sa->mobike->decides || sa->state != OBOL_IKE_ESTABLISHED)
        return;
    obol_mobike_move(sa, &path, out);
    drop_peer_address(sa->mobike, &left);
}

static gboolean
refuse_nat(const ObolIkeSa *sa, const ObolIncoming *in, ObolChain *answer, ObolActions *out)
{
    if (!obol_nat_is_unexpected(in))
        return FALSE;
    obol_chain_add_notify(answer, OBOL_N_UNEXPECTED_NAT_DETECTED, NULL, 0);
    tell(sa, "a NAT has changed the addresses of a request whose sender allows none", out);
    return TRUE;
}

/* Section 3.7: by anybody who is asked, with MOBIKE or without. */
static void
answer_cookie2(const ObolChain *chain, ObolChain *answer)
{
    const ObolPayload *p = find(chain, OBOL_N_COOKIE2);

    if (p != NULL)
        obol_chain_add_notify(answer, OBOL_N_COOKIE2, p->notify.data.data, p->notify.data.n);
}

void
obol_mobike_request(ObolIkeSa *sa, const ObolIncoming *in, ObolChain *answer, ObolActions *out)
{
    gboolean update = find(in->chain, OBOL_N_UPDATE_SA_ADDRESSES) != NULL, addresses = tells_addresses(in->chain);
    gboolean has_present = TRUE;
    ObolPath path = { *in->local, *in->remote };

    answer_cookie2(in->chain, answer);
    if (sa->mobike == NULL || ((update || addresses) && refuse_nat(sa, in, answer, out)))
        return;
    if (update)
        take_update(sa, in, answer, out);
    if (addresses)
        has_present = take_addresses(sa, in);
    if (!has_present)
        reconsider(sa, in, out);
    if (sa->mobike->nat_t && obol_nat_has_hashes(in->chain))
        obol_nat_add_hashes(sa, &path, answer); /* section 3.8 */
}

/* --- the IKE SA is rekeyed --- */

/* What an SA needs that has no children: not to follow its peer where that does not say so. */
void
obol_mobike_shadow(const ObolIkeSa *of, ObolIkeSa *sa)
{
    if (of->mobike == NULL)
        return;
    sa->mobike = g_new0(ObolMobike, 1);
    sa->mobike->decides = of->mobike->decides;
    sa->mobike->nat_t = of->mobike->nat_t;
}

/* What is not answered yet is asked anew by the heir. */
void
obol_mobike_inherit(ObolIkeSa *sa, ObolIkeSa *heir)
{
    ObolMobike *shadow = heir->mobike;

    if (sa->mobike == NULL)
        return;
    heir->mobike = sa->mobike;
    sa->mobike = shadow;
    ask_anew(heir, heir->mobike->asked);
    heir->mobike->asked = 0;
}
