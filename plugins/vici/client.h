/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client.h - one connection to the control socket: frames in, one command at a time, frames out.
 *
 *   idle --request--> running --reply--> idle      a second request waits, unread ones stay in the kernel
 *   any  --hang-up, broken frame, reader too slow--> gone
 *
 * (Un)registering for events is answered at once, also while a command runs. */
#ifndef VICI_CLIENT_H
#define VICI_CLIENT_H

#include "codec.h"

typedef struct ViciClient ViciClient;

/* What the owner of the clients is told. */
typedef struct {
    /* Answer with vici_client_reply() or vici_client_unknown(), now or later. */
    void (*request)(gpointer owner, ViciClient *client, const char *command, const ObolNode *message);
    /* The number of an event below 64, or -1. */
    int (*event)(gpointer owner, const char *name);
    /* Somebody began or ceased to listen to something. */
    void (*listening)(gpointer owner);
    /* Gone; @why is static, and NULL when the client itself hung up. */
    void (*gone)(gpointer owner, ViciClient *client, const char *why);
} ViciClientCalls;

typedef struct {
    gsize told_max;    /* bytes of unasked-for events that may wait for a slow reader */
    gsize *streamed;   /* bytes of asked-for answers that wait, of all clients together */
    gsize streamed_max;
} ViciClientLimits;

/* Takes @fd, which must not block. */
ViciClient *vici_client_new(GMainContext *context, int fd, const ViciClientLimits *limits, const ViciClientCalls *calls,
                            gpointer owner);
ViciClient *vici_client_ref(ViciClient *client);
void vici_client_unref(ViciClient *client);
/* Ends it without telling the owner. */
void vici_client_close(ViciClient *client);
gboolean vici_client_is_gone(const ViciClient *client);

/* A command that goes on after the call: @forget is called when the client goes before the reply. */
void vici_client_set_job(ViciClient *client, gpointer job, GDestroyNotify forget);

/* All three finish @writer.  A client that is gone is accepted and nothing happens. */
void vici_client_reply(ViciClient *client, ObolViciWriter *response);
void vici_client_stream(ViciClient *client, ObolViciWriter *event); /* part of the running command's answer */
void vici_client_unknown(ViciClient *client);

gboolean vici_client_listens(const ViciClient *client, int event);
/* An event that nobody asked for just now.  Drops the client when too much of that is unread. */
void vici_client_tell(ViciClient *client, GBytes *frame);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ViciClient, vici_client_unref)

#endif
