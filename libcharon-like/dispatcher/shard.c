/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/shard.c - the doors of a shard: settings, datagrams, time, the kernel, jobs. */
#include "dispatcher/shard.h"

#include "dispatcher/shard-private.h"
#include "dispatcher/stray.h"
#include "wire/message.h"

#define LOG_LINES_PER_SECOND 5
#define SHARDS_MAX 256

static guint32
next_unique_id(gpointer data)
{
    ObolShard *shard = data;

    /* Each shard has the numbers that its own leaves as remainder, so they are unique among all. */
    return shard->n_unique_ids++ * shard->limits.n_shards + shard->limits.number + 1;
}

static gboolean
source_for(gpointer data, const ObolAddress *remote, ObolAddress *source)
{
    const ObolShard *shard = data;

    return shard->ports.source_for != NULL && shard->ports.source_for(shard->data, remote, source);
}

static guint32
reqid_for(gpointer data, const char *connection, const char *child)
{
    return obol_reqids_of(((ObolShard *) data)->reqids, connection, child);
}

ObolShard *
obol_shard_new(const ObolShardLimits *limits, const ObolCrypto *crypto, const ObolRandom *random,
               const ObolPorts *ports, gpointer data)
{
    ObolShard *shard = g_new0(ObolShard, 1);

    shard->limits = *limits;
    shard->limits.n_shards = CLAMP(limits->n_shards, 1, SHARDS_MAX);
    shard->ports = *ports;
    shard->data = data;
    shard->engine = (ObolEngine) {
        .crypto = crypto, .random = *random, .next_unique_id = next_unique_id, .new_spi = obol_slot_new_spi, .reqid_for = reqid_for,
        .is_first = obol_shard_is_first, .drop_spi = obol_shard_spi_dropped, .source_for = source_for, .half_open_bytes = &shard->half_open_bytes, .data = shard,
    };
    obol_hash_key_init(&shard->hash_key, random);
    obol_admission_init(&shard->admission, &shard->limits, crypto, random);
    obol_bucket_init(&shard->stray, limits->stray_replies_per_second);
    obol_bucket_init(&shard->log, LOG_LINES_PER_SECOND);
    shard->slots = g_ptr_array_new();
    obol_key_table_init(&shard->by_spi);
    obol_key_table_init(&shard->by_request);
    obol_key_table_init(&shard->coming);
    for (guint i = 0; i < OBOL_N_RELATIONS; i++)
        obol_key_table_init(&shard->related[i]);
    shard->addresses.timer.when_us = G_MAXINT64;
    shard->engine.lent = shard->addresses.lent = g_array_new(FALSE, FALSE, sizeof(ObolAddress));
    obol_timer_heap_init(&shard->timers);
    obol_kernel_tickets_init(&shard->kernel);
    obol_lingering_init(&shard->lingering);
    shard->reqids = obol_reqids_new();
    shard->actions = obol_actions_new();
    shard->effects = g_array_new(FALSE, FALSE, sizeof(ObolEffect));
    shard->children = g_array_new(FALSE, TRUE, sizeof(ObolChildInfo));
    shard->told_us = G_MAXINT64;
    return shard;
}

void
obol_shard_free(ObolShard *shard)
{
    if (shard == NULL)
        return;
    while (shard->slots->len > 0)
        obol_slot_free(shard, g_ptr_array_index(shard->slots, shard->slots->len - 1));
    obol_kernel_tickets_clear(&shard->kernel);
    obol_lingering_clear(shard);
    obol_addresses_clear(shard);
    obol_timer_heap_clear(&shard->timers);
    obol_key_table_clear(&shard->by_spi);
    obol_key_table_clear(&shard->by_request);
    obol_key_table_clear(&shard->coming);
    obol_secret_free(shard->crash_secret);
    for (guint i = 0; i < OBOL_N_RELATIONS; i++)
        obol_key_table_clear(&shard->related[i]);
    obol_admission_clear(&shard->admission);
    obol_reqids_free(shard->reqids);
    obol_actions_free(shard->actions);
    g_array_unref(shard->effects);
    g_array_unref(shard->children);
    g_ptr_array_unref(shard->slots);
    g_clear_pointer(&shard->engine.connections, obol_connection_set_unref);
    g_clear_pointer(&shard->engine.keys, obol_shared_keys_unref);
    g_free(shard);
}

