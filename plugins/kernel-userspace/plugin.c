/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - kernel-userspace.so: ESP in the daemon's own process, over a TUN device. */
#include <obol/plugin.h>

#include "userspace.h"

static gint64
host_now_us(gpointer bus)
{
    return obol_bus_now_us(bus);
}

static void
host_send(gpointer bus, const ObolDatagram *batch, gsize n)
{
    obol_bus_send(bus, batch, n);
}

static void
host_log(gpointer bus, int level, const char *text)
{
    obol_bus_log(bus, "knl", level, "%s", text);
}

static gint64
number(ObolBus *bus, const char *key)
{
    return obol_bus_setting_number(bus, key);
}

static gpointer
kernel_open(ObolBus *bus, const ObolKernelClient *client, GError **error)
{
    const UserspaceHost host = {
        .context = obol_bus_context(bus), .crypto = obol_bus_crypto(bus), .now_us = host_now_us, .send = host_send,
        .log = host_log, .data = bus,
    };
    const UserspaceSettings settings = {
        .device = obol_bus_setting(bus, "kernel-userspace.device"),
        .mtu = (gsize) number(bus, "kernel-userspace.mtu"),
        .offload = number(bus, "kernel-userspace.offload") != 0,
        .routes = number(bus, "kernel-userspace.routes") != 0,
        .table = (guint32) number(bus, "kernel-userspace.table"),
        .rule_priority = (guint32) number(bus, "kernel-userspace.rule_priority"),
        .mark = (guint32) number(bus, "kernel-userspace.mark"),
        .core = {
            .path_mtu = (gsize) number(bus, "kernel-userspace.path_mtu"),
            .copy_dscp = number(bus, "kernel-userspace.copy_dscp") != 0,
            .copy_ecn = number(bus, "kernel-userspace.copy_ecn") != 0,
            .pass_unmatched = g_ascii_strcasecmp(obol_bus_setting(bus, "kernel-userspace.unmatched"), "pass") == 0,
            .plain_esp = number(bus, "kernel-userspace.plain_esp") != 0,
            .acquire_timeout_us = number(bus, "kernel-userspace.acquire_timeout"),
        },
    };

    return userspace_new(&settings, &host, client, error);
}

static void
kernel_close(gpointer self)
{
    userspace_free(self);
}

static const ObolKernelAbilities *
kernel_abilities(gpointer self)
{
    return userspace_abilities(self);
}

static void
kernel_request(gpointer self, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    userspace_request(self, request, done, data);
}

static void
kernel_udp_esp(gpointer self, ObolDatagram *batch, gsize n)
{
    userspace_udp_esp(self, batch, n);
}

static void
kernel_each_policy(gpointer self, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    userspace_each_policy(self, visit, data);
}

/* A probe has no self to keep what its answer points to, and the plugin lives as long as the process: asked again, the same list
 * is written again. */
static gboolean
kernel_probe(ObolBus *bus, ObolKernelAbilities *out, GError **error)
{
    static Abilities probed;

    if (!userspace_probe(obol_bus_crypto(bus), number(bus, "kernel-userspace.plain_esp") != 0, &probed, error))
        return FALSE;
    *out = probed.abilities;
    return TRUE;
}

static const ObolKernelVtable vtable = {
    .size = sizeof vtable, .open = kernel_open, .close = kernel_close, .abilities = kernel_abilities,
    .request = kernel_request, .udp_esp = kernel_udp_esp, .each_policy = kernel_each_policy, .probe = kernel_probe,
};

static const char *const unmatched_choices[] = { "drop", "pass", NULL };

static const ObolSettingSpec settings_schema[] = {
    { .name = "device", .type = OBOL_TYPE_TEXT, .fallback = "obol0", .restart = TRUE,
      .doc = "Name of the TUN device; \"obol%d\" takes the first free number; a persistent one of ours may exist already." },
    { .name = "mtu", .type = OBOL_TYPE_INTEGER, .fallback = "1400", .min = 1280, .max = 65535, .restart = TRUE, .unit = "bytes",
      .doc = "MTU of the device: the longest packet before encryption." },
    { .name = "path_mtu", .type = OBOL_TYPE_INTEGER, .fallback = "1500", .min = 576, .max = 65535, .restart = TRUE,
      .unit = "bytes", .doc = "Longest packet after encryption; what may not be fragmented and would be longer is refused by ICMP." },
    { .name = "offload", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Exchange packets with the host many at a time (segmentation offload), where the system can." },
    { .name = "routes", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Set the device up and route the policies' far sides into it; off: the admin does both." },
    { .name = "table", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .min = 1, .max = G_MAXINT32, .restart = TRUE,
      .doc = "Routing table of our own for these routes." },
    { .name = "rule_priority", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .min = 1, .max = 32765, .restart = TRUE,
      .doc = "Priority of the routing rule that leads to the table." },
    { .name = "mark", .type = OBOL_TYPE_INTEGER, .fallback = "4500", .min = 1, .max = G_MAXINT32, .restart = TRUE,
      .doc = "Firewall mark of packets that the rule leaves alone: our own; the same as socket-default.mark." },
    { .name = "plain_esp", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Send and take ESP without UDP, by a raw socket, where that is allowed." },
    { .name = "copy_dscp", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Copy DSCP from inner to outer header of tunnels." },
    { .name = "copy_ecn", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Carry congestion marks between inner and outer header of tunnels (RFC 6040)." },
    { .name = "unmatched", .type = OBOL_TYPE_ENUM, .fallback = "drop", .choices = unmatched_choices, .restart = TRUE,
      .doc = "Packets that reach the device and that no policy covers: drop them, or pass them in clear." },
    { .name = "acquire_timeout", .type = OBOL_TYPE_DURATION, .fallback = "165s", .min = G_USEC_PER_SEC,
      .max = 3600 * (gint64) G_USEC_PER_SEC, .restart = TRUE,
      .doc = "How long packets of a trap wait for an SA before the next packet asks again." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "kernel-userspace", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("ESP in the daemon's own process, over a TUN device"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) {
        { .role = OBOL_ROLE_KERNEL, .name = "userspace", .needs = (const char *const[]) { "socket/", NULL }, .kernel = &vtable },
        { 0 },
    },
};
