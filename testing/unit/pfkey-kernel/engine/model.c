/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model.c - a kernel's side of PF_KEY in memory. */
#include "model.h"

#include <errno.h>
#include <string.h>

void
model_init(Model *model)
{
    *model = (Model) { .last_spi = 0xc0000000, .last_policy = 8 };
    model->sas = g_array_new(FALSE, TRUE, sizeof(ModelSa));
    model->policies = g_array_new(FALSE, TRUE, sizeof(ModelPolicy));
}

static void
free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

void
model_cut(Model *model)
{
    for (guint i = 0; i < PFKEY_N_CHANNELS; i++)
        g_queue_clear_full(&model->queued[i], free_bytes);
    model->registered = 0;
}

void
model_clear(Model *model)
{
    model_cut(model);
    g_array_unref(model->sas);
    g_array_unref(model->policies);
}

static void
queue(Model *model, PfkeyChannel to, const PfkeyMessage *message)
{
    g_auto(PfkeyBuffer) out = PFKEY_BUFFER_INIT;
    PfkeyFault fault = { 0 };

    if (!pfkey_message_encode(&pfkey_linux, message, &out, &fault))
        g_error("the model's %s: %s", pfkey_type_name(message->header.type), pfkey_fault_text(&fault));
    g_queue_push_tail(&model->queued[to], g_bytes_new(out.data, out.n));
}

/* Every socket's business: echoes, and others' doings. */
static void
queue_to_all(Model *model, const PfkeyMessage *message)
{
    for (guint i = 0; i < PFKEY_N_CHANNELS; i++)
        queue(model, i, message);
}

void
model_tell(Model *model, PfkeyMessage *message)
{
    if (model->registered > 0)
        queue(model, PFKEY_CHANNEL_EVENTS, message);
}

static gboolean
same(const ObolAddress *a, const ObolAddress *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static int
find_sa(const Model *model, guint8 satype, guint32 spi, const ObolAddress *destination)
{
    for (guint i = 0; i < model->sas->len; i++) {
        const ModelSa *sa = &g_array_index(model->sas, ModelSa, i);

        if (sa->satype == satype && sa->sa.spi == spi && (destination == NULL || same(&sa->destination.address, destination)))
            return (int) i;
    }
    return -1;
}

ModelSa *
model_find_sa(const Model *model, guint8 satype, guint32 spi)
{
    int i = find_sa(model, satype, spi, NULL);

    return i >= 0 ? &g_array_index(model->sas, ModelSa, i) : NULL;
}

guint
model_n_mature(const Model *model)
{
    guint n = 0;

    for (guint i = 0; i < model->sas->len; i++)
        n += g_array_index(model->sas, ModelSa, i).sa.state != PFKEY_STATE_LARVAL;
    return n;
}

void
model_drop_larvals(Model *model)
{
    for (guint i = model->sas->len; i-- > 0;)
        if (g_array_index(model->sas, ModelSa, i).sa.state == PFKEY_STATE_LARVAL)
            g_array_remove_index(model->sas, i);
}

static void
put_sa(PfkeyMessage *out, const ModelSa *sa)
{
    *pfkey_message_add_sa(out) = sa->sa;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_HARD) = sa->hard;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_SOFT) = sa->soft;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_CURRENT) = sa->current;
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_SRC) = sa->source;
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_DST) = sa->destination;
    if (sa->has_proxy)
        *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_PROXY) = sa->proxy;
    if (sa->n_key > 0 && sa->satype != PFKEY_SATYPE_IPCOMP)
        pfkey_message_add_key(out, PFKEY_EXT_KEY_AUTH, sa->key, sa->n_key);
    if (sa->satype == PFKEY_SATYPE_ESP)
        pfkey_message_add_key(out, PFKEY_EXT_KEY_ENCRYPT, sa->key, 32);
    *pfkey_message_add_sa2(out) = sa->sa2;
    if (sa->encap)
        pfkey_message_add_encap(out, sa->sport, sa->dport);
}

static void
put_policy(PfkeyMessage *out, const ModelPolicy *policy)
{
    out->header.reserved = 3; /* as the kernel does */
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_SRC) = policy->source;
    *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_DST) = policy->destination;
    *pfkey_message_add_lifetime(out, PFKEY_EXT_LIFETIME_HARD) = policy->hard;
    *pfkey_message_add_policy(out) = policy->policy;
}

