/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/pair.c - two engines joined in memory. */
#include "exchange/pair.h"

#define EVENTS_MAX 4000 /* of one run: a conversation that goes on for ever is a failure */

void
pair_packet_free(PairPacket *packet)
{
    g_byte_array_unref(packet->bytes);
    g_free(packet);
}

/* What an engine asked for and has no answer to yet: a kernel request or a job. */
typedef struct {
    PairSide *side;
    ObolIkeSa *sa; /* NULL: gone */
    guint32 request;
    ObolKernelRequest *what;
    ObolJob *job;
    ObolPoolRequest *lease;
} Held;

static void
held_free(Held *held)
{
    obol_kernel_request_free(held->what);
    if (held->job != NULL)
        held->job->free(held->job);
    obol_pool_request_free(held->lease);
    g_free(held);
}

void
pair_free(Pair *pair)
{
    PairSide *sides[] = { &pair->left, &pair->right };

    g_queue_free_full(pair->wire, (GDestroyNotify) pair_packet_free);
    g_queue_free_full(pair->held, (GDestroyNotify) held_free);
    for (guint i = 0; i < 2; i++) {
        obol_ike_sa_free(sides[i]->sa);
        for (guint j = 0; j < sides[i]->others->len; j++)
            obol_ike_sa_free(pair_other_sa(sides[i], j));
        g_array_unref(sides[i]->others);
        obol_connection_unref(sides[i]->connection);
        model_kernel_clear(&sides[i]->kernel);
        g_array_unref(sides[i]->ends);
        obol_pools_free(sides[i]->pools);
        g_array_unref(sides[i]->lent);
        g_array_unref(sides[i]->attributes);
        g_clear_pointer(&sides[i]->addresses, g_array_unref);
        g_free(sides[i]->last_log);
        obol_connection_set_unref(pair->sets[i]);
        obol_shared_keys_unref(pair->keys[i]);
    }
    g_clear_pointer(&pair->dead, g_array_unref);
    obol_crypto_free(pair->crypto);
    g_free(pair);
}

PairSide *
pair_other(Pair *pair, PairSide *side)
{
    return side == &pair->left ? &pair->right : &pair->left;
}

/* --- the model kernel --- */

static void
ask_kernel(Pair *pair, const Held *held)
{
    g_autoptr(GError) error = NULL;
    ObolKernelReply reply = { 0 };

    model_kernel_serve(&held->side->kernel, held->what, &reply, &error);
    reply.error = error;
    if (held->sa != NULL)
        pair_feed_sa(pair, held->side, held->sa, &(ObolEvent) { .kind = OBOL_EVENT_KERNEL, .kernel = { held->request, &reply } });
    else if (error == NULL)
        model_kernel_undo(&held->side->kernel, held->what, &reply); /* as the dispatcher does */
}

/* As the dispatcher does: what nobody waits for any more goes back. */
static void
ask_pools(Pair *pair, const Held *held)
{
    g_autoptr(ObolPoolReply) reply = obol_pools_lease(held->side->pools, held->lease);
    const ObolPoolRequest back = { held->lease->identity, held->lease->pools, reply->addresses };

    if (held->sa != NULL)
        pair_feed_sa(pair, held->side, held->sa, &(ObolEvent) { .kind = OBOL_EVENT_LEASED, .leased = reply });
    else
        obol_pools_release(held->side->pools, &back);
}

static GList *
next_held(const Pair *pair)
{
    for (GList *at = pair->held->head; at != NULL; at = at->next) {
        if (!pair->hold_kernel || (pair->hold_only != NULL && ((Held *) at->data)->side != pair->hold_only))
            return at;
    }
    return NULL;
}

