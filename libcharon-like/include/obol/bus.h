/* obol/bus.h - what the core gives to a plugin: its settings, the log, the loop, and who else is there. */
#ifndef OBOL_BUS_H
#define OBOL_BUS_H

#include <obol/crypto.h>
#include <obol/listener.h>
#include <obol/settings.h>
#include <obol/socket.h>

G_BEGIN_DECLS

typedef struct ObolBus ObolBus;

/* The checked value of "PLUGIN.KEY" (from conf.d/PLUGIN.conf), or the schema's default; %NULL for an unset key without
 * one.  The typed forms give what the schema's type holds; asking for a key that no schema names is a programming error. */
OBOL_API const char *obol_bus_setting(ObolBus *bus, const char *key);
OBOL_API gint64 obol_bus_setting_number(ObolBus *bus, const char *key); /* integer, duration in us, size in bytes, bool */
OBOL_API const char *const *obol_bus_setting_list(ObolBus *bus, const char *key);

/* The loop that every call into the plugin runs on.  Sources attached to it must not block. */
OBOL_API GMainContext *obol_bus_context(ObolBus *bus);

/* CLOCK_BOOTTIME in microseconds. */
OBOL_API gint64 obol_bus_now_us(ObolBus *bus);

/* A line for the admin. @group: "net", "knl", ...; level 0: an outcome, 1: a step, 2: debugging. Text from strangers must be
 * escaped by the caller (g_strescape). */
OBOL_API void obol_bus_log(ObolBus *bus, const char *group, int level, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Would a line of this level be seen by anybody? */
OBOL_API gboolean obol_bus_logs(ObolBus *bus, const char *group, int level);

OBOL_API const ObolCrypto *obol_bus_crypto(ObolBus *bus);

/* Sends through the socket plugin, ESP in UDP included. */
OBOL_API void obol_bus_send(ObolBus *bus, const ObolDatagram *batch, gsize n);

/* Registers @calls (open and close are not used) until obol_bus_unwatch(); returns its handle. */
OBOL_API guint obol_bus_watch(ObolBus *bus, const ObolListenerVtable *calls, gpointer self);
OBOL_API void obol_bus_unwatch(ObolBus *bus, guint handle);

G_END_DECLS
#endif
