/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/fit-kernel.c - a child's settings against what the kernel that serves can do. */
#include "daemon/daemon-private.h"

#include <netinet/in.h>

#define CAN(member) G_STRUCT_OFFSET(ObolKernelAbilities, member)

/* Whose kernels have what this one lacks: a set of bits. */
enum { XFRM = 1 << 0, PFKEY = 1 << 1, USERSPACE = 1 << 2 };

static const struct {
    guint bit;
    const char *kernel, *plugin;
} kernels[] = {
    { XFRM, "kernel/xfrm", "kernel-xfrm" },
    { PFKEY, "kernel/pfkey", "pfkey-kernel" },
    { USERSPACE, "kernel/userspace", "kernel-userspace" },
};

/* One child, its connection, and what is known of the family outside. */
typedef struct {
    ObolDaemon *daemon;
    const ObolKernelAbilities *abilities;
    const ObolConnection *connection;
    const ObolChildConfig *child;
    const char *where;
    guint16 outer; /* 0: not known before names are resolved */
} Fitting;

/* --- what settings ask for --- */

static gboolean
wants_esp(const Fitting *f)
{
    return f->child->protocol == OBOL_PROTO_ESP;
}

static gboolean
wants_ah(const Fitting *f)
{
    return f->child->protocol == OBOL_PROTO_AH;
}

/* Of other lengths than 12 bytes; in IPv6 all are padded to 8. */
static gboolean
wants_ah_padding(const Fitting *f)
{
    gboolean padded = FALSE;

    for (guint i = 0; i < f->child->proposals->len; i++) {
        const ObolProposal *proposal = &g_array_index(f->child->proposals, ObolProposal, i);

        for (guint j = 0; j < proposal->n_transforms; j++)
            padded |= proposal->transforms[j].type == OBOL_TRANSFORM_INTEG && obol_integ_n_icv(proposal->transforms[j].id) != 12;
    }
    return wants_ah(f) && padded && f->outer != AF_INET6;
}

static gboolean
wants_tunnel(const Fitting *f)
{
    return f->child->mode == OBOL_MODE_TUNNEL;
}

static gboolean
wants_transport(const Fitting *f)
{
    return f->child->mode == OBOL_MODE_TRANSPORT;
}

static gboolean
wants_encap(const Fitting *f)
{
    return f->connection->encap;
}

static gboolean
wants_ipcomp(const Fitting *f)
{
    return f->child->ipcomp;
}

static gboolean
wants_tfc(const Fitting *f)
{
    return f->child->tfc_padding != 0;
}

static gboolean
wants_bytes(const Fitting *f)
{
    return f->child->lifetimes.hard_bytes != 0 || f->child->lifetimes.soft_bytes != 0;
}

static gboolean
wants_packets(const Fitting *f)
{
    return f->child->lifetimes.hard_packets != 0 || f->child->lifetimes.soft_packets != 0;
}

static gboolean
wants_marks(const Fitting *f)
{
    return f->child->mark_in.mask != 0 || f->child->mark_out.mask != 0;
}

static gboolean
wants_set_marks(const Fitting *f)
{
    return f->child->set_mark_in.mask != 0 || f->child->set_mark_out.mask != 0;
}

static gboolean
wants_if_ids(const Fitting *f)
{
    return f->child->if_id_in != 0 || f->child->if_id_out != 0;
}

/* "auto" is content with none. */
static gboolean
wants_offload(const Fitting *f)
{
    return f->child->offload == OBOL_OFFLOAD_CRYPTO || f->child->offload == OBOL_OFFLOAD_PACKET;
}

static gboolean
wants_priority(const Fitting *f)
{
    return f->child->priority != 0;
}

/* RFC 4301 section 4.4.1.1: type and code stand in the place of ports. */
static gboolean
is_icmp_range(const ObolTs *ts)
{
    guint first_type = ts->port_first >> 8, last_type = ts->port_last >> 8;
    guint first_code = ts->port_first & 0xff, last_code = ts->port_last & 0xff;

    if (first_type != last_type || first_type == 0)
        return TRUE;
    return (first_code != 0 || last_code != 255) && (first_code != last_code || first_code == 0);
}

static gboolean
is_range(const ObolTs *ts)
{
    if (ts->port_first > ts->port_last || (ts->port_first == 0 && ts->port_last == 65535))
        return FALSE;
    if (ts->protocol == IPPROTO_ICMP || ts->protocol == IPPROTO_ICMPV6)
        return is_icmp_range(ts);
    return ts->port_first < ts->port_last;
}

static gboolean
has_range(const GArray *selectors)
{
    for (guint i = 0; i < selectors->len; i++)
        if (is_range(&g_array_index(selectors, ObolTs, i)))
            return TRUE;
    return FALSE;
}

static gboolean
wants_port_ranges(const Fitting *f)
{
    return has_range(f->child->local_ts) || has_range(f->child->remote_ts);
}