/* Answers come after all actions of an event are done, never in the middle of them. */
static void
answer_held(Pair *pair)
{
    for (GList *at; (at = next_held(pair)) != NULL;) {
        Held *held = at->data;

        g_queue_delete_link(pair->held, at);
        if (held->what != NULL) {
            ask_kernel(pair, held);
        } else if (held->lease != NULL) {
            ask_pools(pair, held);
        } else {
            held->job->run(held->job);
            if (held->sa != NULL)
                pair_feed_sa(pair, held->side, held->sa, &(ObolEvent) { .kind = OBOL_EVENT_JOB, .job = held->job });
        }
        held_free(held);
    }
}

void
pair_release_kernel(Pair *pair)
{
    pair->hold_kernel = FALSE;
    answer_held(pair);
}

/* --- actions --- */

static void
put_on_wire(Pair *pair, PairSide *from, const ObolAction *action)
{
    PairPacket *packet = g_new0(PairPacket, 1);
    ObolSpan bytes = obol_span_of_bytes(action->send.datagram);

    packet->to = pair_other(pair, from);
    packet->source = action->send.local.family != 0 ? action->send.local : from->address;
    packet->destination = action->send.remote;
    packet->bytes = g_byte_array_append(g_byte_array_new(), bytes.data, (guint) bytes.n);
    g_queue_push_tail(pair->wire, packet);
    from->n_sent++;
}

static void
hold(Pair *pair, Held held)
{
    g_queue_push_tail(pair->held, g_memdup2(&held, sizeof held));
}

static void
note_child(PairSide *side, const ObolAction *action)
{
    ObolChildState from = action->child_state.from;
    ObolReasonCode code = action->child_state.reason != NULL ? action->child_state.reason->code : OBOL_REASON_NONE;

    if (action->child_state.child->state == OBOL_CHILD_GONE && (from == OBOL_CHILD_INSTALLED || from == OBOL_CHILD_DELETING))
        g_array_append_val(side->ends, code);
}

/* The answers to what @from has asked for go to @to. */
static void
readdress(Pair *pair, const ObolIkeSa *from, ObolIkeSa *to, gboolean jobs_too)
{
    for (GList *at = pair->held->head; at != NULL; at = at->next) {
        Held *held = at->data;

        if (held->sa == from && (jobs_too || held->what != NULL))
            held->sa = to;
    }
}

/* What the dispatcher does. */
static void
take_in(Pair *pair, PairSide *side, ObolIkeSa *old, ObolAction *action, ObolIkeSa **adopted)
{
    ObolIkeSa *sa = g_steal_pointer(&action->successor.sa);
    PairOther other = { sa, G_MAXINT64 };

    g_assert_null(adopted[1]);
    adopted[adopted[0] != NULL ? 1 : 0] = sa;
    if (action->successor.heir) {
        g_assert_true(old == side->sa);
        readdress(pair, old, sa, FALSE);
        other = (PairOther) { old, side->wake_us };
        side->sa = sa;
        side->wake_us = G_MAXINT64;
        side->n_successors++;
    } else {
        side->n_redundant++;
    }
    g_array_append_val(side->others, other);
}

static gint64 *
wake_of(PairSide *side, const ObolIkeSa *sa)
{
    for (guint i = 0; i < side->others->len; i++) {
        if (pair_other_sa(side, i) == sa)
            return &g_array_index(side->others, PairOther, i).wake_us;
    }
    g_assert_true(sa == side->sa);
    return &side->wake_us;
}

static void
take_back(PairSide *side, const ObolAddress *address)
{
    guint i = 0;

    while (i < side->lent->len && !obol_address_equal(&g_array_index(side->lent, ObolAddress, i), address))
        i++;
    g_assert_cmpuint(i, <, side->lent->len);
    g_array_remove_index(side->lent, i);
}

static void
configure(PairSide *side, const ObolAction *action)
{
    const GArray *addresses = action->configure.addresses;

    if (action->configure.up)
        g_array_append_vals(side->lent, addresses->data, addresses->len);
    for (guint i = 0; !action->configure.up && i < addresses->len; i++)
        take_back(side, &g_array_index(addresses, ObolAddress, i));
    g_array_set_size(side->attributes, 0);
    obol_attributes_add_all(side->attributes, action->configure.attributes);
}

