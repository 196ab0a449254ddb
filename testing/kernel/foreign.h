/* testing/kernel/foreign.h - a host's own XFRM by raw netlink: somebody else's SA and policy, and what is there whatever a plugin says. */
#ifndef OBOL_TESTING_KERNEL_FOREIGN_H
#define OBOL_TESTING_KERNEL_FOREIGN_H

#include "net.h"

#define FOREIGN_SPI 0x00f0e190

typedef struct {
    guint n_sas;      /* without those that wait for an acquire's answer: they have no SPI */
    guint n_policies; /* without those of sockets */
    gboolean foreign_sa, foreign_policy; /* ours, of foreign_add(), are among them */
} ForeignCount;

/* FALSE: this host's kernel has no XFRM, and so no plugin leaves anything in it. */
gboolean foreign_count(const Host *host, ForeignCount *out);
/* An SA and a policy that no plugin made. */
gboolean foreign_add(const Host *host);
/* Everything of the namespace goes. */
void foreign_flush(const Host *host);

#endif