void
obol_shard_configure(ObolShard *shard, ObolConnectionSet *connections, ObolSharedKeys *keys,
                     const ObolKernelAbilities *abilities, guint16 nat_t_port)
{
    ObolConnectionSet *old_connections = shard->engine.connections;
    ObolSharedKeys *old_keys = shard->engine.keys;

    shard->engine.connections = obol_connection_set_ref(connections);
    shard->engine.keys = obol_shared_keys_ref(keys);
    shard->engine.abilities = abilities;
    shard->engine.nat_t_port = nat_t_port;
    obol_reqids_configure(shard->reqids, connections, abilities != NULL ? abilities->reqid_max : 0);
    g_clear_pointer(&old_connections, obol_connection_set_unref);
    g_clear_pointer(&old_keys, obol_shared_keys_unref);
}

void
obol_shard_set_limits(ObolShard *shard, const ObolShardLimits *limits)
{
    guint number = shard->limits.number, n_shards = shard->limits.n_shards;

    shard->limits = *limits;
    shard->limits.number = number;
    shard->limits.n_shards = n_shards;
    shard->admission.limits = shard->limits;
    shard->admission.jar.lifetime_us = limits->cookie_lifetime_us;
    obol_bucket_init(&shard->stray, limits->stray_replies_per_second);
}

void
obol_shard_trace_messages(ObolShard *shard, gboolean on)
{
    shard->engine.trace_messages = on;
}

guint32
obol_shard_reqid(ObolShard *shard, const char *connection, const ObolChildConfig *child)
{
    return child->reqid != 0 ? child->reqid : obol_reqids_of(shard->reqids, connection, child->name);
}

const char *
obol_shard_connection_of(ObolShard *shard, guint32 reqid)
{
    const ObolReqid *entry = obol_reqids_find(shard->reqids, reqid);

    return entry != NULL ? entry->connection : NULL;
}

/* --- the frame of every call --- */

void
obol_shard_begin(ObolShard *shard, gint64 now_us)
{
    shard->now_us = now_us;
}

void
obol_shard_settle(ObolShard *shard)
{
    const ObolTimer *first;
    gint64 when_us;

    for (guint i = 0; i < shard->effects->len; i++) {
        ObolEffect effect = g_array_index(shard->effects, ObolEffect, i);
        ObolSlot *slot = obol_key_table_get(&shard->by_spi, effect.spi);

        if (effect.event.kind == OBOL_EVENT_INITIATE && effect.packet[0].family != 0) {
            effect.event.initiate.source = &effect.packet[0];
            effect.event.initiate.destination = &effect.packet[1];
        }
        if (slot != NULL)
            obol_slot_feed(shard, slot, &effect.event);
    }
    g_array_set_size(shard->effects, 0);
    first = obol_timer_heap_first(&shard->timers);
    when_us = first != NULL ? first->when_us : G_MAXINT64;
    if (when_us != shard->told_us)
        shard->ports.wake_at(shard->data, shard->told_us = when_us);
}

void
obol_shard_log_stray(ObolShard *shard, const ObolDatagram *datagram, const char *what)
{
    const ObolListenerVtable *listener = shard->ports.listener;
    guint64 n_before = shard->log.n_refused;
    char remote[OBOL_ADDRESS_TEXT_MAX];
    g_autofree char *text = NULL;

    shard->stats.n_dropped++;
    if (listener == NULL || listener->log == NULL || !obol_bucket_take(&shard->log, shard->now_us))
        return;
    text = g_strdup_printf("%s: %s (%" G_GUINT64_FORMAT " such lines left out before)",
                           obol_address_format_with_port(&datagram->remote, remote), what, n_before);
    listener->log(shard->data, "net", 1, NULL, text);
}

