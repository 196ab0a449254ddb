/* engine/event.h - what happens to an IKE SA: all that it ever learns of the world. */
#ifndef OBOL_ENGINE_EVENT_H
#define OBOL_ENGINE_EVENT_H

#include <obol/kernel.h>
#include <obol/pool.h>
#include <obol/reason.h>
#include <obol/ts.h>

#include "model/connection.h"

typedef struct ObolJob ObolJob;

typedef enum {
    OBOL_EVENT_INITIATE, /* set up the SA (new one), or one more child (established one) */
    OBOL_EVENT_MESSAGE,  /* a datagram whose SPIs name this SA */
    OBOL_EVENT_TIMER,    /* the time that it asked for has come (or passed) */
    OBOL_EVENT_KERNEL,   /* the answer to one of its kernel requests */
    OBOL_EVENT_EXPIRE,   /* a lifetime of one of its Child SAs */
    OBOL_EVENT_MAPPING,  /* the kernel saw the peer's NAT mapping change */
    OBOL_EVENT_JOB,      /* a job of it is done */
    OBOL_EVENT_TERMINATE, /* delete the SA, or one child */
    OBOL_EVENT_REPLACED, /* another SA of the same identity came in its place: go without a word, or with a Delete */
    OBOL_EVENT_REKEY,    /* new keys for the SA or one child; or the SA anew from the beginning: as asked by an admin */
    OBOL_EVENT_SELECTORS, /* a Child SA is to protect other things, as asked by an admin */
    OBOL_EVENT_REDIRECT, /* its client is to go to another gateway, as asked by an admin */
    OBOL_EVENT_RESOLVED, /* what OBOL_ACTION_RESOLVE asked for */
    OBOL_EVENT_ADOPTED,  /* the first of a successor: OBOL_ACTION_SUCCESSOR has been carried out */
    OBOL_EVENT_LEASED,   /* the answer to OBOL_ACTION_LEASE */
    OBOL_EVENT_ADDRESSES, /* those of this machine, in the context, are other ones now; or its routes are */
    OBOL_EVENT_REAUTHENTICATED, /* what OBOL_ACTION_REAUTHENTICATE asked for has come to its end */
} ObolEventKind;

typedef struct {
    ObolEventKind kind;
    union {
        struct {
            const ObolChildConfig *child; /* NULL: the connection's first; of the SA's connection */
            guint32 command;              /* echoed in OBOL_ACTION_COMMAND_DONE; 0: nobody waits */
            const ObolTs *source, *destination; /* the packet that raised an acquire; NULL: none */
        } initiate;
        struct {
            const guint8 *data;
            gsize n;
            ObolAddress local, remote;
            gboolean cookie_required; /* IKE_SA_INIT request under load: admission has checked it already */
        } message;
        struct {
            guint32 request; /* as in the action */
            const ObolKernelReply *reply;
        } kernel;
        struct {
            guint32 spi;
            guint8 protocol;
            gboolean hard;
        } expire;
        ObolAddress mapping;
        const ObolGateway *redirect_to;
        ObolAddress resolved; /* family 0: nobody knows that name */
        ObolJob *job; /* (transfer none) */
        const ObolPoolReply *leased; /* what it holds is the SA's from now on */
        struct {
            guint32 child_id; /* 0: the whole IKE SA */
            gboolean force;   /* do not wait for the answer */
            guint32 command;
        } terminate;
        struct {
            gboolean send_delete;
        } replaced;
        struct {
            guint32 child_id; /* 0: the IKE SA */
            gboolean reauth;  /* of the IKE SA: not new keys alone, all of it */
        } rekey;
        struct {
            guint32 child_id;
            const ObolTsChange *change;
            guint32 command; /* answered when the new one is in the kernel, with its number */
        } selectors;
        struct {
            gboolean success; /* else the SA at hand goes on */
        } reauthenticated;
    };
} ObolEvent;

#endif