/* The families of the packets inside: bit 0 IPv4, bit 1 IPv6. */
static guint
families_inside(const Fitting *f)
{
    guint families = 0;

    for (guint i = 0; i < f->child->local_ts->len; i++) {
        guint16 local = g_array_index(f->child->local_ts, ObolTs, i).family;

        for (guint j = 0; j < f->child->remote_ts->len; j++) {
            guint16 remote = g_array_index(f->child->remote_ts, ObolTs, j).family;
            guint16 here = local != 0 ? local : f->outer, there = remote != 0 ? remote : f->outer;

            if (here == there && here != 0)
                families |= here == AF_INET6 ? 2 : 1;
        }
    }
    return families;
}

static gboolean
wants_mixed_families(const Fitting *f)
{
    return f->child->mode == OBOL_MODE_TUNNEL && families_inside(f) == 3;
}

static gboolean
wants_other_family(const Fitting *f)
{
    guint other = f->outer == AF_INET6 ? 1 : 2;

    return f->child->mode == OBOL_MODE_TUNNEL && f->outer != 0 && (families_inside(f) & other) != 0;
}

/* --- what is asked for and can be had or not --- */

typedef struct {
    const char *setting, *what;
    gboolean (*wants)(const Fitting *f);
    gsize ability;
    guint elsewhere;
    gboolean of_policies; /* shunts can want it too */
    const char *advice;   /* NULL: none but another kernel */
} Need;

static const Need needs[] = {
    { "esp_proposals", "ESP", wants_esp, CAN(esp), XFRM | PFKEY | USERSPACE, FALSE, NULL },
    { "ah_proposals", "AH", wants_ah, CAN(ah), XFRM | PFKEY | USERSPACE, FALSE, "esp_proposals with null-sha256 authenticate as well" },
    { "ah_proposals", "AH over IPv4 with other ICVs than of 12 bytes", wants_ah_padding, CAN(ah_padding), XFRM | USERSPACE, FALSE,
      "sha1 and aesxcbc have such, and IPv6 takes all" },
    { "mode", "tunnel mode", wants_tunnel, CAN(tunnel), XFRM | PFKEY | USERSPACE, FALSE, NULL },
    { "mode", "transport mode", wants_transport, CAN(transport), XFRM | PFKEY | USERSPACE, FALSE, "a tunnel can do the same" },
    { "encap", "ESP in UDP", wants_encap, CAN(udp_encap), XFRM | PFKEY | USERSPACE, FALSE, NULL },
    { "ipcomp", "IPComp", wants_ipcomp, CAN(ipcomp), XFRM | PFKEY | USERSPACE, FALSE, NULL },
    { "tfc_padding", "padding against traffic analysis", wants_tfc, CAN(tfc_padding), XFRM | USERSPACE, FALSE, NULL },
    { "life_bytes", "lifetimes in bytes", wants_bytes, CAN(byte_lifetimes), XFRM | PFKEY | USERSPACE, FALSE,
      "rekey_time and life_time are there" },
    { "life_packets", "lifetimes in packets", wants_packets, CAN(packet_lifetimes), XFRM | PFKEY | USERSPACE, FALSE,
      "rekey_time and life_time are there" },
    { "mark_in, mark_out", "firewall marks", wants_marks, CAN(marks), XFRM, TRUE, NULL },
    { "set_mark_in, set_mark_out", "marks for packets that have been through", wants_set_marks, CAN(set_marks), XFRM, FALSE, NULL },
    { "if_id_in, if_id_out", "interface IDs", wants_if_ids, CAN(if_ids), XFRM, TRUE, NULL },
    { "hw_offload", "offload to the network device", wants_offload, CAN(offload), XFRM, FALSE, "hw_offload = auto takes what there is" },
    { "priority", "policies of given priority", wants_priority, CAN(exact_priority), XFRM | PFKEY | USERSPACE, TRUE, NULL },
    { "local_ts, remote_ts", "ranges of ports", wants_port_ranges, CAN(port_ranges), XFRM | USERSPACE, TRUE,
      "name one port in each selector, or none" },
    { "local_ts, remote_ts", "tunnels with both IPv4 and IPv6 inside", wants_mixed_families, CAN(mixed_families), XFRM | USERSPACE, FALSE,
      "make two children, one for each family" },
    { "local_ts, remote_ts", "tunnels with another address family inside than outside", wants_other_family, CAN(other_family),
      XFRM | USERSPACE, FALSE, NULL },
};

static const struct {
    guint flag;
    const char *setting;
} flag_settings[] = {
    { OBOL_SA_NO_COPY_DF, "copy_df = no" },
    { OBOL_SA_NO_COPY_ECN, "copy_ecn = no" },
    { OBOL_SA_NO_DSCP_OUT, "copy_dscp without \"out\"" },
    { OBOL_SA_DSCP_IN, "copy_dscp with \"in\"" },
    { OBOL_SA_ICMP, "icmp = yes" },
};

