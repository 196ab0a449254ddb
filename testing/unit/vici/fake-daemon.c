/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake-daemon.c - the bus and the control surface as a test wants them. */
#include "fake-daemon.h"

#include <string.h>
#include <sys/socket.h>

#define WATCHES_MAX 8

FakeDaemon fake;

G_DEFINE_QUARK(obol-control-error-quark, obol_control_error)

static struct {
    const ObolListenerVtable *calls;
    gpointer self;
} watches[WATCHES_MAX];

/* One connection "gw" with a child "net", and one SA of it. */
static const char *const any_address[] = { "%any", NULL };
static char *ike_proposals[] = { (char *) "AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519", NULL };
static ObolTs selectors[2];
static GArray *local_ts, *remote_ts;
static ObolIdentity *local_id, *remote_id;

void
fake_daemon_init(void)
{
    fake = (FakeDaemon) { .now_us = 1000 * G_TIME_SPAN_SECOND, .n_sas = 1, .n_leases = 1 };
    fake.context = g_main_context_new();
    fake.log = g_string_new(NULL);
    fake.loaded = g_strdup("");
    memset(watches, 0, sizeof watches);
    for (guint i = 0; i < 2; i++) {
        selectors[i] =
            (ObolTs) { .family = AF_INET, .port_last = 65535, .first = { 10, (guint8) i }, .last = { 10, (guint8) i } };
        memset(selectors[i].last + 2, 255, 2);
    }
    local_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    remote_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs));
    g_array_append_val(local_ts, selectors[0]);
    g_array_append_val(remote_ts, selectors[1]);
    local_id = obol_identity_new(OBOL_ID_FQDN, (const guint8 *) "left.example", 12);
    remote_id = obol_identity_new(OBOL_ID_FQDN, (const guint8 *) "right.example", 13);
}

static void
clear_asked(void)
{
    g_clear_pointer(&fake.asked_ike, g_free);
    g_clear_pointer(&fake.asked_child, g_free);
    g_clear_pointer(&fake.asked_change, g_free);
}

void
fake_daemon_clear(void)
{
    clear_asked();
    g_free(fake.loaded);
    g_free(fake.loaded_text);
    g_free(fake.shared);
    g_string_free(fake.log, TRUE);
    g_array_unref(local_ts);
    g_array_unref(remote_ts);
    g_free(local_id);
    g_free(remote_id);
    g_main_context_unref(fake.context);
}

ObolBus *
fake_bus(void)
{
    return (ObolBus *) &fake;
}

/* --- the bus --- */

GMainContext *
obol_bus_context(G_GNUC_UNUSED ObolBus *bus)
{
    return fake.context;
}

gint64
obol_bus_now_us(G_GNUC_UNUSED ObolBus *bus)
{
    return fake.now_us;
}

ObolControl *
obol_bus_control(ObolBus *bus)
{
    return (ObolControl *) bus;
}

const ObolCrypto *
obol_bus_crypto(G_GNUC_UNUSED ObolBus *bus)
{
    return NULL;
}

void
obol_bus_log(G_GNUC_UNUSED ObolBus *bus, const char *group, int level, const char *format, ...)
{
    va_list args;

    g_string_append_printf(fake.log, "[%s %d] ", group, level);
    va_start(args, format);
    g_string_append_vprintf(fake.log, format, args);
    va_end(args);
    g_string_append_c(fake.log, '\n');
}

guint
obol_bus_watch(G_GNUC_UNUSED ObolBus *bus, const ObolListenerVtable *calls, gpointer self)
{
    for (guint i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].calls == NULL) {
            watches[i].calls = calls;
            watches[i].self = self;
            fake.n_watches++;
            return i + 1;
        }
    }
    g_assert_not_reached();
}

void
obol_bus_unwatch(G_GNUC_UNUSED ObolBus *bus, guint handle)
{
    g_assert_nonnull(watches[handle - 1].calls);
    watches[handle - 1].calls = NULL;
    fake.n_watches--;
}

