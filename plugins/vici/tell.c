/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tell.c - what the core tells its listeners, passed on as VICI events. */
#include "tell.h"

#include "fields.h"
#include "job.h"

#define LOG_EVENT_LEVEL_MAX 1 /* `log` carries outcomes and steps, debugging is for the log itself */

static void
begin(ObolViciWriter *writer, ViciEvent event)
{
    obol_vici_writer_init(writer, OBOL_VICI_EVENT, vici_event_name(event), 1024);
}

/* NAME{IKE fields, child-sas{@child}} */
static void
put_sa(ViciServer *server, ObolViciWriter *writer, const ObolIkeInfo *sa, const ObolChildInfo *child)
{
    gint64 now_us = obol_bus_now_us(server->bus);

    obol_vici_put_section(writer, sa->connection != NULL ? sa->connection : "");
    vici_put_ike(writer, sa, now_us);
    if (child != NULL) {
        obol_vici_put_section(writer, "child-sas");
        vici_put_child_section(writer, child, now_us);
        obol_vici_end_section(writer);
    }
    obol_vici_end_section(writer);
}

/* The protocol's names for what went wrong; NULL: it has none, and no alert is raised. */
static const char *
alert_type(const ObolReason *reason)
{
    gboolean of_ike = g_strcmp0(reason->phase, "IKE_SA_INIT") == 0;

    switch (reason->code) {
    case OBOL_REASON_PEER_RESTARTED:
    case OBOL_REASON_NET_SILENT:      return "retransmit-send-timeout";
    case OBOL_REASON_PROPOSAL_US:
    case OBOL_REASON_PROPOSAL_PEER:
    case OBOL_REASON_KE_GROUP:        return of_ike ? "proposal-mismatch-ike" : "proposal-mismatch-child";
    case OBOL_REASON_NO_CONNECTION:   return "peer-addr-failed";
    case OBOL_REASON_ID_NOMATCH:
    case OBOL_REASON_PSK_NONE:
    case OBOL_REASON_AUTH_US:
    case OBOL_REASON_AUTH_METHOD:     return "peer-auth-failed";
    case OBOL_REASON_AUTH_PEER:       return "local-auth-failed";
    case OBOL_REASON_TS_US:
    case OBOL_REASON_TS_PEER:
    case OBOL_REASON_NARROWED:        return "ts-mismatch";
    case OBOL_REASON_SYNTAX:
    case OBOL_REASON_CRITICAL:
    case OBOL_REASON_KE_VALUE:        return "parse-error-body";
    case OBOL_REASON_VERSION:         return "parse-error-header";
    case OBOL_REASON_HALF_OPEN_TIME:  return "half-open-timeout";
    case OBOL_REASON_KERNEL_SPI:
    case OBOL_REASON_KERNEL_SA:       return "install-child-sa-failed";
    case OBOL_REASON_KERNEL_POLICY:   return "install-child-policy-failed";
    case OBOL_REASON_REPLACED:        return "unique-replace";
    case OBOL_REASON_LIFETIME:        return "ike-sa-expired";
    case OBOL_REASON_ADDRESS_GONE:
    case OBOL_REASON_ADDRESS_REFUSED:
    case OBOL_REASON_COOKIE2:
    case OBOL_REASON_REDIRECT:
    case OBOL_REASON_NONE:
    case OBOL_REASON_COOKIE:
    case OBOL_REASON_HALF_OPEN_LIMIT:
    case OBOL_REASON_MODE:
    case OBOL_REASON_PEER_NOTIFY:
    case OBOL_REASON_DELETED_BY_PEER:
    case OBOL_REASON_DELETED_BY_US:
    case OBOL_REASON_CRYPTO:
    case OBOL_REASON_CONFIG:
    case OBOL_REASON_ADDRESS:
    case OBOL_REASON_BUSY:
    case OBOL_REASON_INTERNAL:
    case OBOL_N_REASONS:              break;
    }
    return NULL;
}

static void
tell_alert(ViciServer *server, const ObolIkeInfo *sa, const ObolReason *reason)
{
    const char *type = alert_type(reason);
    g_auto(ObolViciWriter) writer = { 0 };

    if (type == NULL || !vici_server_has_listeners(server, VICI_ALERT))
        return;
    begin(&writer, VICI_ALERT);
    obol_vici_put_text(&writer, "type", type);
    if (sa != NULL) {
        obol_vici_put_section(&writer, "ike-sa");
        put_sa(server, &writer, sa, NULL);
        obol_vici_end_section(&writer);
    }
    vici_put_reason(&writer, reason);
    vici_server_tell(server, VICI_ALERT, &writer);
}