static void
carry_out(Pair *pair, PairSide *side, ObolIkeSa *sa, ObolAction *action, ObolIkeSa **adopted, gboolean *closed)
{
    switch (action->kind) {
    case OBOL_ACTION_SEND: put_on_wire(pair, side, action); break;
    case OBOL_ACTION_WAKE: *wake_of(side, sa) = action->wake_us; break;
    case OBOL_ACTION_KEEP_ALIVE: side->n_keep_alives++; break;
    case OBOL_ACTION_KERNEL:
        hold(pair, (Held) { side, sa, action->kernel.request, g_steal_pointer(&action->kernel.what), NULL, NULL });
        break;
    case OBOL_ACTION_JOB: hold(pair, (Held) { side, sa, 0, NULL, g_steal_pointer(&action->job), NULL }); break;
    case OBOL_ACTION_SUCCESSOR: take_in(pair, side, sa, action, adopted); break;
    case OBOL_ACTION_REAUTHENTICATE:
        side->n_reauthentications++;
        side->n_reauth_children = action->reauthenticate.children->len;
        side->reauth_keeps = action->reauthenticate.keep;
        side->redirected_to = action->reauthenticate.to;
        break;
    case OBOL_ACTION_REDIRECTED:
        side->n_redirects++;
        side->redirected_to = action->redirected.to;
        side->redirected_command = action->redirected.command;
        break;
    case OBOL_ACTION_RESOLVE:
        g_strlcpy(side->asked_name, action->resolve.name, sizeof side->asked_name);
        break;
    case OBOL_ACTION_IDENTIFIED:
        side->identified = TRUE;
        side->initial_contact = action->identified.initial_contact;
        break;
    case OBOL_ACTION_COMMAND_DONE:
        side->n_commands_done++;
        side->command_child = action->command_done.child_id;
        side->command_reason = action->command_done.reason != NULL ? action->command_done.reason->code : OBOL_REASON_NONE;
        break;
    case OBOL_ACTION_FAILURE:
        side->n_failures++;
        side->last_failure = action->failure->code;
        side->last_notify = action->failure->notify;
        side->last_phase = action->failure->phase;
        break;
    case OBOL_ACTION_CLOSE: *closed = TRUE; break;
    case OBOL_ACTION_CHILD_STATE: note_child(side, action); break;
    case OBOL_ACTION_LEASE: hold(pair, (Held) { side, sa, 0, NULL, NULL, g_steal_pointer(&action->lease) }); break;
    case OBOL_ACTION_RELEASE: obol_pools_release(side->pools, action->lease); break;
    case OBOL_ACTION_CONFIGURE: configure(side, action); break;
    case OBOL_ACTION_IKE_STATE:
    case OBOL_ACTION_MESSAGE: break;
    case OBOL_ACTION_MOVED: side->n_moves++; break;
    case OBOL_ACTION_LOG:
        g_free(side->last_log);
        side->last_log = g_strdup(action->log.text);
        break;
    }
}

/* Whatever a side would send by, the other one must be able to receive. */
static void
watch_traffic(Pair *pair)
{
    PairSide *sides[] = { &pair->left, &pair->right };

    for (guint i = 0; i < 2; i++) {
        const ModelSa *out = model_kernel_sends_by(&sides[i]->kernel);
        const ModelSa *in = out != NULL ? model_kernel_find(&sides[1 - i]->kernel, out->spec.id.protocol, out->spec.id.spi, TRUE) : NULL;

        pair->n_lost += in == NULL || !obol_secret_equal(in->key, out->key) || sides[i]->kernel.n_policies == 0;
    }
}

