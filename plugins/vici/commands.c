/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands.c - the one table of commands, and the answers they share. */
#include "commands.h"

#include <errno.h>
#include <stdarg.h>

void
vici_reply_begin(ObolViciWriter *response)
{
    obol_vici_writer_init(response, OBOL_VICI_CMD_RESPONSE, NULL, 256);
}

void
vici_reply_empty(ViciClient *client)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    vici_client_reply(client, &response);
}

void
vici_put_outcome(ObolViciWriter *response, const char *errmsg)
{
    obol_vici_put_text(response, "success", errmsg == NULL ? "yes" : "no");
    if (errmsg != NULL)
        obol_vici_put_text(response, "errmsg", errmsg);
}

static void
reply_outcome(ViciClient *client, const char *errmsg)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    vici_put_outcome(&response, errmsg);
    vici_client_reply(client, &response);
}

void
vici_reply_success(ViciClient *client)
{
    reply_outcome(client, NULL);
}

void
vici_reply_failure(ViciClient *client, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    reply_outcome(client, text);
}

void
vici_put_error_kind(ObolViciWriter *response, const GError *error)
{
    if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_NOT_FOUND))
        obol_vici_put_text(response, "error", "not-found");
    else if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_USAGE))
        obol_vici_put_text(response, "error", "usage");
    else if (g_error_matches(error, OBOL_CONTROL_ERROR, OBOL_CONTROL_ERROR_TIMEOUT))
        obol_vici_put_text(response, "error", "timeout");
    else if (error != NULL)
        obol_vici_put_text(response, "error", "failed");
}

void
vici_reply_result(ViciClient *client, GError *error)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    vici_put_outcome(&response, error != NULL ? error->message : NULL);
    if (error != NULL && error->domain == OBOL_CONTROL_ERROR)
        vici_put_error_kind(&response, error);
    vici_client_reply(client, &response);
    g_clear_error(&error);
}

static gboolean
read_number(const char *text, gint64 *number)
{
    char *end;

    errno = 0;
    *number = g_ascii_strtoll(text, &end, 0);
    return errno == 0 && end != text && *end == '\0';
}

gint64
vici_number(const ObolNode *request, const char *name, gint64 fallback)
{
    const char *text = obol_vici_text(request, name);
    gint64 number;

    return text != NULL && read_number(text, &number) ? number : fallback;
}

gboolean
vici_bool(const ObolNode *request, const char *name, gboolean fallback)
{
    static const struct {
        const char *word;
        gboolean value;
    } words[] = {
        { "yes", TRUE }, { "true", TRUE },   { "enabled", TRUE },   { "1", TRUE },
        { "no", FALSE }, { "false", FALSE }, { "disabled", FALSE }, { "0", FALSE },
    };
    const char *text = obol_vici_text(request, name);

    for (gsize i = 0; text != NULL && i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i].word) == 0)
            return words[i].value;
    }
    return fallback;
}

/* What swanctl asks for before it loads its own: there are none. */
static void
no_keys(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    obol_vici_put_list(&response, "keys");
    obol_vici_end_list(&response);
    vici_client_reply(client, &response);
}

static void
no_authorities(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    g_auto(ObolViciWriter) response = { 0 };

    vici_reply_begin(&response);
    obol_vici_put_list(&response, "authorities");
    obol_vici_end_list(&response);
    vici_client_reply(client, &response);
}

/* A stream without an event, or a set without a member. */
static void
nothing(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    vici_reply_empty(client);
}

/* Emptying what is always empty. */
static void
done(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    vici_reply_success(client);
}

static void
no_certificates(G_GNUC_UNUSED ViciServer *server, ViciClient *client, G_GNUC_UNUSED const ObolNode *request)
{
    vici_reply_failure(client, "obold authenticates by pre-shared key: it keeps no certificates and private keys");
}

static const struct {
    const char *name;
    ViciHandler handle;
} commands[] = {
    { "version", vici_version },
    { "stats", vici_stats },
    { "reload-settings", vici_reload_settings },
    { "initiate", vici_initiate },
    { "terminate", vici_terminate },
    { "rekey", vici_rekey },
    { "redirect", vici_redirect },
    { "install", vici_install },
    { "uninstall", vici_uninstall },
    { "list-sas", vici_list_sas },
    { "list-policies", vici_list_policies },
    { "list-conns", vici_list_conns },
    { "get-conns", vici_get_conns },
    { "list-certs", nothing },
    { "list-authorities", nothing },
    { "get-authorities", no_authorities },
    { "load-conn", vici_load_conn },
    { "unload-conn", vici_unload_conn },
    { "load-cert", no_certificates },
    { "load-key", no_certificates },
    { "unload-key", no_certificates },
    { "get-keys", no_keys },
    { "load-token", no_certificates },
    { "load-shared", vici_load_shared },
    { "unload-shared", vici_unload_shared },
    { "get-shared", vici_get_shared },
    { "flush-certs", done },
    { "clear-creds", vici_clear_creds },
    { "load-authority", no_certificates },
    { "unload-authority", no_certificates },
    { "load-pool", vici_load_pool },
    { "unload-pool", vici_unload_pool },
    { "get-pools", vici_get_pools },
    { "get-algorithms", vici_get_algorithms },
    { "get-counters", vici_get_counters },
    { "reset-counters", vici_reset_counters },
    /* Obol's own. */
    { "plugins", vici_plugins },
    { "list-failures", vici_list_failures },
    { "list-kernel-policies", vici_list_kernel_policies },
    { "list-kernel-sas", vici_list_kernel_sas },
    { "doctor", vici_doctor },
    { "selectors", vici_selectors },
};

/* Taken for none at all, what names one SA would name all of them. */
static gboolean
has_good_numbers(ViciClient *client, const ObolNode *request)
{
    static const struct {
        const char *name;
        gint64 least, most;
    } numbers[] = {
        { "ike-id", 0, G_MAXUINT32 }, { "child-id", 0, G_MAXUINT32 }, { "timeout", -1, G_MAXINT32 }, { "loglevel", -1, G_MAXINT32 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const char *text = obol_vici_text(request, numbers[i].name);
        gint64 number;

        if (text != NULL && (!read_number(text, &number) || number < numbers[i].least || number > numbers[i].most)) {
            vici_reply_failure(client, "%s is no number of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ": %s", numbers[i].name,
                               numbers[i].least, numbers[i].most, text);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
vici_commands_run(ViciServer *server, ViciClient *client, const char *name, const ObolNode *request)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(commands[i].name, name)) {
            if (has_good_numbers(client, request))
                commands[i].handle(server, client, request);
            return TRUE;
        }
    }
    return FALSE;
}
