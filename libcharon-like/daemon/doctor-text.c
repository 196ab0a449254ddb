/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/doctor-text.c - the report in words, in the reader's language. */
#include <obol/daemon.h>

#include <string.h>

#include "model/i18n.h"

#define N_(text) text

static const struct {
    const char *code, *text, *advice; /* @text: with a %s for the subject */
} findings[] = {
    { "no-kernel", N_("no kernel plugin can serve: nothing can be encrypted%s"),
      N_("see why each can not; kernel-userspace needs nothing of the system's kernel but /dev/net/tun") },
    { "kernel-unusable", N_("a kernel plugin can not be used: %s"), NULL },
    { "plugin-unusable", N_("a plugin that is chosen is not loaded: %s"), N_("mend it, or set load = no in its file of conf.d") },
    { "plugin-off", N_("%s is switched off"), NULL },
    { "module-missing", N_("the running kernel has no module %s"), N_("another kernel or its package of modules may have it") },
    { "module-not-loaded", N_("the module %s is there and not loaded; the system does so when it is asked for"), NULL },
    { "no-capability", N_("this process lacks %s"),
      N_("run as root or by the service unit; CAP_NET_ADMIN is for kernel and routes, CAP_NET_BIND_SERVICE for ports below 1024, "
         "CAP_NET_RAW for ESP of kernel-userspace without UDP") },
    { "no-tun", N_("there is no %s, which kernel-userspace needs"), N_("modprobe tun; in a container, hand the device in") },
    { "rp-filter", N_("%s drops packets whose way back is another (rp_filter = 1): what comes out of tunnels may be among them"),
      N_("sysctl net.ipv4.conf.all.rp_filter=2, and the interface's own no higher") },
    { "disable-policy", N_("%s does not ask policies about packets that come in (disable_policy = 1)"),
      N_("set net.ipv4.conf.<interface>.disable_policy to 0, unless that is meant") },
    { "disable-xfrm", N_("%s sends everything in clear (disable_xfrm = 1)"),
      N_("set net.ipv4.conf.<interface>.disable_xfrm to 0, unless that is meant") },
    { "no-forwarding", N_("%s is 0, and connections are for networks behind this host: their packets are not forwarded"),
      N_("set it to 1") },
    { "larval-drop", N_("%s is 0: who sends into a trap waits for the SA, instead of losing its first packet"), NULL },
    { "other-daemon", N_("another IKE daemon runs here: %s"),
      N_("two can not share ports 500 and 4500, and each may take the other's SAs and policies for leftovers") },
    { "port-taken", N_("%s is taken"), N_("stop who has it, or choose ports in conf.d/socket-default.conf") },
};

static const char *
value_of(const ObolNode *section, const char *key)
{
    const ObolNode *node = section != NULL ? obol_node_get(section, key) : NULL;

    return node != NULL && node->kind == OBOL_NODE_VALUE ? node->value : "";
}

static const ObolNode *
nth(const ObolNode *section, guint i)
{
    return g_ptr_array_index(section->items, i);
}

/* What came over a socket may be of any shape: a section of sections, or it is not looked at. */
static const ObolNode *
sections_in(const ObolNode *report, const char *name)
{
    const ObolNode *section = obol_node_get(report, name);

    for (guint i = 0; section != NULL && section->kind == OBOL_NODE_SECTION && i < section->items->len; i++)
        if (nth(section, i)->kind != OBOL_NODE_SECTION)
            return NULL;
    return section != NULL && section->kind == OBOL_NODE_SECTION ? section : NULL;
}

static const ObolNode *
abilities_of(const ObolNode *kernel)
{
    const ObolNode *abilities = obol_node_get(kernel, "abilities");

    return abilities != NULL && abilities->kind == OBOL_NODE_SECTION ? abilities : NULL;
}

char *
obol_doctor_finding_text(const ObolNode *finding, const char **advice)
{
    const char *code = value_of(finding, "code"), *subject = value_of(finding, "subject");

    *advice = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(findings); i++) {
        g_auto(GStrv) parts = NULL;

        if (!g_str_equal(findings[i].code, code))
            continue;
        if (findings[i].advice != NULL)
            *advice = _(findings[i].advice);
        parts = g_strsplit(_(findings[i].text), "%s", 2);
        return g_strconcat(parts[0], subject, parts[0] != NULL ? parts[1] : NULL, NULL);
    }
    return g_strdup_printf("%s: %s", code, subject);
}

/* --- kernels --- */

static const struct {
    const char *key, *label;
} rows[] = {
    { "esp", N_("ESP") }, { "ah", N_("AH") }, { "ah_padding", N_("AH over IPv4 with every ICV") }, { "ipcomp", N_("IPComp") },
    { "tunnel", N_("tunnel mode") }, { "transport", N_("transport mode") }, { "beet", N_("BEET mode") }, { "plain_esp", N_("ESP without UDP") },
    { "udp_encap", N_("ESP in UDP") }, { "esn", N_("extended sequence numbers") },
    { "mixed_families", N_("IPv4 and IPv6 in one tunnel") }, { "other_family", N_("IPv6 in IPv4 and the reverse") },
    { "port_ranges", N_("ranges of ports") }, { "byte_lifetimes", N_("lifetimes in bytes") },
    { "packet_lifetimes", N_("lifetimes in packets") }, { "tfc_padding", N_("padding (tfc_padding)") },
    { "acquire_selectors", N_("traps tell the packet") }, { "marks", N_("firewall marks") },
    { "set_marks", N_("marks set by SAs") }, { "if_ids", N_("interface IDs") }, { "offload", N_("offload to the device") },
    { "update_addresses", N_("addresses can change") }, { "change_encap", N_("UDP can come and go") },
    { "shared_selectors", N_("equal selectors to two peers") }, { "exact_priority", N_("priorities of policies") },
    { "last_used", N_("time of last use") }, { "routes_itself", N_("routes by itself") },
    { "replay_window_max", N_("largest replay window") },
};

