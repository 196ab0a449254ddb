/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show.c - SAs, connections and policies for people. */
#include "show.h"

#include "text.h"

static const ObolNode *
section_at(const ObolNode *section, const char *key, guint i)
{
    const ObolNode *all = obol_node_get(section, key);

    return all != NULL && all->items != NULL && i < all->items->len ? g_ptr_array_index(all->items, i) : NULL;
}

static CtlInk
state_ink(const char *state)
{
    if (g_str_equal(state, "ESTABLISHED") || g_str_equal(state, "INSTALLED"))
        return CTL_GOOD;
    return g_str_equal(state, "CONNECTING") || g_str_equal(state, "INSTALLING") ? CTL_WARN : CTL_BAD;
}

/* (transfer full): "AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519" */
static char *
suite_of(const ObolNode *sa)
{
    static const char *const keys[] = { "integ-alg", "prf-alg", "dh-group" };
    GString *out = g_string_new(ctl_value(sa, "encr-alg"));

    if (ctl_has(sa, "encr-keysize"))
        g_string_append_printf(out, "-%s", ctl_value(sa, "encr-keysize"));
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (ctl_has(sa, keys[i]))
            g_string_append_printf(out, "/%s", ctl_value(sa, keys[i]));
    }
    return g_string_free(out, FALSE);
}

/* A time that the daemon told in seconds: "2m 5s"; the key's absence gives @none. */
static char *
duration_of(const ObolNode *sa, const char *key, const char *none)
{
    return ctl_has(sa, key) ? ctl_duration(ctl_number(sa, key)) : g_strdup(none);
}

static void
show_ike_head(const Ctl *ctl, const ObolNode *sa)
{
    gboolean initiator = ctl_has(sa, "initiator");

    ctl_put(ctl, CTL_BOLD, "%s", sa->name);
    ctl_put(ctl, CTL_PLAIN, ": #%s, ", ctl_value(sa, "uniqueid"));
    ctl_put(ctl, state_ink(ctl_value(sa, "state")), "%s", ctl_value(sa, "state"));
    ctl_put(ctl, CTL_PLAIN, ", IKEv%s, %s_i%s %s_r%s", ctl_value(sa, "version"), ctl_value(sa, "initiator-spi"),
            initiator ? "*" : "", ctl_value(sa, "responder-spi"), initiator ? "" : "*");
    putchar('\n');
}

static void
show_endpoint(const Ctl *ctl, const ObolNode *sa, const char *label, const char *side, const char *nat)
{
    g_autofree char *host = g_strconcat(side, "-host", NULL);
    g_autofree char *port = g_strconcat(side, "-port", NULL);
    g_autofree char *id = g_strconcat(side, "-id", NULL);

    ctl_put(ctl, CTL_PLAIN, "  %s '%s' @ %s[%s]%s", label, ctl_value(sa, id), ctl_value(sa, host), ctl_value(sa, port),
            ctl_has(sa, nat) ? _(" behind a NAT") : "");
    putchar('\n');
}

static void
show_ike_times(const Ctl *ctl, const ObolNode *sa)
{
    g_autofree char *age = duration_of(sa, "established", NULL);
    g_autofree char *rekey = duration_of(sa, "rekey-time", NULL), *reauth = duration_of(sa, "reauth-time", NULL);

    if (age == NULL)
        return;
    ctl_put(ctl, CTL_PLAIN, _("  established %s ago"), age);
    if (rekey != NULL)
        ctl_put(ctl, CTL_PLAIN, _(", rekeying in %s"), rekey);
    if (reauth != NULL)
        ctl_put(ctl, CTL_PLAIN, _(", reauthentication in %s"), reauth);
    putchar('\n');
}

