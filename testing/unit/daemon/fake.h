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
    GPtrArray *routes;   /* of ObolRouteSpec */
    ObolNetworkClient network;
    GArray *adopted; /* of FakeAdoption */
    guint n_sas, n_sent;
    guint32 last_spi;
} Fake;

typedef struct {
    int fd, family;
    gboolean nat_t;
} FakeAdoption;

/* Of the plugin, exported; the test finds it by its name. */
typedef struct {
    GPtrArray *daemons; /* of Fake */
    gboolean deaf;      /* the wire loses everything */
    gboolean mute;      /* kernels leave requests without an answer, until they are closed */
    ObolKernelAbilities abilities; /* of kernels */
    ObolAddress inside;            /* an address of everybody's, beside that of the daemon */
    const GError *no_adoption;     /* why a kernel takes no socket */
} FakeWorld;

/* As it is at first: nothing goes wrong, and little can be done. */
static inline void
fake_world_reset(FakeWorld *world)
{
    static const ObolTransform transforms[] = {
        { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 128 },
        { .type = OBOL_TRANSFORM_ENCR, .id = OBOL_ENCR_AES_GCM_16, .key_bits = 256 },
        { .type = 0 },
    };

    world->deaf = world->mute = FALSE;
    world->no_adoption = NULL;
    world->inside = (ObolAddress) { 0 };
    world->abilities = (ObolKernelAbilities) {
        .size = sizeof(ObolKernelAbilities), .summary = "a test's kernel", .transforms = transforms, .replay_window_max = 4096,
        .tunnel = TRUE, .transport = TRUE, .esp = TRUE, .plain_esp = TRUE, .udp_encap = TRUE, .update_addresses = TRUE,
        .port_ranges = TRUE, .acquire_selectors = TRUE,
    };
}

#endif