static const char *
state_text(const char *state)
{
    static const struct {
        const char *state, *text;
    } states[] = { { "serves", N_("serves") }, { "would-serve", N_("would serve") }, { "standby", N_("stands by") },
                   { "unusable", N_("can not be used") }, { "unknown", N_("was not looked at") } };

    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        if (g_str_equal(states[i].state, state))
            return _(states[i].text);
    return state;
}

static void
put_states(GString *out, const ObolNode *kernels)
{
    for (guint i = 0; i < kernels->items->len; i++) {
        const ObolNode *kernel = nth(kernels, i);
        const char *reason = value_of(kernel, "reason"), *summary = value_of(kernel, "summary");
        const char *more = *reason != '\0' ? reason : summary;

        g_string_append_printf(out, "%-18s %s (%s)%s%s\n", kernel->name, state_text(value_of(kernel, "state")),
                               value_of(kernel, "plugin"), *more != '\0' ? ": " : "", more);
    }
}

static const char *
short_name(const ObolNode *kernel)
{
    const char *slash = strchr(kernel->name, '/');

    return slash != NULL ? slash + 1 : kernel->name;
}

/* One cell of a row for each kernel whose abilities are known. */
static void
put_cells(GString *out, const ObolNode *kernels, const char *key)
{
    for (guint i = 0; i < kernels->items->len; i++) {
        const ObolNode *abilities = abilities_of(nth(kernels, i));

        if (abilities != NULL)
            g_string_append_printf(out, " %10s", key != NULL ? value_of(abilities, key) : short_name(nth(kernels, i)));
    }
    g_string_append_c(out, '\n');
}

static void
put_table(GString *out, const ObolNode *kernels)
{
    gboolean any = FALSE;

    for (guint i = 0; i < kernels->items->len; i++)
        any |= abilities_of(nth(kernels, i)) != NULL;
    if (!any)
        return;
    g_string_append_printf(out, "\n%-30s", "");
    put_cells(out, kernels, NULL);
    for (gsize row = 0; row < G_N_ELEMENTS(rows); row++) {
        const char *label = _(rows[row].label);
        glong missing = 30 - g_utf8_strlen(label, -1);

        g_string_append_printf(out, "%s%*s", label, (int) MAX(missing, 1), "");
        put_cells(out, kernels, rows[row].key);
    }
}

static void
put_algorithms(GString *out, const ObolNode *kernels)
{
    for (guint i = 0; i < kernels->items->len; i++) {
        const ObolNode *abilities = abilities_of(nth(kernels, i));
        const ObolNode *list = abilities != NULL ? obol_node_get(abilities, "algorithms") : NULL;

        if (list == NULL || list->kind != OBOL_NODE_LIST)
            continue;
        g_string_append_printf(out, _("\nalgorithms of %s:"), short_name(nth(kernels, i)));
        for (guint k = 0; k < list->items->len; k++)
            g_string_append_printf(out, " %s", nth(list, k)->value != NULL ? nth(list, k)->value : "");
        g_string_append_c(out, '\n');
    }
}

static void
put_findings(GString *out, const ObolNode *section)
{
    static const struct {
        const char *level, *mark;
    } marks[] = { { "error", "!!" }, { "warning", "! " }, { "note", "- " } };

    for (gsize m = 0; m < G_N_ELEMENTS(marks); m++) {
        for (guint i = 0; i < section->items->len; i++) {
            const char *advice;
            g_autofree char *text = obol_doctor_finding_text(nth(section, i), &advice);

            if (!g_str_equal(value_of(nth(section, i), "level"), marks[m].level))
                continue;
            g_string_append_printf(out, "%s %s\n", marks[m].mark, text);
            if (advice != NULL)
                g_string_append_printf(out, "     %s\n", advice);
        }
    }
}

char *
obol_doctor_text(const ObolNode *report)
{
    const ObolNode *kernels = sections_in(report, "kernels"), *found = sections_in(report, "findings");
    const char *serving = value_of(report, "serving");
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s\n", value_of(report, "system"));
    if (*serving == '\0')
        g_string_append_printf(out, "%s\n\n", _("No kernel can serve."));
    else if (g_str_equal(value_of(report, "running"), "yes"))
        g_string_append_printf(out, _("The daemon runs, and %s serves: the first in rank that could be opened.\n\n"), serving);
    else
        g_string_append_printf(out, _("The daemon does not run; %s would serve: the first in rank that can be opened.\n\n"), serving);
    if (kernels != NULL) {
        put_states(out, kernels);
        put_table(out, kernels);
        put_algorithms(out, kernels);
    }
    g_string_append_c(out, '\n');
    if (found != NULL && found->items->len > 0)
        put_findings(out, found);
    else
        g_string_append_printf(out, "%s\n", _("Nothing is in the way."));
    return g_string_free(out, FALSE);
}

ObolDoctorVerdict
obol_doctor_verdict(const ObolNode *report)
{
    const ObolNode *found = sections_in(report, "findings");
    ObolDoctorVerdict verdict = OBOL_DOCTOR_WELL;

    if (*value_of(report, "serving") == '\0')
        return OBOL_DOCTOR_NO_KERNEL;
    for (guint i = 0; found != NULL && i < found->items->len; i++)
        if (g_str_equal(value_of(nth(found, i), "level"), "error"))
            verdict = OBOL_DOCTOR_ERRORS;
    return verdict;
}
