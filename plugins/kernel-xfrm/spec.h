/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec.h - does a request make sense, and can Linux do it?  Asked before anything is changed. */
#ifndef XFRM_SPEC_H
#define XFRM_SPEC_H

#include <obol/kernel.h>

#define SPEC_SPI_FIRST 256 /* below: reserved by RFC 4303 section 2.1, and as CPIs by RFC 3173 section 3.3 */
#define SPEC_CPI_LAST 61439
#define SPEC_WINDOW_MAX 4096

gboolean spec_check_id(const ObolSaId *id, GError **error);
gboolean spec_check_sa(const ObolSaSpec *spec, GError **error);
gboolean spec_check_policy(const ObolPolicySpec *policy, GError **error);

/* The SA of one pair of selectors between the hosts that it connects (transport), or that it stands for (BEET): what may travel
 * in it can be told to the kernel.  Not so where transport mode carries a tunnel of IPComp, or NAT renamed the hosts. */
gboolean spec_selects(const ObolSaSpec *spec);

#endif
