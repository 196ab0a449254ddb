/* testing/kernel/messages.h - what passes between the suite and the process of an end, as plain values: both are the same program,
 * so each message is a struct without pointers. */
#ifndef OBOL_TESTING_KERNEL_MESSAGES_H
#define OBOL_TESTING_KERNEL_MESSAGES_H

#include <obol/kernel.h>

#define KEY_MAX 128
#define TS_LIST_MAX 8
#define TRANSFORMS_MAX 128
#define TEXT_MAX 512
#define IKE_BYTES_MAX 256

typedef enum {
    MESSAGE_OPEN,    /* down: nothing; up: Opened */
    MESSAGE_CLOSE,   /* down: nothing; up: nothing */
    MESSAGE_REQUEST, /* down: FlatRequest; up: Answer, then its SAs and policies */
    MESSAGE_IKE,     /* down and up: IkeBytes: a datagram of the daemon's own */
    MESSAGE_EVENT,   /* up: ObolKernelEvent */
} MessageKind;

typedef struct {
    guint32 kind, tag;
    guint64 n; /* bytes that follow */
} MessageHeader;

typedef struct {
    gboolean opened;
    char text[TEXT_MAX]; /* why not, or the abilities' summary */
    ObolKernelAbilities abilities; /* without its pointers */
    guint n_transforms;
    ObolTransform transforms[TRANSFORMS_MAX];
} Opened;

typedef struct {
    gboolean given;
    gsize n;
    guint8 bytes[KEY_MAX];
} FlatSecret;

typedef struct {
    gboolean given;
    guint n;
    ObolTs ts[TS_LIST_MAX];
} FlatTs;

typedef struct {
    ObolKernelRequest request; /* its pointers mean nothing: they are in the fields that follow */
    FlatSecret encr_key, integ_key;
    FlatTs source_ts, destination_ts;
} FlatRequest;

typedef struct {
    int code;              /* of OBOL_KERNEL_ERROR; ANSWER_DONE, ANSWER_OTHER_DOMAIN */
    gboolean within_call;  /* the completion came before the call had returned */
    gboolean again;        /* it had come before */
    gboolean other_thread; /* it came on another thread than that of the context */
    char text[TEXT_MAX];
    guint32 spi;
    ObolSaUsage usage;
    guint n_sas, n_policies;
} Answer;

#define ANSWER_DONE (-1)
#define ANSWER_OTHER_DOMAIN (-2)
#define ANSWER_NONE (-3) /* no answer within the limit, or the process has died */

typedef struct {
    ObolAddress local, remote;
    guint n;
    guint8 bytes[IKE_BYTES_MAX];
} IkeBytes;

#endif
