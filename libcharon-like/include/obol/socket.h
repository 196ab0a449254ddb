/* obol/socket.h - the `socket` role: UDP datagrams of IKE, and of ESP in UDP. */
#ifndef OBOL_SOCKET_H
#define OBOL_SOCKET_H

#include <obol/address.h>

G_BEGIN_DECLS

#define OBOL_DATAGRAM_MAX 65535

/* The firewall mark (SO_MARK) of our own packets, unless settings say otherwise: whoever routes the host's traffic into a
 * tunnel leaves packets with it alone, so that what protects can not be caught by what it protects. */
#define OBOL_SOCKET_MARK 4500

/**
 * ObolDatagram:
 * @local: our address and port: where it came to, or must leave from (family 0 sending: the system chooses)
 * @remote: the other end
 * @data, @n: UDP payload without the non-ESP marker (RFC 3948 section 2.2)
 * @esp: the payload is ESP, not IKE; no marker is put before it
 * @tos: DSCP and ECN of the outer IP header, 0 where nobody cares (RFC 4301 section 5.1.2, RFC 6040)
 *
 * Whether IKE gets a marker is told by the port: every datagram of a socket that was bound as a NAT-T port carries one,
 * and every one to remote port 4500 or from a local port bound as NAT-T.
 */
typedef struct {
    ObolAddress local, remote;
    guint8 *data;
    gsize n;
    gboolean esp;
    guint8 tos;
} ObolDatagram;

typedef struct {
    /* Up to 64 at a time; the bytes are borrowed for the call and may be overwritten (decryption in place). */
    void (*received)(gpointer data, ObolDatagram *batch, gsize n);
    gpointer data;
} ObolSocketClient;

typedef struct ObolBus ObolBus;

/* Role `socket`. */
typedef struct {
    gsize size;
    gpointer (*open)(ObolBus *bus, const ObolSocketClient *client, GError **error);
    void (*close)(gpointer self);
    /* Takes all or drops what the system does not take (UDP); counts what it drops.  Reads the batch before returning. */
    void (*send)(gpointer self, const ObolDatagram *batch, gsize n);
    /* The ports that are bound: plain and NAT-T.  Any of the two may be 0. */
    void (*ports)(gpointer self, guint16 *ike, guint16 *nat_t);
    /* The address that packets to @remote would leave from; %FALSE when there is no route. */
    gboolean (*source_for)(gpointer self, const ObolAddress *remote, ObolAddress *source);
    /* Optional.  NAT keep-alive: one byte 0xFF (RFC 3948 section 4). */
    void (*keep_alive)(gpointer self, const ObolAddress *local, const ObolAddress *remote);
    /* Optional.  Visits every UDP socket that is open, for the kernel to adopt; @nat_t: it is bound to the NAT-T port. */
    void (*each_socket)(gpointer self, void (*visit)(int fd, int family, gboolean nat_t, gpointer data), gpointer data);
} ObolSocketVtable;

G_END_DECLS
#endif
