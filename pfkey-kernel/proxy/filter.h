/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/filter.h - what a client may say to the kernel. */
#ifndef PFKEY_PROXY_FILTER_H
#define PFKEY_PROXY_FILTER_H

#include "pfkey-kernel/coding/message.h"

/* Bits of message types.  What hits everybody's SAs and policies, or hears everybody's requests, must be allowed by name. */
#define PFKEY_FILTER_ALLOW(type) (1u << (type))
#define PFKEY_FILTER_ASKED_FOR \
    (PFKEY_FILTER_ALLOW(PFKEY_FLUSH) | PFKEY_FILTER_ALLOW(PFKEY_X_SPDFLUSH) | PFKEY_FILTER_ALLOW(PFKEY_X_PROMISC))

typedef enum {
    PFKEY_PASS,   /* to the kernel */
    PFKEY_ANSWER, /* not to the kernel: @answer is what the client gets, an errno in a bare header as the kernel would send it */
    PFKEY_CLOSE,  /* this is no PF_KEY: the client is not one to talk with */
} PfkeyDecision;

typedef struct {
    PfkeyDecision decision;
    char *why;             /* ANSWER, CLOSE: for the log, and to the client */
    PfkeyBuffer answer;
} PfkeyJudgement;

/* @extra: of PFKEY_FILTER_ASKED_FOR, what the admin allows. */
void pfkey_filter_judge(const PfkeySystem *system, guint32 extra, const guint8 *bytes, gsize n, PfkeyJudgement *out);
/* The kernel's own refusal to take a message (a negative errno of send()), as an answer. */
void pfkey_filter_answer(const PfkeySystem *system, const guint8 *bytes, gsize n, int code, PfkeyBuffer *out);
void pfkey_judgement_clear(PfkeyJudgement *judgement);

/* "flush", "spdflush", "promisc" -> its bit; 0: no such word. */
guint32 pfkey_filter_word(const char *word);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PfkeyJudgement, pfkey_judgement_clear)

#endif
