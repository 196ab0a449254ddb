/* engine/action.h - what an IKE SA wants done: its only effect on the world.
 *
 * Actions are to be carried out in order. */
#ifndef OBOL_ENGINE_ACTION_H
#define OBOL_ENGINE_ACTION_H

#include <obol/kernel.h>
#include <obol/listener.h>
#include <obol/pool.h>

#include "model/connection.h"

/**
 * ObolJob:
 * Work that takes long (public-key operations, a token, a server).  @run is called once, in any thread, and touches nothing
 * but the job; the job then comes back to its SA as OBOL_EVENT_JOB and is freed by @free after that.
 */
typedef struct ObolIkeSa ObolIkeSa;
typedef struct ObolJob ObolJob;
struct ObolJob {
    guint32 id; /* of the SA's own counting: an SA drops a job that it no longer waits for */
    void (*run)(ObolJob *job);
    void (*free)(ObolJob *job);
    gboolean slow; /* takes a millisecond or more: worth another thread */
};

typedef enum {
    OBOL_ACTION_SEND,         /* a datagram */
    OBOL_ACTION_WAKE,         /* at @wake_us send OBOL_EVENT_TIMER; replaces the time asked for before; G_MAXINT64: never */
    OBOL_ACTION_KERNEL,       /* a kernel request; its answer comes back under @kernel.request */
    OBOL_ACTION_KEEP_ALIVE,   /* one byte to hold a NAT mapping */
    OBOL_ACTION_JOB,          /* (transfer full) run it */
    OBOL_ACTION_IKE_STATE,    /* tell the bus: ask the SA for its info */
    OBOL_ACTION_CHILD_STATE,
    OBOL_ACTION_MESSAGE,      /* tell the bus what passed */
    OBOL_ACTION_FAILURE,      /* tell the bus what was refused */
    OBOL_ACTION_LOG,
    OBOL_ACTION_IDENTIFIED,   /* the peer is authentic: the dispatcher applies `unique` and INITIAL_CONTACT to the others */
    OBOL_ACTION_SUCCESSOR,    /* (transfer full) an IKE SA in this one's place, to be fed OBOL_EVENT_ADOPTED when these are done */
    OBOL_ACTION_REAUTHENTICATE, /* set up another IKE SA with the same peer and these children */
    OBOL_ACTION_REDIRECTED,   /* set up another IKE SA at another peer, for what this one was being set up for (RFC 5685) */
    OBOL_ACTION_RESOLVE,      /* look up a name; comes back as OBOL_EVENT_RESOLVED */
    OBOL_ACTION_LEASE,        /* ask the pools; comes back as OBOL_EVENT_LEASED, whatever there is */
    OBOL_ACTION_RELEASE,      /* what they gave is held no longer */
    OBOL_ACTION_CONFIGURE,    /* addresses of this machine, for as long as the peer lets us have them */
    OBOL_ACTION_MOVED,        /* its addresses are other ones now: ask the SA for them */
    OBOL_ACTION_COMMAND_DONE, /* a command has come to its end */
    OBOL_ACTION_CLOSE,        /* the SA is over: forget its SPIs and free it once these actions are done */
} ObolActionKind;

typedef struct {
    ObolActionKind kind;
    union {
        struct {
            GBytes *datagram; /* owned by the list; shared with the SA's retransmission state */
            ObolAddress local, remote;
            gboolean again; /* it has been sent before */
        } send; /* SEND; KEEP_ALIVE without datagram */
        gint64 wake_us;
        struct {
            guint32 request; /* the SA's own counting, never 0 */
            ObolKernelRequest *what; /* owned by the list, with its keys and selectors: freed by obol_kernel_request_free() */
        } kernel;
        ObolJob *job; /* owned until taken */
        struct { ObolIkeState from; ObolReason *reason; } ike_state;
        struct { ObolChildInfo *child; /* a copy, owned */ ObolChildState from; ObolReason *reason; } child_state;
        ObolMessageEvent *message; /* owned, its payloads text too */
        ObolReason *failure;
        struct { const char *group; int level; char *text; } log;
        struct { gboolean initial_contact; } identified;
        struct {
            ObolIkeSa *sa; /* owned until taken */
            gboolean heir; /* it has the children now, and all that they have asked of the kernel: answers go to it, under the same
                            * numbers.  Else it is redundant, and only waits for its Delete. */
        } successor;
        struct {
            GPtrArray *children; /* owned; of const ObolChildConfig, of the SA's connection */
            ObolAddress to; /* at another peer; family 0: the same */
            gboolean keep; /* the SA lives on until OBOL_EVENT_REAUTHENTICATED; else it is over */
        } reauthenticate;
        struct {
            ObolAddress to;
            const ObolChildConfig *child; /* of the SA's connection; NULL: none */
            guint32 command;              /* for OBOL_EVENT_INITIATE, as the packet is */
            ObolTs packet[2];             /* family 0: none */
        } redirected;
        struct { char *name; } resolve; /* owned */
        ObolPoolRequest *lease; /* owned; LEASE, RELEASE */
        struct {
            gboolean up;        /* they come; else they go */
            GArray *addresses;  /* owned; of ObolAddress */
            GArray *attributes; /* owned; of ObolAttribute: what was told with them */
        } configure;
        struct { ObolAddress local, remote; } moved; /* which they were */
        struct {
            guint32 command, child_id; /* the child that there is by it; 0: none, or it is not told */
            ObolReason *reason;        /* NULL: success */
        } command_done;
    };
} ObolAction;

/* A growing list.  Reused from event to event: clear it, do not free it. */
typedef struct ObolActions ObolActions;

ObolActions *obol_actions_new(void);
void obol_actions_free(ObolActions *actions);
void obol_actions_clear(ObolActions *actions);
ObolAction *obol_actions_add(ObolActions *actions, ObolActionKind kind); /* zeroed but for the kind */
guint obol_actions_n(const ObolActions *actions);
ObolAction *obol_actions_nth(ObolActions *actions, guint i);
/* Counts one kind: for tests. */
guint obol_actions_count(const ObolActions *actions, ObolActionKind kind);

/* A deep copy with keys and selectors, and its end (keys wiped). */
ObolKernelRequest *obol_kernel_request_copy(const ObolKernelRequest *request);
void obol_kernel_request_free(ObolKernelRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolActions, obol_actions_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolKernelRequest, obol_kernel_request_free)

#endif