static void
show_fragmentation(const Ctl *ctl, const ObolNode *sa)
{
    if (!ctl_has(sa, "fragmentation"))
        return;
    if (ctl_has(sa, "fragment-size"))
        ctl_put(ctl, CTL_PLAIN, _("  fragmentation of IKE messages above %s bytes"), ctl_value(sa, "fragment-size"));
    else
        ctl_put(ctl, CTL_PLAIN, _("  fragmentation of IKE messages by the peer alone"));
    putchar('\n');
}

static void
show_mobike(const Ctl *ctl, const ObolNode *sa)
{
    g_autofree char *others = ctl_joined(sa, "peer-addresses", "");

    if (!ctl_has(sa, "mobike"))
        return;
    if (*others != '\0')
        ctl_put(ctl, CTL_PLAIN, _("  MOBIKE; the peer has %s too"), others);
    else
        ctl_put(ctl, CTL_PLAIN, _("  MOBIKE"));
    putchar('\n');
}

static void
show_direction(const Ctl *ctl, const ObolNode *child, const char *direction)
{
    g_autofree char *spi = g_strconcat("spi-", direction, NULL), *bytes_key = g_strconcat("bytes-", direction, NULL);
    g_autofree char *packets = g_strconcat("packets-", direction, NULL), *use = g_strconcat("use-", direction, NULL);
    g_autofree char *bytes = ctl_bytes(child, bytes_key);
    g_autofree char *used = duration_of(child, use, NULL);

    ctl_put(ctl, CTL_PLAIN, "    %-3s %s, %s, %s packets", direction, ctl_value(child, spi), bytes,
            ctl_value(child, packets));
    if (used != NULL)
        ctl_put(ctl, CTL_PLAIN, _(", last %s ago"), used);
    putchar('\n');
}

static void
show_selectors(const Ctl *ctl, const ObolNode *child)
{
    g_autofree char *local = ctl_joined(child, "local-ts", "-");
    g_autofree char *remote = ctl_joined(child, "remote-ts", "-");

    ctl_put(ctl, CTL_PLAIN, "    local  %s", local);
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, "    remote %s", remote);
    putchar('\n');
}

static void
show_child_times(const Ctl *ctl, const ObolNode *child)
{
    g_autofree char *age = duration_of(child, "install-time", "?");
    g_autofree char *rekey = duration_of(child, "rekey-time", NULL);
    g_autofree char *life = duration_of(child, "life-time", NULL);

    ctl_put(ctl, CTL_PLAIN, _("    installed %s ago"), age);
    if (rekey != NULL)
        ctl_put(ctl, CTL_PLAIN, _(", rekeying in %s"), rekey);
    if (life != NULL)
        ctl_put(ctl, CTL_PLAIN, _(", expires in %s"), life);
    putchar('\n');
}

static void
show_child(const Ctl *ctl, const ObolNode *child)
{
    g_autofree char *suite = suite_of(child);

    ctl_put(ctl, CTL_PLAIN, "  ");
    ctl_put(ctl, CTL_BOLD, "%s", ctl_value(child, "name"));
    ctl_put(ctl, CTL_PLAIN, ": #%s, reqid %s, ", ctl_value(child, "uniqueid"), ctl_value(child, "reqid"));
    ctl_put(ctl, state_ink(ctl_value(child, "state")), "%s", ctl_value(child, "state"));
    ctl_put(ctl, CTL_PLAIN, ", %s%s", ctl_value(child, "mode"), ctl_has(child, "encap") ? "-in-UDP" : "");
    if (ctl_has(child, "protocol"))
        ctl_put(ctl, CTL_PLAIN, ", %s:%s%s", ctl_value(child, "protocol"), suite, ctl_has(child, "esn") ? "/ESN" : "");
    putchar('\n');
    if (ctl_has(child, "protocol")) {
        show_child_times(ctl, child);
        show_direction(ctl, child, "in");
        show_direction(ctl, child, "out");
    }
    show_selectors(ctl, child);
    if (ctl_has(child, "adjusted")) {
        ctl_put(ctl, CTL_DIM, _("    as asked for, no longer as the settings say"));
        putchar('\n');
    }
}