ObolIkeSa *
pair_other_sa(const PairSide *side, guint i)
{
    return i < side->others->len ? g_array_index(side->others, PairOther, i).sa : NULL;
}

static void
close_sa(Pair *pair, PairSide *side, ObolIkeSa *sa)
{
    readdress(pair, sa, NULL, TRUE);
    if (sa == side->sa) {
        side->sa = NULL;
        side->wake_us = G_MAXINT64;
    }
    for (guint i = 0; i < side->others->len; i++) {
        if (pair_other_sa(side, i) == sa)
            g_array_remove_index(side->others, i);
    }
    obol_ike_sa_free(sa);
}

void
pair_feed(Pair *pair, PairSide *side, const ObolEvent *event)
{
    pair_feed_sa(pair, side, side->sa, event);
}

void
pair_rekey_ike(Pair *pair, PairSide *side)
{
    pair_feed(pair, side, &(ObolEvent) { .kind = OBOL_EVENT_REKEY });
}

static void
feed_one(Pair *pair, PairSide *side, ObolIkeSa *sa, const ObolEvent *event)
{
    g_autoptr(ObolActions) actions = obol_actions_new();
    ObolIkeSa *adopted[2] = { NULL, NULL };
    gboolean closed = FALSE;

    obol_ike_sa_handle(sa, event, pair->now_us, actions);
    for (guint i = 0; i < obol_actions_n(actions); i++)
        carry_out(pair, side, sa, obol_actions_nth(actions, i), adopted, &closed);
    if (closed)
        close_sa(pair, side, sa);
    for (guint i = 0; i < G_N_ELEMENTS(adopted); i++) {
        if (adopted[i] != NULL)
            feed_one(pair, side, adopted[i], &(ObolEvent) { .kind = OBOL_EVENT_ADOPTED });
    }
}

void
pair_feed_sa(Pair *pair, PairSide *side, ObolIkeSa *sa, const ObolEvent *event)
{
    feed_one(pair, side, sa, event);
    if (pair->answering)
        return;
    pair->answering = TRUE;
    answer_held(pair);
    pair->answering = FALSE;
    if (pair->traffic)
        watch_traffic(pair);
}

/* --- the wire --- */

void
pair_initiate(Pair *pair)
{
    g_assert_null(pair->left.sa);
    pair->left.sa = obol_ike_sa_new_initiator(&pair->left.engine, pair->left.connection, 0x1111, &pair->left.address,
                                              pair->right_nat.family != 0 ? &pair->right_nat : &pair->right.address);
    pair_feed(pair, &pair->left, &(ObolEvent) { .kind = OBOL_EVENT_INITIATE, .initiate = { .command = 1 } });
}

/* What the dispatcher does: a first request makes an SA. */
static void
meet_first_request(const PairPacket *packet)
{
    ObolWireFault fault;
    ObolHeader header;

    if (packet->to->sa != NULL || packet->to->role == OBOL_INITIATOR
        || !obol_header_decode(packet->bytes->data, packet->bytes->len, &header, &fault) || header.exchange != OBOL_IKE_SA_INIT
        || header.spi_r != 0)
        return;
    packet->to->sa = obol_ike_sa_new_responder(&packet->to->engine, 0x2222, &packet->to->address, &packet->source);
}

/* By the SPI that it has chosen, as the dispatcher does; what names nobody is given to the main one, which has to notice. */
static ObolIkeSa *
addressee(const PairPacket *packet)
{
    const PairSide *side = packet->to;
    ObolWireFault fault;
    ObolHeader header;

    if (!obol_header_decode(packet->bytes->data, packet->bytes->len, &header, &fault) || header.spi_r == 0)
        return side->sa;
    for (guint i = 0; i <= side->others->len; i++) {
        ObolIkeSa *sa = i < side->others->len ? pair_other_sa(side, i) : side->sa;
        gboolean by_initiator = (header.flags & OBOL_FLAG_INITIATOR) != 0;

        if (sa != NULL && obol_ike_sa_own_spi(sa) == (by_initiator ? header.spi_r : header.spi_i)
            && (obol_ike_sa_peer_spi(sa) == 0 || obol_ike_sa_peer_spi(sa) == (by_initiator ? header.spi_i : header.spi_r)))
            return sa;
    }
    return side->sa;
}

