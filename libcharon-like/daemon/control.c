/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/control.c - what a frontend may look at: SAs, connections, policies, plugins, figures; and traps. */
#include "daemon/daemon-private.h"

G_DEFINE_QUARK(obol-control-error-quark, obol_control_error)

/* --- SAs --- */

void
obol_control_each_sa(ObolControl *control, ObolSaVisit visit, gpointer data)
{
    for (guint i = 0; i < control->daemon->drivers->len; i++)
        obol_shard_each(daemon_driver_shard(g_ptr_array_index(control->daemon->drivers, i)), visit, data);
}

/* A question for fresh counters; counted by the answers that are to come, and one for asking itself. */
typedef struct {
    ObolDaemon *daemon;
    ObolSaVisit visit;
    GDestroyNotify done;
    gpointer data;
    guint n_pending;
    GArray *asked; /* of Asked */
} Query;

typedef struct {
    ObolSaId id;
    gboolean inbound;
} Asked;

typedef struct {
    Query *query;
    guint index;
} QueryAnswer;

static void
query_release(Query *query)
{
    if (--query->n_pending > 0)
        return;
    /* The frontend that asked is closed before the kernel is: what is answered at the end finds nobody. */
    if (!query->daemon->closing) {
        obol_control_each_sa(&query->daemon->control, query->visit, query->data);
        if (query->done != NULL)
            query->done(query->data);
    }
    g_array_unref(query->asked);
    g_free(query);
}

static void
query_answered(const ObolKernelReply *reply, gpointer data)
{
    g_autofree QueryAnswer *answer = data;
    Query *query = answer->query;
    const Asked *asked = &g_array_index(query->asked, Asked, answer->index);

    for (guint i = 0; reply->error == NULL && i < query->daemon->drivers->len; i++)
        obol_shard_set_usage(daemon_driver_shard(g_ptr_array_index(query->daemon->drivers, i)), &asked->id,
                             asked->inbound,
                             &reply->usage);
    query_release(query);
}

static void
note_child(const ObolIkeInfo *sa, gpointer data)
{
    Query *query = data;

    for (gsize i = 0; i < sa->n_children; i++) {
        const ObolChildInfo *child = &sa->children[i];
        Asked in = { { sa->remote, sa->local, child->spi_in, child->suite.protocol }, TRUE };
        Asked out = { { sa->local, sa->remote, child->spi_out, child->suite.protocol }, FALSE };

        if (child->state != OBOL_CHILD_INSTALLED)
            continue;
        if (!child->udp_encap)
            in.id.source.port = in.id.destination.port = out.id.source.port = out.id.destination.port = 0;
        g_array_append_val(query->asked, in);
        g_array_append_val(query->asked, out);
    }
}

static void
query_ask(ObolDaemon *daemon, Query *query)
{
    obol_control_each_sa(&daemon->control, note_child, query);
    query->n_pending = 1 + query->asked->len;
    for (guint i = 0; i < query->asked->len; i++) {
        ObolKernelRequest request = { .op = OBOL_KERNEL_QUERY_SA, .sa.id = g_array_index(query->asked, Asked, i).id };
        QueryAnswer *answer = g_new(QueryAnswer, 1);

        *answer = (QueryAnswer) { query, i };
        obol_bus_kernel_request(daemon->bus, &request, query_answered, answer);
    }
    query_release(query);
}

void
obol_control_query_sas(ObolControl *control, ObolSaVisit visit, GDestroyNotify done, gpointer data)
{
    Query *query = g_new0(Query, 1);

    query->daemon = control->daemon;
    query->visit = visit;
    query->done = done;
    query->data = data;
    query->asked = g_array_new(FALSE, FALSE, sizeof(Asked));
    query_ask(control->daemon, query);
}

/* --- connections --- */

static const char *
unique_name(ObolUnique unique)
{
    switch (unique) {
    case OBOL_UNIQUE_NO:
        return "UNIQUE_NO";
    case OBOL_UNIQUE_NEVER:
        return "UNIQUE_NEVER";
    case OBOL_UNIQUE_KEEP:
        return "UNIQUE_KEEP";
    case OBOL_UNIQUE_REPLACE:
        return "UNIQUE_REPLACE";
    }
    return NULL;
}

static const char *
auth_name(ObolAuthKind kind)
{
    switch (kind) {
    case OBOL_AUTH_BY_PSK:
        return "pre-shared key";
    }
    return NULL;
}

static const char *
action_name(ObolStartAction action)
{
    switch (action) {
    case OBOL_ACTION_NONE:
        return "none";
    case OBOL_ACTION_TRAP:
        return "trap";
    case OBOL_ACTION_START:
        return "start";
    case OBOL_ACTION_TRAP_AND_START:
        return "trap|start";
    }
    return NULL;
}

static char **
host_texts(const GPtrArray *hosts)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();

    for (guint i = 0; i < hosts->len; i++)
        g_strv_builder_add(texts, ((const ObolHostSpec *) g_ptr_array_index(hosts, i))->text);
    return g_strv_builder_end(texts);
}

static char **
proposal_texts(const GArray *proposals)
{
    char **texts = g_new0(char *, proposals->len + 1);

    for (guint i = 0; i < proposals->len; i++)
        texts[i] = obol_proposal_format(&g_array_index(proposals, ObolProposal, i));
    return texts;
}

