/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin.c - vici.so: the control socket that speaks strongSwan's VICI. */
#include <obol/plugin.h>

#include "server.h"

#define DEFAULT_SOCKET RUNSTATEDIR "/obol/vici.sock"

static guint
parse_mode(const char *text, GError **error)
{
    guint64 mode;

    if (!g_ascii_string_to_unsigned(text, 8, 0, 0777, &mode, error)) {
        g_prefix_error(error, "vici.mode: ");
        return 0;
    }
    if (mode == 0 || (mode & 0007) != 0) {
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    "vici.mode: %s would give the daemon's control to nobody, or to everybody", text);
        return 0;
    }
    return (guint) mode;
}

static gpointer
control_open(ObolBus *bus, GError **error)
{
    const ViciSettings settings = {
        .sockets = obol_bus_setting_list(bus, "vici.socket"),
        .group = obol_bus_setting(bus, "vici.group"),
        .mode = parse_mode(obol_bus_setting(bus, "vici.mode"), error),
        .n_clients_max = (guint) obol_bus_setting_number(bus, "vici.max_clients"),
        .told_max = (gsize) obol_bus_setting_number(bus, "vici.event_queue"),
        .streamed_max = (gsize) obol_bus_setting_number(bus, "vici.answer_queue"),
        .counters = obol_bus_setting_number(bus, "vici.counters") != 0,
    };

    return settings.mode != 0 ? vici_server_new(bus, &settings, error) : NULL;
}

static void
control_close(gpointer self)
{
    vici_server_free(self);
}

static const ObolControlVtable control = { .size = sizeof control, .open = control_open, .close = control_close };

static const ObolSettingSpec settings_schema[] = {
    { .name = "socket", .type = OBOL_TYPE_LIST, .fallback = DEFAULT_SOCKET, .restart = TRUE,
      .doc = "Paths of the Unix sockets to listen at; \"unix://\" in front is allowed." },
    { .name = "group", .type = OBOL_TYPE_TEXT, .restart = TRUE,
      .doc = "Group whose members may use the sockets besides the daemon's own user." },
    { .name = "mode", .type = OBOL_TYPE_TEXT, .fallback = "0660", .restart = TRUE,
      .doc = "Permissions of the sockets, in octal; nothing may be given to everybody." },
    { .name = "max_clients", .type = OBOL_TYPE_INTEGER, .fallback = "64", .min = 1, .max = 4096, .restart = TRUE,
      .doc = "Clients at the same time; further ones are turned away." },
    { .name = "event_queue", .type = OBOL_TYPE_SIZE, .fallback = "1M", .min = 4096, .max = 1 << 30, .restart = TRUE,
      .unit = "bytes", .doc = "Events that may wait for a client to read them; one that is slower is dropped." },
    { .name = "answer_queue", .type = OBOL_TYPE_SIZE, .fallback = "256M", .min = 1 << 20,
      .max = G_GINT64_CONSTANT(1) << 32, .restart = TRUE, .unit = "bytes",
      .doc = "Answers that may wait for all clients together; a longer list is refused." },
    { .name = "counters", .type = OBOL_TYPE_BOOL, .fallback = "no", .restart = TRUE,
      .doc = "Count IKE messages by connection for get-counters." },
    { 0 },
};

OBOL_PLUGIN_EXPORT const ObolPlugin obol_plugin = {
    .abi = OBOL_ABI, .size = sizeof(ObolPlugin), .name = "vici", .version = PACKAGE_VERSION,
    .licence = "LGPL-2.1-or-later", .summary = N_("control socket that speaks VICI, for obolctl and swanctl"),
    .settings = settings_schema,
    .features = (const ObolFeature[]) { { .role = OBOL_ROLE_CONTROL, .name = "vici", .control = &control }, { 0 } },
};
