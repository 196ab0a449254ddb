/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* requests.c - what the daemon asks for: SPIs, SAs, policies. */
#include <string.h>

#include "checksum.h"
#include "core-private.h"

static gboolean
refuse(GError **error, ObolKernelError code, const char *why)
{
    g_set_error_literal(error, OBOL_KERNEL_ERROR, code, why);
    return FALSE;
}

/* What makes a request one that must be refused. */
typedef struct {
    gboolean holds;
    ObolKernelError code;
    const char *why;
} Objection;

static gboolean
unobjected(const Objection *objections, gsize n, GError **error)
{
    for (gsize i = 0; i < n; i++)
        if (objections[i].holds)
            return refuse(error, objections[i].code, objections[i].why);
    return TRUE;
}

#define UNKNOWN_PROTOCOL "user space does ESP, AH and IPComp"
#define UNKNOWN_MODE "the mode is none of tunnel, transport and BEET"
#define NO_PLAIN_ESP "plain ESP needs a raw socket, which this process was not given; ESP in UDP works"

static gboolean
is_known(guint8 protocol)
{
    return protocol == OBOL_PROTO_ESP || protocol == OBOL_PROTO_AH;
}

/* RFC 3173 section 3.3: ours are drawn from 256 to 61439; a peer's may be a well-known one. */
static gboolean
is_cpi(const ObolSaSpec *spec)
{
    guint32 first = spec->inbound ? CPI_FIRST : 1, last = spec->inbound ? CPI_LAST : G_MAXUINT16;

    return spec->id.spi >= first && spec->id.spi <= last;
}

static gboolean
one_family(const ObolAddress *source, const ObolAddress *destination)
{
    return source->family == destination->family && (source->family == AF_INET || source->family == AF_INET6);
}

static gboolean
is_empty(const GArray *list)
{
    return list == NULL || list->len == 0;
}

/* All selectors name the same one: that is what a BEET SA's packets have inside. */
static gboolean
is_one_address(const GArray *list)
{
    if (is_empty(list))
        return FALSE;
    for (guint i = 0; i < list->len; i++) {
        const ObolTs *ts = &g_array_index(list, ObolTs, i), *first = &g_array_index(list, ObolTs, 0);

        if (ts->family != first->family || memcmp(ts->first, first->first, 16) != 0 || memcmp(ts->last, first->first, 16) != 0)
            return FALSE;
    }
    return TRUE;
}

