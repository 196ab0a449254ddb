/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report.c - how a command ended, for people and programs. */
#include "ctl.h"

#include <stdarg.h>

#include "json.h"
#include "text.h"

G_DEFINE_QUARK(obolctl-error-quark, ctl_error)

CtlStatus
ctl_status_of_reason(const char *reason, CtlStatus fallback)
{
    static const struct {
        const char *reason;
        CtlStatus status;
    } table[] = {
        { "E-NET-SILENT", CTL_PEER_SILENT },        { "E-PEER-RESTARTED", CTL_PEER_SILENT },
        { "E-PROP-US", CTL_PROPOSAL },
        { "E-PROP-PEER", CTL_PROPOSAL },            { "E-KE-GROUP", CTL_PROPOSAL },
        { "E-TS-US", CTL_SELECTORS },               { "E-TS-PEER", CTL_SELECTORS },
        { "E-MODE", CTL_SELECTORS },                { "E-AUTH-PEER", CTL_PEER_REFUSED_AUTH },
        { "E-AUTH-US", CTL_WE_REFUSED_AUTH },       { "E-AUTH-METHOD", CTL_WE_REFUSED_AUTH },
        { "E-ID-NOMATCH", CTL_WE_REFUSED_AUTH },    { "E-PSK-NONE", CTL_WE_REFUSED_AUTH },
        { "E-KERNEL-SPI", CTL_KERNEL },             { "E-KERNEL-SA", CTL_KERNEL },
        { "E-KERNEL-POLICY", CTL_KERNEL },          { "E-CONFIG", CTL_CONFIG },
        { "E-CONN-NOMATCH", CTL_NOT_FOUND },        { "E-NARROWED", CTL_SELECTORS },
        { "E-ADDRESS", CTL_ADDRESS },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (g_str_equal(table[i].reason, reason))
            return table[i].status;
    }
    return fallback;
}

static void
report_json(Ctl *ctl, CtlStatus status, const char *message, const ObolNode *reply)
{
    static const struct {
        const char *key, *as;
    } facts[] = {
        { "reason", "code" },          { "reason-phase", "phase" }, { "reason-side", "side" },
        { "reason-notify", "notify" }, { "reason-text", "text" },   { "reason-facts", "facts" },
        { "reason-next", "next" },
    };
    CtlJson json;

    ctl_json_init(&json, stdout, ctl->pretty);
    ctl_json_begin(&json);
    ctl_json_object(&json, "error");
    ctl_json_number(&json, "status", (gint64) status);
    ctl_json_text(&json, "message", message);
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++) {
        if (ctl_has(reply, facts[i].key))
            ctl_json_text(&json, facts[i].as, ctl_value(reply, facts[i].key));
    }
    ctl_json_end_object(&json);
    ctl_json_end(&json);
}

/* A settings error has lines of its own, with a caret: they stay lines. */
static void
print_lines(const char *prefix, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = ctl_clean(*line);

        fprintf(stderr, "%s%s\n", line == lines ? prefix : "  ", clean);
    }
}

static void
report_text(const char *message, const ObolNode *reply)
{
    print_lines("obolctl: ", message);
    if (ctl_has(reply, "reason-facts"))
        print_lines(_("  facts: "), ctl_value(reply, "reason-facts"));
    if (ctl_has(reply, "reason-next"))
        print_lines(_("  next:  "), ctl_value(reply, "reason-next"));
}

static CtlStatus
report(Ctl *ctl, CtlStatus status, const char *message, const ObolNode *reply)
{
    if (ctl->json)
        report_json(ctl, status, message, reply);
    else
        report_text(message, reply);
    return status;
}

CtlStatus
ctl_report(Ctl *ctl, CtlStatus status, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    return report(ctl, status, message, NULL);
}

CtlStatus
ctl_report_error(Ctl *ctl, GError *error)
{
    CtlStatus status = error->domain == CTL_ERROR ? (CtlStatus) error->code : CTL_FAILED;

    report(ctl, status, error->message, NULL);
    g_error_free(error);
    return status;
}

static CtlStatus
status_of_reply(const ObolNode *reply, CtlStatus fallback)
{
    const char *kind = ctl_value(reply, "error");

    if (g_str_equal(kind, "not-found"))
        return CTL_NOT_FOUND;
    if (g_str_equal(kind, "timeout"))
        return CTL_TIMEOUT;
    if (g_str_equal(kind, "usage"))
        return CTL_USAGE;
    return ctl_status_of_reason(ctl_value(reply, "reason"), fallback);
}

CtlStatus
ctl_report_reply(Ctl *ctl, const ObolNode *reply, CtlStatus fallback)
{
    const char *errmsg = ctl_value(reply, "errmsg");
    CtlJson json;

    if (!g_str_equal(ctl_value(reply, "success"), "yes"))
        return report(ctl, status_of_reply(reply, fallback), errmsg[0] != '\0' ? errmsg : _("it failed"), reply);
    if (ctl->json) {
        ctl_json_init(&json, stdout, ctl->pretty);
        ctl_json_begin(&json);
        ctl_json_members(&json, reply);
        ctl_json_end(&json);
    }
    return CTL_OK;
}