static void
keep_failure(ViciServer *server, const ObolIkeInfo *sa, const char *child, const ObolReason *reason)
{
    if (reason == NULL)
        return;
    vici_failures_add(&server->failures, sa, child, reason, g_get_real_time());
    tell_alert(server, sa, reason);
}

static void
tell_updown(ViciServer *server, ViciEvent event, gboolean up, const ObolIkeInfo *sa, const ObolChildInfo *child,
            const ObolReason *reason)
{
    g_auto(ObolViciWriter) writer = { 0 };

    if (!vici_server_has_listeners(server, event))
        return;
    begin(&writer, event);
    obol_vici_put_yes(&writer, "up", up);
    put_sa(server, &writer, sa, child);
    vici_put_reason(&writer, reason);
    vici_server_tell(server, event, &writer);
}

static void
tell_ike_state(gpointer self, const ObolIkeInfo *sa, ObolIkeState from, const ObolReason *reason)
{
    ViciServer *server = self;
    gboolean down = sa->state == OBOL_IKE_GONE && sa->established_us != 0;

    /* What follows a rekeying is neither news nor a failure: tell_ike_rekeyed() has said it. */
    if (sa->state == OBOL_IKE_REKEYED || from == OBOL_IKE_REKEYED)
        return;
    if (sa->state == OBOL_IKE_ESTABLISHED || down)
        tell_updown(server, VICI_IKE_UPDOWN, !down, sa, NULL, reason);
    keep_failure(server, sa, NULL, reason);
}

static void
put_named(ViciServer *server, ObolViciWriter *writer, const char *name, const ObolIkeInfo *sa)
{
    obol_vici_put_section(writer, name);
    vici_put_ike(writer, sa, obol_bus_now_us(server->bus));
    obol_vici_end_section(writer);
}

/* As strongSwan has it: a section named as the connection, with the old one and the new one in it. */
static void
tell_ike_rekeyed(gpointer self, const ObolIkeInfo *old, const ObolIkeInfo *successor)
{
    ViciServer *server = self;
    g_auto(ObolViciWriter) writer = { 0 };

    if (!vici_server_has_listeners(server, VICI_IKE_REKEY))
        return;
    begin(&writer, VICI_IKE_REKEY);
    obol_vici_put_section(&writer, successor->connection);
    put_named(server, &writer, "old", old);
    put_named(server, &writer, "new", successor);
    obol_vici_end_section(&writer);
    vici_server_tell(server, VICI_IKE_REKEY, &writer);
}

/* As strongSwan has it: the new addresses, and a section named as the connection with the SA as it was before. */
static void
tell_ike_moved(gpointer self, const ObolIkeInfo *sa, const ObolAddress *old_local, const ObolAddress *old_remote)
{
    ViciServer *server = self;
    g_auto(ObolViciWriter) writer = { 0 };
    ObolIkeInfo was = *sa;

    if (!vici_server_has_listeners(server, VICI_IKE_UPDATE))
        return;
    was.local = *old_local;
    was.remote = *old_remote;
    begin(&writer, VICI_IKE_UPDATE);
    vici_put_host(&writer, "local", &sa->local);
    vici_put_host(&writer, "remote", &sa->remote);
    put_named(server, &writer, sa->connection, &was);
    vici_server_tell(server, VICI_IKE_UPDATE, &writer);
}

static void
tell_child_state(gpointer self, const ObolIkeInfo *sa, const ObolChildInfo *child, G_GNUC_UNUSED ObolChildState from,
                 const ObolReason *reason)
{
    ViciServer *server = self;
    gboolean down = child->state == OBOL_CHILD_GONE && child->installed_us != 0;

    if (child->state == OBOL_CHILD_INSTALLED || down)
        tell_updown(server, VICI_CHILD_UPDOWN, !down, sa, child, reason);
    keep_failure(server, sa, child->name, reason);
}

static void
tell_failure(gpointer self, const ObolIkeInfo *sa, const ObolReason *reason)
{
    keep_failure(self, sa, NULL, reason);
}

