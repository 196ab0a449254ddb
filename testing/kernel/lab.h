/* testing/kernel/lab.h - the laboratory: two ends with a plugin each, the wire between, a host behind the right end. */
#ifndef OBOL_TESTING_KERNEL_LAB_H
#define OBOL_TESTING_KERNEL_LAB_H

#include <netinet/in.h>

#include "end.h"
#include "wire.h"

#define LIMIT_MS 20000       /* what must happen has happened by then */
#define OPEN_LIMIT_MS 120000 /* to open a plugin, which may load its kernel's modules one by one */
#define N_INNER 3            /* addresses of each end's own */
#define PORT_NUMBERS_MAX 512 /* payloads of one port that are told apart */

typedef enum { V4, V6, N_FAMILIES } Family;

/* An answer with its lists; owned by its side until the case ends. */
typedef struct {
    guint32 tag;
    Answer answer;
    ObolKernelSa *sas;
    ObolKernelPolicy *policies;
} Reply;

/* An end as the suite sees it. */
typedef struct {
    SideName name;
    Host host;
    EndPlugin plugin;
    pid_t pid; /* 0: none */
    int fd;
    Opened opened;
    guint32 last_tag, last_answered;
    GPtrArray *replies; /* of Reply */
    GArray *events;     /* of ObolKernelEvent, in order */
    GArray *ikes;       /* of IkeBytes */
    guint n_closed;
} Side;

/* A UDP socket within a host, and the numbers of the probes that it got. */
typedef struct {
    int fd;
    ObolAddress local, from; /* @from: of the last */
    guint n_got;
    guint8 got[PORT_NUMBERS_MAX]; /* how often */
} Port;

typedef struct {
    Side sides[N_SIDES];
    Host middle, behind;
    Wire wire;
    GPtrArray *ports; /* of Port */
    gboolean failed;  /* this case: nothing is waited for any more */
    gboolean closing;
    ObolAddress outer[N_SIDES][N_FAMILIES], moved[N_SIDES][N_FAMILIES]; /* an address and another one */
    ObolAddress inner[N_SIDES][N_FAMILIES][N_INNER];
    ObolAddress fence[N_SIDES]; /* one more each, see pair_fence() */
    ObolAddress far[N_FAMILIES]; /* of the host behind the right end */
    guint32 fence_spi;
} Lab;

void lab_open(Lab *lab, const EndPlugin plugins[N_SIDES]);
void lab_close(Lab *lab);

/* --- verdicts --- */

/* Fails the case, with its reason; what follows no longer waits. */
void lab_fail(Lab *lab, const char *format, ...) G_GNUC_PRINTF(2, 3);
#define CLAIM(lab, condition, ...)       \
    do {                                 \
        if (!(condition))                \
            lab_fail((lab), __VA_ARGS__); \
    } while (0)

/* --- waiting: the only place where the suite does --- */

typedef gboolean (*LabDone)(gpointer data);
/* Carries the wire and reads what comes until @done says so; FALSE after @limit_ms, or at once when the case has failed. */
gboolean lab_wait(Lab *lab, LabDone done, gpointer data, guint limit_ms);

/* So many packets as wire_count() counts have been seen. */
gboolean lab_wait_wire(Lab *lab, SideName from, guint8 protocol, guint32 spi, guint n);

/* --- ends --- */

gboolean side_start(Lab *lab, Side *side); /* the process, with its plugin open; FALSE: see side->opened.text */
void side_close(Lab *lab, Side *side);     /* the plugin, in order; the process stays */
gboolean side_reopen(Lab *lab, Side *side);
void side_stop(Lab *lab, Side *side, int signal); /* the process; signal 0: it is let go and must end well */
void side_read(Side *side, Lab *lab);      /* what waits */

guint32 side_ask(Lab *lab, Side *side, const FlatRequest *request); /* the tag of its answer */
const Reply *side_answer(Lab *lab, Side *side, guint32 tag);        /* waits; never NULL */
const Reply *side_do(Lab *lab, Side *side, const FlatRequest *request); /* both */
/* It must be done. */
const Reply *side_must(Lab *lab, Side *side, const FlatRequest *request);
/* The SAs of a list, for a message; good until the next call. */
const char *reply_sas_text(const Reply *reply);
/* It must be refused with one of @codes, bits 1 << OBOL_KERNEL_ERROR_...; @what for the message. */
void side_refuses(Lab *lab, Side *side, const FlatRequest *request, guint codes, const char *what);
void side_send_ike(Lab *lab, Side *side, const IkeBytes *ike);
gboolean side_wait_events(Lab *lab, Side *side, guint n, guint limit_ms);

/* --- traffic --- */

/* Sockets live until the case ends.  A host is that of a side, or the one behind. */
Port *lab_port(Lab *lab, const Host *host, const ObolAddress *local, guint16 port);
int lab_socket(Lab *lab, const Host *host, int family, int type, int protocol);
/* One UDP packet with the marker and @number; its payload has @n bytes, at least 24. */
void port_send(Port *port, const ObolAddress *to, guint number, gsize n);
gboolean port_wait(Lab *lab, Port *port, guint number);
void port_serve(Port *port);

/* --- a case --- */

void lab_begin(Lab *lab); /* both ends open and empty */
void lab_end(Lab *lab);   /* nothing of ours may be left that FLUSH does not take */
/* Neither end lists anything of ours. */
void lab_claim_empty(Lab *lab, Side *side, const char *when);

#endif
