/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields.c - what obold knows, as VICI's keys and values, in the order in which other servers send them. */
#include "fields.h"

const char *
vici_mode_name(ObolMode mode)
{
    switch (mode) {
    case OBOL_MODE_TUNNEL:    return "TUNNEL";
    case OBOL_MODE_TRANSPORT: return "TRANSPORT";
    case OBOL_MODE_BEET:      return "BEET";
    }
    return "TUNNEL";
}

static gint64
seconds_between(gint64 from_us, gint64 to_us)
{
    return (to_us - from_us) / G_USEC_PER_SEC;
}

static void
put_seconds(ObolViciWriter *writer, const char *name, gint64 from_us, gint64 to_us)
{
    obol_vici_put_format(writer, name, "%" G_GINT64_FORMAT, seconds_between(from_us, to_us));
}

static void
put_u64(ObolViciWriter *writer, const char *name, guint64 number)
{
    obol_vici_put_format(writer, name, "%" G_GUINT64_FORMAT, number);
}

void
vici_put_address(ObolViciWriter *writer, const char *name, const ObolAddress *address)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    obol_vici_put_text(writer, name, obol_address_format(address, text));
}

void
vici_put_identity(ObolViciWriter *writer, const char *name, const ObolIdentity *id)
{
    g_autofree char *text = id != NULL ? obol_identity_format(id) : g_strdup("%any");

    obol_vici_put_text(writer, name, text);
}

void
vici_put_ts(ObolViciWriter *writer, const char *name, const GArray *ts)
{
    obol_vici_put_list(writer, name);
    for (guint i = 0; ts != NULL && i < ts->len; i++) {
        g_autofree char *text = obol_ts_format(&g_array_index(ts, ObolTs, i));

        obol_vici_put_item(writer, text);
    }
    obol_vici_end_list(writer);
}

void
vici_put_host(ObolViciWriter *writer, const char *side, const ObolAddress *address)
{
    g_autofree char *host = g_strconcat(side, "-host", NULL);
    g_autofree char *port = g_strconcat(side, "-port", NULL);

    vici_put_address(writer, host, address);
    obol_vici_put_format(writer, port, "%u", address->port);
}

static void
put_endpoint(ObolViciWriter *writer, const char *side, const ObolAddress *address, const ObolIdentity *id)
{
    g_autofree char *name = g_strconcat(side, "-id", NULL);

    vici_put_host(writer, side, address);
    vici_put_identity(writer, name, id);
}

static void
put_peer_addresses(ObolViciWriter *writer, const ObolIkeInfo *sa)
{
    if (sa->n_peer_addresses == 0)
        return;
    obol_vici_put_list(writer, "peer-addresses");
    for (gsize i = 0; i < sa->n_peer_addresses; i++) {
        char text[OBOL_ADDRESS_TEXT_MAX];

        obol_vici_put_item(writer, obol_address_format(&sa->peer_addresses[i], text));
    }
    obol_vici_end_list(writer);
}

/* A key length only where the Key Length attribute is what tells ciphers apart. */
static gboolean
key_length_varies(guint16 encr)
{
    return encr != OBOL_ENCR_CHACHA20_POLY1305 && encr != OBOL_ENCR_3DES && encr != OBOL_ENCR_NULL;
}

static void
put_transform(ObolViciWriter *writer, const char *name, ObolTransformType type, guint16 id)
{
    if (id != 0)
        obol_vici_put_text(writer, name, obol_transform_name(type, id));
}

static void
put_suite(ObolViciWriter *writer, const ObolSuite *suite)
{
    put_transform(writer, "encr-alg", OBOL_TRANSFORM_ENCR, suite->encr);
    if (suite->encr_bits != 0 && key_length_varies(suite->encr))
        obol_vici_put_format(writer, "encr-keysize", "%u", suite->encr_bits);
    put_transform(writer, "integ-alg", OBOL_TRANSFORM_INTEG, suite->integ);
    put_transform(writer, "prf-alg", OBOL_TRANSFORM_PRF, suite->prf);
    put_transform(writer, "dh-group", OBOL_TRANSFORM_KE, suite->ke);
}

static void
put_addresses(ObolViciWriter *writer, const char *name, const GArray *addresses)
{
    char text[OBOL_ADDRESS_TEXT_MAX];

    if (addresses == NULL)
        return;
    obol_vici_put_list(writer, name);
    for (guint i = 0; i < addresses->len; i++)
        obol_vici_put_item(writer, obol_address_format(&g_array_index(addresses, ObolAddress, i), text));
    obol_vici_end_list(writer);
}

void
vici_put_ike(ObolViciWriter *writer, const ObolIkeInfo *sa, gint64 now_us)
{
    obol_vici_put_format(writer, "uniqueid", "%u", sa->unique_id);
    obol_vici_put_text(writer, "version", "2");
    obol_vici_put_text(writer, "state", obol_ike_state_name(sa->state));
    put_endpoint(writer, "local", &sa->local, sa->local_id);
    put_endpoint(writer, "remote", &sa->remote, sa->remote_id);
    obol_vici_put_yes(writer, "initiator", sa->initiator);
    obol_vici_put_format(writer, "initiator-spi", "%016" G_GINT64_MODIFIER "x", sa->spi_i);
    obol_vici_put_format(writer, "responder-spi", "%016" G_GINT64_MODIFIER "x", sa->spi_r);
    obol_vici_put_yes(writer, "nat-local", sa->nat_local);
    obol_vici_put_yes(writer, "nat-remote", sa->nat_remote);
    obol_vici_put_yes(writer, "nat-any", sa->nat_local || sa->nat_remote);
    obol_vici_put_yes(writer, "fragmentation", sa->fragmentation);
    if (sa->fragment_size != 0)
        obol_vici_put_format(writer, "fragment-size", "%u", sa->fragment_size);
    obol_vici_put_yes(writer, "crash-detection", sa->crash_detection);
    obol_vici_put_yes(writer, "mobike", sa->mobike);
    put_peer_addresses(writer, sa);
    if (sa->suite.protocol != OBOL_PROTO_NONE)
        put_suite(writer, &sa->suite);
    if (sa->state == OBOL_IKE_ESTABLISHED) {
        put_seconds(writer, "established", sa->established_us, now_us);
        if (sa->rekey_us != 0)
            put_seconds(writer, "rekey-time", now_us, sa->rekey_us);
        if (sa->reauth_us != 0)
            put_seconds(writer, "reauth-time", now_us, sa->reauth_us);
    }
    put_addresses(writer, "local-vips", sa->local_vips);
    put_addresses(writer, "remote-vips", sa->remote_vips);
}

