/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/pfkey-kernel/proxy/proxy-world.h - a proxy, a kernel that the test plays, and clients of both kinds. */
#ifndef OBOL_TESTING_PROXY_WORLD_H
#define OBOL_TESTING_PROXY_WORLD_H

#include "pfkey-kernel/proxy/frame.h"
#include "pfkey-kernel/proxy/link.h"
#include "pfkey-kernel/proxy/server.h"

#define WORLD_KERNELS_MAX 16

typedef struct {
    char *dir;
    PfkeyEndpoint endpoint; /* where the proxy listens */
    PfkeyServerSettings settings;
    PfkeyServer *server;
    int kernels[WORLD_KERNELS_MAX]; /* the kernel's ends of the sockets that the proxy opened, in their order */
    guint n_kernels;
    gboolean no_kernel; /* opening one fails */
    GString *log;
    uid_t users[1];
} World;

/* Adds to @settings what the test wants different before world_listen(). */
World *world_new(void);
void world_free(World *world);
void world_listen(World *world, const char *where); /* %NULL: a Unix socket of its own */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Runs the loop until @holds, or fails the test: nothing sleeps, and nothing hangs. */
#define world_until(holds) G_STMT_START { WorldPatience patience = world_patience(#holds); \
    while (!(holds)) world_turn(&patience); } G_STMT_END
typedef struct { const char *what; gint64 until_us; } WorldPatience;
WorldPatience world_patience(const char *what);
void world_turn(const WorldPatience *patience);

/* A client that speaks bytes. */
int world_connect(const World *world);
void world_write(int fd, const guint8 *bytes, gsize n);
void world_hello(int fd);
/* All that can be read now is appended; %FALSE at the end of the stream. */
gboolean world_read(int fd, PfkeyBuffer *in);
/* The next whole frame, dropped from @in and copied: NULL while there is none. */
GBytes *world_frame(PfkeyBuffer *in, PfkeyFrameKind *kind);
/* Waits until the proxy closes, and gives the text of its BYE ("" without one). */
char *world_last_words(int fd);

/* A client by the library. */
typedef struct {
    PfkeyLink *link;
    guint n_up, n_down;
    GPtrArray *messages; /* of GBytes */
    char *why; /* of the last down */
} WorldLink;
WorldLink *world_link_new(const PfkeyEndpoint *endpoint);
WorldLink *world_link_new_for_fd(int fd);
void world_link_free(WorldLink *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WorldLink, world_link_free)

/* (transfer full): a message of Linux: "get" an SA of @spi, or a bare one of @type. */
GBytes *world_get(guint32 spi, guint32 seq);
GBytes *world_bare(PfkeyType type, guint32 seq);
void world_link_send(WorldLink *client, GBytes *message);

/* What has come to a kernel's end: NULL when nothing is there. */
GBytes *world_kernel_read(const World *world, guint which);
void world_kernel_write(const World *world, guint which, GBytes *message);

#endif
