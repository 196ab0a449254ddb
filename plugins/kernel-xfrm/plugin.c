/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - kernel-xfrm.so: ESP, AH and IPComp of the Linux kernel, by NETLINK_XFRM. */
#include <obol/plugin.h>

#include "adopt.h"
#include "link.h"
#include "probe.h"
#include "spec.h"
#include "xfrm.h"

static gint64
host_now_us(gpointer bus)
{
    return obol_bus_now_us(bus);
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
    const XfrmHost host = { .context = obol_bus_context(bus), .now_us = host_now_us, .log = host_log, .data = bus };
    const XfrmSettings settings = {
        .acquire_timeout_s = (guint32) (number(bus, "kernel-xfrm.acquire_timeout") / G_USEC_PER_SEC),
        .hold_flows = number(bus, "kernel-xfrm.hold_flows") != 0,
        .event_buffer = (guint32) number(bus, "kernel-xfrm.event_buffer"),
        .mapping_interval_s = (guint32) (number(bus, "kernel-xfrm.mapping_interval") / G_USEC_PER_SEC),
        .spi_first = (guint32) number(bus, "kernel-xfrm.spi_first"),
        .spi_last = (guint32) number(bus, "kernel-xfrm.spi_last"),
    };

    if (settings.spi_first <= settings.spi_last)
        return xfrm_new(&settings, &host, client, error);
    g_set_error_literal(error, OBOL_KERNEL_ERROR, OBOL_KERNEL_ERROR_INVALID,
                        "kernel-xfrm.spi_first is greater than kernel-xfrm.spi_last");
    return NULL;
}

static void
kernel_close(gpointer self)
{
    xfrm_free(self);
}

static const ObolKernelAbilities *
kernel_abilities(gpointer self)
{
    return xfrm_abilities(self);
}

static void
kernel_request(gpointer self, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    xfrm_request(self, request, done, data);
}

static void
kernel_each_policy(gpointer self, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    xfrm_each_policy(self, visit, data);
}

static gboolean
kernel_adopt_socket(gpointer self, int fd, int family, gboolean nat_t, GError **error)
{
    (void) self;
    return adopt_socket(fd, family, nat_t, error);
}

static gboolean
kernel_probe(ObolBus *bus, ObolKernelAbilities *out, GError **error)
{
    static Probe found; /* the role wants it kept as long as the plugin is loaded */
    g_autoptr(Link) link = link_new(error);

    (void) bus;
    if (link == NULL || !probe_kernel(link, &found, error))
        return FALSE;
    *out = found.abilities;
    return TRUE;
}

static const ObolKernelVtable vtable = {
    .size = sizeof vtable, .open = kernel_open, .close = kernel_close, .abilities = kernel_abilities, .request = kernel_request,
    .each_policy = kernel_each_policy, .adopt_socket = kernel_adopt_socket, .probe = kernel_probe,
};

static const ObolSettingSpec settings_schema[] = {
    { .name = "acquire_timeout", .type = OBOL_TYPE_DURATION, .fallback = "165s", .min = 10 * (gint64) G_USEC_PER_SEC,
      .max = 3600 * (gint64) G_USEC_PER_SEC, .restart = TRUE,
      .doc = "How long the kernel waits for an SA that it asked for before it asks again, and how long it keeps a reserved SPI "
             "(net.core.xfrm_acq_expires; put back at the end)." },
    { .name = "hold_flows", .type = OBOL_TYPE_BOOL, .fallback = "yes", .restart = TRUE,
      .doc = "Packets wait in the kernel while their SA is set up; off: they are dropped (net.core.xfrm_larval_drop; put back at "
             "the end)." },
    { .name = "event_buffer", .type = OBOL_TYPE_SIZE, .fallback = "4M", .min = 65536, .max = 1 << 30, .restart = TRUE,
      .doc = "Room for events of the kernel that wait to be read; when it overflows, all that the kernel holds is compared." },
    { .name = "mapping_interval", .type = OBOL_TYPE_DURATION, .fallback = "1s", .min = G_USEC_PER_SEC,
      .max = 3600 * (gint64) G_USEC_PER_SEC, .restart = TRUE,
      .doc = "A peer whose packets come from another address or port behind its NAT is told at most so often for each SA." },
    { .name = "spi_first", .type = OBOL_TYPE_INTEGER, .fallback = "256", .min = SPEC_SPI_FIRST, .max = G_MAXUINT32, .restart = TRUE,
      .doc = "Our own SPIs of ESP and AH are chosen from here ..." },
    { .name = "spi_last", .type = OBOL_TYPE_INTEGER, .fallback = "4294967295", .min = SPEC_SPI_FIRST, .max = G_MAXUINT32,
      .restart = TRUE, .doc = "... to here." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "kernel-xfrm", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("ESP, AH and IPComp of the Linux kernel, by NETLINK_XFRM"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_KERNEL, .name = "xfrm", .kernel = &vtable }, { 0 } },
};
