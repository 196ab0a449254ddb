/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* engine.h - the kernel role over PF_KEY, without I/O: requests, messages and the time go in; messages, answers and events come out.
 *
 *     down --up()--> starting --(registered)--> ready: compare, then requests in their order
 *     any  --down()--> down: what was under way is answered GONE, what was not begun waits for the way to come back
 *
 * Two channels, each a PF_KEY socket: what the kernel tells unasked must not be crowded out by answers.  Nothing is answered or
 * told but from within pfkey_engine_run(). */
#ifndef PFKEY_ENGINE_ENGINE_H
#define PFKEY_ENGINE_ENGINE_H

#include <obol/kernel.h>

#include "pfkey-kernel/coding/message.h"

typedef enum { PFKEY_CHANNEL_REQUESTS, PFKEY_CHANNEL_EVENTS, PFKEY_N_CHANNELS } PfkeyChannel;

typedef struct {
    /* @message is borrowed for the call.  %FALSE with @error: it has not gone. */
    gboolean (*send)(gpointer data, PfkeyChannel channel, const PfkeyMessage *message, GError **error);
    void (*event)(gpointer data, const ObolKernelEvent *event);
    void (*log)(gpointer data, int level, const char *text);
    gpointer data;
} PfkeyEngineCalls;

typedef struct {
    gint64 timeout_us;      /* for an answer, and for the way to the kernel to come back */
    gint64 acquire_hold_us; /* how long further acquires of a policy are not told */
    gint64 check_us;        /* between comparisons with what the kernel holds; 0: only when there is a reason */
    guint32 pid, seq;       /* random: by them our messages are told from others' */
    const char *summary;
    gboolean probe;         /* only looks: registers, and takes nothing away */
} PfkeyEngineSettings;

typedef struct PfkeyEngine PfkeyEngine;

PfkeyEngine *pfkey_engine_new(const PfkeyEngineSettings *settings, const PfkeyEngineCalls *calls, gint64 now_us);
/* Answers what is left of requests by OBOL_KERNEL_ERROR_GONE. */
void pfkey_engine_free(PfkeyEngine *engine);

/* Both channels are open, and new. */
void pfkey_engine_up(PfkeyEngine *engine, gint64 now_us);
void pfkey_engine_down(PfkeyEngine *engine, const char *why, gint64 now_us); /* @why %NULL: on purpose */

void pfkey_engine_request(PfkeyEngine *engine, const ObolKernelRequest *request, ObolKernelDone done, gpointer data, gint64 now_us);
/* Is a message of this header worth decoding?  Others' answers come too, and many. */
gboolean pfkey_engine_wants(const PfkeyEngine *engine, PfkeyChannel channel, const PfkeyHeader *header);
void pfkey_engine_message(PfkeyEngine *engine, PfkeyChannel channel, const PfkeyMessage *message, gint64 now_us);
/* Deadlines, requests whose turn it is, answers, events. */
void pfkey_engine_run(PfkeyEngine *engine, gint64 now_us);
/* When pfkey_engine_run() is to be called at the latest; G_MAXINT64: no need. */
gint64 pfkey_engine_next_us(const PfkeyEngine *engine);

/* Registered, and no request or comparison is under way or waiting. */
gboolean pfkey_engine_is_idle(const PfkeyEngine *engine);
gboolean pfkey_engine_is_ready(const PfkeyEngine *engine);
/* Before the first registration it offers no algorithms.  Lives as long as the engine. */
const ObolKernelAbilities *pfkey_engine_abilities(const PfkeyEngine *engine);
/* From now on nothing of ours is to be there: what waits is answered GONE, and what the kernel has of ours goes. */
void pfkey_engine_release(PfkeyEngine *engine, gint64 now_us);
void pfkey_engine_each_policy(const PfkeyEngine *engine, void (*visit)(const ObolPolicySpec *policy, gpointer data), gpointer data);
/* Lets UDP of our port pass all policies, where the socket itself could not be told to. */
void pfkey_engine_pass_port(PfkeyEngine *engine, guint16 family, guint16 port, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyEngine, pfkey_engine_free)

#endif
