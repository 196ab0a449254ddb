/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands-info.c - about the daemon itself: version, stats, algorithms, counters, plugins, failures. */
#include "commands.h"

#include <sys/utsname.h>
#include <time.h>

#include "fields.h"

void
vici_version(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    struct utsname system = { 0 };

    vici_reply_begin(&response);
    obol_vici_put_text(&response, "daemon", "obold");
    obol_vici_put_text(&response, "version", PACKAGE_VERSION);
    if (uname(&system) == 0) {
        obol_vici_put_text(&response, "sysname", system.sysname);
        obol_vici_put_text(&response, "release", system.release);
        obol_vici_put_text(&response, "machine", system.machine);
    }
    vici_client_reply(client, &response);
}

static void
put_u64(ObolViciWriter *writer, const char *name, guint64 number)
{
    obol_vici_put_format(writer, name, "%" G_GUINT64_FORMAT, number);
}

/* "3 hours": the largest unit of which there are two. */
static void
put_uptime(ObolViciWriter *writer, const ObolStats *stats)
{
    static const struct {
        gint64 seconds;
        const char *unit;
    } units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" } };
    gint64 seconds = stats->running_us / G_USEC_PER_SEC;
    gint64 started = stats->started_us / G_USEC_PER_SEC;
    g_autoptr(GDateTime) since = g_date_time_new_from_unix_local(started);
    g_autofree char *text = since != NULL ? g_date_time_format(since, "%b %d %H:%M:%S %Y") : g_strdup("");
    gsize i = 0;

    while (i < G_N_ELEMENTS(units) - 1 && seconds < 2 * units[i].seconds)
        i++;
    obol_vici_put_section(writer, "uptime");
    obol_vici_put_format(writer, "running", "%" G_GINT64_FORMAT " %s", seconds / units[i].seconds, units[i].unit);
    obol_vici_put_text(writer, "since", text);
    put_u64(writer, "seconds", (guint64) seconds);
    obol_vici_end_section(writer);
}

static void
put_priorities(ObolViciWriter *writer, const char *name)
{
    static const char *const priorities[] = { "critical", "high", "medium", "low" };

    obol_vici_put_section(writer, name);
    for (gsize i = 0; i < G_N_ELEMENTS(priorities); i++)
        obol_vici_put_text(writer, priorities[i], "0");
    obol_vici_end_section(writer);
}

/* Obol has no pool of job threads; clients that print one are told of the one loop, which is busy with them. */
static void
put_workers(ObolViciWriter *writer)
{
    obol_vici_put_section(writer, "workers");
    obol_vici_put_text(writer, "total", "1");
    obol_vici_put_text(writer, "idle", "0");
    put_priorities(writer, "active");
    obol_vici_end_section(writer);
    put_priorities(writer, "queues");
    obol_vici_put_text(writer, "scheduled", "0");
}

static void
put_plugin_name(const char *name, G_GNUC_UNUSED const char *version, G_GNUC_UNUSED const char *const *features,
                const char *state, gpointer writer)
{
    if (g_str_has_prefix(state, "loaded")) /* what may follow is a feature that is left out */
        obol_vici_put_item(writer, name);
}

static void
put_traffic(ObolViciWriter *writer, const ObolStats *stats)
{
    obol_vici_put_section(writer, "messages");
    put_u64(writer, "received", stats->n_received);
    put_u64(writer, "sent", stats->n_sent);
    put_u64(writer, "retransmitted", stats->n_retransmitted);
    put_u64(writer, "dropped", stats->n_dropped);
    put_u64(writer, "cookies-sent", stats->n_cookies_sent);
    obol_vici_end_section(writer);
}

void
vici_stats(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };
    ObolStats stats = { 0 };

    obol_control_stats(server->control, &stats);
    vici_reply_begin(&response);
    put_uptime(&response, &stats);
    put_workers(&response);
    obol_vici_put_section(&response, "ikesas");
    put_u64(&response, "total", stats.n_ike_sas);
    put_u64(&response, "half-open", stats.n_half_open);
    put_u64(&response, "initiated", stats.n_initiated);
    put_u64(&response, "accepted", stats.n_accepted);
    put_u64(&response, "failed", stats.n_failed);
    obol_vici_end_section(&response);
    obol_vici_put_section(&response, "child-sas");
    put_u64(&response, "total", stats.n_child_sas);
    obol_vici_end_section(&response);
    put_traffic(&response, &stats);
    obol_vici_put_list(&response, "plugins");
    obol_control_each_plugin(server->control, put_plugin_name, &response);
    obol_vici_end_list(&response);
    vici_client_reply(client, &response);
}

