/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.h - two hosts, each a network namespace with a kernel-xfrm of its own, and a wire between them. */
#ifndef XFRM_TEST_WORLD_H
#define XFRM_TEST_WORLD_H

#include "plugins/kernel-xfrm/xfrm.h"

enum { LEFT, RIGHT };

typedef struct {
    int namespace;
    Xfrm *xfrm;
    GArray *events; /* of ObolKernelEvent */
} Host;

typedef struct {
    Host hosts[2];
    int before; /* the namespace that the test began in */
    guint32 next_spi;
} World;

/* %NULL: this kernel can not; the test is skipped. */
World *world_new(void);
void world_free(World *world);
gboolean world_open(World *world, int host, guint32 event_buffer, GError **error);
void world_close(World *world, int host);
void world_enter(const World *world, int host);

/* A shell command in @host's namespace: what it printed (transfer full); it must succeed. */
char *world_run(const World *world, int host, const char *command);
void world_do(const World *world, int host, const char *command);

/* Waits for the completion; spi, usage and lists of the reply are copied to @reply (lists: transfer full); may be %NULL. */
gboolean world_ask(World *world, int host, const ObolKernelRequest *request, ObolKernelReply *reply, GError **error);
void world_must(World *world, int host, const ObolKernelRequest *request, ObolKernelReply *reply);
/* Lets the loop run until there are @n events, or ten seconds are over. */
guint world_events(World *world, int host, guint n);
void world_settle(void); /* everything that is there already */

/* 192.0.2.N or 2001:db8::N: the wire; 10.N.0.1 or fd00:N::1: behind the hosts. N is 1 for LEFT and 2 for RIGHT. */
ObolAddress world_outer(int host, int family);
ObolAddress world_inner(int host, int family);

/* One UDP datagram of 200 bytes from an address of @from's to one of the other's; did it arrive? */
gboolean world_send(const World *world, int from, const ObolAddress *source, const ObolAddress *destination);
/* The two halves: a socket that waits, one that sends, and whether it came within a second. */
int world_listen(const World *world, int host, const ObolAddress *address);
int world_sender(const World *world, int host, const ObolAddress *address);
void world_emit(int fd, const ObolAddress *destination);
gboolean world_came(int fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

#endif