static gboolean
is_lost(const Pair *pair, const PairPacket *packet)
{
    for (guint i = 0; pair->dead != NULL && i < pair->dead->len; i++) {
        const ObolAddress *dead = &g_array_index(pair->dead, ObolAddress, i);

        if (obol_address_equal(dead, &packet->source) || obol_address_equal(dead, &packet->destination))
            return TRUE;
    }
    return FALSE;
}

static void
put_host(ObolAddress *address, const ObolAddress *host)
{
    guint16 port = address->port;

    *address = *host;
    address->port = port;
}

/* What NATs make of a datagram's addresses. */
static void
translate(const Pair *pair, PairPacket *packet)
{
    gboolean to_right = packet->to == &pair->right;

    if (pair->nat.family != 0 && to_right)
        packet->source = pair->nat;
    if (pair->nat.family != 0 && !to_right && pair->left.sa != NULL)
        packet->destination = pair->left.sa->local;
    if (pair->right_nat.family != 0)
        put_host(to_right ? &packet->destination : &packet->source, to_right ? &pair->right.address : &pair->right_nat);
}

gboolean
pair_deliver(Pair *pair)
{
    ObolIkeSa *sa;
    PairPacket *packet = g_queue_pop_head(pair->wire);
    ObolEvent event = { .kind = OBOL_EVENT_MESSAGE };

    if (packet == NULL)
        return FALSE;
    if (is_lost(pair, packet)) {
        pair_packet_free(packet);
        return TRUE;
    }
    translate(pair, packet);
    meet_first_request(packet);
    sa = addressee(packet);
    if (sa != NULL) {
        /* An exact copy on the heap: ASan sees one byte too far. */
        g_autofree guint8 *exact = g_memdup2(packet->bytes->data, packet->bytes->len);

        event.message.data = exact;
        event.message.n = packet->bytes->len;
        event.message.local = packet->destination;
        event.message.remote = packet->source;
        pair_feed_sa(pair, packet->to, sa, &event);
    }
    pair_packet_free(packet);
    return TRUE;
}

void
pair_run(Pair *pair)
{
    guint n = 0;

    while (pair_deliver(pair))
        g_assert_cmpuint(++n, <, EVENTS_MAX);
}

PairPacket *
pair_peek(Pair *pair)
{
    return g_queue_peek_head(pair->wire);
}

PairPacket *
pair_take(Pair *pair)
{
    return g_queue_pop_head(pair->wire);
}

void
pair_lose(Pair *pair)
{
    PairPacket *packet = pair_take(pair);

    g_assert_nonnull(packet);
    pair_packet_free(packet);
}

void
pair_put(Pair *pair, PairSide *to, GBytes *bytes)
{
    PairPacket *packet = g_new0(PairPacket, 1);
    PairSide *from = pair_other(pair, to);

    packet->to = to;
    packet->source = from->sa != NULL ? from->sa->local : from->address;
    packet->destination = to->sa != NULL ? to->sa->local : to->address;
    packet->bytes = g_bytes_unref_to_array(bytes);
    g_queue_push_tail(pair->wire, packet);
}

/* The SA of either side that is to be woken next. */
static gint64
next_alarm(Pair *pair, PairSide **side, ObolIkeSa **sa)
{
    PairSide *sides[] = { &pair->left, &pair->right };
    gint64 when_us = G_MAXINT64;

    for (guint i = 0; i < 2; i++) {
        for (guint j = 0; j <= sides[i]->others->len; j++) {
            ObolIkeSa *one = j < sides[i]->others->len ? pair_other_sa(sides[i], j) : sides[i]->sa;
            gint64 its_us = one != NULL ? *wake_of(sides[i], one) : G_MAXINT64;

            if (its_us >= when_us)
                continue;
            when_us = its_us;
            *side = sides[i];
            *sa = one;
        }
    }
    return when_us;
}

