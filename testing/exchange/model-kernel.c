/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/model-kernel.c - a kernel in memory. */
#include "exchange/model-kernel.h"

static void
sa_clear(gpointer data)
{
    obol_secret_free(((ModelSa *) data)->key);
}

void
model_kernel_init(ModelKernel *kernel, guint32 next_spi)
{
    *kernel = (ModelKernel) { .next_spi = next_spi };
    kernel->sas = g_array_new(FALSE, TRUE, sizeof(ModelSa));
    g_array_set_clear_func(kernel->sas, sa_clear);
    kernel->policies = g_array_new(FALSE, TRUE, sizeof(ObolPolicySpec));
}

void
model_kernel_clear(ModelKernel *kernel)
{
    g_clear_pointer(&kernel->sas, g_array_unref);
    g_clear_pointer(&kernel->policies, g_array_unref);
}

static gboolean
same_mark(const ObolMark *a, const ObolMark *b)
{
    return a->mask == b->mask && (a->mask == 0 || a->value == b->value);
}

/* By its name: destination, protocol, SPI and mark. */
static gint
find_sa(const ModelKernel *kernel, const ObolSaSpec *spec)
{
    for (guint i = 0; i < kernel->sas->len; i++) {
        const ModelSa *sa = &g_array_index(kernel->sas, ModelSa, i);

        if (sa->spec.id.spi == spec->id.spi && sa->spec.id.protocol == spec->id.protocol
            && obol_address_equal(&sa->spec.id.destination, &spec->id.destination)
            && (sa->reserved || same_mark(&sa->spec.mark, &spec->mark)))
            return (gint) i;
    }
    return -1;
}

static void
no(GError **error, gint code, const char *what)
{
    g_set_error(error, OBOL_KERNEL_ERROR, code, "the model kernel: %s", what);
}

static void
get_spi(ModelKernel *kernel, const ObolKernelRequest *request, ObolKernelReply *reply)
{
    ModelSa sa = { .spec = request->sa, .reserved = TRUE };

    g_assert_cmpuint(request->sa.reqid, !=, 0);
    reply->spi = ++kernel->next_spi;
    if (request->sa.id.protocol == OBOL_PROTO_IPCOMP)
        reply->spi &= 0xffff;
    sa.spec.id.spi = reply->spi;
    g_array_append_val(kernel->sas, sa);
}

static gboolean
is_reserved(const ModelKernel *kernel, const ObolSaSpec *spec)
{
    for (guint i = 0; i < kernel->sas->len; i++) {
        const ModelSa *sa = &g_array_index(kernel->sas, ModelSa, i);

        if (sa->reserved && sa->spec.id.spi == spec->id.spi && sa->spec.id.protocol == spec->id.protocol)
            return TRUE;
    }
    return FALSE;
}

static void
add_sa(ModelKernel *kernel, const ObolKernelRequest *request, GError **error)
{
    const ObolSaSpec *spec = &request->sa;
    const ObolSecret *key = spec->encr_key != NULL ? spec->encr_key : spec->integ_key;
    ModelSa sa = { .spec = *spec, .key = obol_secret_dup(key) };
    gint at = find_sa(kernel, spec);

    /* An inbound SA takes the SPI that was reserved for it, or one that it had at another address and has given back there. */
    g_assert_true(!spec->inbound || (at >= 0 ? g_array_index(kernel->sas, ModelSa, at).reserved : !is_reserved(kernel, spec)));
    g_assert_cmpuint(spec->reqid, !=, 0);
    g_assert_true(spec->source_ts != NULL && spec->source_ts->len > 0 && spec->destination_ts != NULL);
    g_assert_true((key != NULL) == (spec->id.protocol != OBOL_PROTO_IPCOMP));
    if (!spec->inbound && at >= 0) {
        no(error, OBOL_KERNEL_ERROR_EXISTS, "such an SA is there");
        obol_secret_free(sa.key);
        return;
    }
    if (at >= 0)
        g_array_remove_index(kernel->sas, (guint) at);
    g_array_append_val(kernel->sas, sa);
    kernel->n_sas++;
}

