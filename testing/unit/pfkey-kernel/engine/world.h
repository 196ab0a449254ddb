/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.h - an engine, a model of a kernel, and a clock that goes when it is told to. */
#ifndef PFKEY_TEST_WORLD_H
#define PFKEY_TEST_WORLD_H

#include "model.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

/* One answer, in the order in which they came. */
typedef struct {
    guint asked; /* which request, from 1 */
    int code;    /* of OBOL_KERNEL_ERROR; -1: none */
    char *words;
    guint32 spi;
    ObolSaUsage usage;
    GArray *sas, *policies;
} Given;

typedef struct {
    Model model;
    PfkeyEngine *engine;
    gint64 now_us;
    gboolean cut;      /* nothing goes, nothing comes */
    GArray *answers;   /* of Given */
    GArray *events;    /* of ObolKernelEvent */
    guint n_asked, n_logged;
    gboolean hold_requests; /* what is queued for the request socket is not read yet */
    ObolSecret *encr_key, *integ_key;
    GArray *ts[2];
} World;

/* With an engine that is up, idle, and has told nothing. */
World *world_new(void);
World *world_new_down(void);
void world_free(World *world);
/* Reads and runs until nothing is left to do at this time. */
void world_settle(World *world);
void world_advance(World *world, gint64 us);
void world_cut(World *world);
void world_restore(World *world);

/* Returns the request's number, not the answer. */
guint world_ask(World *world, const ObolKernelRequest *request);
/* Asks, and settles: the answer.  Valid until the next one. */
const Given *world_do(World *world, const ObolKernelRequest *request);
const Given *world_last(const World *world);

/* An SA between 192.0.2.1 (us) and 198.51.100.7; AES-256-CBC and HMAC-SHA2-512, tunnel, reqid 7. */
ObolKernelRequest world_sa(World *world, gboolean inbound, guint32 spi);
/* 10.1.0.0/16 (ours) and 10.2.0.0/16, with that SA's reqid and addresses. */
ObolKernelRequest world_policy(ObolKernelOp op, ObolDirection direction);
ObolAddress world_address(const char *text, guint16 port);
ObolTs world_ts(const char *text);
/* A whole Child SA: both SAs, and out, in and forward policies. */
void world_child(World *world, guint32 spi_in, guint32 spi_out);
const ObolKernelEvent *world_event(const World *world, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

#endif