gboolean
pair_jump(Pair *pair)
{
    PairSide *side = NULL;
    ObolIkeSa *sa = NULL;
    gint64 when_us = next_alarm(pair, &side, &sa);

    if (when_us == G_MAXINT64)
        return FALSE;
    pair->now_us = MAX(pair->now_us, when_us);
    *wake_of(side, sa) = G_MAXINT64;
    pair_feed_sa(pair, side, sa, &(ObolEvent) { .kind = OBOL_EVENT_TIMER });
    return TRUE;
}

/* --- judging --- */

static gboolean
side_whole(const PairSide *side)
{
    const ObolChildSa *child;

    if (side->sa == NULL || side->sa->state != OBOL_IKE_ESTABLISHED || side->sa->children->len != 1)
        return FALSE;
    child = g_ptr_array_index(side->sa->children, 0);
    return child->state == OBOL_CHILD_INSTALLED && side->kernel.n_sas == 2 && side->kernel.sas->len == 2;
}

gboolean
pair_whole(const Pair *pair)
{
    const ObolChildSa *left, *right;

    if (!side_whole(&pair->left) || !side_whole(&pair->right))
        return FALSE;
    left = g_ptr_array_index(pair->left.sa->children, 0);
    right = g_ptr_array_index(pair->right.sa->children, 0);
    return left->spi_in == right->spi_out && left->spi_out == right->spi_in
           && obol_secret_equal(pair->left.sa->keys.block, pair->right.sa->keys.block);
}

gboolean
pair_clean(const Pair *pair)
{
    return pair->left.sa == NULL && pair->right.sa == NULL && pair->left.others->len + pair->right.others->len == 0
           && model_kernel_empty(&pair->left.kernel) && model_kernel_empty(&pair->right.kernel);
}

void
pair_establish(Pair *pair)
{
    pair_initiate(pair);
    pair_run(pair);
    g_assert_true(pair_whole(pair));
    g_assert_cmpuint(pair->left.n_commands_done, ==, 1);
    g_assert_cmpint(pair->left.command_reason, ==, OBOL_REASON_NONE);
}

#define LOST 0x4d /* bits of what is lost of seven */

void
pair_establish_with_loss(Pair *pair)
{
    guint n = 0;

    pair_initiate(pair);
    while (!pair_whole(pair)) {
        if (pair_peek(pair) == NULL)
            g_assert_true(pair_jump(pair));
        else if ((LOST >> n++ % 7 & 1) != 0)
            pair_lose(pair);
        else
            pair_deliver(pair);
        g_assert_cmpuint(n, <, 100);
    }
    pair_run(pair);
    g_assert_true(pair_whole(pair));
}

GBytes *
pair_seal(PairSide *from, guint8 exchange, gboolean response, guint32 message_id, const ObolChain *chain)
{
    g_autoptr(ObolActions) actions = obol_actions_new();

    return obol_sk_seal(from->sa, exchange, response, message_id, chain, actions);
}

gboolean
pair_open(PairSide *to, const PairPacket *packet, GByteArray **plain, ObolChain *chain)
{
    g_auto(ObolMessage) message = { .chain = { .n = 0, .owned = NULL } };
    ObolSpan datagram = { packet->bytes->data, packet->bytes->len };
    ObolWireFault fault;
    guint8 first;

    return obol_message_decode(datagram.data, datagram.n, &message, &fault) && obol_sk_open(to->sa, &message, datagram, plain, &first)
           && obol_chain_decode(first, (*plain)->data, (*plain)->len, chain, &fault);
}
