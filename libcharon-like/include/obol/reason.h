/* obol/reason.h - why something failed, as a value (design decision 3). */
#ifndef OBOL_REASON_H
#define OBOL_REASON_H

#include <obol/macros.h>

G_BEGIN_DECLS

/* Stable: the numbers are never reused, the names stand in logs, JSON and manuals. */
typedef enum {
    OBOL_REASON_NONE,
    OBOL_REASON_NET_SILENT,      /* E-NET-SILENT: every retransmission went unanswered */
    OBOL_REASON_PROPOSAL_US,     /* E-PROP-US: we found none of the peer's proposals acceptable */
    OBOL_REASON_PROPOSAL_PEER,   /* E-PROP-PEER: the peer found none of ours acceptable */
    OBOL_REASON_KE_GROUP,        /* E-KE-GROUP: INVALID_KE_PAYLOAD that can not be followed */
    OBOL_REASON_KE_VALUE,        /* E-KE-VALUE: the public value is not valid (RFC 6989) */
    OBOL_REASON_NO_CONNECTION,   /* E-CONN-NOMATCH: no connection for these addresses */
    OBOL_REASON_ID_NOMATCH,      /* E-ID-NOMATCH: no connection for this identity */
    OBOL_REASON_PSK_NONE,        /* E-PSK-NONE: no shared key for this pair of identities */
    OBOL_REASON_AUTH_US,         /* E-AUTH-US: we refused the peer's proof */
    OBOL_REASON_AUTH_PEER,       /* E-AUTH-PEER: the peer refused ours */
    OBOL_REASON_AUTH_METHOD,     /* E-AUTH-METHOD: the peer used a method that the connection does not allow */
    OBOL_REASON_TS_US,           /* E-TS-US: none of the peer's selectors lies within ours */
    OBOL_REASON_TS_PEER,         /* E-TS-PEER: the peer refused ours */
    OBOL_REASON_SYNTAX,          /* E-SYNTAX: the message breaks a rule of the wire */
    OBOL_REASON_CRITICAL,        /* E-CRITICAL: a critical payload that we do not know */
    OBOL_REASON_VERSION,         /* E-VERSION: another major version */
    OBOL_REASON_COOKIE,          /* E-COOKIE: the peer keeps asking for cookies */
    OBOL_REASON_HALF_OPEN_LIMIT, /* E-HALFOPEN-LIMIT: too many half-open SAs */
    OBOL_REASON_HALF_OPEN_TIME,  /* E-HALFOPEN-TIME: the peer never finished */
    OBOL_REASON_KERNEL_SPI,      /* E-KERNEL-SPI */
    OBOL_REASON_KERNEL_SA,       /* E-KERNEL-SA */
    OBOL_REASON_KERNEL_POLICY,   /* E-KERNEL-POLICY */
    OBOL_REASON_MODE,            /* E-MODE: tunnel where transport was asked, or the reverse */
    OBOL_REASON_PEER_NOTIFY,     /* E-PEER-NOTIFY: another error notification from the peer */
    OBOL_REASON_DELETED_BY_PEER, /* E-DELETED-BY-PEER */
    OBOL_REASON_DELETED_BY_US,   /* E-DELETED-BY-US: an admin, a reload or a shutdown asked for it */
    OBOL_REASON_REPLACED,        /* E-DUP-REPLACED: INITIAL_CONTACT or uniqueness replaced it */
    OBOL_REASON_LIFETIME,        /* E-LIFETIME */
    OBOL_REASON_CRYPTO,          /* E-CRYPTO: the crypto backend failed */
    OBOL_REASON_CONFIG,          /* E-CONFIG */
    OBOL_REASON_INTERNAL,        /* E-INTERNAL: a limit or a state that should not be; worth a report */
    OBOL_REASON_NARROWED,        /* E-NARROWED: the peer grants less than was asked for, and all of it was wanted */
    OBOL_REASON_BUSY,            /* E-BUSY: it is about to go, or in the middle of something that must end first */
    OBOL_REASON_PEER_RESTARTED,  /* E-PEER-RESTARTED: the peer has shown by its token that it has lost the SA (RFC 6290) */
    OBOL_REASON_REDIRECT,        /* E-REDIRECT: another gateway is to serve instead, or a redirect can not be followed (RFC 5685) */
    OBOL_REASON_ADDRESS_GONE,    /* E-ADDRESS-GONE: an address that it depends on is not there any more */
    OBOL_REASON_ADDRESS_REFUSED, /* E-ADDRESS-REFUSED: UNACCEPTABLE_ADDRESSES, or UNEXPECTED_NAT_DETECTED again and again */
    OBOL_REASON_COOKIE2,         /* E-COOKIE2: the peer did not show that it receives at its address (RFC 4555 section 3.7) */
    OBOL_REASON_ADDRESS,         /* E-ADDRESS: no virtual address was to be had, or none was asked for where one must be */
    OBOL_N_REASONS
} ObolReasonCode;

typedef enum { OBOL_SIDE_US, OBOL_SIDE_PEER } ObolSide;

/**
 * ObolReason:
 * @code: what happened
 * @phase: the exchange in which it did ("IKE_SA_INIT", "IKE_AUTH", ...); static string
 * @side: who refused
 * @notify: the notification that was sent or received, 0 for none
 * @facts: what was offered, what was allowed, in words for the local admin; never a secret; may be %NULL
 * @next: what to do about it; may be %NULL
 */
typedef struct {
    ObolReasonCode code;
    ObolSide side;
    guint16 notify;
    const char *phase;
    char *facts;
    char *next;
} ObolReason;

/* @facts_format may be %NULL. */
OBOL_API ObolReason *obol_reason_new(ObolReasonCode code, const char *phase, ObolSide side, guint16 notify,
                                     const char *facts_format, ...) G_GNUC_PRINTF(5, 6);
OBOL_API ObolReason *obol_reason_dup(const ObolReason *reason);
OBOL_API void obol_reason_free(ObolReason *reason);
/* "E-PROP-US" */
OBOL_API const char *obol_reason_code_name(ObolReasonCode code);
/* One translated sentence for the code alone. */
OBOL_API const char *obol_reason_code_text(ObolReasonCode code);
/* (transfer full): "IKE_SA_INIT: no acceptable proposal (NO_PROPOSAL_CHOSEN): <facts> [E-PROP-US]" */
OBOL_API char *obol_reason_format(const ObolReason *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolReason, obol_reason_free)

G_END_DECLS
#endif