void
ctl_show_sa(const Ctl *ctl, const ObolNode *sa)
{
    const ObolNode *child;

    show_ike_head(ctl, sa);
    show_endpoint(ctl, sa, "local ", "local", "nat-local");
    show_endpoint(ctl, sa, "remote", "remote", "nat-remote");
    if (ctl_has(sa, "encr-alg")) {
        g_autofree char *suite = suite_of(sa);

        ctl_put(ctl, CTL_PLAIN, "  %s", suite);
        putchar('\n');
    }
    show_fragmentation(ctl, sa);
    show_mobike(ctl, sa);
    show_ike_times(ctl, sa);
    for (guint i = 0; (child = section_at(sa, "child-sas", i)) != NULL; i++)
        show_child(ctl, child);
}

static void
show_round(const Ctl *ctl, const ObolNode *connection, const char *section, const char *label)
{
    const ObolNode *round = obol_node_get(connection, section);

    ctl_put(ctl, CTL_PLAIN, "  %s %s", label, ctl_value(round, "class"));
    if (ctl_has(round, "id"))
        ctl_put(ctl, CTL_PLAIN, _(", identity '%s'"), ctl_value(round, "id"));
    putchar('\n');
}

static void
show_child_config(const Ctl *ctl, const ObolNode *child)
{
    g_autofree char *local = ctl_joined(child, "local-ts", "dynamic");
    g_autofree char *remote = ctl_joined(child, "remote-ts", "dynamic");
    g_autofree char *proposals = ctl_joined(child, "esp_proposals", "-");

    ctl_put(ctl, CTL_PLAIN, "  ");
    ctl_put(ctl, CTL_BOLD, "%s", child->name);
    ctl_put(ctl, CTL_PLAIN, _(": %s, start %s, dpd %s, close %s"), ctl_value(child, "mode"),
            ctl_value(child, "start_action"), ctl_value(child, "dpd_action"), ctl_value(child, "close_action"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, "    local  %s", local);
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, "    remote %s", remote);
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, _("    offers %s"), proposals);
    putchar('\n');
}

/* (transfer full): "every 4h 0m", or "never". */
static char *
interval_of(const ObolNode *section, const char *key)
{
    g_autofree char *text = ctl_duration(ctl_number(section, key));

    return ctl_number(section, key) != 0 ? g_strdup_printf(_("every %s"), text) : g_strdup(_("never"));
}

void
ctl_show_connection(const Ctl *ctl, const ObolNode *connection)
{
    g_autofree char *local = ctl_joined(connection, "local_addrs", "%any");
    g_autofree char *remote = ctl_joined(connection, "remote_addrs", "%any");
    g_autofree char *proposals = ctl_joined(connection, "proposals", "-");
    g_autofree char *rekey = interval_of(connection, "rekey_time");
    g_autofree char *dpd = interval_of(connection, "dpd_delay");
    const ObolNode *child;

    ctl_put(ctl, CTL_BOLD, "%s", connection->name);
    ctl_put(ctl, CTL_PLAIN, _(": %s, rekeying: %s, liveness check: %s"), ctl_value(connection, "version"), rekey, dpd);
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, "  local  %s[%s]", local, ctl_value(connection, "local_port"));
    putchar('\n');
    ctl_put(ctl, CTL_PLAIN, "  remote %s[%s]", remote, ctl_value(connection, "remote_port"));
    putchar('\n');
    show_round(ctl, connection, "local-1", _("we prove ourselves by"));
    show_round(ctl, connection, "remote-1", _("the peer by"));
    ctl_put(ctl, CTL_PLAIN, _("  offers %s"), proposals);
    putchar('\n');
    for (guint i = 0; (child = section_at(connection, "children", i)) != NULL; i++)
        show_child_config(ctl, child);
}