void
obol_crypto_each(G_GNUC_UNUSED const ObolCrypto *crypto, ObolCryptoVisit visit, gpointer data)
{
    visit(OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_CBC, "fake", data);
    visit(OBOL_TRANSFORM_ENCR, OBOL_ENCR_AES_GCM_16, "fake", data);
    visit(OBOL_TRANSFORM_KE, OBOL_KE_X25519, "fake", data);
}

/* --- what there is --- */

static ObolAddress
address(guint8 last, guint16 port)
{
    return (ObolAddress) { .family = AF_INET, .port = port, .bytes = { 192, 0, 2, last } };
}

static ObolChildInfo
the_child(void)
{
    return (ObolChildInfo) {
        .name = "net", .unique_id = 7, .reqid = 3, .state = OBOL_CHILD_INSTALLED, .mode = OBOL_MODE_TUNNEL,
        .suite = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 },
        .spi_in = 0xc0ffee01, .spi_out = 0x0badcafe, .local_ts = local_ts, .remote_ts = remote_ts,
        .installed_us = fake.now_us - 60 * G_TIME_SPAN_SECOND, .rekey_us = fake.now_us + 3000 * G_TIME_SPAN_SECOND,
        .in = { .bytes = 840, .packets = 10, .last_used_us = fake.now_us - 2 * G_TIME_SPAN_SECOND },
    };
}

/* 192.0.2.22 and 2001:db8::22 */
static const ObolAddress peer_addresses[] = {
    { .family = AF_INET, .bytes = { 192, 0, 2, 22 } },
    { .family = AF_INET6, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x22 } },
};

static ObolIkeInfo
the_sa(const ObolChildInfo *child)
{
    return (ObolIkeInfo) {
        .connection = "gw", .unique_id = 5, .state = OBOL_IKE_ESTABLISHED, .initiator = TRUE,
        .spi_i = G_GUINT64_CONSTANT(0x0102030405060708), .spi_r = G_GUINT64_CONSTANT(0xf1f2f3f4f5f6f7f8),
        .local = address(1, 4500), .remote = address(2, 4500), .local_id = local_id, .remote_id = remote_id,
        .nat_remote = TRUE,
        .fragmentation = TRUE,
        .fragment_size = 1280,
        .mobike = TRUE, .peer_addresses = peer_addresses, .n_peer_addresses = fake.n_peer_addresses,
        .suite = { .protocol = OBOL_PROTO_IKE, .encr = OBOL_ENCR_CHACHA20_POLY1305, .encr_bits = 256,
                   .prf = OBOL_PRF_HMAC_SHA2_256, .ke = OBOL_KE_X25519 },
        .established_us = fake.now_us - 61 * G_TIME_SPAN_SECOND, .rekey_us = fake.now_us + 7200 * G_TIME_SPAN_SECOND,
        .children = child, .n_children = child != NULL ? 1 : 0,
    };
}

void
obol_control_query_sas(G_GNUC_UNUSED ObolControl *control, ObolSaVisit visit, GDestroyNotify done, gpointer data)
{
    ObolChildInfo child = the_child();
    ObolIkeInfo sa = the_sa(&child);

    for (guint i = 0; i < fake.n_sas; i++)
        visit(&sa, data);
    done(data);
}

void
obol_control_each_connection(G_GNUC_UNUSED ObolControl *control, ObolConnectionVisit visit, gpointer data)
{
    const ObolChildConfigInfo child = {
        .name = "net", .mode = OBOL_MODE_TUNNEL, .local_ts = local_ts, .remote_ts = remote_ts,
        .rekey_us = 3600 * G_TIME_SPAN_SECOND, .start_action = "trap", .trap_installed = TRUE, .reqid = 3,
    };
    const ObolConnectionInfo connection = {
        .name = "gw", .local_addrs = any_address, .remote_addrs = any_address, .local_port = 500, .remote_port = 500,
        .unique = "UNIQUE_NO", .remote_id = remote_id, .local_auth = "pre-shared key", .remote_auth = "pre-shared key",
        .proposals = ike_proposals, .children = &child, .n_children = 1,
    };

    visit(&connection, data);
}