/* Everything that can be refused is looked at before anything is changed. */
static gboolean
check_spec(const Core *core, const ObolSaSpec *spec, GError **error)
{
    gboolean ah = spec->id.protocol == OBOL_PROTO_AH, esp = spec->id.protocol == OBOL_PROTO_ESP;
    gboolean ipcomp = spec->id.protocol == OBOL_PROTO_IPCOMP, beet = spec->mode == OBOL_MODE_BEET;
    const Objection objections[] = {
        { !ipcomp && !is_known(spec->id.protocol), OBOL_KERNEL_ERROR_UNSUPPORTED, UNKNOWN_PROTOCOL },
        { (guint) spec->mode > OBOL_MODE_BEET, OBOL_KERNEL_ERROR_INVALID, UNKNOWN_MODE },
        { beet && !esp, OBOL_KERNEL_ERROR_UNSUPPORTED, "BEET mode is for ESP alone" },
        { spec->replay_window > REPLAY_WINDOW_MAX, OBOL_KERNEL_ERROR_UNSUPPORTED, "the replay window is too large" },
        { esp && spec->suite.encr == 0, OBOL_KERNEL_ERROR_INVALID, "an ESP SA needs an encryption algorithm, be it NULL" },
        { ah && spec->udp_encap, OBOL_KERNEL_ERROR_UNSUPPORTED, "there is no AH in UDP" },
        { spec->udp_encap && (spec->id.source.port == 0 || spec->id.destination.port == 0), OBOL_KERNEL_ERROR_INVALID,
          "ESP in UDP needs two ports" },
        { ah && !core->settings.plain_ah, OBOL_KERNEL_ERROR_UNSUPPORTED,
          "AH needs a raw socket, which this process was not given" },
        { ipcomp ? !is_cpi(spec) : spec->id.spi < SPI_FIRST, OBOL_KERNEL_ERROR_INVALID, "the SPI is a reserved one" },
        { spec->reqid == 0, OBOL_KERNEL_ERROR_INVALID, "an SA needs a reqid" },
        { !one_family(&spec->id.source, &spec->id.destination), OBOL_KERNEL_ERROR_INVALID,
          "the outer addresses do not go together" },
        { is_empty(spec->source_ts) || is_empty(spec->destination_ts), OBOL_KERNEL_ERROR_INVALID,
          "an SA without traffic selectors protects nothing" },
        { beet && !(is_one_address(spec->source_ts) && is_one_address(spec->destination_ts)), OBOL_KERNEL_ERROR_UNSUPPORTED,
          "BEET mode is for one address at each end" },
        { esp && !spec->udp_encap && !core->settings.plain_esp, OBOL_KERNEL_ERROR_UNSUPPORTED, NO_PLAIN_ESP },
        { spec->mark.mask != 0 || spec->set_mark.mask != 0 || spec->if_id != 0, OBOL_KERNEL_ERROR_UNSUPPORTED,
          "user space sees no marks and no interface ids" },
        { spec->offload == OBOL_OFFLOAD_CRYPTO || spec->offload == OBOL_OFFLOAD_PACKET, OBOL_KERNEL_ERROR_UNSUPPORTED,
          "user space has no hardware to offload to" },
        { (spec->flags & ~(guint) CORE_SA_FLAGS) != 0, OBOL_KERNEL_ERROR_UNSUPPORTED, "an unknown flag of an SA" },
    };

    return unobjected(objections, G_N_ELEMENTS(objections), error);
}

static GArray *
copy_ts(const GArray *list)
{
    return g_array_append_vals(g_array_sized_new(FALSE, FALSE, sizeof(ObolTs), list->len), list->data, list->len);
}

static gboolean
init_crypto(const Core *core, Sa *sa, const ObolSaSpec *spec, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gboolean ok;

    if (spec->id.protocol == OBOL_PROTO_IPCOMP)
        return TRUE;
    if (spec->id.protocol == OBOL_PROTO_AH)
        ok = ah_init(&sa->ah, core->crypto, &spec->suite, spec->id.spi, spec->integ_key, spec->inbound, spec->replay_window,
                     &cause);
    else
        ok = esp_init(&sa->esp, core->crypto, &spec->suite, spec->id.spi, spec->encr_key, spec->integ_key, spec->inbound,
                      spec->replay_window, &cause);
    return ok || refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, cause->message);
}

/* What the sender's checksums were made with. */
static void
remember_original(Sa *sa, const ObolSaSpec *spec)
{
    Flow flow = { .family = spec->original_source.family };

    if (flow.family == 0 || flow.family != spec->original_destination.family)
        return;
    memcpy(flow.addresses[FLOW_SOURCE], spec->original_source.bytes, sizeof flow.addresses[FLOW_SOURCE]);
    memcpy(flow.addresses[FLOW_DESTINATION], spec->original_destination.bytes, sizeof flow.addresses[FLOW_DESTINATION]);
    sa->translated = TRUE;
    sa->original_sum = checksum_pseudo(&flow, 0, 0);
}