static void
put_log_line(ObolViciWriter *writer, const char *group, int level, gboolean thread, const ObolIkeInfo *sa,
             const char *text)
{
    g_autofree char *upper = g_ascii_strup(group, -1); /* "IKE", "NET": as VICI's clients know the groups */

    obol_vici_put_text(writer, "group", upper);
    obol_vici_put_format(writer, "level", "%d", level);
    if (thread)
        obol_vici_put_text(writer, "thread", "0");
    if (sa != NULL) {
        obol_vici_put_text(writer, "ikesa-name", sa->connection != NULL ? sa->connection : "");
        obol_vici_put_format(writer, "ikesa-uniqueid", "%u", sa->unique_id);
    }
    obol_vici_put_text(writer, "msg", text);
}

/* Backwards, and never past the end: a client that is too slow goes with its job, and that is logged too. */
static void
tell_jobs(ViciServer *server, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    for (guint i = server->jobs->len; i > 0; i = MIN(i - 1, server->jobs->len)) {
        const ViciJob *job = g_ptr_array_index(server->jobs, i - 1);
        g_auto(ObolViciWriter) writer = { 0 };

        if (!vici_job_follows(job, level, sa))
            continue;
        begin(&writer, VICI_CONTROL_LOG);
        put_log_line(&writer, group, level, FALSE, sa, text);
        vici_server_tell_one(job->client, &writer);
    }
}

static void
tell_log(gpointer self, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    ViciServer *server = self;

    tell_jobs(server, group, level, sa, text);
    if (level <= LOG_EVENT_LEVEL_MAX && vici_server_has_listeners(server, VICI_LOG)) {
        g_auto(ObolViciWriter) writer = { 0 };

        begin(&writer, VICI_LOG);
        put_log_line(&writer, group, level, TRUE, sa, text);
        vici_server_tell(server, VICI_LOG, &writer);
    }
}

static void
put_message(ObolViciWriter *writer, const ObolMessageEvent *message)
{
    obol_vici_put_format(writer, "time", "%" G_GINT64_FORMAT, g_get_real_time());
    obol_vici_put_text(writer, "direction", message->outgoing ? "out" : "in");
    obol_vici_put_text(writer, "exchange", obol_exchange_name(message->exchange));
    obol_vici_put_yes(writer, "response", message->response);
    obol_vici_put_yes(writer, "retransmission", message->retransmission);
    obol_vici_put_format(writer, "message-id", "%u", message->message_id);
    obol_vici_put_format(writer, "bytes", "%" G_GSIZE_FORMAT, message->n_bytes);
    obol_vici_put_format(writer, "initiator-spi", "%016" G_GINT64_MODIFIER "x", message->spi_i);
    obol_vici_put_format(writer, "responder-spi", "%016" G_GINT64_MODIFIER "x", message->spi_r);
    vici_put_address(writer, "local-host", &message->local);
    obol_vici_put_format(writer, "local-port", "%u", message->local.port);
    vici_put_address(writer, "remote-host", &message->remote);
    obol_vici_put_format(writer, "remote-port", "%u", message->remote.port);
    if (message->connection != NULL)
        obol_vici_put_text(writer, "ike", message->connection);
    if (message->payloads != NULL)
        obol_vici_put_text(writer, "payloads", message->payloads);
}

static void
tell_message(gpointer self, const ObolMessageEvent *message)
{
    ViciServer *server = self;
    g_auto(ObolViciWriter) writer = { 0 };

    if (server->counters != NULL && !message->retransmission)
        vici_counters_count(server->counters, message);
    if (!vici_server_has_listeners(server, VICI_MESSAGE))
        return;
    begin(&writer, VICI_MESSAGE);
    put_message(&writer, message);
    vici_server_tell(server, VICI_MESSAGE, &writer);
}

const ObolListenerVtable vici_watch_sas = {
    .size = sizeof vici_watch_sas,
    .ike_state = tell_ike_state,
    .child_state = tell_child_state,
    .failure = tell_failure,
    .ike_rekeyed = tell_ike_rekeyed,
    .ike_moved = tell_ike_moved,
};

const ObolListenerVtable vici_watch_log = { .size = sizeof vici_watch_log, .log = tell_log };

const ObolListenerVtable vici_watch_messages = { .size = sizeof vici_watch_messages, .message = tell_message };
