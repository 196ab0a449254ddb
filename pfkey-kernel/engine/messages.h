/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages.h - what the role's requests are as PF_KEY messages, and what the kernel's lists are as the role's values.
 *
 * All that is ours bears a mark: a hard lifetime of PFKEY_OURS_USE_S seconds after first use ("obol" as a number, some sixty years).
 * Who starts after a crash, or comes back after the way to the kernel broke, knows by it what to take away, without a file and
 * on whatever machine the kernel is; `ip xfrm state` shows it as "hard ... use". */
#ifndef PFKEY_ENGINE_MESSAGES_H
#define PFKEY_ENGINE_MESSAGES_H

#include "pfkey-kernel/engine/selectors.h"

#define PFKEY_OURS_USE_S 0x6f626f6cu
#define PFKEY_SPI_MIN 0xc0000000u
#define PFKEY_SPI_MAX 0xcfffffffu
#define PFKEY_CPI_MIN 256u     /* RFC 3173 section 3.3 */
#define PFKEY_CPI_MAX 61439u
#define PFKEY_REPLAY_MAX 32u   /* the kernel's window over PF_KEY, in packets */

/* %FALSE: not to be asked of a kernel over PF_KEY. */
gboolean pfkey_spec_check(const ObolSaSpec *spec, guint8 *auth, guint8 *encr, GError **error);
gboolean pfkey_policy_check(const ObolPolicySpec *spec, GError **error);

guint8 pfkey_satype_of(guint8 protocol); /* 0: none */
guint8 pfkey_protocol_of(guint8 satype); /* likewise */

/* Their sequence number and pid are left to who sends them. */
void pfkey_build_getspi(PfkeyMessage *out, const ObolSaSpec *spec);
/* ADD or UPDATE; borrows the keys. */
void pfkey_build_sa(PfkeyMessage *out, PfkeyType type, const ObolSaSpec *spec, guint8 auth, guint8 encr);
/* GET or DELETE. */
void pfkey_build_name(PfkeyMessage *out, PfkeyType type, const ObolSaId *id);
/* The UPDATE that gives an SA, as the kernel told it by @got, the ports of @to. */
void pfkey_build_ports(PfkeyMessage *out, const PfkeyMessage *got, const ObolSaId *to);
void pfkey_build_policy(PfkeyMessage *out, PfkeyType type, const PfkeyPiece *piece, const ObolPolicySpec *spec);
/* SPDGET or SPDDELETE2. */
void pfkey_build_policy_id(PfkeyMessage *out, PfkeyType type, guint32 id);
/* Of the SAs of @reqid between the addresses of @from, the newest gets those of @to, and so does the policy @piece. */
void pfkey_build_migrate(PfkeyMessage *out, const PfkeyPiece *piece, const ObolSaId *from, const ObolSaId *to, ObolMode mode,
                         guint32 reqid);

/* %FALSE: nothing that the role has a word for.  @ours is told by the mark. */
gboolean pfkey_sa_from_message(const PfkeyMessage *message, ObolKernelSa *out);
gboolean pfkey_policy_from_message(const PfkeyMessage *message, ObolKernelPolicy *out);
gboolean pfkey_id_from_message(const PfkeyMessage *message, ObolSaId *out);
gboolean pfkey_same_template(const ObolPolicySpec *held, const ObolPolicySpec *wanted);

#endif