static Sa *
make_sa(const Core *core, const ObolSaSpec *spec, GError **error)
{
    g_autoptr(Sa) sa = g_new0(Sa, 1);

    if (!init_crypto(core, sa, spec, error))
        return NULL;
    sa->id = spec->id;
    sa->reqid = spec->reqid;
    sa->mode = spec->mode;
    sa->inbound = spec->inbound;
    sa->udp_encap = spec->udp_encap;
    remember_original(sa, spec);
    sa->lifetimes = spec->lifetimes;
    sa->tfc_padding = spec->tfc_padding;
    sa->copy_dscp = core->settings.copy_dscp && (spec->flags & OBOL_SA_NO_DSCP_OUT) == 0;
    sa->copy_ecn = core->settings.copy_ecn && (spec->flags & OBOL_SA_NO_COPY_ECN) == 0;
    sa->copy_df = (spec->flags & OBOL_SA_NO_COPY_DF) == 0;
    sa->dscp_in = (spec->flags & OBOL_SA_DSCP_IN) != 0;
    sa->icmp = (spec->flags & OBOL_SA_ICMP) != 0;
    sa->ts[FLOW_SOURCE] = copy_ts(spec->source_ts);
    sa->ts[FLOW_DESTINATION] = copy_ts(spec->destination_ts);
    sa_set_path_mtu(sa, core->settings.path_mtu);
    return g_steal_pointer(&sa);
}

static gboolean
add_sa(Core *core, const ObolSaSpec *spec, gint64 now_us, GError **error)
{
    g_autoptr(Sa) sa = check_spec(core, spec, error) ? make_sa(core, spec, error) : NULL;
    Sa *added = sa;

    if (sa == NULL)
        return FALSE;
    if (sad_is_full(&core->sad))
        return refuse(error, OBOL_KERNEL_ERROR_LIMIT, "there are too many SAs");
    if (!sad_add(&core->sad, sa)) {
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_EXISTS, "there is an SA with SPI %08x already", spec->id.spi);
        return FALSE;
    }
    g_steal_pointer(&sa);
    sa_deadline_start(core, added, now_us);
    if (spec->inbound)
        spis_release(&core->spis, spec->id.protocol, spec->id.spi);
    else
        core_release_held(core, spec->reqid, now_us);
    return TRUE;
}

static Sa *
find_sa(Core *core, const ObolSaId *id, GError **error)
{
    Sa *sa = sad_find(&core->sad, id);

    if (sa == NULL)
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_NOT_FOUND, "no SA with SPI %08x", id->spi);
    return sa;
}

/* Keys, numbers, window and counters stay as they are (RFC 4555 section 3.5). */
static gboolean
update_sa(Core *core, const ObolKernelRequest *request, gint64 now_us, GError **error)
{
    const ObolSaId *to = &request->to;
    Sa *sa = find_sa(core, &request->sa.id, error);
    const Objection objections[] = {
        { !one_family(&to->source, &to->destination), OBOL_KERNEL_ERROR_INVALID,
          "the new outer addresses do not go together" },
        { request->sa.id.protocol == OBOL_PROTO_AH && request->to_udp_encap, OBOL_KERNEL_ERROR_UNSUPPORTED,
          "there is no AH in UDP" },
        { request->sa.id.protocol == OBOL_PROTO_ESP && !request->to_udp_encap && !core->settings.plain_esp,
          OBOL_KERNEL_ERROR_UNSUPPORTED, NO_PLAIN_ESP },
    };

    if (sa == NULL || !unobjected(objections, G_N_ELEMENTS(objections), error))
        return FALSE;
    if (!sad_move(&core->sad, sa, &to->source, &to->destination)) {
        g_set_error(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_EXISTS, "there is an SA with SPI %08x at the new address",
                    sa->id.spi);
        return FALSE;
    }
    sa->udp_encap = request->to_udp_encap;
    sa->mapping = (ObolAddress) { .family = 0 };
    sa_set_path_mtu(sa, core->settings.path_mtu);
    if (!sa->inbound)
        core_release_held(core, sa->reqid, now_us);
    return TRUE;
}