static void
from_message(ModelSa *sa, const PfkeyMessage *m)
{
    const PfkeyKey *key = pfkey_message_has(m, PFKEY_EXT_KEY_AUTH) ? &m->auth_key : &m->encr_key;

    sa->satype = m->header.satype;
    sa->sa = m->sa;
    sa->sa.state = PFKEY_STATE_MATURE;
    sa->sa2 = m->sa2;
    sa->hard = m->hard;
    sa->soft = m->soft;
    sa->source = m->source;
    sa->destination = m->destination;
    sa->proxy = m->proxy;
    sa->has_proxy = pfkey_message_has(m, PFKEY_EXT_ADDRESS_PROXY);
    sa->n_key = MIN(key->bytes.n, MODEL_KEY_MAX);
    if (sa->n_key > 0)
        memcpy(sa->key, key->bytes.data, sa->n_key);
    sa->encap = pfkey_message_has(m, PFKEY_EXT_X_NAT_T_TYPE);
    sa->has_original = pfkey_message_has(m, PFKEY_EXT_X_NAT_T_OA);
    sa->original = sa->has_original ? m->nat_original : (PfkeyAddress) { 0 };
    sa->sport = m->nat_sport.port;
    sa->dport = m->nat_dport.port;
    sa->seq = m->header.seq;
}

/* --- requests: 0 with @out filled, or an errno --- */

static int
getspi(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    ModelSa sa = { .satype = m->header.satype, .source = m->source, .destination = m->destination, .sa2 = m->sa2 };

    sa.sa.spi = MAX(++model->last_spi, m->spi_range.min);
    if (sa.sa.spi > m->spi_range.max)
        sa.sa.spi = m->spi_range.min + model->last_spi % 1000;
    g_array_append_val(model->sas, sa);
    put_sa(out, &sa);
    return 0;
}

static int
add(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    ModelSa sa = { .satype = 0 };
    int there = find_sa(model, m->header.satype, m->sa.spi, &m->destination.address);

    if (m->header.satype == PFKEY_SATYPE_AH && model->no_ah)
        return EPROTONOSUPPORT;
    if (there >= 0)
        return EEXIST;
    for (guint i = 0; i < model->sas->len; i++) /* the larval of the acquire that this answers */
        if (g_array_index(model->sas, ModelSa, i).seq == m->header.seq && g_array_index(model->sas, ModelSa, i).sa.spi == 0) {
            g_array_remove_index(model->sas, i);
            break;
        }
    from_message(&sa, m);
    g_array_append_val(model->sas, sa);
    put_sa(out, &sa);
    return 0;
}

static int
update(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    int i = find_sa(model, m->header.satype, m->sa.spi, &m->destination.address);
    ModelSa *sa = i >= 0 ? &g_array_index(model->sas, ModelSa, i) : NULL;

    if (sa == NULL)
        return ESRCH;
    if (sa->sa.state == PFKEY_STATE_LARVAL) {
        from_message(sa, m);
    } else { /* keys stay, whatever the echo says */
        if (sa->encap != pfkey_message_has(m, PFKEY_EXT_X_NAT_T_TYPE))
            return EINVAL;
        sa->sport = m->nat_sport.port;
        sa->dport = m->nat_dport.port;
        sa->hard = m->hard;
        sa->soft = m->soft;
    }
    put_sa(out, sa);
    return 0;
}

static int
get_or_delete(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    int i = find_sa(model, m->header.satype, m->sa.spi, &m->destination.address);

    if (i < 0)
        return ESRCH;
    put_sa(out, &g_array_index(model->sas, ModelSa, i));
    if (m->header.type == PFKEY_DELETE) {
        out->n_entries = 0;
        out->present = 0;
        *pfkey_message_add_sa(out) = m->sa;
        *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_SRC) = m->source;
        *pfkey_message_add_address(out, PFKEY_EXT_ADDRESS_DST) = m->destination;
        g_array_remove_index(model->sas, (guint) i);
    }
    return 0;
}

static gboolean
same_selector(const PfkeyAddress *a, const PfkeyAddress *b)
{
    return same(&a->address, &b->address) && a->address.port == b->address.port && a->prefix == b->prefix && a->protocol == b->protocol;
}

