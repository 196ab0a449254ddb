/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* server.h - the control sockets, all their clients, and what these are told. */
#ifndef VICI_SERVER_H
#define VICI_SERVER_H

#include <obol/plugin.h>

#include "client.h"
#include "counters.h"
#include "events.h"
#include "failures.h"

typedef struct {
    const char *const *sockets; /* paths, perhaps with "unix://" in front; NULL-terminated */
    const char *group;          /* that may connect; NULL: none but the owner */
    guint mode;                 /* of the sockets */
    guint n_clients_max;
    gsize told_max;             /* see ViciClientLimits */
    gsize streamed_max;
    gboolean counters;
} ViciSettings;

/* What the commands work on. */
typedef struct {
    ObolBus *bus;
    ObolControl *control;
    GMainContext *context;
    ViciSettings settings; /* without the borrowed texts */
    GPtrArray *listeners;  /* of ViciListener */
    GPtrArray *clients;    /* of ViciClient, referenced */
    gsize streamed;
    GPtrArray *jobs;       /* of ViciJob: commands under way that wait for an outcome, borrowed */
    GHashTable *loaded;    /* names of connections that came over the socket */
    ViciFailures failures;
    ViciCounters *counters; /* NULL: switched off */
    guint watch;            /* of SAs and failures; always */
    guint watch_messages, watch_log; /* 0 while nobody listens */
} ViciServer;

ViciServer *vici_server_new(ObolBus *bus, const ViciSettings *settings, GError **error);
void vici_server_free(ViciServer *server);

/* A client whose socket is connected already (tests, socket activation).  Takes @fd. */
ViciClient *vici_server_adopt(ViciServer *server, int fd);

/* Does anybody listen to @event? */
gboolean vici_server_has_listeners(const ViciServer *server, ViciEvent event);
/* Finishes @event and gives it to whoever listens to it. */
void vici_server_tell(ViciServer *server, ViciEvent event, ObolViciWriter *writer);
void vici_server_tell_one(ViciClient *client, ObolViciWriter *writer);
/* Log and messages are watched while a client listens to them. */
void vici_server_update_watches(ViciServer *server);

#endif