static gboolean
delete_sa(Core *core, const ObolSaId *id, GError **error)
{
    Sa *sa = sad_find(&core->sad, id);

    if (sa == NULL && spis_release(&core->spis, id->protocol, id->spi))
        return TRUE;
    sa = find_sa(core, id, error);
    if (sa == NULL)
        return FALSE;
    heap_remove(&core->heap, &sa->deadline);
    sad_remove(&core->sad, sa);
    return TRUE;
}

static gboolean
query_sa(Core *core, const ObolSaId *id, ObolKernelReply *reply, GError **error)
{
    const Sa *sa = find_sa(core, id, error);

    if (sa == NULL)
        return FALSE;
    if (sa->dead) /* a hard limit is the end of it (RFC 4301 section 4.4.2.1); its packets under way are counted no more */
        return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "the life of this SA is over");
    reply->usage = sa->usage;
    return TRUE;
}

static gboolean
get_spi(Core *core, const ObolSaId *id, ObolKernelReply *reply, gint64 now_us, GError **error)
{
    if (!is_known(id->protocol) && id->protocol != OBOL_PROTO_IPCOMP)
        return refuse(error, OBOL_KERNEL_ERROR_UNSUPPORTED, UNKNOWN_PROTOCOL);
    reply->spi = spis_reserve(&core->spis, &core->sad, id, now_us);
    return reply->spi != 0 || refuse(error, OBOL_KERNEL_ERROR_LIMIT, "too many SPIs are reserved");
}

static void
policy_gone(gpointer core, Policy *policy)
{
    acquires_forget(&((Core *) core)->acquires, policy);
}

static gboolean
runs_backwards(const ObolTs *ts)
{
    return memcmp(ts->first, ts->last, sizeof ts->first) > 0;
}

static gboolean
check_policy(const ObolPolicySpec *spec, GError **error)
{
    gboolean protect = spec->action == OBOL_POLICY_PROTECT;
    const ObolTs *source = &spec->source, *destination = &spec->destination;
    const Objection objections[] = {
        { source->family != destination->family || (source->family != AF_INET && source->family != AF_INET6),
          OBOL_KERNEL_ERROR_INVALID, "the policy's selectors do not go together" },
        { runs_backwards(source) || runs_backwards(destination), OBOL_KERNEL_ERROR_INVALID,
          "a range of the policy's selectors ends before it begins" },
        { (guint) spec->direction > OBOL_DIR_FORWARD, OBOL_KERNEL_ERROR_INVALID, "a policy is for packets in, out or forwarded" },
        { protect && (guint) spec->mode > OBOL_MODE_BEET, OBOL_KERNEL_ERROR_INVALID, UNKNOWN_MODE },
        { protect && spec->tunnel_source.family != 0 && spec->tunnel_destination.family != 0
              && spec->tunnel_source.family != spec->tunnel_destination.family,
          OBOL_KERNEL_ERROR_INVALID, "the tunnel's two ends are not of one family" },
        { protect && !is_known(spec->protocol), OBOL_KERNEL_ERROR_UNSUPPORTED, UNKNOWN_PROTOCOL },
        { protect && spec->reqid == 0, OBOL_KERNEL_ERROR_INVALID, "a policy that protects needs a reqid" },
        { spec->mark.mask != 0 || spec->if_id != 0, OBOL_KERNEL_ERROR_UNSUPPORTED,
          "user space sees no marks and no interface ids" },
    };

    return unobjected(objections, G_N_ELEMENTS(objections), error);
}

static gboolean
add_policy(Core *core, const ObolPolicySpec *spec, gint64 now_us, GError **error)
{
    if (!check_policy(spec, error))
        return FALSE;
    if (spd_add(&core->spd, spec) == NULL)
        return refuse(error, OBOL_KERNEL_ERROR_LIMIT, "there are too many policies");
    if (spec->direction == OBOL_DIR_OUT)
        core_release_held(core, 0, now_us);
    return TRUE;
}

