/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/connection.c - a checked section of `connections` -> what the admin wants. */
#include "settings/connection.h"

#include <string.h>

#include "settings/child-kernel.h"
#include "settings/schema.h"
#include "settings/tree.h"

#define REKEY_DEFAULT (4 * G_TIME_SPAN_HOUR)
#define CONNECTIONS_MAX 100000
#define CHILDREN_MAX 1000
#define HOSTS_MAX 64
#define PROPOSALS_MAX 64

static const ObolNode *
place_of(const ObolNode *section, const char *name)
{
    const ObolNode *node = obol_node_get(section, name);

    return node != NULL ? node : section;
}

/* Tells what a parser of model/ found wrong with a value of @name. */
static void
refuse(ObolFaults *faults, const ObolNode *section, const char *name, GError *error)
{
    obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place_of(section, name), "%s: %s", name, error->message);
    g_error_free(error);
}

void
obol_read_proposals(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, const char *name,
                    ObolProtocol protocol, GArray *out)
{
    g_auto(GStrv) texts = obol_setting_list(section, members, name);

    for (char **text = texts; *text != NULL; text++) {
        g_autoptr(GArray) defaults = NULL;
        ObolProposal proposal = { 0 };
        GError *error = NULL;

        if (out->len > PROPOSALS_MAX) {
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place_of(section, name), "%s: more than %d proposals", name,
                            PROPOSALS_MAX);
            return;
        }
        if (g_ascii_strcasecmp(*text, "default") == 0) {
            defaults = obol_proposal_defaults(protocol);
            g_array_append_vals(out, defaults->data, defaults->len);
        } else if (obol_proposal_parse(protocol, *text, &proposal, &error)) {
            g_array_append_val(out, proposal);
        } else {
            refuse(faults, section, name, error);
        }
    }
    if (*texts == NULL)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_MISSING, place_of(section, name), "%s: names no proposal", name);
}

static void
read_hosts(ObolFaults *faults, const ObolNode *section, const char *name, GPtrArray *out)
{
    g_auto(GStrv) texts = obol_setting_list(section, obol_schema_connection, name);

    for (char **text = texts; *text != NULL; text++) {
        GError *error = NULL;
        ObolHostSpec *host = obol_host_spec_new(*text, &error);

        if (host == NULL)
            refuse(faults, section, name, error);
        else
            g_ptr_array_add(out, host);
    }
    if (*texts == NULL || g_strv_length(texts) > HOSTS_MAX)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place_of(section, name), "%s: between 1 and %d addresses", name,
                        HOSTS_MAX);
}

/* Where no child needs a peer, nobody needs to prove who it is. */
static gboolean
shunts_alone(const ObolNode *section)
{
    const ObolNode *children = obol_node_get(section, "children");

    for (guint i = 0; children != NULL && i < children->items->len; i++) {
        const char *mode = obol_setting_text(children->items->pdata[i], obol_schema_child, "mode");

        if (!g_str_equal(mode, "pass") && !g_str_equal(mode, "drop"))
            return FALSE;
    }
    return children != NULL && children->items->len > 0;
}

/* The one section whose name begins with @side; several rounds (RFC 4739) are not there, and none at all would let anybody in. */
static const ObolNode *
find_round(ObolFaults *faults, const ObolNode *section, const char *side)
{
    const ObolNode *found = NULL;

    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *item = section->items->pdata[i];

        if (item->kind != OBOL_NODE_SECTION || g_ascii_strncasecmp(item->name, side, strlen(side)) != 0)
            continue;
        if (found != NULL)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, item,
                            "%s: one \"%s\" section alone: several rounds of authentication (RFC 4739) are not there",
                            item->name, side);
        else
            found = item;
    }
    if (found == NULL && !shunts_alone(section))
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_MISSING, section,
                        "%s: has no section \"%s\"; %s = { auth = \"psk\"; id = \"...\"; };", section->name, side, side);
    return found;
}

static ObolIdentity *
read_identity(ObolFaults *faults, const ObolNode *section, const char *side, const ObolSettingSpec *members)
{
    const ObolNode *round = find_round(faults, section, side);
    const char *text;
    ObolIdentity *id;
    GError *error = NULL;

    if (round == NULL)
        return NULL;
    text = obol_setting_text(round, members, "id");
    if (text == NULL)
        return NULL;
    id = obol_identity_parse(text, &error);
    if (id == NULL)
        refuse(faults, round, "id", error);
    return id;
}

