/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* route.h - what the host sends into the tunnel's device.
 *
 * The far selectors of policies become routes of a table of our own; one rule a family sends every packet to that table first
 * that does not carry our mark.  So a policy may cover the peer's own address, as transport mode does, or everything
 * (0.0.0.0/0): only IKE and ESP themselves, which are marked, go by the other tables.  Link-local and multicast addresses stay where
 * they were. */
#ifndef USERSPACE_ROUTE_H
#define USERSPACE_ROUTE_H

#include <obol/kernel.h>

typedef struct {
    guint device; /* index */
    guint32 table, priority, mark;
} RouteSettings;

typedef void (*RouteLog)(gpointer data, int level, const char *text);

typedef struct Routes Routes;

/* Adds the rules.  %NULL with a GError when they can not be had for any family. */
Routes *routes_new(const RouteSettings *settings, int netlink, RouteLog log, gpointer log_data, GError **error);
/* Removes rules and routes. */
void routes_free(Routes *routes);

/* The routes that an outbound policy needs; counted, so that equal ones of several policies live as long as the last. */
gboolean routes_add(Routes *routes, const ObolPolicySpec *policy, GError **error);
void routes_remove(Routes *routes, const ObolPolicySpec *policy);
void routes_flush(Routes *routes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Routes, routes_free)

#endif
