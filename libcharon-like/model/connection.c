/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model/connection.c - connections and their children: made with the defaults, counted, freed. */
#include "model/connection.h"

#include <string.h>

#include "model/i18n.h"
#include <obol/settings.h>

#define PORT_IKE 500

ObolConnection *
obol_connection_new(const char *name)
{
    ObolConnection *c = g_new0(ObolConnection, 1);

    *c = (ObolConnection) {
        .ref_count = 1,
        .name = g_strdup(name),
        .local_hosts = g_ptr_array_new_with_free_func((GDestroyNotify) obol_host_spec_free),
        .remote_hosts = g_ptr_array_new_with_free_func((GDestroyNotify) obol_host_spec_free),
        .local_port = PORT_IKE,
        .remote_port = PORT_IKE,
        .proposals = g_array_new(FALSE, FALSE, sizeof(ObolProposal)),
        .rekey_us = 4 * G_TIME_SPAN_HOUR,
        .over_us = 24 * G_TIME_SPAN_MINUTE,
        .rand_us = 24 * G_TIME_SPAN_MINUTE,
        .make_before_break = TRUE,
        .keep_alive_us = 20 * G_TIME_SPAN_SECOND, /* RFC 3948 section 4 */
        .retransmit_base_us = 2 * G_TIME_SPAN_SECOND,
        .retransmit_factor = 1.8,
        .retransmit_tries = 5,
        .half_open_us = 30 * G_TIME_SPAN_SECOND,
        .fragmentation = OBOL_FRAGMENTATION_YES,
        .fragment_size = 1280, /* RFC 8200 section 5; a path that carries less is found out (RFC 7383 section 2.5.2) */
        .follow_redirects = TRUE,
        .redirect_wait_us = 30 * G_TIME_SPAN_SECOND,
        .crash_detection = TRUE,
        .window = OBOL_WINDOW_DEFAULT,
        .mobike = TRUE,
        .mobike_check = OBOL_CHECK_BEFORE, /* RFC 4555 section 3.7 */
        .initial_contact = TRUE,
        .vips = g_array_new(FALSE, FALSE, sizeof(ObolAddress)),
        .children = g_ptr_array_new_with_free_func((GDestroyNotify) obol_child_config_free),
        .shunts = g_ptr_array_new_with_free_func((GDestroyNotify) obol_child_config_free),
    };
    return c;
}

ObolConnection *
obol_connection_ref(const ObolConnection *connection)
{
    ObolConnection *counted = (ObolConnection *) connection;

    g_atomic_int_inc(&counted->ref_count);
    return counted;
}

void
obol_connection_unref(ObolConnection *c)
{
    if (c == NULL || !g_atomic_int_dec_and_test(&c->ref_count))
        return;
    g_free(c->name);
    g_ptr_array_unref(c->local_hosts);
    g_ptr_array_unref(c->remote_hosts);
    g_array_unref(c->proposals);
    g_array_unref(c->vips);
    g_strfreev(c->pools);
    g_free(c->local_id);
    g_free(c->remote_id);
    g_ptr_array_unref(c->children);
    g_ptr_array_unref(c->shunts);
    g_free(c);
}

ObolChildConfig *
obol_child_config_new(const char *name)
{
    ObolChildConfig *child = g_new0(ObolChildConfig, 1);

    *child = (ObolChildConfig) {
        .name = g_strdup(name),
        .mode = OBOL_MODE_TUNNEL,
        .protocol = OBOL_PROTO_ESP,
        .proposals = g_array_new(FALSE, FALSE, sizeof(ObolProposal)),
        .local_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs)),
        .remote_ts = g_array_new(FALSE, FALSE, sizeof(ObolTs)),
        .replay_window = 64,
        .policies = TRUE,
    };
    return child;
}

void
obol_child_config_free(ObolChildConfig *child)
{
    if (child == NULL)
        return;
    g_free(child->name);
    g_array_unref(child->proposals);
    g_array_unref(child->local_ts);
    g_array_unref(child->remote_ts);
    g_free(child);
}

static const ObolChildConfig *
find_by_name(const GPtrArray *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const ObolChildConfig *child = g_ptr_array_index(list, i);

        if (g_str_equal(child->name, name))
            return child;
    }
    return NULL;
}

const ObolChildConfig *
obol_connection_child(const ObolConnection *connection, const char *name)
{
    return find_by_name(connection->children, name);
}

const ObolChildConfig *
obol_connection_shunt(const ObolConnection *connection, const char *name)
{
    return find_by_name(connection->shunts, name);
}

static gboolean
could_be_a_name(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (!g_ascii_isalnum(*p) && *p != '.' && *p != '-' && *p != '_')
            return FALSE;
    }
    return *text != '\0' && strlen(text) <= 255 && strstr(text, "..") == NULL;
}

ObolHostSpec *
obol_host_spec_new(const char *text, GError **error)
{
    ObolHostSpec host = { .any = g_str_equal(text, "%any") || g_str_equal(text, "%any4") || g_str_equal(text, "%any6") };

    if (!host.any && (strchr(text, '[') != NULL || g_str_equal(text, "dynamic") || !obol_ts_parse(text, &host.range, NULL))) {
        host.is_name = could_be_a_name(text);
        if (!host.is_name) {
            g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                        _("\"%s\" is no address, range, host name or %%any"), text);
            return NULL;
        }
    }
    host.text = g_strdup(text);
    return g_memdup2(&host, sizeof host);
}

void
obol_host_spec_free(ObolHostSpec *host)
{
    if (host == NULL)
        return;
    g_free(host->text);
    g_free(host);
}