/* --- datagrams --- */

static void
answer_stray(ObolShard *shard, const ObolDatagram *to, const ObolHeader *request, guint16 notify, const guint8 *data,
             gsize n, const ObolSecret *token)
{
    g_autoptr(GByteArray) answer = obol_stray_answer(request, notify, data, n, token);
    ObolDatagram datagram = { .local = to->local, .remote = to->remote, .data = answer->data, .n = answer->len };

    shard->stats.n_sent++;
    shard->ports.send(shard->data, &datagram);
}

static void
receive_other_version(ObolShard *shard, const ObolDatagram *datagram, const ObolHeader *header)
{
    static const guint8 highest = OBOL_WIRE_VERSION;

    if (header->version >> 4 < OBOL_WIRE_VERSION >> 4) {
        obol_shard_log_stray(shard, datagram, "dropped an IKEv1 message: only IKEv2 is spoken here");
        return;
    }
    obol_shard_log_stray(shard, datagram, "dropped a message of a later major version");
    if ((header->flags & OBOL_FLAG_RESPONSE) == 0 && obol_bucket_take(&shard->stray, shard->now_us))
        answer_stray(shard, datagram, header, OBOL_N_INVALID_MAJOR_VERSION, &highest, 1, NULL);
}

static void
feed_message(ObolShard *shard, ObolSlot *slot, const ObolDatagram *datagram, gboolean proven)
{
    ObolEvent event = {
        .kind = OBOL_EVENT_MESSAGE,
        .message = {
            .data = datagram->data, .n = datagram->n, .local = datagram->local, .remote = datagram->remote,
            .cookie_required = proven,
        },
    };

    obol_slot_feed(shard, slot, &event);
}

/* The whole request names what it begins, as section 2.1 advises: two peers behind one NAT may choose the same SPI. */
static guint64
request_key(const ObolShard *shard, const ObolDatagram *datagram)
{
    guint16 port = datagram->remote.port;
    ObolSpan parts[] = {
        { datagram->remote.bytes, sizeof datagram->remote.bytes },
        { (const guint8 *) &port, sizeof port },
        { datagram->data, datagram->n },
    };

    return MAX(obol_keyed_hash(&shard->hash_key, parts, G_N_ELEMENTS(parts)), 1);
}

static void
receive_first_request(ObolShard *shard, const ObolDatagram *datagram, const ObolHeader *header)
{
    guint8 cookie[OBOL_COOKIE_SIZE_MAX];
    gsize n_cookie = 0;
    guint64 key;
    ObolSlot *slot;
    ObolAdmit verdict;

    if (header->spi_i == 0 || header->spi_r != 0 || header->message_id != 0
        || (header->flags & OBOL_FLAG_INITIATOR) == 0) {
        obol_shard_log_stray(shard, datagram, "dropped an IKE_SA_INIT request with an impossible header");
        return;
    }
    key = request_key(shard, datagram);
    slot = obol_key_table_get(&shard->by_request, key);
    if (slot != NULL) {
        feed_message(shard, slot, datagram, FALSE);
        return;
    }
    verdict = obol_admission_judge(&shard->admission, datagram, shard->slots->len, shard->now_us, cookie, &n_cookie);
    switch (verdict) {
    case OBOL_ADMIT:
    case OBOL_ADMIT_PROVEN:
        slot = obol_slot_new_responder(shard, &datagram->local, &datagram->remote, key);
        feed_message(shard, slot, datagram, verdict == OBOL_ADMIT_PROVEN);
        break;
    case OBOL_ADMIT_ASK_COOKIE:
        shard->stats.n_cookies_sent++;
        answer_stray(shard, datagram, header, OBOL_N_COOKIE, cookie, n_cookie, NULL);
        break;
    case OBOL_ADMIT_FULL:
        obol_shard_log_stray(shard, datagram,
                             "dropped an IKE_SA_INIT request: too many IKE SAs are half-open, or there at all");
        break;
    case OBOL_ADMIT_MALFORMED:
        obol_shard_log_stray(shard, datagram, "dropped a malformed IKE_SA_INIT request under load");
        break;
    }
}