static void
describe_child(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child,
               ObolChildConfigInfo *out)
{
    ObolShard *shard = daemon_driver_shard(g_ptr_array_index(daemon->drivers, 0)); /* all number alike */

    *out = (ObolChildConfigInfo) {
        .name = child->name,
        .mode = child->mode,
        .action = child->action,
        .local_ts = child->local_ts,
        .remote_ts = child->remote_ts,
        .proposals = proposal_texts(child->proposals),
        .rekey_us = child->lifetimes.soft_us,
        .rekey_bytes = child->lifetimes.soft_bytes,
        .rekey_packets = child->lifetimes.soft_packets,
        .start_action = action_name(child->start_action),
        .dpd_action = action_name(child->dpd_action),
        .close_action = action_name(child->close_action),
        .trap_installed = daemon_traps_has(daemon, connection->name, child->name),
        .reqid = child->action == OBOL_POLICY_PROTECT ? obol_shard_reqid(shard, connection->name, child) : 0,
    };
}

static void
visit_connection(ObolDaemon *daemon, const ObolConnection *connection, ObolConnectionVisit visit, gpointer data)
{
    g_auto(GStrv) local = host_texts(connection->local_hosts), remote = host_texts(connection->remote_hosts);
    g_auto(GStrv) proposals = proposal_texts(connection->proposals);
    guint n = connection->children->len, n_all = n + connection->shunts->len;
    g_autofree ObolChildConfigInfo *children = g_new0(ObolChildConfigInfo, n_all);
    ObolConnectionInfo info = {
        .name = connection->name,
        .local_addrs = (const char *const *) local,
        .remote_addrs = (const char *const *) remote,
        .local_port = connection->local_port,
        .remote_port = connection->remote_port,
        .rekey_us = connection->rekey_us,
        .reauth_us = connection->reauth_us,
        .dpd_us = connection->dpd_us,
        .unique = unique_name(connection->unique),
        .local_id = connection->local_id,
        .remote_id = connection->remote_id,
        .local_auth = auth_name(connection->local_auth),
        .remote_auth = auth_name(connection->remote_auth),
        .proposals = proposals,
        .children = children,
        .n_children = n_all,
    };

    for (guint i = 0; i < n_all; i++)
        describe_child(daemon, connection, i < n ? g_ptr_array_index(connection->children, i)
                                                 : g_ptr_array_index(connection->shunts, i - n), &children[i]);
    visit(&info, data);
    for (guint i = 0; i < n_all; i++)
        g_strfreev((char **) children[i].proposals);
}

void
obol_control_each_connection(ObolControl *control, ObolConnectionVisit visit, gpointer data)
{
    g_autoptr(ObolConnectionSet) set = obol_connection_set_ref(daemon_snapshot_connections(control->daemon->snapshot));

    for (guint i = 0; i < set->connections->len; i++)
        visit_connection(control->daemon, g_ptr_array_index(set->connections, i), visit, data);
}

/* --- traps --- */

typedef struct {
    ObolControlDone done;
    gpointer data;
    char *text;
} Answer;

static void
answer_from_loop(G_GNUC_UNUSED ObolDaemon *daemon, gpointer data)
{
    const Answer *answer = data;
    g_autoptr(GError) error = NULL;

    if (answer->text != NULL)
        error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, answer->text);
    answer->done(error, NULL, error == NULL, error == NULL, answer->data);
}

static void
answer_free(gpointer data)
{
    Answer *answer = data;

    g_free(answer->text);
    g_free(answer);
}

/* @text NULL: success. */
static void
answer_later(ObolDaemon *daemon, ObolControlDone done, gpointer data, char *text)
{
    Answer *answer = g_new(Answer, 1);

    *answer = (Answer) { done, data, text };
    daemon_after(daemon, 0, answer_from_loop, answer, answer_free);
}

void
obol_control_install(ObolControl *control, const char *ike, const char *child, ObolControlDone done, gpointer data)
{
    const ObolConnection *connection;
    const ObolChildConfig *config = daemon_find_policies(control->daemon, ike, child, &connection);

    if (config == NULL)
        answer_later(control->daemon, done, data, g_strdup_printf("there is no child %s", child != NULL ? child : ""));
    else if (!config->policies)
        answer_later(control->daemon, done, data, g_strdup_printf("child %s has policies = no", child));
    else
        daemon_trap_install(control->daemon, connection, config, done, data);
}

void
obol_control_uninstall(ObolControl *control, const char *ike, const char *child, ObolControlDone done, gpointer data)
{
    gboolean found = child != NULL && daemon_trap_uninstall(control->daemon, ike, child);

    answer_later(control->daemon, done, data, found ? NULL : g_strdup_printf("no policy of %s is installed", child));
}

/* --- the rest --- */

gboolean
obol_control_reload(ObolControl *control, GError **error)
{
    return obol_daemon_reload(control->daemon, error);
}

void
obol_control_stats(ObolControl *control, ObolStats *out)
{
    const ObolDaemon *daemon = control->daemon;

    *out = (ObolStats) { .started_us = daemon->started_real_us, .running_us = daemon_now_us() - daemon->started_us };
    for (guint i = 0; i < daemon->drivers->len; i++)
        obol_shard_stats(daemon_driver_shard(g_ptr_array_index(daemon->drivers, i)), out);
}

void
obol_control_each_plugin(ObolControl *control, ObolPluginVisit visit, gpointer data)
{
    obol_bus_each_plugin(control->daemon->bus, visit, data);
}

void
obol_control_each_policy(ObolControl *control, ObolPolicyVisit visit, gpointer data)
{
    obol_bus_kernel_each_policy(control->daemon->bus, visit, data);
}

void
obol_control_list_kernel(ObolControl *control, ObolKernelDone done, gpointer data)
{
    const ObolKernelRequest request = { .op = OBOL_KERNEL_LIST };

    obol_bus_kernel_request(control->daemon->bus, &request, done, data);
}
