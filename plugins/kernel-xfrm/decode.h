/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decode.h - what the kernel says over NETLINK_XFRM: bytes to typed messages, bounded. */
#ifndef XFRM_DECODE_H
#define XFRM_DECODE_H

#include <obol/kernel.h>

#include "message.h"

#define XFRM_TEMPLATES_MAX 6 /* the kernel's XFRM_MAX_DEPTH */
#define XFRM_WORDS_MAX 128

typedef enum {
    XFRM_KIND_OTHER,         /* well formed, and nothing that we look at */
    XFRM_KIND_ANSWER,        /* the end of a request: done, or why not */
    XFRM_KIND_SA,            /* NEWSA, UPDSA: an SA, in a dump or told */
    XFRM_KIND_SA_GONE,       /* DELSA */
    XFRM_KIND_POLICY,        /* NEWPOLICY, UPDPOLICY */
    XFRM_KIND_POLICY_GONE,   /* DELPOLICY */
    XFRM_KIND_ACQUIRE,
    XFRM_KIND_EXPIRE,
    XFRM_KIND_POLICY_EXPIRE,
    XFRM_KIND_MAPPING,
    XFRM_KIND_REPORT,
    XFRM_KIND_SAS_FLUSHED,
    XFRM_KIND_POLICIES_FLUSHED,
} XfrmKind;

typedef struct {
    int status; /* 0, or a negative errno */
    char words[XFRM_WORDS_MAX]; /* the kernel's own, or empty */
    gboolean interrupted;       /* a dump that is not one moment's picture */
} XfrmAnswer;

typedef struct {
    struct xfrm_usersa_info info; /* all zero in an XFRM_KIND_SA_GONE that names the SA alone */
    ObolSaId id;                  /* protocol 0: neither ESP, AH nor IPComp */
    ObolMark mark;
    guint32 if_id;
    guint64 last_used_s;          /* seconds of the wall clock; 0: never */
    gboolean larval;              /* no algorithm: an SPI that waits, or an acquire's */
    gboolean offloaded;
    XfrmAttributes attributes;    /* borrowed, keys among them */
} XfrmSa;

typedef struct {
    struct xfrm_userpolicy_info info;
    struct xfrm_user_tmpl templates[XFRM_TEMPLATES_MAX];
    guint n_templates;
    ObolMark mark;
    guint32 if_id;
} XfrmPolicy;

typedef struct {
    ObolAddress source, destination; /* of the SA that is missing; the latter may be zero */
    guint8 protocol;                 /* OBOL_PROTO_...; 0: another */
    struct xfrm_selector packet;     /* the packet's own selectors */
    XfrmPolicy policy;
    guint32 sequence;                /* names the SA that the kernel waits for */
} XfrmAcquire;

typedef struct {
    XfrmSa sa;
    gboolean hard;
} XfrmExpire;

typedef struct {
    ObolSaId id;         /* @source is the one that the SA has */
    ObolAddress source;  /* the new one, with its port */
} XfrmMapping;

typedef struct {
    guint8 protocol; /* the IP header's number */
    struct xfrm_selector selector;
} XfrmReport;

typedef struct {
    XfrmKind kind;
    gsize n; /* bytes until the next message */
    guint16 type, flags;
    guint32 sequence, port; /* of the request that it answers or was caused by */
    union {
        XfrmAnswer answer;
        XfrmSa sa; /* SA, SA_GONE */
        XfrmPolicy policy; /* POLICY, POLICY_GONE, POLICY_EXPIRE */
        XfrmAcquire acquire;
        XfrmExpire expire;
        XfrmMapping mapping;
        XfrmReport report;
        guint8 flushed_protocol; /* SAS_FLUSHED; the IP header's number, 0 or 255: all */
    };
} XfrmMessage;

/**
 * xfrm_decode:
 * Reads the message at the start of @bytes.
 * @out: borrows from @bytes; on a fault @out->n is still right, or 0 when not even the end of the message is known
 */
gboolean xfrm_decode(const guint8 *bytes, gsize n, XfrmMessage *out, XfrmFault *fault);

#endif
