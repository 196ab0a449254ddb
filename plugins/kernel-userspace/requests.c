/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* requests.c - what the daemon asks for: SPIs, SAs, policies. */
#include "core-private.h"

/* Everything that can be refused is looked at before anything is changed. */
static gboolean
check_spec(const Core *core, const ObolSaSpec *spec, GError **error)
{
    const char *why = NULL;

    if (spec->id.protocol != OBOL_PROTO_ESP)
        why = "AH is not done in user space";
    else if (spec->suite.encr == 0)
        why = "an ESP SA needs an encryption algorithm, be it NULL";
    else if (spec->mode == OBOL_MODE_BEET)
        why = "BEET mode is not done in user space";
    else if (spec->id.spi < SPI_FIRST)
        why = "the SPI is a reserved one";
    else if (spec->id.source.family != spec->id.destination.family ||
             (spec->id.source.family != AF_INET && spec->id.source.family != AF_INET6))
        why = "the outer addresses do not go together";
    else if (!spec->udp_encap && !core->settings.plain_esp)
        why = "plain ESP needs a raw socket, which this process was not given; ESP in UDP works";
    else if (spec->source_ts == NULL || spec->destination_ts == NULL || spec->source_ts->len == 0 ||
             spec->destination_ts->len == 0)
        why = "an SA without traffic selectors protects nothing";
    if (why == NULL)
        return TRUE;
    g_set_error_literal(error, CORE_ERROR, CORE_ERROR_UNSUPPORTED, why);
    return FALSE;
}

static GArray *
copy_ts(const GArray *list)
{
    return g_array_append_vals(g_array_sized_new(FALSE, FALSE, sizeof(ObolTs), list->len), list->data, list->len);
}

static Sa *
make_sa(const Core *core, const ObolSaSpec *spec, GError **error)
{
    g_autoptr(Sa) sa = g_new0(Sa, 1);

    if (!esp_init(&sa->esp, core->crypto, &spec->suite, spec->id.spi, spec->encr_key, spec->integ_key, spec->inbound,
                  spec->replay_window, error))
        return NULL;
    sa->id = spec->id;
    sa->reqid = spec->reqid;
    sa->mode = spec->mode;
    sa->inbound = spec->inbound;
    sa->udp_encap = spec->udp_encap;
    sa->lifetimes = spec->lifetimes;
    sa->tfc_padding = spec->tfc_padding;
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
    if (!sad_add(&core->sad, sa)) {
        g_set_error(error, CORE_ERROR, CORE_ERROR_EXISTS, "there is an SA with SPI %08x already, or too many SAs", spec->id.spi);
        return FALSE;
    }
    g_steal_pointer(&sa);
    sa_deadline_start(core, added, now_us);
    if (spec->inbound)
        spis_release(&core->spis, spec->id.spi);
    else
        core_release_held(core, spec->reqid, now_us);
    return TRUE;
}

static Sa *
find_sa(Core *core, const ObolSaId *id, GError **error)
{
    Sa *sa = sad_find(&core->sad, id);

    if (sa == NULL)
        g_set_error(error, CORE_ERROR, CORE_ERROR_NOT_FOUND, "no SA with SPI %08x", id->spi);
    return sa;
}

static gboolean
update_sa(Core *core, const ObolSaId *id, const ObolSaId *to, GError **error)
{
    Sa *sa = find_sa(core, id, error);

    if (sa == NULL)
        return FALSE;
    if (to->source.family != to->destination.family || to->destination.family == 0) {
        g_set_error_literal(error, CORE_ERROR, CORE_ERROR_UNSUPPORTED, "the new outer addresses do not go together");
        return FALSE;
    }
    if (!sad_move(&core->sad, sa, &to->source, &to->destination)) {
        g_set_error(error, CORE_ERROR, CORE_ERROR_EXISTS, "there is an SA with SPI %08x at the new address", id->spi);
        return FALSE;
    }
    sa_set_path_mtu(sa, core->settings.path_mtu);
    return TRUE;
}

static gboolean
delete_sa(Core *core, const ObolSaId *id, GError **error)
{
    Sa *sa;

    if (spis_release(&core->spis, id->spi))
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

    if (sa != NULL)
        reply->usage = sa->usage;
    return sa != NULL;
}

static gboolean
spi_in_use(gpointer data, guint32 spi)
{
    return sad_find_inbound(data, spi) != NULL;
}

static gboolean
get_spi(Core *core, const ObolSaId *id, ObolKernelReply *reply, gint64 now_us, GError **error)
{
    if (id->protocol != OBOL_PROTO_ESP) {
        g_set_error_literal(error, CORE_ERROR, CORE_ERROR_UNSUPPORTED, "AH is not done in user space");
        return FALSE;
    }
    reply->spi = spis_reserve(&core->spis, spi_in_use, &core->sad, now_us);
    if (reply->spi == 0)
        g_set_error_literal(error, CORE_ERROR, CORE_ERROR_LIMIT, "too many SPIs are reserved");
    return reply->spi != 0;
}

static void
policy_gone(gpointer core, Policy *policy)
{
    acquires_forget(&((Core *) core)->acquires, policy);
}

static gboolean
add_policy(Core *core, const ObolPolicySpec *spec, gint64 now_us, GError **error)
{
    if (spec->action == OBOL_POLICY_PROTECT && spec->protocol != OBOL_PROTO_ESP) {
        g_set_error_literal(error, CORE_ERROR, CORE_ERROR_UNSUPPORTED, "AH is not done in user space");
        return FALSE;
    }
    if (spd_add(&core->spd, spec) == NULL) {
        g_set_error_literal(error, CORE_ERROR, CORE_ERROR_LIMIT,
                            "the policy's selectors do not go together, or there are too many policies");
        return FALSE;
    }
    if (spec->direction == OBOL_DIR_OUT)
        core_release_held(core, 0, now_us);
    return TRUE;
}

static gboolean
delete_policy(Core *core, const ObolPolicySpec *spec, GError **error)
{
    if (spd_remove(&core->spd, spec, policy_gone, core))
        return TRUE;
    g_set_error_literal(error, CORE_ERROR, CORE_ERROR_NOT_FOUND, "no such policy");
    return FALSE;
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
    case OBOL_KERNEL_UPDATE_SA: return update_sa(core, &request->sa.id, &request->to, error);
    case OBOL_KERNEL_DELETE_SA: return delete_sa(core, &request->sa.id, error);
    case OBOL_KERNEL_QUERY_SA: return query_sa(core, &request->sa.id, reply, error);
    case OBOL_KERNEL_ADD_POLICY: return add_policy(core, &request->policy, now_us, error);
    case OBOL_KERNEL_DELETE_POLICY: return delete_policy(core, &request->policy, error);
    case OBOL_KERNEL_FLUSH: flush(core); return TRUE;
    case OBOL_KERNEL_UPDATE_POLICY:
    case OBOL_KERNEL_LIST: break;
    }
    g_set_error_literal(error, CORE_ERROR, CORE_ERROR_UNSUPPORTED, "an unknown request");
    return FALSE;
}

void
core_each_policy(const Core *core, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    spd_each(&core->spd, visit, data);
}
