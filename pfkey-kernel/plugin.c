/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - pfkey-kernel.so: the kernel's IPsec over PF_KEY, of this machine or through a proxy. */
#include <string.h>

#include <obol/plugin.h>

#include "pfkey-kernel/engine/algorithms.h"
#include "pfkey-kernel/engine/pfkey.h"

static gint64
host_now_us(gpointer bus)
{
    return obol_bus_now_us(bus);
}

static void
host_random(gpointer bus, guint8 *out, gsize n)
{
    obol_random_fill(obol_crypto_random(obol_bus_crypto(bus)), out, n);
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

static char *
text(ObolBus *bus, const char *key)
{
    const char *value = obol_bus_setting(bus, key);

    return value != NULL && *value != '\0' ? g_strdup(value) : NULL;
}

static gboolean
read_endpoint(ObolBus *bus, PfkeyEndpoint *out, GError **error)
{
    g_autofree char *proxy = text(bus, "pfkey-kernel.proxy");

    if (!pfkey_endpoint_parse(proxy != NULL ? proxy : "raw", out, error)) {
        g_prefix_error(error, "pfkey-kernel.proxy: ");
        return FALSE;
    }
    out->tls = (PfkeyTlsFiles) {
        .psk_file = text(bus, "pfkey-kernel.psk_file"), .psk_identity = text(bus, "pfkey-kernel.psk_identity"),
        .certificate_file = text(bus, "pfkey-kernel.certificate_file"), .key_file = text(bus, "pfkey-kernel.key_file"),
        .ca_file = text(bus, "pfkey-kernel.ca_file"), .peer_name = text(bus, "pfkey-kernel.peer_name"),
    };
    return TRUE;
}

static PfkeyLarval
larval(ObolBus *bus)
{
    const char *value = obol_bus_setting(bus, "pfkey-kernel.larval_drop");

    return g_ascii_strcasecmp(value, "drop") == 0   ? PFKEY_LARVAL_DROP
           : g_ascii_strcasecmp(value, "wait") == 0 ? PFKEY_LARVAL_WAIT : PFKEY_LARVAL_KEEP;
}

static Pfkey *
open_pfkey(ObolBus *bus, const ObolKernelClient *client, gboolean probe, GError **error)
{
    const PfkeyHost host = { obol_bus_context(bus), host_now_us, host_random, host_log, bus };
    g_auto(PfkeyEndpoint) endpoint = { 0 };
    PfkeySettings settings = {
        .endpoint = &endpoint,
        .timeout_us = number(bus, "pfkey-kernel.timeout"),
        .acquire_hold_us = number(bus, "pfkey-kernel.acquire_hold"),
        .check_us = number(bus, "pfkey-kernel.check_interval"),
        .acquire_expires_us = number(bus, "pfkey-kernel.acquire_timeout"),
        .larval = larval(bus),
        .probe = probe,
    };

    return read_endpoint(bus, &endpoint, error) ? pfkey_new(&settings, &host, client, error) : NULL;
}

static gpointer
kernel_open(ObolBus *bus, const ObolKernelClient *client, GError **error)
{
    return open_pfkey(bus, client, FALSE, error);
}

static void
kernel_close(gpointer self)
{
    pfkey_free(self);
}

static const ObolKernelAbilities *
kernel_abilities(gpointer self)
{
    return pfkey_abilities(self);
}

static void
kernel_request(gpointer self, const ObolKernelRequest *request, ObolKernelDone done, gpointer data)
{
    pfkey_request(self, request, done, data);
}

static void
kernel_each_policy(gpointer self, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data)
{
    pfkey_each_policy(self, visit, data);
}

static gboolean
kernel_adopt_socket(gpointer self, int fd, int family, gboolean nat_t, GError **error)
{
    return pfkey_adopt(self, fd, family, nat_t, error);
}

/* What it points to must outlive the call: the words are interned, and so is each list of transforms, as text. */
static gboolean
kernel_probe(ObolBus *bus, ObolKernelAbilities *out, GError **error)
{
    static ObolTransform transforms[PFKEY_TRANSFORMS_MAX]; /* one machine, one answer */
    g_autoptr(Pfkey) pfkey = open_pfkey(bus, NULL, TRUE, error);
    const ObolKernelAbilities *abilities;
    gsize size = out->size != 0 ? out->size : sizeof *out;

    if (pfkey == NULL)
        return FALSE;
    abilities = pfkey_abilities(pfkey);
    memcpy(transforms, abilities->transforms, sizeof transforms);
    memcpy(out, abilities, MIN(size, sizeof *out));
    out->summary = g_intern_string(abilities->summary);
    out->transforms = transforms;
    return TRUE;
}

static const ObolKernelVtable vtable = {
    .size = sizeof vtable, .open = kernel_open, .close = kernel_close, .abilities = kernel_abilities, .request = kernel_request,
    .each_policy = kernel_each_policy, .adopt_socket = kernel_adopt_socket, .probe = kernel_probe,
};

static const char *const larval_choices[] = { "keep", "drop", "wait", NULL };

static const ObolSettingSpec settings_schema[] = {
    { .name = "proxy", .type = OBOL_TYPE_TEXT, .restart = TRUE,
      .doc = "Where obol-pfkey-proxy is: \"unix:/run/obol/pfkey\" or \"tcp:192.0.2.1:4510\"; unset: this machine's kernel, directly." },
    { .name = "psk_file", .type = OBOL_TYPE_TEXT, .restart = TRUE,
      .doc = "File with the key that this daemon and a proxy over TCP share: lines of \"identity:hexadecimal key\"." },
    { .name = "psk_identity", .type = OBOL_TYPE_TEXT, .restart = TRUE, .doc = "Which line of psk_file to use." },
    { .name = "certificate_file", .type = OBOL_TYPE_TEXT, .restart = TRUE,
      .doc = "Our certificate for a proxy over TCP, instead of a shared key (PEM)." },
    { .name = "key_file", .type = OBOL_TYPE_TEXT, .restart = TRUE, .doc = "The certificate's private key (PEM)." },
    { .name = "ca_file", .type = OBOL_TYPE_TEXT, .restart = TRUE, .doc = "Who signs the proxy's certificate (PEM)." },
    { .name = "peer_name", .type = OBOL_TYPE_TEXT, .restart = TRUE, .doc = "Name or address that the proxy's certificate must have." },
    { .name = "timeout", .type = OBOL_TYPE_DURATION, .fallback = "5s", .min = 100 * (gint64) 1000, .max = 60 * (gint64) G_USEC_PER_SEC,
      .restart = TRUE, .doc = "How long to wait for an answer of the kernel, and for a lost way to it to come back." },
    { .name = "check_interval", .type = OBOL_TYPE_DURATION, .fallback = "5m", .min = 0, .max = 24 * 3600 * (gint64) G_USEC_PER_SEC,
      .restart = TRUE,
      .doc = "How often to compare what the kernel holds with what it should; PF_KEY loses events without a word. 0: only when "
             "there is a reason." },
    { .name = "acquire_hold", .type = OBOL_TYPE_DURATION, .fallback = "20s", .min = G_USEC_PER_SEC,
      .max = 3600 * (gint64) G_USEC_PER_SEC, .restart = TRUE,
      .doc = "How long further packets of a trap do not ask again." },
    { .name = "acquire_timeout", .type = OBOL_TYPE_DURATION, .fallback = "0s", .min = 0, .max = 3600 * (gint64) G_USEC_PER_SEC,
      .restart = TRUE,
      .doc = "net.core.xfrm_acq_expires while the daemon runs: how long packets of a trap are held, and SPIs reserved. 0: as it is." },
    { .name = "larval_drop", .type = OBOL_TYPE_ENUM, .fallback = "keep", .choices = larval_choices, .restart = TRUE,
      .doc = "net.core.xfrm_larval_drop while the daemon runs: packets of a trap are dropped at once, or wait; keep: as it is." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "pfkey-kernel", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("the kernel's IPsec over PF_KEY, of this machine or through a proxy"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) {
        { .role = OBOL_ROLE_KERNEL, .name = "pfkey", .needs = (const char *const[]) { "random/", NULL }, .kernel = &vtable },
        { 0 },
    },
};
