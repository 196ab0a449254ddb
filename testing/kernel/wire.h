/* testing/kernel/wire.h - the wire between the ends: the suite itself carries each frame, so it sees, holds, changes and repeats
 * what it likes. */
#ifndef OBOL_TESTING_KERNEL_WIRE_H
#define OBOL_TESTING_KERNEL_WIRE_H

#include "net.h"

/* Every probe's payload begins with it: seen outside of ESP or AH it went in clear. */
#define WIRE_MARKER "obol marks its words"
#define WIRE_FRAME_MAX 4096

typedef enum { LEFT, RIGHT, N_SIDES } SideName;

typedef struct {
    SideName from;
    ObolAddress source, destination; /* ports where there is UDP */
    guint8 protocol;                 /* IPPROTO_ESP also within UDP */
    gboolean udp_encap;
    guint8 tos;
    guint32 spi, sequence;
    gboolean marked; /* the marker stands in it, readable */
    gsize at;        /* where ESP or AH begins, in @frame */
    gsize n;         /* bytes of @frame */
    guint8 frame[WIRE_FRAME_MAX];
} WirePacket;

typedef struct Wire Wire;

struct Wire {
    int fds[N_SIDES];       /* what comes in at one leaves at the other */
    gboolean held[N_SIDES]; /* kept, not carried */
    /* Optional: may change what is carried on; FALSE loses it. */
    gboolean (*rewrite)(gpointer data, WirePacket *packet);
    gpointer rewrite_data;
    GPtrArray *seen; /* of WirePacket, IP alone, in order */
};

void wire_open(Wire *wire, const Plug plugs[N_SIDES]);
void wire_close(Wire *wire);
void wire_clear(Wire *wire); /* forgets what was seen, carries all again */
void wire_serve(Wire *wire); /* carries what waits */
/* Carries a packet that was seen, perhaps changed since. */
void wire_carry(Wire *wire, const WirePacket *packet);

/* Of what was seen from @from: ESP or AH (@protocol) with @spi, or any for 0. */
guint wire_count(const Wire *wire, SideName from, guint8 protocol, guint32 spi);
/* Their sequence numbers and lengths in order, for a message; the caller frees it. */
char *wire_describe(const Wire *wire, SideName from, guint8 protocol, guint32 spi);
/* The last such packet, or NULL. */
WirePacket *wire_last(const Wire *wire, SideName from, guint8 protocol, guint32 spi);
/* The marker went past outside of ESP and AH, from either side. */
guint wire_count_clear(const Wire *wire);
/* Fills in everything but @from from its frame; for what a rewrite changed. */
gboolean wire_read(WirePacket *packet);

#endif