static void
update_sa(ModelKernel *kernel, const ObolKernelRequest *request, GError **error)
{
    gint at = find_sa(kernel, &request->sa);
    ModelSa *sa;

    g_assert_null(request->sa.encr_key);
    g_assert_nonnull(request->sa.source_ts);
    if (at < 0) {
        no(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA to update");
        return;
    }
    sa = &g_array_index(kernel->sas, ModelSa, at);
    g_assert_false(sa->reserved);
    g_assert_cmpint(sa->spec.mode, ==, request->sa.mode);
    g_assert_cmpuint(sa->spec.reqid, ==, request->sa.reqid);
    g_assert_true(obol_endpoint_equal(&sa->spec.id.source, &request->sa.id.source));
    g_assert_true(obol_endpoint_equal(&sa->spec.id.destination, &request->sa.id.destination));
    g_assert_cmpint(sa->spec.udp_encap, ==, request->sa.udp_encap);
    sa->spec.id = request->to;
    sa->spec.udp_encap = request->to_udp_encap;
}

static void
delete_sa(ModelKernel *kernel, const ObolKernelRequest *request, GError **error)
{
    gint at = find_sa(kernel, &request->sa);

    if (at < 0) {
        kernel->n_not_found++;
        no(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA to delete");
        return;
    }
    kernel->n_sas -= !g_array_index(kernel->sas, ModelSa, at).reserved;
    g_array_remove_index(kernel->sas, (guint) at);
}

static gint
find_policy(const ModelKernel *kernel, const ObolPolicySpec *spec)
{
    for (guint i = kernel->policies->len; i-- > 0;) {
        const ObolPolicySpec *there = &g_array_index(kernel->policies, ObolPolicySpec, i);

        if (there->direction == spec->direction && there->action == spec->action && there->reqid == spec->reqid
            && there->mode == spec->mode && there->if_id == spec->if_id && same_mark(&there->mark, &spec->mark)
            && !there->ipcomp == !spec->ipcomp && obol_ts_equal(&there->source, &spec->source)
            && obol_ts_equal(&there->destination, &spec->destination)
            && obol_address_equal(&there->tunnel_source, &spec->tunnel_source)
            && obol_address_equal(&there->tunnel_destination, &spec->tunnel_destination))
            return (gint) i;
    }
    return -1;
}

void
model_kernel_serve(ModelKernel *kernel, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error)
{
    gint at;

    kernel->n_asked[request->op]++;
    if (kernel->fail_nth != 0 && request->op == kernel->fail_op && ++kernel->n_seen == kernel->fail_nth) {
        no(error, kernel->fail_code, "it was told to refuse");
        return;
    }
    switch (request->op) {
    case OBOL_KERNEL_GET_SPI: get_spi(kernel, request, reply); break;
    case OBOL_KERNEL_ADD_SA: add_sa(kernel, request, error); break;
    case OBOL_KERNEL_UPDATE_SA: update_sa(kernel, request, error); break;
    case OBOL_KERNEL_DELETE_SA: delete_sa(kernel, request, error); break;
    case OBOL_KERNEL_ADD_POLICY:
        g_array_append_val(kernel->policies, request->policy);
        kernel->n_policies++;
        break;
    case OBOL_KERNEL_DELETE_POLICY:
        at = find_policy(kernel, &request->policy);
        g_assert_cmpint(at, >=, 0);
        g_array_remove_index(kernel->policies, (guint) at);
        kernel->n_policies--;
        break;
    case OBOL_KERNEL_UPDATE_POLICY:
        at = find_policy(kernel, &request->policy);
        g_assert_cmpint(at, >=, 0);
        g_array_index(kernel->policies, ObolPolicySpec, at) = request->policy_to;
        break;
    case OBOL_KERNEL_QUERY_SA:
        if (find_sa(kernel, &request->sa) < 0)
            no(error, OBOL_KERNEL_ERROR_NOT_FOUND, "no such SA to look at");
        reply->usage = kernel->usage;
        break;
    case OBOL_KERNEL_FLUSH:
    case OBOL_KERNEL_LIST: break;
    }
}

void
model_kernel_undo(ModelKernel *kernel, const ObolKernelRequest *request, const ObolKernelReply *reply)
{
    ObolKernelRequest opposite = *request;
    ObolKernelReply nothing = { 0 };

    if (request->op == OBOL_KERNEL_GET_SPI)
        opposite.sa.id.spi = reply->spi;
    else if (request->op != OBOL_KERNEL_ADD_SA && request->op != OBOL_KERNEL_ADD_POLICY)
        return;
    opposite.op = request->op == OBOL_KERNEL_ADD_POLICY ? OBOL_KERNEL_DELETE_POLICY : OBOL_KERNEL_DELETE_SA;
    model_kernel_serve(kernel, &opposite, &nothing, NULL);
}

gboolean
model_kernel_empty(const ModelKernel *kernel)
{
    return kernel->sas->len == 0 && kernel->policies->len == 0;
}

const ModelSa *
model_kernel_sends_by(const ModelKernel *kernel)
{
    for (guint i = kernel->sas->len; i-- > 0;) {
        const ModelSa *sa = &g_array_index(kernel->sas, ModelSa, i);

        if (!sa->reserved && !sa->spec.inbound && sa->spec.id.protocol != OBOL_PROTO_IPCOMP)
            return sa;
    }
    return NULL;
}

const ModelSa *
model_kernel_find(const ModelKernel *kernel, guint8 protocol, guint32 spi, gboolean inbound)
{
    for (guint i = 0; i < kernel->sas->len; i++) {
        const ModelSa *sa = &g_array_index(kernel->sas, ModelSa, i);

        if (!sa->reserved && sa->spec.id.protocol == protocol && sa->spec.id.spi == spi && !sa->spec.inbound == !inbound)
            return sa;
    }
    return NULL;
}

void
model_kernel_vanish(ModelKernel *kernel, guint8 protocol, guint32 spi, gboolean inbound)
{
    const ModelSa *sa = model_kernel_find(kernel, protocol, spi, inbound);

    g_assert_nonnull(sa);
    g_array_remove_index(kernel->sas, (guint) (sa - &g_array_index(kernel->sas, ModelSa, 0)));
    kernel->n_sas--;
}

guint
model_kernel_count(const ModelKernel *kernel, guint8 protocol)
{
    guint n = 0;

    for (guint i = 0; i < kernel->sas->len; i++)
        n += g_array_index(kernel->sas, ModelSa, i).spec.id.protocol == protocol;
    return n;
}