/* The Initiator flag tells who began the IKE SA, so whose SPI is whose (section 3.1). */
static ObolSlot *
slot_of(ObolShard *shard, const ObolHeader *header)
{
    gboolean ours_is_r = (header->flags & OBOL_FLAG_INITIATOR) != 0;
    guint64 ours = ours_is_r ? header->spi_r : header->spi_i, theirs = ours_is_r ? header->spi_i : header->spi_r;
    ObolSlot *slot = ours != 0 ? obol_key_table_get(&shard->by_spi, ours) : NULL;
    guint64 known;

    if (slot == NULL || slot->responder != ours_is_r)
        return NULL;
    known = obol_ike_sa_peer_spi(slot->sa);
    return known == 0 || known == theirs ? slot : NULL;
}

static void
receive_for_known(ObolShard *shard, const ObolDatagram *datagram, const ObolHeader *header)
{
    ObolSlot *slot = slot_of(shard, header);
    g_autoptr(ObolSecret) token = NULL;

    if (slot != NULL) {
        feed_message(shard, slot, datagram, FALSE);
        return;
    }
    if (obol_lingering_receive(shard, datagram, header))
        return;
    obol_shard_log_stray(shard, datagram, "dropped a message with SPIs that name no IKE SA");
    if (!obol_stray_may_answer(header) || !obol_bucket_take(&shard->stray, shard->now_us))
        return;
    token = obol_shard_crash_token(shard, header);
    answer_stray(shard, datagram, header, OBOL_N_INVALID_IKE_SPI, NULL, 0, token);
}

void
obol_shard_receive(ObolShard *shard, const ObolDatagram *datagram, gint64 now_us)
{
    ObolWireFault fault = { .rule = NULL };
    ObolHeader header;

    obol_shard_begin(shard, now_us);
    shard->stats.n_received++;
    if (!obol_header_decode(datagram->data, datagram->n, &header, &fault))
        obol_shard_log_stray(shard, datagram, fault.rule != NULL ? fault.rule : "dropped what is no IKE message");
    else if (header.version >> 4 != OBOL_WIRE_VERSION >> 4)
        receive_other_version(shard, datagram, &header);
    else if (header.exchange == OBOL_IKE_SA_INIT && (header.flags & OBOL_FLAG_RESPONSE) == 0)
        receive_first_request(shard, datagram, &header);
    else
        receive_for_known(shard, datagram, &header);
    obol_shard_settle(shard);
}

guint
obol_shard_of_datagram(const guint8 *data, gsize n, guint n_shards)
{
    ObolWireFault fault = { .rule = NULL };
    ObolHeader header;
    guint64 ours;

    if (n_shards <= 1 || !obol_header_decode(data, n, &header, &fault))
        return 0;
    if (header.exchange == OBOL_IKE_SA_INIT && (header.flags & OBOL_FLAG_RESPONSE) == 0)
        return (guint) ((header.spi_i ^ header.spi_i >> 32) % n_shards);
    ours = (header.flags & OBOL_FLAG_INITIATOR) != 0 ? header.spi_r : header.spi_i;
    return (guint) (ours >> (64 - g_bit_storage(n_shards - 1))) % n_shards;
}

/* --- time --- */