static void
read_retransmission(ObolFaults *faults, const ObolNode *section, ObolConnection *connection)
{
    const ObolNode *retransmit = obol_node_get(section, "retransmit");
    const char *factor = obol_setting_text(retransmit, obol_schema_retransmit, "factor");
    char *end;

    connection->retransmit_base_us = obol_setting_number(retransmit, obol_schema_retransmit, "base");
    connection->retransmit_tries = (guint) obol_setting_number(retransmit, obol_schema_retransmit, "tries");
    connection->retransmit_factor = g_ascii_strtod(factor, &end);
    if (end == factor || *end != '\0' || !(connection->retransmit_factor >= 1.0 && connection->retransmit_factor <= 10.0))
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place_of(retransmit, "factor"),
                        "factor: is a number between 1.0 and 10.0, such as \"1.8\"");
}

static ObolUnique
read_unique(const ObolNode *section)
{
    static const struct {
        const char *word;
        ObolUnique unique;
    } words[] = { { "no", OBOL_UNIQUE_NO }, { "never", OBOL_UNIQUE_NEVER }, { "keep", OBOL_UNIQUE_KEEP },
                  { "replace", OBOL_UNIQUE_REPLACE } };
    const char *text = obol_setting_text(section, obol_schema_connection, "unique");

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].word, text))
            return words[i].unique;
    return OBOL_UNIQUE_NO;
}

static ObolFragmentationUse
read_fragmentation(const ObolNode *section)
{
    const char *text = obol_setting_text(section, obol_schema_connection, "fragmentation");

    if (g_str_equal(text, "accept"))
        return OBOL_FRAGMENTATION_ACCEPT;
    return g_str_equal(text, "no") ? OBOL_FRAGMENTATION_NO : OBOL_FRAGMENTATION_YES;
}

static gint64
number(const ObolNode *section, const char *name)
{
    return obol_setting_number(section, obol_schema_connection, name);
}

static void
read_children(ObolFaults *faults, const ObolNode *section, ObolConnection *connection)
{
    const ObolNode *children = obol_node_get(section, "children");
    guint32 if_ids[2] = { 0, 0 };

    if (children == NULL || children->items->len == 0) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_MISSING, place_of(section, "children"),
                        "%s: has no child; children = { net = { local_ts = ...; remote_ts = ...; }; };", section->name);
        return;
    }
    if (children->items->len > CHILDREN_MAX) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, children, "children: more than %d", CHILDREN_MAX);
        return;
    }
    obol_read_if_id(faults, section, obol_schema_connection, "if_id_in", &if_ids[0]);
    obol_read_if_id(faults, section, obol_schema_connection, "if_id_out", &if_ids[1]);
    for (guint i = 0; i < children->items->len; i++) {
        ObolChildConfig *child = obol_child_config_new(((const ObolNode *) children->items->pdata[i])->name);

        child->if_id_in = if_ids[0];
        child->if_id_out = if_ids[1];
        obol_child_read(faults, children->items->pdata[i], child);
        g_ptr_array_add(child->action == OBOL_POLICY_PROTECT ? connection->children : connection->shunts, child);
    }
}

/* A number, or what stands for it where the key is not there. */
static gint64
number_or(const ObolNode *section, const char *name, gint64 otherwise)
{
    return obol_setting_text(section, obol_schema_connection, name) != NULL ? number(section, name) : otherwise;
}

static void
read_lifetimes(ObolFaults *faults, const ObolNode *section, ObolConnection *connection)
{
    gint64 longer, shorter;

    connection->reauth_us = number(section, "reauth_time");
    connection->rekey_us = number_or(section, "rekey_time", connection->reauth_us != 0 ? 0 : REKEY_DEFAULT);
    longer = MAX(connection->rekey_us, connection->reauth_us);
    shorter = connection->rekey_us != 0 && connection->reauth_us != 0 ? MIN(connection->rekey_us, connection->reauth_us) : longer;
    connection->over_us = number_or(section, "over_time", longer / 10);
    connection->rand_us = number_or(section, "rand_time", MIN(connection->over_us, shorter / 2));
    connection->make_before_break = number(section, "make_before_break") != 0;
    if (shorter > 0 && connection->rand_us >= shorter)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, obol_node_get(section, "rand_time"),
                        "rand_time: is not less than rekey_time or reauth_time: the SA might be renewed as soon as it is there");
}