static int
find_policy(const Model *model, const PfkeyMessage *m)
{
    gboolean by_id = m->header.type == PFKEY_X_SPDGET || m->header.type == PFKEY_X_SPDDELETE2;

    for (guint i = 0; i < model->policies->len; i++) {
        const ModelPolicy *policy = &g_array_index(model->policies, ModelPolicy, i);

        if (by_id ? policy->policy.id == m->policy.id
                  : same_selector(&policy->source, &m->source) && same_selector(&policy->destination, &m->destination) &&
                        policy->policy.direction == m->policy.direction)
            return (int) i;
    }
    return -1;
}

static int
spdadd(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    ModelPolicy policy = { m->source, m->destination, m->policy, m->hard };
    int i = find_policy(model, m);

    if (i >= 0 && m->header.type == PFKEY_X_SPDADD)
        return EEXIST;
    for (guint j = 0; j < policy.policy.n; j++) {
        g_assert_cmpuint(policy.policy.requests[j].reqid, <=, PFKEY_REQID_MANUAL_MAX);
        if (policy.policy.requests[j].level == PFKEY_LEVEL_USE) {
            g_assert_cmpuint(policy.policy.direction, !=, PFKEY_DIR_OUT);
            policy.policy.requests[j].reqid = 0;
        }
    }
    policy.policy.id = i >= 0 ? g_array_index(model->policies, ModelPolicy, i).policy.id : (model->last_policy += 8);
    if (i >= 0)
        g_array_index(model->policies, ModelPolicy, i) = policy;
    else
        g_array_append_val(model->policies, policy);
    put_policy(out, &policy);
    return 0;
}

static int
spddelete_or_get(Model *model, const PfkeyMessage *m, PfkeyMessage *out)
{
    int i = find_policy(model, m);

    if (i < 0)
        return ENOENT;
    put_policy(out, &g_array_index(model->policies, ModelPolicy, i));
    if (m->header.type != PFKEY_X_SPDGET)
        g_array_remove_index(model->policies, (guint) i);
    return 0;
}

/* By policy; moves the newest SA of this description, with its policy's template. */
static int
migrate(Model *model, const PfkeyMessage *m)
{
    const PfkeyRequest *from = &m->policy.requests[0], *to = &m->policy.requests[1];
    int i;
    gboolean matched = FALSE;

    if (model->no_migrate)
        return ENOPROTOOPT;
    if (m->policy.n != 2)
        return EINVAL;
    i = find_policy(model, m);
    if (i < 0)
        return ENOENT;
    for (guint j = 0; j < g_array_index(model->policies, ModelPolicy, i).policy.n; j++) {
        PfkeyRequest *request = &g_array_index(model->policies, ModelPolicy, i).policy.requests[j];

        if (request->mode != from->mode || request->protocol != from->protocol || request->reqid != from->reqid ||
            !same(&request->source, &from->source) || !same(&request->destination, &from->destination))
            continue;
        request->source = to->source;
        request->destination = to->destination;
        matched = TRUE;
    }
    if (!matched)
        return ENODATA;
    for (guint j = model->sas->len; j-- > 0;) {
        ModelSa sa = g_array_index(model->sas, ModelSa, j);

        if (sa.sa.state == PFKEY_STATE_LARVAL || sa.sa2.reqid != from->reqid || sa.sa2.mode != from->mode ||
            !same(&sa.source.address, &from->source) || !same(&sa.destination.address, &from->destination))
            continue;
        sa.source.address = to->source;
        sa.destination.address = to->destination;
        g_array_remove_index(model->sas, j);
        g_array_append_val(model->sas, sa);
        break;
    }
    return 0;
}

static void
put_supported(PfkeyMessage *out, PfkeyBuffer *lists)
{
    static const PfkeyAlgorithm auth[] = {
        { 251, 0, 0, 0 }, { 2, 0, 128, 128 }, { 3, 0, 160, 160 }, { 5, 0, 256, 256 }, { 6, 0, 384, 384 }, { 7, 0, 512, 512 },
        { 8, 0, 160, 160 }, { 9, 0, 128, 128 },
    };
    static const PfkeyAlgorithm encr[] = {
        { 11, 0, 0, 0 }, { 2, 8, 64, 64 }, { 3, 8, 192, 192 }, { 6, 8, 40, 128 }, { 7, 8, 40, 448 }, { 12, 8, 128, 256 },
        { 252, 8, 128, 256 }, { 22, 8, 128, 256 }, { 253, 8, 128, 256 }, { 13, 8, 160, 288 },
    };
    gsize split;

    for (guint i = 0; i < G_N_ELEMENTS(auth); i++)
        pfkey_put_algorithm(lists, &auth[i]);
    split = lists->n;
    for (guint i = 0; i < G_N_ELEMENTS(encr); i++)
        pfkey_put_algorithm(lists, &encr[i]);
    pfkey_message_add(out, PFKEY_EXT_SUPPORTED_AUTH);
    out->supported_auth = (PfkeySupported) { G_N_ELEMENTS(auth), { lists->data, split } };
    pfkey_message_add(out, PFKEY_EXT_SUPPORTED_ENCRYPT);
    out->supported_encr = (PfkeySupported) { G_N_ELEMENTS(encr), { lists->data + split, lists->n - split } };
}

