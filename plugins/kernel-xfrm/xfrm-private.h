/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xfrm-private.h - what the parts of the plugin share: xfrm.c holds it, the others each do one thing with it. */
#ifndef XFRM_PRIVATE_H
#define XFRM_PRIVATE_H

#include "answers.h"
#include "events.h"
#include "knobs.h"
#include "link.h"
#include "probe.h"
#include "rules.h"
#include "sas.h"
#include "xfrm.h"

struct Xfrm {
    XfrmHost host;
    XfrmSettings settings;
    int alone;
    Link *link;
    Events *events;
    Answers *answers;
    Knobs *knobs;
    Sas *sas;
    Rules *rules;
    GQueue waiting;      /* of Waiting: acquires that were told */
    GQueue reservations; /* of Reservation, the oldest first */
    Probe probe;
    GSource *comparing;
    guint comparison;    /* the number of the last one */
    gint64 compared_us;
};

void xfrm_log(const Xfrm *xfrm, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* requests-sa.c */
gboolean get_spi(Xfrm *xfrm, const ObolSaSpec *spec, guint32 *spi, GError **error);
gboolean add_sa(Xfrm *xfrm, const ObolSaSpec *spec, GError **error);
gboolean delete_sa(Xfrm *xfrm, const ObolSaSpec *spec, GError **error);
gboolean query_sa(Xfrm *xfrm, const ObolSaSpec *spec, ObolSaUsage *usage, GError **error);
void forget_reservations(Xfrm *xfrm);
/* Is it in the kernel?  Only a clear no is FALSE. */
gboolean kernel_has_sa(Xfrm *xfrm, const ObolSaId *id, const ObolMark *mark);
/* The clock of the kernel's last use is the wall's; ours goes on through its changes. */
void usage_from_kernel(const Xfrm *xfrm, const XfrmSa *sa, ObolSaUsage *usage);

/* move.c */
gboolean move_sa(Xfrm *xfrm, const ObolKernelRequest *request, GError **error);

/* requests-policy.c */
gboolean add_policy(Xfrm *xfrm, const ObolPolicySpec *spec, GError **error);
gboolean update_policy(Xfrm *xfrm, const ObolPolicySpec *spec, const ObolPolicySpec *to, GError **error);
gboolean delete_policy(Xfrm *xfrm, const ObolPolicySpec *spec, GError **error);
/* NEWPOLICY or UPDPOLICY: what @rule serves now.  0 or a negative errno. */
int put_rule(Xfrm *xfrm, const Rule *rule, guint16 type);

/* compare.c: makes the kernel hold what the tables say; with empty tables: removes all that is ours. */
gboolean compare_now(Xfrm *xfrm, GError **error);
void compare_soon(Xfrm *xfrm);
void compare_start(Xfrm *xfrm);
void compare_stop(Xfrm *xfrm);

/* told.c */
void told(const XfrmMessage *message, gpointer xfrm);
void tell_expired(Xfrm *xfrm, Sa *sa, gboolean hard);

/* waiting.c: what the kernel waits for after an acquire keeps it from asking again, though nobody will come any more. */
void waiting_note(Xfrm *xfrm, const XfrmAcquire *acquire);
void waiting_end(Xfrm *xfrm, const XfrmWaiting *waiting);
/* Those of the policy @index, which is going. */
void waiting_end_of(Xfrm *xfrm, guint32 index);
void waiting_clear(Xfrm *xfrm);

/* list.c */
gboolean list(Xfrm *xfrm, GArray **sas, GArray **policies, GError **error);

#endif