void
obol_control_each_policy(G_GNUC_UNUSED ObolControl *control, ObolPolicyVisit visit, gpointer data)
{
    const ObolPolicySpec policy = {
        .direction = OBOL_DIR_OUT, .source = selectors[0], .destination = selectors[1], .reqid = 3,
        .mode = OBOL_MODE_TUNNEL, .protocol = OBOL_PROTO_ESP, .tunnel_source = address(1, 0),
        .tunnel_destination = address(2, 0), .priority = 9, .trap = TRUE,
    };

    visit(&policy, data);
}

void
obol_control_each_plugin(G_GNUC_UNUSED ObolControl *control, ObolPluginVisit visit, gpointer data)
{
    static const char *const features[] = { "control/vici", NULL }, *const none[] = { NULL };

    visit("vici", "0.1.0", features, "loaded", data);
    visit("broken", "0.1.0", none, "ABI 2 is not ours", data);
}

void
obol_control_stats(G_GNUC_UNUSED ObolControl *control, ObolStats *out)
{
    *out = (ObolStats) { .started_us = 1, .running_us = 3 * G_TIME_SPAN_HOUR, .n_ike_sas = 4, .n_half_open = 1 };
}

/* --- what is asked --- */

static ObolControlTicket
keep_command(ObolControlDone done, gpointer data, gint64 timeout_us)
{
    fake.asked_timeout_us = timeout_us;
    fake.done = done;
    fake.done_data = data;
    if (timeout_us == 0)
        fake_finish(NULL, NULL, 1, 0);
    return 42;
}

void
fake_finish(const GError *error, const ObolReason *reason, guint n_matched, guint n_done)
{
    ObolControlDone done = fake.done;

    g_assert_nonnull(done);
    fake.done = NULL;
    done(error, reason, n_matched, n_done, fake.done_data);
}

ObolControlTicket
obol_control_initiate(G_GNUC_UNUSED ObolControl *control, const char *ike, const char *child, gint64 timeout_us,
                      ObolControlDone done, gpointer data)
{
    clear_asked();
    fake.asked_ike = g_strdup(ike);
    fake.asked_child = g_strdup(child);
    return keep_command(done, data, timeout_us);
}

ObolControlTicket
obol_control_terminate(G_GNUC_UNUSED ObolControl *control, const ObolSaSelector *which, gboolean force,
                       gint64 timeout_us, ObolControlDone done, gpointer data)
{
    clear_asked();
    fake.asked_which = *which;
    fake.asked_ike = g_strdup(which->ike);
    fake.asked_child = g_strdup(which->child);
    fake.asked_force = force;
    return keep_command(done, data, timeout_us);
}

guint
obol_control_rekey(G_GNUC_UNUSED ObolControl *control, const ObolSaSelector *which, gboolean reauth)
{
    clear_asked();
    fake.asked_which = *which;
    fake.asked_ike = g_strdup(which->ike);
    fake.asked_child = g_strdup(which->child);
    fake.asked_reauth = reauth;
    return g_strcmp0(which->ike, "gw") == 0 || which->ike_id == 5 ? 1 : 0;
}

/* "gw" has a client that can go. */
gboolean
obol_control_redirect(G_GNUC_UNUSED ObolControl *control, const ObolRedirect *which, guint *n, GError **error)
{
    clear_asked();
    if (g_str_equal(which->gateway, "a b")) {
        g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE, "the gateway is an address or a host name: \"a b\"");
        return FALSE;
    }
    fake.asked_ike = g_strdup(which->ike);
    *n = g_strcmp0(which->ike, "gw") == 0 || which->ike_id == 5 || g_strcmp0(which->peer_address, "192.0.2.0/24") == 0
         || g_strcmp0(which->peer_id, "*.example") == 0 ? 1 : 0;
    return TRUE;
}

