/* obol/network.h - the `network` role: the addresses of this machine and its routes. */
#ifndef OBOL_NETWORK_H
#define OBOL_NETWORK_H

#include <obol/address.h>
#include <obol/ts.h>

G_BEGIN_DECLS

typedef struct {
    /* Addresses or routes of this machine have changed; several changes at once are told once. On the main context. */
    void (*changed)(gpointer data);
    gpointer data;
} ObolNetworkClient;

/* A route for what is to go through a tunnel, so that packets find a device and, where the policy wants it, leave with the right
 * source address. */
typedef struct {
    ObolTs destination;   /* a range; installed as its prefixes */
    ObolAddress source;   /* preferred source address; family 0: none */
    ObolAddress gateway;  /* the peer: packets leave by the device and the next hop that lead there */
    const char *device;   /* instead of @gateway's device (an XFRM interface, say); NULL: that */
} ObolRouteSpec;

typedef struct ObolBus ObolBus;

/* Role `network`. */
typedef struct {
    gsize size;
    gpointer (*open)(ObolBus *bus, const ObolNetworkClient *client, GError **error);
    void (*close)(gpointer self); /* removes the routes that are ours */
    /* Counted: equal routes that were added twice are removed twice. */
    gboolean (*add_route)(gpointer self, const ObolRouteSpec *route, GError **error);
    gboolean (*remove_route)(gpointer self, const ObolRouteSpec *route, GError **error);
    /* Visits the usable addresses of this machine (up, not tentative, not deprecated), loopback left out. */
    void (*each_address)(gpointer self, void (*visit)(const ObolAddress *address, const char *device, gpointer data), gpointer data);
    /* One of our addresses inside @range, for the source of a tunnel's route; %FALSE: none. */
    gboolean (*address_in)(gpointer self, const ObolTs *range, ObolAddress *out);
    /* Optional, both.  A virtual address, a single host's, becomes one of this machine's, and ceases to be.  Counted; one that somebody
     * else has installed stays.  close() removes what is left of them. */
    gboolean (*add_address)(gpointer self, const ObolAddress *address, GError **error);
    gboolean (*remove_address)(gpointer self, const ObolAddress *address, GError **error);
} ObolNetworkVtable;

G_END_DECLS
#endif
