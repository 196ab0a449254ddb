/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/model-kernel.h - a kernel that holds what it is given, refuses what it is told to, and can be asked what a packet
 * would meet. */
#ifndef OBOL_TESTING_MODEL_KERNEL_H
#define OBOL_TESTING_MODEL_KERNEL_H

#include <obol/kernel.h>

typedef struct {
    ObolSaSpec spec;  /* keys and selectors are not to be looked at */
    gboolean reserved;
    ObolSecret *key;  /* encryption, else integrity; NULL: none */
} ModelSa;

typedef struct {
    guint n_sas, n_policies;    /* held now, the SPIs that are only reserved not counted */
    guint32 next_spi;
    GArray *sas;                /* of ModelSa, oldest first */
    GArray *policies;           /* of ObolPolicySpec, as added, oldest first */
    ObolKernelOp fail_op;       /* request number @fail_nth (from 1) of this kind is refused, 0: none is */
    guint fail_nth, n_seen;
    gint fail_code;             /* of ObolKernelError; 0 EXISTS */
    ObolSaUsage usage;          /* what it says of any SA */
    guint n_not_found;          /* deletes of what is not there */
    guint n_asked[OBOL_KERNEL_LIST + 1]; /* requests, by kind */
} ModelKernel;

void model_kernel_init(ModelKernel *kernel, guint32 next_spi);
void model_kernel_clear(ModelKernel *kernel);
/* @error: set when it says no. */
void model_kernel_serve(ModelKernel *kernel, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error);
/* What nobody waits for any more is taken out again. */
void model_kernel_undo(ModelKernel *kernel, const ObolKernelRequest *request, const ObolKernelReply *reply);
gboolean model_kernel_empty(const ModelKernel *kernel);
/* The SA that packets go out by: the newest; NULL: none. */
const ModelSa *model_kernel_sends_by(const ModelKernel *kernel);
const ModelSa *model_kernel_find(const ModelKernel *kernel, guint8 protocol, guint32 spi, gboolean inbound);
/* Another program deletes it. */
void model_kernel_vanish(ModelKernel *kernel, guint8 protocol, guint32 spi, gboolean inbound);
guint model_kernel_count(const ModelKernel *kernel, guint8 protocol);

#endif