static void
put_usage(ObolViciWriter *writer, const char *direction, const ObolSaUsage *usage, gint64 now_us)
{
    g_autofree char *bytes = g_strconcat("bytes-", direction, NULL);
    g_autofree char *packets = g_strconcat("packets-", direction, NULL);
    g_autofree char *use = g_strconcat("use-", direction, NULL);

    put_u64(writer, bytes, usage->bytes);
    put_u64(writer, packets, usage->packets);
    if (usage->last_used_us != 0)
        put_seconds(writer, use, usage->last_used_us, now_us);
}

static void
put_installed(ObolViciWriter *writer, const ObolChildInfo *child, gint64 now_us)
{
    obol_vici_put_text(writer, "protocol", child->suite.protocol == OBOL_PROTO_AH ? "AH" : "ESP");
    obol_vici_put_yes(writer, "encap", child->udp_encap);
    obol_vici_put_format(writer, "spi-in", "%08x", child->spi_in);
    obol_vici_put_format(writer, "spi-out", "%08x", child->spi_out);
    put_suite(writer, &child->suite);
    if (child->suite.esn != OBOL_ESN_NO)
        obol_vici_put_text(writer, "esn", "1");
    put_usage(writer, "in", &child->in, now_us);
    put_usage(writer, "out", &child->out, now_us);
    if (child->rekey_us != 0)
        put_seconds(writer, "rekey-time", now_us, child->rekey_us);
    if (child->expire_us != 0)
        put_seconds(writer, "life-time", now_us, child->expire_us);
    put_seconds(writer, "install-time", child->installed_us, now_us);
}

static void
put_mark(ObolViciWriter *writer, const char *name, const char *mask_name, const ObolMark *mark)
{
    if (mark->mask == 0)
        return;
    obol_vici_put_format(writer, name, "%08x", mark->value);
    obol_vici_put_format(writer, mask_name, "%08x", mark->mask);
}

/* By which the kernel tells apart what looks alike otherwise; hexadecimal, as VICI's first server has them. */
static void
put_kernel_names(ObolViciWriter *writer, const ObolChildInfo *child)
{
    if (child->adjusted)
        obol_vici_put_text(writer, "adjusted", "yes");
    if (child->cpi_in != 0)
        obol_vici_put_format(writer, "cpi-in", "%04x", child->cpi_in);
    if (child->cpi_out != 0)
        obol_vici_put_format(writer, "cpi-out", "%04x", child->cpi_out);
    put_mark(writer, "mark-in", "mark-mask-in", &child->mark_in);
    put_mark(writer, "mark-out", "mark-mask-out", &child->mark_out);
    if (child->if_id_in != 0)
        obol_vici_put_format(writer, "if-id-in", "%08x", child->if_id_in);
    if (child->if_id_out != 0)
        obol_vici_put_format(writer, "if-id-out", "%08x", child->if_id_out);
}

void
vici_put_child(ObolViciWriter *writer, const ObolChildInfo *child, gint64 now_us)
{
    obol_vici_put_text(writer, "name", child->name);
    obol_vici_put_format(writer, "uniqueid", "%u", child->unique_id);
    obol_vici_put_format(writer, "reqid", "%u", child->reqid);
    obol_vici_put_text(writer, "state", obol_child_state_name(child->state));
    obol_vici_put_text(writer, "mode", vici_mode_name(child->mode));
    if (child->installed_us != 0)
        put_installed(writer, child, now_us);
    put_kernel_names(writer, child);
    vici_put_ts(writer, "local-ts", child->local_ts);
    vici_put_ts(writer, "remote-ts", child->remote_ts);
}

void
vici_put_child_section(ObolViciWriter *writer, const ObolChildInfo *child, gint64 now_us)
{
    g_autofree char *name = g_strdup_printf("%s-%u", child->name, child->unique_id);

    obol_vici_put_section(writer, name);
    vici_put_child(writer, child, now_us);
    obol_vici_end_section(writer);
}

void
vici_put_reason(ObolViciWriter *writer, const ObolReason *reason)
{
    if (reason == NULL)
        return;
    obol_vici_put_text(writer, "reason", obol_reason_code_name(reason->code));
    if (reason->phase != NULL)
        obol_vici_put_text(writer, "reason-phase", reason->phase);
    obol_vici_put_text(writer, "reason-side", reason->side == OBOL_SIDE_US ? "us" : "peer");
    if (reason->notify != 0)
        obol_vici_put_text(writer, "reason-notify", obol_notify_name(reason->notify));
    obol_vici_put_text(writer, "reason-text", obol_reason_code_text(reason->code));
    if (reason->facts != NULL)
        obol_vici_put_text(writer, "reason-facts", reason->facts);
    if (reason->next != NULL)
        obol_vici_put_text(writer, "reason-next", reason->next);
}