/* Numbered from 1, the last 0. */
static int
dump(Model *model, PfkeyChannel from, const PfkeyMessage *m)
{
    gboolean sas = m->header.type == PFKEY_DUMP;
    guint n = sas ? model->sas->len : model->policies->len;

    for (guint i = 0; i < n; i++) {
        PfkeyMessage out;

        pfkey_message_init(&out, m->header.type, sas ? g_array_index(model->sas, ModelSa, i).satype : 0, i + 1 < n ? i + 1 : 0,
                           m->header.pid);
        if (sas)
            put_sa(&out, &g_array_index(model->sas, ModelSa, i));
        else
            put_policy(&out, &g_array_index(model->policies, ModelPolicy, i));
        queue(model, from, &out);
    }
    return n > 0 ? 0 : ENOENT;
}

typedef enum { TO_ONE, TO_ALL, TO_NOBODY } Audience;

static int
serve(Model *model, PfkeyChannel from, const PfkeyMessage *m, PfkeyMessage *out, PfkeyBuffer *lists, Audience *to)
{
    *to = TO_ALL;
    switch (m->header.type) {
    case PFKEY_GETSPI: *to = TO_ONE; return getspi(model, m, out);
    case PFKEY_ADD: return add(model, m, out);
    case PFKEY_UPDATE: return update(model, m, out);
    case PFKEY_GET: *to = TO_ONE; return get_or_delete(model, m, out);
    case PFKEY_DELETE: return get_or_delete(model, m, out);
    case PFKEY_REGISTER:
        g_assert_cmpint(from, ==, PFKEY_CHANNEL_EVENTS);
        if ((model->registered >> m->header.satype & 1) != 0)
            return EEXIST;
        if (m->header.satype != 0)
            model->registered |= 1u << m->header.satype;
        *to = TO_ONE;
        put_supported(out, lists);
        return 0;
    case PFKEY_DUMP:
    case PFKEY_X_SPDDUMP: *to = TO_NOBODY; return dump(model, from, m);
    case PFKEY_X_SPDADD:
    case PFKEY_X_SPDUPDATE: return spdadd(model, m, out);
    case PFKEY_X_SPDDELETE:
    case PFKEY_X_SPDDELETE2: return spddelete_or_get(model, m, out);
    case PFKEY_X_SPDGET: *to = TO_ONE; return spddelete_or_get(model, m, out);
    case PFKEY_X_MIGRATE:
        *to = model->silent_migrate ? TO_NOBODY : TO_ALL;
        out->header.seq = out->header.pid = 0;
        return migrate(model, m);
    default: return EOPNOTSUPP;
    }
}

static int
refusal(Model *model, PfkeyType type)
{
    if (model->refuse[type] == 0)
        return 0;
    if (model->refuse_after[type] == 0)
        return model->refuse[type];
    model->refuse_after[type]--;
    return 0;
}

/* The one that only asks whether there is MIGRATE lacks everything, and may. */
static void
check(const PfkeyMessage *m)
{
    PfkeyFault fault = { 0 };

    if (m->header.type == PFKEY_X_MIGRATE && m->n_entries == 0)
        return;
    if (!pfkey_message_check(m, PFKEY_DOWN, &fault))
        g_error("%s: %s", pfkey_type_name(m->header.type), pfkey_fault_text(&fault));
}

