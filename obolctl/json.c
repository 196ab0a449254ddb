/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json.c - JSON, written straight to a stream. */
#include "json.h"

static void
new_line(CtlJson *json)
{
    if (json->pretty)
        fprintf(json->to, "\n%*s", (int) json->depth * 2, "");
}

static void
put_string(CtlJson *json, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    fputc('"', json->to);
    for (const char *at = valid; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(json->to, "\\%c", *at);
        else if ((guchar) *at < 0x20 || *at == 0x7f)
            fprintf(json->to, "\\u%04x", (guint) *at);
        else
            fputc(*at, json->to);
    }
    fputc('"', json->to);
}

/* What stands before every value: a comma, a line, a key. */
static void
put_key(CtlJson *json, const char *key)
{
    if (!json->first)
        fputc(',', json->to);
    json->first = FALSE;
    if (json->depth > 0)
        new_line(json);
    if (key != NULL) {
        put_string(json, key);
        fputs(json->pretty ? ": " : ":", json->to);
    }
}

static void
begin(CtlJson *json, const char *key, char bracket)
{
    put_key(json, key);
    fputc(bracket, json->to);
    json->depth++;
    json->first = TRUE;
}

static void
end(CtlJson *json, char bracket)
{
    json->depth--;
    if (!json->first)
        new_line(json);
    fputc(bracket, json->to);
    json->first = FALSE;
}

void
ctl_json_init(CtlJson *json, FILE *to, gboolean pretty)
{
    *json = (CtlJson) { .to = to, .pretty = pretty, .first = TRUE };
}

void
ctl_json_begin(CtlJson *json)
{
    json->first = TRUE;
    ctl_json_object(json, NULL);
    ctl_json_number(json, "schema", CTL_JSON_SCHEMA);
}

void
ctl_json_end(CtlJson *json)
{
    ctl_json_end_object(json);
    fputc('\n', json->to);
    fflush(json->to);
}

void
ctl_json_object(CtlJson *json, const char *key)
{
    begin(json, key, '{');
}

void
ctl_json_end_object(CtlJson *json)
{
    end(json, '}');
}

void
ctl_json_array(CtlJson *json, const char *key)
{
    begin(json, key, '[');
}

void
ctl_json_end_array(CtlJson *json)
{
    end(json, ']');
}

void
ctl_json_text(CtlJson *json, const char *key, const char *text)
{
    put_key(json, key);
    put_string(json, text);
}

void
ctl_json_number(CtlJson *json, const char *key, gint64 number)
{
    put_key(json, key);
    fprintf(json->to, "%" G_GINT64_FORMAT, number);
}

void
ctl_json_bool(CtlJson *json, const char *key, gboolean value)
{
    put_key(json, key);
    fputs(value ? "true" : "false", json->to);
}

/* Keys whose values are decimal numbers in every message that has them. */
static const char *const number_keys[] = {
    "uniqueid",       "reqid",         "version",       "local-port",  "remote-port",  "local_port",   "remote_port",
    "encr-keysize",   "established",   "rekey-time",    "reauth-time", "life-time",    "install-time", "bytes-in",
    "bytes-out",      "packets-in",    "packets-out",   "use-in",      "use-out",      "rekey_time",   "reauth_time",
    "rekey_bytes",    "rekey_packets", "dpd_delay",     "total",       "idle",         "critical",     "high",
    "medium",         "low",           "scheduled",     "half-open",   "initiated",    "accepted",     "failed",
    "received",       "sent",          "retransmitted", "dropped",     "cookies-sent", "seconds",      "level",
    "ikesa-uniqueid", "matches",       "terminated",    "bytes",       "message-id",   "time",         "first",
    "last",           "times",         "ike-id",        "priority",    "fragment-size", NULL,
};

/* Keys that are "yes" or not there. */
static const char *const yes_keys[] = {
    "initiator", "nat-local",      "nat-remote", "nat-any", "encap", "up",
    "response",  "retransmission", "trap",       "success", "fragmentation", "mobike", NULL,
};

static void
put_value(CtlJson *json, const char *key, const ObolNode *node)
{
    gint64 number;
    guint64 large;

    if (key != NULL && g_strv_contains(yes_keys, key))
        ctl_json_bool(json, key, g_str_equal(node->value, "yes"));
    else if (key != NULL && g_strv_contains(number_keys, key) &&
             g_ascii_string_to_signed(node->value, 10, G_MININT64, G_MAXINT64, &number, NULL))
        ctl_json_number(json, key, number);
    else if (key != NULL && g_strv_contains(number_keys, key) &&
             g_ascii_string_to_unsigned(node->value, 10, 0, G_MAXUINT64, &large, NULL))
        ctl_json_number(json, key, G_MAXINT64); /* a counter that no reader of JSON could take as it is */
    else
        ctl_json_text(json, key, node->value);
}

void
ctl_json_node(CtlJson *json, const char *key, const ObolNode *node)
{
    switch (node->kind) {
    case OBOL_NODE_VALUE: put_value(json, key, node); break;
    case OBOL_NODE_SECTION:
        ctl_json_object(json, key);
        ctl_json_members(json, node);
        ctl_json_end_object(json);
        break;
    case OBOL_NODE_LIST:
        ctl_json_array(json, key);
        for (guint i = 0; node->items != NULL && i < node->items->len; i++)
            ctl_json_node(json, NULL, g_ptr_array_index(node->items, i));
        ctl_json_end_array(json);
        break;
    }
}

void
ctl_json_members(CtlJson *json, const ObolNode *section)
{
    for (guint i = 0; section->items != NULL && i < section->items->len; i++) {
        const ObolNode *node = g_ptr_array_index(section->items, i);

        ctl_json_node(json, node->name, node);
    }
}