void
ctl_show_trap(const Ctl *ctl, const ObolNode *trap)
{
    ctl_put(ctl, CTL_BOLD, "%s", trap->name);
    ctl_put(ctl, CTL_PLAIN, ", %s", ctl_value(trap, "mode"));
    if (ctl_has(trap, "reqid"))
        ctl_put(ctl, CTL_PLAIN, ", reqid %s", ctl_value(trap, "reqid"));
    putchar('\n');
    show_selectors(ctl, trap);
}

/* What distinguishes entries of the kernel that look alike otherwise. */
static void
show_kernel_marks(const Ctl *ctl, const ObolNode *entry)
{
    if (ctl_has(entry, "mark"))
        ctl_put(ctl, CTL_DIM, ", mark %s", ctl_value(entry, "mark"));
    if (ctl_has(entry, "if-id"))
        ctl_put(ctl, CTL_DIM, ", if_id %s", ctl_value(entry, "if-id"));
    if (ctl_has(entry, "foreign"))
        ctl_put(ctl, CTL_DIM, _(", not ours"));
}

void
ctl_show_policy(const Ctl *ctl, const ObolNode *policy)
{
    ctl_put(ctl, CTL_PLAIN, "%-3s %s -> %s, ", ctl_value(policy, "direction"), ctl_value(policy, "source"),
            ctl_value(policy, "destination"));
    ctl_put(ctl, CTL_BOLD, "%s", ctl_value(policy, "action"));
    if (ctl_has(policy, "mode"))
        ctl_put(ctl, CTL_PLAIN, " %s %s reqid %s", ctl_value(policy, "protocol"), ctl_value(policy, "mode"),
                ctl_value(policy, "reqid"));
    if (ctl_has(policy, "tunnel-source"))
        ctl_put(ctl, CTL_PLAIN, ", %s => %s", ctl_value(policy, "tunnel-source"),
                ctl_value(policy, "tunnel-destination"));
    ctl_put(ctl, CTL_DIM, ", priority %s%s", ctl_value(policy, "priority"), ctl_has(policy, "trap") ? ", trap" : "");
    show_kernel_marks(ctl, policy);
    putchar('\n');
}

void
ctl_show_kernel_sa(const Ctl *ctl, const ObolNode *sa)
{
    ctl_put(ctl, CTL_BOLD, "%s %s", ctl_value(sa, "protocol"), ctl_value(sa, "spi"));
    ctl_put(ctl, CTL_PLAIN, " %s => %s, ", ctl_value(sa, "source"), ctl_value(sa, "destination"));
    if (ctl_has(sa, "reserved"))
        ctl_put(ctl, CTL_PLAIN, _("reserved"));
    else
        ctl_put(ctl, CTL_PLAIN, _("%s reqid %s, %s bytes, %s packets"), ctl_value(sa, "mode"), ctl_value(sa, "reqid"),
                ctl_value(sa, "bytes"), ctl_value(sa, "packets"));
    show_kernel_marks(ctl, sa);
    putchar('\n');
}

static void
raw_members(const ObolNode *section);

static void
raw_node(const ObolNode *node)
{
    g_autofree char *name = ctl_clean(node->name != NULL ? node->name : "");

    if (node->kind == OBOL_NODE_VALUE) {
        g_autofree char *value = ctl_clean(node->value);

        printf("%s%s%s", name, node->name != NULL ? "=" : "", value);
        return;
    }
    printf("%s%s", name, node->kind == OBOL_NODE_LIST ? "=[" : " {");
    raw_members(node);
    putchar(node->kind == OBOL_NODE_LIST ? ']' : '}');
}

static void
raw_members(const ObolNode *section)
{
    for (guint i = 0; section->items != NULL && i < section->items->len; i++) {
        if (i > 0)
            putchar(' ');
        raw_node(g_ptr_array_index(section->items, i));
    }
}

void
ctl_show_raw(const char *event, const ObolNode *message)
{
    printf("%s event {", event);
    raw_members(message);
    puts("}");
}