void
model_take(Model *model, PfkeyChannel from, const PfkeyMessage *message)
{
    g_auto(PfkeyBuffer) bytes = PFKEY_BUFFER_INIT, lists = PFKEY_BUFFER_INIT;
    PfkeyMessage m, out;
    PfkeyFault fault = { 0 };
    Audience to = TO_ONE;
    PfkeyType type;
    int number;

    if (!pfkey_message_encode(&pfkey_linux, message, &bytes, &fault) ||
        !pfkey_message_decode(&pfkey_linux, bytes.data, bytes.n, &m, &fault))
        g_error("%s: %s", pfkey_type_name(message->header.type), pfkey_fault_text(&fault));
    check(&m);
    type = m.header.type;
    model->n_got[type]++;
    if (model->n_mute[type] > 0 && model->mute_undone) {
        model->n_mute[type]--;
        return;
    }
    pfkey_message_init(&out, type, m.header.satype, m.header.seq, m.header.pid);
    number = refusal(model, type);
    if (number == 0)
        number = serve(model, from, &m, &out, &lists, &to);
    if (number != 0) {
        pfkey_message_init(&out, type, m.header.satype, m.header.seq, m.header.pid);
        out.header.error = (guint8) number;
        to = TO_ONE;
    }
    if (model->n_mute[type] > 0)
        model->n_mute[type]--;
    else if (to == TO_ALL)
        queue_to_all(model, &out);
    else if (to == TO_ONE)
        queue(model, from, &out);
}

void
model_foreign(Model *model, PfkeyMessage *message)
{
    g_auto(PfkeyBuffer) lists = PFKEY_BUFFER_INIT;
    PfkeyMessage out;
    Audience to;

    if (message->header.pid == 0)
        message->header.pid = 4711;
    pfkey_message_init(&out, message->header.type, message->header.satype, message->header.seq, message->header.pid);
    switch (message->header.type) {
    case PFKEY_FLUSH: g_array_set_size(model->sas, 0); break;
    case PFKEY_X_SPDFLUSH: g_array_set_size(model->policies, 0); break;
    default: g_assert_cmpint(serve(model, PFKEY_CHANNEL_REQUESTS, message, &out, &lists, &to), ==, 0); break;
    }
    queue_to_all(model, &out);
}

ModelPolicy *
model_policy(const Model *model, guint8 direction, guint n)
{
    for (guint i = 0; i < model->policies->len; i++)
        if (g_array_index(model->policies, ModelPolicy, i).policy.direction == direction && n-- == 0)
            return &g_array_index(model->policies, ModelPolicy, i);
    return NULL;
}

guint
model_n_policies(const Model *model, guint8 direction)
{
    guint n = 0;

    for (guint i = 0; i < model->policies->len; i++)
        n += direction == 0 || g_array_index(model->policies, ModelPolicy, i).policy.direction == direction;
    return n;
}

/* No selector, no reqid, no mode: that is all there is. */
void
model_acquire(Model *model, const ModelPolicy *policy, const ObolAddress *source, const ObolAddress *destination)
{
    ModelSa larval = { .satype = PFKEY_SATYPE_ESP, .seq = ++model->last_acquire };
    PfkeyMessage m;
    PfkeyPolicy *p;

    pfkey_message_init(&m, PFKEY_ACQUIRE, PFKEY_SATYPE_ESP, larval.seq, 0);
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_SRC) = (PfkeyAddress) { .address = *source, .prefix = 32 };
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_DST) = (PfkeyAddress) { .address = *destination, .prefix = 32 };
    p = pfkey_message_add_policy(&m);
    p->type = PFKEY_POLICY_IPSEC;
    p->direction = PFKEY_DIR_OUT;
    p->id = policy->policy.id;
    pfkey_message_add(&m, PFKEY_EXT_PROPOSAL);
    larval.source = m.source;
    larval.destination = m.destination;
    g_array_append_val(model->sas, larval);
    model_tell(model, &m);
}

void
model_expire(Model *model, guint index, gboolean hard)
{
    const ModelSa *sa = &g_array_index(model->sas, ModelSa, index);
    PfkeyMessage m;

    pfkey_message_init(&m, PFKEY_EXPIRE, sa->satype, 0, 0);
    *pfkey_message_add_sa(&m) = sa->sa;
    m.sa.state = hard ? PFKEY_STATE_DEAD : PFKEY_STATE_DYING;
    *pfkey_message_add_lifetime(&m, hard ? PFKEY_EXT_LIFETIME_HARD : PFKEY_EXT_LIFETIME_SOFT) = hard ? sa->hard : sa->soft;
    *pfkey_message_add_lifetime(&m, PFKEY_EXT_LIFETIME_CURRENT) = sa->current;
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_SRC) = sa->source;
    *pfkey_message_add_address(&m, PFKEY_EXT_ADDRESS_DST) = sa->destination;
    *pfkey_message_add_sa2(&m) = sa->sa2;
    if (hard)
        g_array_remove_index(model->sas, index);
    model_tell(model, &m);
}
