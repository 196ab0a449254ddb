/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/child.c - a checked section of `children` -> one child's configuration. */
#include "settings/connection.h"

#include "settings/child-kernel.h"
#include "settings/schema.h"
#include "settings/tree.h"

#define REKEY_DEFAULT (1 * G_TIME_SPAN_HOUR)

static void
read_selectors(ObolFaults *faults, const ObolNode *section, const char *name, GArray *out)
{
    g_auto(GStrv) texts = obol_setting_list(section, obol_schema_child, name);
    const ObolNode *place = obol_node_get(section, name);

    if (place == NULL)
        place = section;
    if (*texts == NULL || g_strv_length(texts) > OBOL_TS_MAX) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place, "%s: between 1 and %d selectors", name, OBOL_TS_MAX);
        return;
    }
    for (char **text = texts; *text != NULL; text++) {
        g_autoptr(GError) error = NULL;
        ObolTs ts;

        if (obol_ts_parse(*text, &ts, &error))
            g_array_append_val(out, ts);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, place, "%s: %s", name, error->message);
    }
}

static gboolean
is_set(const ObolNode *section, const char *name)
{
    return obol_setting_text(section, obol_schema_child, name) != NULL;
}

/* A soft and a hard limit, each from its key, or from the other one with a tenth between them. */
static void
read_limits(ObolFaults *faults, const ObolNode *section, const char *rekey, const char *life, gint64 fallback, gint64 *soft,
            gint64 *hard)
{
    *soft = obol_setting_number(section, obol_schema_child, rekey);
    *hard = obol_setting_number(section, obol_schema_child, life);
    if (!is_set(section, rekey))
        *soft = *hard > 0 ? *hard - *hard / 11 : fallback;
    if (!is_set(section, life))
        *hard = *soft + *soft / 10;
    if (*hard > 0 && *soft > *hard)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, obol_node_get(section, life),
                        "%s: is less than %s: the SA would end before it has a successor", life, rekey);
}

static void
read_lifetimes(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child)
{
    ObolLifetimes *lifetimes = &child->lifetimes;
    gint64 soft, hard;

    read_limits(faults, section, "rekey_time", "life_time", REKEY_DEFAULT, &lifetimes->soft_us, &lifetimes->hard_us);
    read_limits(faults, section, "rekey_bytes", "life_bytes", 0, &soft, &hard);
    lifetimes->soft_bytes = (guint64) soft;
    lifetimes->hard_bytes = (guint64) hard;
    read_limits(faults, section, "rekey_packets", "life_packets", 0, &soft, &hard);
    lifetimes->soft_packets = (guint64) soft;
    lifetimes->hard_packets = (guint64) hard;
    if (is_set(section, "rand_time"))
        child->jitter_us = obol_setting_number(section, obol_schema_child, "rand_time");
    else
        child->jitter_us = MAX(lifetimes->hard_us - lifetimes->soft_us, 0);
    if (lifetimes->soft_us > 0 && child->jitter_us >= lifetimes->soft_us) {
        if (is_set(section, "rand_time"))
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, obol_node_get(section, "rand_time"),
                            "rand_time: is not less than rekey_time: the SA might be rekeyed as soon as it is there");
        child->jitter_us = lifetimes->soft_us / 2;
    }
}

static ObolStartAction
read_action(const ObolNode *section, const char *name)
{
    static const struct {
        const char *word;
        ObolStartAction action;
    } words[] = { { "none", OBOL_ACTION_NONE },  { "clear", OBOL_ACTION_NONE },  { "trap", OBOL_ACTION_TRAP },
                  { "route", OBOL_ACTION_TRAP }, { "start", OBOL_ACTION_START }, { "restart", OBOL_ACTION_START },
                  { "trap|start", OBOL_ACTION_TRAP_AND_START }, { "start|trap", OBOL_ACTION_TRAP_AND_START } };
    const char *text = obol_setting_text(section, obol_schema_child, name);

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].word, text))
            return words[i].action;
    return OBOL_ACTION_NONE;
}

static void
read_protection(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child)
{
    const ObolNode *ah = obol_node_get(section, "ah_proposals");

    if (ah != NULL && obol_node_get(section, "esp_proposals") != NULL)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, ah,
                        "ah_proposals: stands beside esp_proposals; a Child SA has one protocol");
    child->protocol = ah != NULL ? OBOL_PROTO_AH : OBOL_PROTO_ESP;
    obol_read_proposals(faults, section, obol_schema_child, ah != NULL ? "ah_proposals" : "esp_proposals", child->protocol,
                        child->proposals);
}

static gint64
number(const ObolNode *section, const char *name)
{
    return obol_setting_number(section, obol_schema_child, name);
}

static void
read_mode(const ObolNode *section, ObolChildConfig *child)
{
    static const struct {
        const char *word;
        ObolMode mode;
        ObolPolicyAction action;
    } words[] = { { "tunnel", OBOL_MODE_TUNNEL, OBOL_POLICY_PROTECT },
                  { "transport", OBOL_MODE_TRANSPORT, OBOL_POLICY_PROTECT },
                  { "pass", OBOL_MODE_TRANSPORT, OBOL_POLICY_PASS },
                  { "drop", OBOL_MODE_TRANSPORT, OBOL_POLICY_DROP } };
    const char *text = obol_setting_text(section, obol_schema_child, "mode");

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(words[i].word, text)) {
            child->mode = words[i].mode;
            child->action = words[i].action;
        }
    }
}

/* A trap is a policy. */
static void
check_policies(ObolFaults *faults, const ObolNode *section, const ObolChildConfig *child)
{
    if (child->policies || (child->start_action & OBOL_ACTION_TRAP) == 0)
        return;
    obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, obol_node_get(section, "start_action"),
                    "start_action: \"trap\" stands beside policies = no, and a trap is a policy");
}

/* A shunt has no peer that it could be started with, or that could close it. */
static void
check_shunt(ObolFaults *faults, const ObolNode *section, const ObolChildConfig *child)
{
    static const char *const names[] = { "start_action", "close_action", "dpd_action" };
    const ObolStartAction actions[] = { child->start_action & OBOL_ACTION_START, child->close_action, child->dpd_action };

    for (gsize i = 0; child->action != OBOL_POLICY_PROTECT && i < G_N_ELEMENTS(names); i++)
        if (actions[i] != OBOL_ACTION_NONE)
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, obol_node_get(section, names[i]),
                            "%s: a child of mode pass or drop has no peer: only start_action = \"trap\" or \"none\"", names[i]);
}

void
obol_child_read(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child)
{
    read_mode(section, child);
    read_protection(faults, section, child);
    read_selectors(faults, section, "local_ts", child->local_ts);
    read_selectors(faults, section, "remote_ts", child->remote_ts);
    read_lifetimes(faults, section, child);
    child->replay_window_unset = !is_set(section, "replay_window");
    if (!child->replay_window_unset)
        child->replay_window = (guint32) number(section, "replay_window");
    obol_child_read_kernel(faults, section, child);
    child->reqid = (guint32) number(section, "reqid");
    child->tfc_padding = (guint32) number(section, "tfc_padding");
    child->priority = (guint32) number(section, "priority");
    child->policies = number(section, "policies") != 0;
    child->start_action = read_action(section, "start_action");
    child->close_action = read_action(section, "close_action");
    child->dpd_action = read_action(section, "dpd_action");
    check_shunt(faults, section, child);
    check_policies(faults, section, child);
}