/* get-algorithms: the protocol's sections, and what goes into each. */
typedef struct {
    ObolViciWriter *writer;
    guint8 type;
    gboolean aead;
} AlgorithmSection;

static void
put_algorithm(guint8 type, guint16 id, const char *provider, gpointer data)
{
    const AlgorithmSection *section = data;
    gboolean aead = type == OBOL_TRANSFORM_ENCR && obol_encr_is_aead(id);

    if (type == section->type && aead == section->aead)
        obol_vici_put_text(section->writer, obol_transform_name(type, id), provider);
}

void
vici_get_algorithms(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    static const struct {
        const char *name;
        guint8 type;
        gboolean aead;
    } sections[] = {
        { "encryption", OBOL_TRANSFORM_ENCR, FALSE }, { "integrity", OBOL_TRANSFORM_INTEG, FALSE },
        { "aead", OBOL_TRANSFORM_ENCR, TRUE },        { "prf", OBOL_TRANSFORM_PRF, FALSE },
        { "ke", OBOL_TRANSFORM_KE, FALSE },
    };
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
        AlgorithmSection section = { .writer = &response, .type = sections[i].type, .aead = sections[i].aead };

        obol_vici_put_section(&response, sections[i].name);
        obol_crypto_each(obol_bus_crypto(server->bus), put_algorithm, &section);
        obol_vici_end_section(&response);
    }
    vici_client_reply(client, &response);
}

#define COUNTERS_OFF "messages are not counted: set vici.counters"

void
vici_get_counters(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    if (server->counters != NULL) {
        obol_vici_put_section(&response, "counters");
        vici_counters_put(server->counters, &response, obol_vici_text(request, "name"),
                          vici_bool(request, "all", FALSE));
        obol_vici_end_section(&response);
    }
    vici_put_outcome(&response, server->counters == NULL ? COUNTERS_OFF : NULL);
    vici_client_reply(client, &response);
}

void
vici_reset_counters(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    if (server->counters == NULL) {
        vici_reply_failure(client, COUNTERS_OFF);
        return;
    }
    vici_counters_reset(server->counters, obol_vici_text(request, "name"), vici_bool(request, "all", FALSE));
    vici_reply_success(client);
}

static void
stream_plugin(const char *name, const char *version, const char *const *features, const char *state, gpointer client)
{
    g_auto(ObolViciWriter) event = { 0 };

    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_PLUGIN), 256);
    obol_vici_put_section(&event, name);
    obol_vici_put_text(&event, "version", version != NULL ? version : "");
    obol_vici_put_text(&event, "state", state);
    obol_vici_put_texts(&event, "features", features);
    obol_vici_end_section(&event);
    vici_client_stream(client, &event);
}

void
vici_plugins(ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    if (vici_client_listens(client, VICI_LIST_PLUGIN))
        obol_control_each_plugin(server->control, stream_plugin, client);
    vici_reply_empty(client);
}

static void
put_optional(ObolViciWriter *writer, const char *name, const char *text)
{
    if (text != NULL)
        obol_vici_put_text(writer, name, text);
}

static void
stream_failure(ViciClient *client, const ViciFailure *failure)
{
    g_auto(ObolViciWriter) event = { 0 };

    obol_vici_writer_init(&event, OBOL_VICI_EVENT, vici_event_name(VICI_LIST_FAILURE), 512);
    put_u64(&event, "first", (guint64) failure->first_us);
    put_u64(&event, "last", (guint64) failure->last_us);
    put_u64(&event, "times", failure->n);
    put_optional(&event, "ike", failure->connection);
    put_optional(&event, "child", failure->child);
    put_optional(&event, "local", failure->local);
    put_optional(&event, "remote", failure->remote);
    if (failure->ike_id != 0)
        put_u64(&event, "ike-id", failure->ike_id);
    vici_put_reason(&event, failure->reason);
    vici_client_stream(client, &event);
}

void
vici_list_failures(ViciServer *server, ViciClient *client, const ObolNode *request)
{
    const char *ike = obol_vici_text(request, "ike"), *child = obol_vici_text(request, "child");
    gboolean wanted = vici_client_listens(client, VICI_LIST_FAILURE);

    for (const GList *link = server->failures.list.head; wanted && link != NULL; link = link->next) {
        const ViciFailure *failure = link->data;

        if ((ike == NULL || g_strcmp0(ike, failure->connection) == 0) &&
            (child == NULL || g_strcmp0(child, failure->child) == 0))
            stream_failure(client, failure);
    }
    vici_reply_empty(client);
}