static gboolean
update_policy(Core *core, const ObolPolicySpec *spec, const ObolPolicySpec *to, gint64 now_us, GError **error)
{
    if (!spd_update(&core->spd, spec, &to->tunnel_source, &to->tunnel_destination))
        return refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such policy");
    if (spec->direction == OBOL_DIR_OUT)
        core_release_held(core, 0, now_us);
    return TRUE;
}

static gboolean
delete_policy(Core *core, const ObolPolicySpec *spec, GError **error)
{
    return spd_remove(&core->spd, spec, policy_gone, core) ||
           refuse(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such policy");
}

static void
list_sa(const Sa *sa, gpointer list)
{
    ObolKernelSa entry = { .id = sa->id, .reqid = sa->reqid, .mode = sa->mode, .ours = TRUE, .usage = sa->usage };

    g_array_append_val(list, entry);
}

static void
list_reserved(const ObolSaId *id, gpointer list)
{
    ObolKernelSa entry = { .id = *id, .ours = TRUE, .reserved = TRUE };

    g_array_append_val(list, entry);
}

static void
list_policy(const ObolPolicySpec *policy, gpointer list)
{
    ObolKernelPolicy entry = { .spec = *policy, .ours = TRUE };

    g_array_append_val(list, entry);
}

static gboolean
list_all(const Core *core, ObolKernelReply *reply)
{
    GArray *sas = g_array_new(FALSE, FALSE, sizeof(ObolKernelSa));
    GArray *policies = g_array_new(FALSE, FALSE, sizeof(ObolKernelPolicy));

    sad_each(&core->sad, list_sa, sas);
    spis_each(&core->spis, list_reserved, sas);
    spd_each(&core->spd, list_policy, policies);
    reply->sas = sas;
    reply->policies = policies;
    return TRUE;
}

static void
flush(Core *core)
{
    guint64 generation = core->sad.generation + core->spd.generation + 1;
    SipKey sip = core->sad.sip;

    acquires_clear(&core->acquires);
    spis_clear(&core->spis);
    sad_clear(&core->sad);
    spd_clear(&core->spd);
    heap_clear(&core->heap); /* all its members are gone */
    heap_init(&core->heap);
    sad_init(&core->sad, &sip);
    spd_init(&core->spd, &sip);
    spis_init(&core->spis, &core->heap, obol_crypto_random(core->crypto));
    acquires_init(&core->acquires, &core->heap, core->settings.acquire_timeout_us);
    core->sad.generation = generation;
}

gboolean
core_request(Core *core, const ObolKernelRequest *request, ObolKernelReply *reply, gint64 now_us, GError **error)
{
    switch (request->op) {
    case OBOL_KERNEL_GET_SPI: return get_spi(core, &request->sa.id, reply, now_us, error);
    case OBOL_KERNEL_ADD_SA: return add_sa(core, &request->sa, now_us, error);
    case OBOL_KERNEL_UPDATE_SA: return update_sa(core, request, now_us, error);
    case OBOL_KERNEL_DELETE_SA: return delete_sa(core, &request->sa.id, error);
    case OBOL_KERNEL_QUERY_SA: return query_sa(core, &request->sa.id, reply, error);
    case OBOL_KERNEL_ADD_POLICY: return add_policy(core, &request->policy, now_us, error);
    case OBOL_KERNEL_DELETE_POLICY: return delete_policy(core, &request->policy, error);
    case OBOL_KERNEL_FLUSH: flush(core); return TRUE;
    case OBOL_KERNEL_UPDATE_POLICY: return update_policy(core, &request->policy, &request->policy_to, now_us, error);
    case OBOL_KERNEL_LIST: return list_all(core, reply);
    }
    return refuse(error, OBOL_KERNEL_ERROR_INVALID, "an unknown request");
}

void
core_each_policy(const Core *core, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    spd_each(&core->spd, visit, data);
}