static void
read_redirects(ObolFaults *faults, const ObolNode *section, ObolConnection *connection)
{
    const char *to = obol_setting_text(section, obol_schema_connection, "redirect_to");

    connection->follow_redirects = number(section, "follow_redirects") != 0;
    connection->redirect_wait_us = number(section, "redirect_wait");
    if (g_str_equal(obol_setting_text(section, obol_schema_connection, "redirect_at"), "init"))
        connection->redirect_when = OBOL_REDIRECT_AT_INIT;
    if (to != NULL && !obol_gateway_parse(to, &connection->redirect_to))
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, section, "redirect_to: \"%s\" is neither an address nor a host name", to);
}

static void
read_vips(ObolFaults *faults, const ObolNode *section, GArray *out)
{
    g_auto(GStrv) texts = obol_setting_list(section, obol_schema_connection, "vips");

    for (char **text = texts; *text != NULL; text++) {
        ObolAddress address;

        if (obol_address_parse(*text, &address) && address.family != 0 && out->len < OBOL_VIRTUAL_ADDRESSES_MAX)
            g_array_append_val(out, address);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place_of(section, "vips"),
                            "vips: \"%s\": at most %d addresses, 0.0.0.0 or :: for any", *text, OBOL_VIRTUAL_ADDRESSES_MAX);
    }
}

static ObolAddressCheck
read_address_check(const ObolNode *section)
{
    const char *text = obol_setting_text(section, obol_schema_connection, "mobike_check");

    if (g_str_equal(text, "after"))
        return OBOL_CHECK_AFTER;
    return g_str_equal(text, "no") ? OBOL_CHECK_NOT : OBOL_CHECK_BEFORE;
}

ObolConnection *
obol_connection_from_node(const ObolNode *section, GError **error)
{
    g_autoptr(ObolConnection) connection = obol_connection_new(section->name);
    ObolFaults faults = { 0 };

    read_hosts(&faults, section, "local_addrs", connection->local_hosts);
    read_hosts(&faults, section, "remote_addrs", connection->remote_hosts);
    connection->local_port = (guint16) number(section, "local_port");
    connection->remote_port = (guint16) number(section, "remote_port");
    obol_read_proposals(&faults, section, obol_schema_connection, "proposals", OBOL_PROTO_IKE, connection->proposals);
    connection->local_id = read_identity(&faults, section, "local", obol_schema_local);
    if (connection->local_id != NULL && connection->local_id->type == 0)
        obol_faults_add(&faults, OBOL_SETTINGS_ERROR_VALUE, section, "%s: the local id is one identity, not any", section->name);
    connection->remote_id = read_identity(&faults, section, "remote", obol_schema_remote);
    read_lifetimes(&faults, section, connection);
    connection->dpd_us = number(section, "dpd_delay");
    connection->keep_alive_us = number(section, "keep_alive");
    connection->half_open_us = number(section, "half_open_timeout");
    read_retransmission(&faults, section, connection);
    connection->unique = read_unique(section);
    connection->fragmentation = read_fragmentation(section);
    connection->fragment_size = (guint16) number(section, "fragment_size");
    read_redirects(&faults, section, connection);
    connection->crash_detection = number(section, "crash_detection") != 0;
    connection->window = (guint16) number(section, "window");
    connection->mobike = number(section, "mobike") != 0;
    connection->mobike_check = read_address_check(section);
    connection->encap = number(section, "encap") != 0;
    connection->initial_contact = number(section, "initial_contact") != 0;
    read_vips(&faults, section, connection->vips);
    connection->pools = obol_setting_list(section, obol_schema_connection, "pools");
    read_children(&faults, section, connection);
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return g_steal_pointer(&connection);
}

ObolConnectionSet *
obol_connections_from_tree(const ObolNode *tree, GError **error)
{
    const ObolNode *sections = obol_node_get(tree, "connections");
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func((GDestroyNotify) obol_connection_unref);
    ObolFaults faults = { 0 };

    for (guint i = 0; sections != NULL && i < sections->items->len; i++) {
        GError *inner = NULL;
        ObolConnection *connection;

        if (i == CONNECTIONS_MAX) {
            obol_faults_add(&faults, OBOL_SETTINGS_ERROR_VALUE, sections, "connections: more than %d", CONNECTIONS_MAX);
            break;
        }
        connection = obol_connection_from_node(sections->items->pdata[i], &inner);
        if (connection != NULL)
            g_ptr_array_add(connections, connection);
        else
            obol_faults_take_error(&faults, inner);
    }
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return obol_connection_set_new(g_steal_pointer(&connections));
}