/* #7 becomes #8, with the selectors that were named at the peer's end; "narrow" is granted less, "other" is not there. */
ObolControlTicket
obol_control_selectors(G_GNUC_UNUSED ObolControl *control, const ObolSaSelector *which, const ObolTsChange *change, gint64 timeout_us,
                       ObolControlSelectorsDone done, gpointer data)
{
    g_autoptr(GArray) local = g_array_new(FALSE, TRUE, sizeof(ObolTs));
    const ObolSelectorsResult result = { "gw", "net", 5, 7, 8, change->local != NULL ? change->local : local,
                                         change->remote != NULL ? change->remote : local };
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_NARROWED, "CREATE_CHILD_SA", OBOL_SIDE_PEER, 0, "asked for a, granted b");
    g_autoptr(GError) error = NULL;
    g_autofree char *here = change->local != NULL ? obol_ts_list_format(change->local) : g_strdup("-");
    g_autofree char *there = change->remote != NULL ? obol_ts_list_format(change->remote) : g_strdup("-");

    clear_asked();
    fake.asked_which = *which;
    fake.asked_ike = g_strdup(which->ike);
    fake.asked_child = g_strdup(which->child);
    fake.asked_timeout_us = timeout_us;
    fake.asked_change = g_strdup_printf("%d %s === %s", (int) change->op, here, there);
    if (g_strcmp0(which->child, "narrow") == 0)
        error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "it was narrowed");
    else if (g_strcmp0(which->child, "other") == 0)
        error = g_error_new_literal(OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "no such Child SA is installed");
    done(error, error != NULL && error->code == OBOL_CONTROL_ERROR_FAILED ? reason : NULL, error == NULL ? &result : NULL, data);
    return 42;
}

void
obol_control_forget(G_GNUC_UNUSED ObolControl *control, ObolControlTicket ticket)
{
    g_assert_cmpuint(ticket, ==, 42);
    fake.done = NULL;
    fake.n_forgotten++;
}

void
obol_control_install(G_GNUC_UNUSED ObolControl *control, const char *ike, const char *child, ObolControlDone done,
                     gpointer data)
{
    obol_control_initiate(control, ike, child, -1, done, data);
}

void
obol_control_uninstall(G_GNUC_UNUSED ObolControl *control, const char *ike, const char *child, ObolControlDone done,
                       gpointer data)
{
    obol_control_initiate(control, ike, child, -1, done, data);
}

gboolean
obol_control_reload(G_GNUC_UNUSED ObolControl *control, G_GNUC_UNUSED GError **error)
{
    fake.n_reloads++;
    return TRUE;
}

void
fake_describe(const ObolNode *node, GString *out)
{
    g_string_append_printf(out, "%s", node->name != NULL ? node->name : "");
    if (node->kind == OBOL_NODE_VALUE) {
        g_string_append_printf(out, "%s%s ", node->name != NULL ? "=" : "", node->value);
        return;
    }
    g_string_append(out, node->kind == OBOL_NODE_LIST ? "[ " : "{ ");
    for (guint i = 0; i < node->items->len; i++)
        fake_describe(g_ptr_array_index(node->items, i), out);
    g_string_append(out, node->kind == OBOL_NODE_LIST ? "] " : "} ");
}

gboolean
obol_control_load_connection(G_GNUC_UNUSED ObolControl *control, const ObolNode *section, GError **error)
{
    GString *text = g_string_new(NULL);
    char *before = fake.loaded;

    fake_describe(section, text);
    g_free(fake.loaded_text);
    fake.loaded_text = g_string_free(text, FALSE);
    if (fake.refuses_to_load) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_UNKNOWN,
                    "unknown option: colour, config discarded");
        return FALSE;
    }
    fake.loaded = g_strconcat(before, section->name, " ", NULL);
    g_free(before);
    return TRUE;
}

gboolean
obol_control_unload_connection(G_GNUC_UNUSED ObolControl *control, const char *name, GError **error)
{
    if (g_str_equal(name, "gw"))
        return TRUE;
    g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "no connection '%s'", name);
    return FALSE;
}

gboolean
obol_control_load_pool(G_GNUC_UNUSED ObolControl *control, const ObolNode *section, GError **error)
{
    if (g_str_equal(section->name, "bad")) {
        g_set_error_literal(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_FAILED, "no");
        return FALSE;
    }
    return TRUE;
}

