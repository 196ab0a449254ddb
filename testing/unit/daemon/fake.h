/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/daemon/fake.h - what the test sees of the plugin `fake`: a kernel, a wire and a window into each. */
#ifndef OBOL_TEST_FAKE_H
#define OBOL_TEST_FAKE_H

#include <obol/plugin.h>

/* One daemon's.  They stand in the order in which the daemons opened their kernels, and stay when those are closed. */
typedef struct {
    ObolBus *bus; /* NULL: closed */
    ObolAddress address; /* plugins.fake.address */
    ObolSocketClient socket;
    ObolKernelClient kernel;
    GPtrArray *policies; /* of ObolPolicySpec */
    GQueue answers;      /* still to be given */
    guint n_sas, n_sent;
    guint32 last_spi;
} Fake;

/* Of the plugin, exported; the test finds it by its name. */
typedef struct {
    GPtrArray *daemons; /* of Fake */
    gboolean deaf;      /* the wire loses everything */
} FakeWorld;

#endif