void
obol_shard_wake(ObolShard *shard, gint64 now_us)
{
    static const ObolEvent event = { .kind = OBOL_EVENT_TIMER };

    obol_shard_begin(shard, now_us);
    shard->told_us = G_MAXINT64; /* it has rung: whatever comes next is to be asked for again */
    /* No more than were armed at the beginning: an SA that asks for the past gets its turn at the next call. */
    for (guint n = shard->timers.n; n > 0; n--) {
        ObolTimer *timer = obol_timer_heap_first(&shard->timers);
        ObolSlot *slot;

        if (timer == NULL || timer->when_us > now_us)
            break;
        if (timer == &shard->lingering.timer) {
            obol_lingering_expire(shard);
            continue;
        }
        if (timer == &shard->addresses.timer) {
            obol_addresses_go_on(shard);
            continue;
        }
        slot = (ObolSlot *) ((char *) timer - G_STRUCT_OFFSET(ObolSlot, timer));
        obol_timer_heap_set(&shard->timers, timer, G_MAXINT64);
        obol_slot_feed(shard, slot, &event);
    }
    obol_shard_settle(shard);
}

/* --- the kernel and jobs --- */

void
obol_shard_kernel_reply(ObolShard *shard, guint64 ticket, const ObolKernelReply *reply, gint64 now_us)
{
    ObolEvent event = { .kind = OBOL_EVENT_KERNEL, .kernel.reply = reply };
    ObolSlot *slot;

    obol_shard_begin(shard, now_us);
    slot = obol_kernel_tickets_reply(shard, ticket, reply, &event.kernel.request);
    if (slot != NULL)
        obol_slot_feed(shard, slot, &event);
    obol_shard_settle(shard);
}

void
obol_shard_kernel_event(ObolShard *shard, const ObolKernelEvent *event, gint64 now_us)
{
    ObolSlot *slot = event->kind != OBOL_KERNEL_ACQUIRE ? obol_kernel_tickets_find(shard, &event->sa) : NULL;
    ObolEvent expire = {
        .kind = OBOL_EVENT_EXPIRE,
        .expire = { .spi = event->sa.spi, .protocol = event->sa.protocol, .hard = event->hard },
    };
    ObolEvent mapping = { .kind = OBOL_EVENT_MAPPING, .mapping = event->mapped };

    obol_shard_begin(shard, now_us);
    switch (event->kind) {
    case OBOL_KERNEL_ACQUIRE:
        obol_shard_acquire(shard, event);
        break;
    case OBOL_KERNEL_EXPIRE:
        if (slot != NULL)
            obol_slot_feed(shard, slot, &expire);
        break;
    case OBOL_KERNEL_MAPPING:
        if (slot != NULL)
            obol_slot_feed(shard, slot, &mapping);
        break;
    }
    obol_shard_settle(shard);
}

void
obol_shard_job_done(ObolShard *shard, guint64 ticket, ObolJob *job, gint64 now_us)
{
    ObolSlot *slot = obol_key_table_get(&shard->by_spi, ticket);
    ObolEvent event = { .kind = OBOL_EVENT_JOB, .job = job };

    obol_shard_begin(shard, now_us);
    if (slot != NULL) {
        slot->n_jobs--;
        obol_slot_feed(shard, slot, &event);
    }
    job->free(job);
    obol_shard_settle(shard);
}

/* --- pools --- */

void
obol_shard_leased(ObolShard *shard, guint64 ticket, const ObolPoolRequest *request, const ObolPoolReply *reply, gint64 now_us)
{
    ObolSlot *slot = obol_key_table_get(&shard->by_spi, ticket);
    const ObolEvent event = { .kind = OBOL_EVENT_LEASED, .leased = reply };
    const ObolPoolRequest back = { request->identity, request->pools, reply->addresses };

    obol_shard_begin(shard, now_us);
    if (slot != NULL)
        obol_slot_feed(shard, slot, &event);
    else if (shard->ports.release != NULL && reply->addresses != NULL && reply->addresses->len > 0)
        shard->ports.release(shard->data, &back); /* the peer has gone meanwhile */
    obol_shard_settle(shard);
}