gboolean
obol_control_unload_pool(G_GNUC_UNUSED ObolControl *control, const char *name, GError **error)
{
    if (g_str_equal(name, "phones"))
        return TRUE;
    g_set_error(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND, "there is no pool %s", name);
    return FALSE;
}

void
obol_control_each_pool(G_GNUC_UNUSED ObolControl *control, ObolPoolVisit visit, gpointer data)
{
    ObolPoolInfo pool = { .name = "phones", .size = 254, .n_online = 1 };

    obol_address_parse("10.3.0.1", &pool.first);
    visit(&pool, data);
}

void
obol_control_each_lease(G_GNUC_UNUSED ObolControl *control, G_GNUC_UNUSED const char *pool, ObolLeaseVisit visit, gpointer data)
{
    g_autoptr(ObolIdentity) identity = obol_identity_parse("anna@example.org", NULL);
    ObolAddress address;

    obol_address_parse("10.3.0.1", &address);
    for (guint i = 0; i < fake.n_leases; i++)
        visit(identity, &address, 1, data);
}

gboolean
obol_control_load_shared(G_GNUC_UNUSED ObolControl *control, const char *id, const guint8 *data, gsize n,
                         const char *const *owners, G_GNUC_UNUSED GError **error)
{
    g_autofree char *joined = g_strjoinv(" ", (char **) owners);

    g_free(fake.shared);
    fake.shared = g_strdup_printf("%s=%.*s(%s)", id != NULL ? id : "", (int) n, (const char *) data, joined);
    return TRUE;
}

gboolean
obol_control_unload_shared(G_GNUC_UNUSED ObolControl *control, const char *id)
{
    return g_str_equal(id, "known");
}

void
obol_control_clear_shared(G_GNUC_UNUSED ObolControl *control)
{
    fake.n_cleared++;
}

char **
obol_control_shared_ids(G_GNUC_UNUSED ObolControl *control)
{
    return g_strsplit("one two", " ", -1);
}

/* --- what is told --- */

#define TELL(slot, ...) \
    for (guint i = 0; i < WATCHES_MAX; i++) { \
        if (watches[i].calls != NULL && watches[i].calls->slot != NULL) \
            watches[i].calls->slot(watches[i].self, __VA_ARGS__); \
    }

void
fake_tell_ike_state(ObolIkeState state, const ObolReason *reason)
{
    ObolIkeInfo sa = the_sa(NULL);

    sa.state = state;
    TELL(ike_state, &sa, OBOL_IKE_CONNECTING, reason)
}

void
fake_tell_ike_rekeyed(void)
{
    ObolIkeInfo old = the_sa(NULL), successor = old;
    g_autoptr(ObolReason) reason = obol_reason_new(OBOL_REASON_REPLACED, NULL, OBOL_SIDE_US, 0, NULL);

    successor.unique_id = 6;
    successor.predecessor = old.unique_id;
    TELL(ike_rekeyed, &old, &successor)
    old.state = OBOL_IKE_REKEYED;
    TELL(ike_state, &old, OBOL_IKE_ESTABLISHED, reason)
    old.state = OBOL_IKE_GONE;
    TELL(ike_state, &old, OBOL_IKE_REKEYED, reason)
}

void
fake_tell_ike_moved(void)
{
    ObolIkeInfo sa = the_sa(NULL);
    ObolAddress old_local = address(9, 500);

    TELL(ike_moved, &sa, &old_local, &sa.remote)
}

void
fake_tell_child_state(ObolChildState state, const ObolReason *reason)
{
    ObolChildInfo child = the_child();
    ObolIkeInfo sa = the_sa(&child);

    child.state = state;
    TELL(child_state, &sa, &child, OBOL_CHILD_INSTALLING, reason)
}

void
fake_tell_failure(const char *connection, const ObolReason *reason)
{
    ObolIkeInfo sa = the_sa(NULL);

    sa.connection = connection;
    TELL(failure, connection != NULL ? &sa : NULL, reason)
}

void
fake_tell_log(const char *group, int level, gboolean of_sa, const char *text)
{
    ObolIkeInfo sa = the_sa(NULL);

    TELL(log, group, level, of_sa ? &sa : NULL, text)
}

