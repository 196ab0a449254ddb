/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model.h - a kernel's side of PF_KEY in memory: Linux's rules, as far as the engine leans on them, and faults on demand. */
#ifndef PFKEY_TEST_MODEL_H
#define PFKEY_TEST_MODEL_H

#include "pfkey-kernel/engine/engine.h"

#define MODEL_KEY_MAX 64

/* ESP, AH and IPComp. */
#define MODEL_REGISTERED (1u << PFKEY_SATYPE_ESP | 1u << PFKEY_SATYPE_AH | 1u << PFKEY_SATYPE_IPCOMP)

typedef struct {
    guint8 satype, key[MODEL_KEY_MAX];
    gsize n_key;
    PfkeySa sa;
    PfkeySa2 sa2;
    PfkeyLifetime current, hard, soft;
    PfkeyAddress source, destination, proxy, original;
    gboolean has_proxy, encap, has_original;
    guint16 sport, dport;
    guint32 seq; /* of the acquire that it is the larval of, or was */
} ModelSa;

typedef struct {
    PfkeyAddress source, destination;
    PfkeyPolicy policy;
    PfkeyLifetime hard;
} ModelPolicy;

typedef struct {
    GArray *sas, *policies; /* the newest last */
    GQueue queued[PFKEY_N_CHANNELS]; /* of GBytes, to be read */
    guint registered;       /* of the event socket: a bit for each satype */
    guint32 last_policy, last_spi, last_acquire;
    guint n_got[PFKEY_N_TYPES];     /* messages of each type */
    guint n_mute[PFKEY_N_TYPES];    /* the next so many get no answer, though they are done ... */
    gboolean mute_undone;           /* ... or not even that */
    int refuse[PFKEY_N_TYPES];      /* errno for all of a type */
    guint refuse_after[PFKEY_N_TYPES]; /* but not for so many before */
    gboolean silent_migrate;        /* does not tell its success: as in namespaces other than the first */
    gboolean no_migrate, no_ah;
} Model;

void model_init(Model *model);
void model_clear(Model *model);
/* One message of a socket.  The model reads it as bytes, and asserts that it is well-formed and has what its type wants. */
void model_take(Model *model, PfkeyChannel from, const PfkeyMessage *message);
/* Another program's message, with its pid, told as the kernel tells it. */
void model_foreign(Model *model, PfkeyMessage *message);
/* As the kernel tells of itself: to the registered, or to all. */
void model_tell(Model *model, PfkeyMessage *message);
void model_acquire(Model *model, const ModelPolicy *policy, const ObolAddress *source, const ObolAddress *destination);
void model_expire(Model *model, guint index, gboolean hard);
void model_drop_larvals(Model *model);

ModelSa *model_find_sa(const Model *model, guint8 satype, guint32 spi);
guint model_n_mature(const Model *model);
ModelPolicy *model_policy(const Model *model, guint8 direction, guint i);
guint model_n_policies(const Model *model, guint8 direction); /* 0: all */
/* The sockets are gone, and what they had not read. */
void model_cut(Model *model);

#endif