char *
daemon_describe_kernel(ObolDaemon *daemon)
{
    const ObolKernelAbilities *abilities = obol_bus_kernel_abilities(daemon->bus);
    const char *name = obol_bus_kernel_name(daemon->bus);

    if (abilities == NULL || abilities->summary == NULL)
        return g_strdup(name != NULL ? name : "the kernel");
    return g_strdup_printf("%s (%s)", name, abilities->summary);
}

/* "kernel-xfrm or kernel-userspace could": all that have it but the one that serves. */
static void
append_others(GString *text, const char *serving, guint elsewhere)
{
    const char *between = "; the plugin ";

    for (gsize i = 0; i < G_N_ELEMENTS(kernels); i++) {
        if ((elsewhere & kernels[i].bit) == 0 || g_strcmp0(serving, kernels[i].kernel) == 0)
            continue;
        g_string_append_printf(text, "%s%s", between, kernels[i].plugin);
        between = " or ";
    }
    if (*between == ' ')
        g_string_append(text, " could (\"obolctl doctor\" tells whether it works here)");
}

static void
refuse(const Fitting *f, const char *setting, const char *what, guint elsewhere, const char *advice, GError **error)
{
    g_autofree char *kernel = daemon_describe_kernel(f->daemon);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s: %s: %s has no %s", f->where, setting, kernel, what);
    append_others(text, obol_bus_kernel_name(f->daemon->bus), elsewhere);
    if (advice != NULL)
        g_string_append_printf(text, "; %s", advice);
    g_set_error_literal(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE, text->str);
}

static gboolean
can(const Fitting *f, gsize ability)
{
    return G_STRUCT_MEMBER(gboolean, f->abilities, ability);
}

static gboolean
fit_needs(const Fitting *f, GError **error)
{
    gboolean shunt = f->child->action != OBOL_POLICY_PROTECT;

    for (gsize i = 0; i < G_N_ELEMENTS(needs); i++) {
        const Need *need = &needs[i];

        if ((shunt && !need->of_policies) || !need->wants(f) || can(f, need->ability))
            continue;
        refuse(f, need->setting, need->what, need->elsewhere, need->advice, error);
        return FALSE;
    }
    return TRUE;
}

static gboolean
fit_flags(const Fitting *f, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flag_settings); i++) {
        guint flag = flag_settings[i].flag;

        if ((f->child->sa_flags & flag) != 0 && (f->abilities->flags & flag) == 0) {
            refuse(f, flag_settings[i].setting, "choice there", XFRM, NULL, error);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
fit_numbers(const Fitting *f, GError **error)
{
    guint32 window = f->abilities->replay_window_max, reqid = f->abilities->reqid_max;
    g_autofree char *text = NULL;

    if (f->child->replay_window > window && !f->child->replay_window_unset) {
        text = g_strdup_printf("window larger than %u packets", window);
        refuse(f, "replay_window", text, window < 64 ? XFRM | USERSPACE : 0, NULL, error);
        return FALSE;
    }
    if (reqid != 0 && f->child->reqid > reqid) {
        text = g_strdup_printf("reqid above %u", reqid);
        refuse(f, "reqid", text, XFRM | USERSPACE, NULL, error);
        return FALSE;
    }
    return TRUE;
}

/* --- the family outside --- */

static guint16
family_of(const GPtrArray *hosts)
{
    guint16 family = 0;

    for (guint i = 0; i < hosts->len; i++) {
        const ObolHostSpec *host = g_ptr_array_index(hosts, i);
        guint16 its = g_str_equal(host->text, "%any4") ? AF_INET : g_str_equal(host->text, "%any6") ? AF_INET6 : host->range.family;

        if (its == 0 || (family != 0 && its != family))
            return 0;
        family = its;
    }
    return family;
}

gboolean
daemon_fit_kernel(ObolDaemon *daemon, const ObolConnection *connection, ObolChildConfig *child, const char *where,
                  GError **error)
{
    Fitting f = {
        .daemon = daemon, .abilities = obol_bus_kernel_abilities(daemon->bus), .connection = connection, .child = child,
        .where = where, .outer = family_of(connection->remote_hosts),
    };

    if (f.abilities == NULL)
        return TRUE;
    if (f.outer == 0)
        f.outer = family_of(connection->local_hosts);
    if (!fit_needs(&f, error) || (child->action == OBOL_POLICY_PROTECT && (!fit_flags(&f, error) || !fit_numbers(&f, error))))
        return FALSE;
    if (child->replay_window_unset)
        child->replay_window = MIN(child->replay_window, f.abilities->replay_window_max);
    return TRUE;
}

gboolean
daemon_fit_selectors(ObolDaemon *daemon, const ObolConnection *connection, const ObolChildConfig *child, GArray *local,
                     GArray *remote, guint16 outer, GError **error)
{
    ObolChildConfig wanted = *child;
    const Fitting f = {
        .daemon = daemon, .abilities = obol_bus_kernel_abilities(daemon->bus), .connection = connection, .child = &wanted,
        .where = child->name, .outer = outer,
    };

    wanted.local_ts = local;
    wanted.remote_ts = remote;
    return f.abilities == NULL || fit_needs(&f, error);
}