void
fake_tell_message(gboolean outgoing, gboolean response, guint8 exchange)
{
    const ObolMessageEvent message = {
        .outgoing = outgoing, .response = response, .exchange = exchange, .message_id = 0, .n_bytes = 464,
        .spi_i = 1, .spi_r = 2, .local = address(1, 500), .remote = address(2, 500), .connection = "gw",
        .payloads = "SA KE No",
    };

    TELL(message, &message)
}

/* --- the kernel --- */

ObolNode *
obol_control_doctor(G_GNUC_UNUSED ObolControl *control)
{
    ObolNode *report = obol_node_new(OBOL_NODE_SECTION, NULL, NULL, 0, 0);
    ObolNode *kernels = obol_node_new(OBOL_NODE_SECTION, "kernels", NULL, 0, 0);
    ObolNode *kernel = obol_node_new(OBOL_NODE_SECTION, "kernel/fake", NULL, 0, 0);
    ObolNode *abilities = obol_node_new(OBOL_NODE_SECTION, "abilities", NULL, 0, 0);
    ObolNode *algorithms = obol_node_new(OBOL_NODE_LIST, "algorithms", NULL, 0, 0);
    ObolNode *findings = obol_node_new(OBOL_NODE_SECTION, "findings", NULL, 0, 0);
    ObolNode *finding = obol_node_new(OBOL_NODE_SECTION, "1", NULL, 0, 0);

    obol_node_take(report, obol_node_new_value("running", "yes", 3));
    obol_node_take(report, obol_node_new_value("system", "Linux", 5));
    obol_node_take(report, obol_node_new_value("serving", fake.no_kernel ? "" : "kernel/fake", fake.no_kernel ? 0 : 11));
    obol_node_take(report, kernels);
    obol_node_take(kernels, kernel);
    obol_node_take(kernel, obol_node_new_value("plugin", "fake", 4));
    obol_node_take(kernel, obol_node_new_value("state", "serves", 6));
    obol_node_take(kernel, abilities);
    obol_node_take(abilities, obol_node_new_value("esp", "yes", 3));
    obol_node_take(abilities, obol_node_new_value("ah", "no", 2));
    obol_node_take(abilities, obol_node_new_value("replay_window_max", "32", 2));
    obol_node_take(abilities, algorithms);
    obol_node_take(algorithms, obol_node_new_value(NULL, "AES_CBC_128", 11));
    obol_node_take(report, findings);
    obol_node_take(findings, finding);
    obol_node_take(finding, obol_node_new_value("level", "warning", 7));
    obol_node_take(finding, obol_node_new_value("code", "rp-filter", 9));
    obol_node_take(finding, obol_node_new_value("subject", "eth0", 4));
    return report;
}

void
obol_control_list_kernel(G_GNUC_UNUSED ObolControl *control, ObolKernelDone done, gpointer data)
{
    const ObolKernelSa sa = {
        .id = { .source = address(1, 0), .destination = address(2, 0), .spi = 0xc0ffee, .protocol = OBOL_PROTO_ESP },
        .reqid = 3, .usage = { .bytes = 840, .packets = 10 }, .if_id = 7, .mark = { 1, 0xff },
    };
    ObolKernelPolicy policy = { .spec = { .action = OBOL_POLICY_DROP, .direction = OBOL_DIR_FORWARD } };
    g_autoptr(GArray) sas = g_array_new(FALSE, FALSE, sizeof sa), policies = g_array_new(FALSE, FALSE, sizeof policy);
    g_autoptr(GError) error = g_error_new_literal(OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_UNSUPPORTED, "it can not");
    ObolKernelReply reply = { .sas = sas, .policies = policies };

    obol_ts_parse("0.0.0.0/0", &policy.spec.source, NULL);
    policy.spec.destination = policy.spec.source;
    g_array_append_val(sas, sa);
    g_array_append_val(policies, policy);
    if (fake.lists_nothing)
        reply = (ObolKernelReply) { .error = error };
    done(&reply, data);
}
