/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/extension.h - what the codec knows of each extension: its member, and both ways between it and bytes. */
#ifndef PFKEY_CODING_EXTENSION_H
#define PFKEY_CODING_EXTENSION_H

#include "pfkey-kernel/coding/message.h"

/* @body is what follows the extension's length and type; it must be used up but for padding.  @out has the same, and is padded
 * by the caller.  @dump appends " name value" pairs. */
typedef struct {
    gsize member, n_member; /* where in a PfkeyMessage, and how much of it */
    void (*decode)(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
    void (*encode)(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
    void (*dump)(gconstpointer member, GString *out);
} PfkeyCoding;

/* %NULL for PFKEY_EXT_UNKNOWN. */
const PfkeyCoding *pfkey_coding(PfkeyExtension extension);

/* Sets the first fault alone. */
void pfkey_fault_set(PfkeyFault *fault, const char *rule);
/* At most seven bytes may follow the last field (RFC 2367 section 2.2). */
void pfkey_decode_padding(PfkeyCursor *body);

/* A socket address, without padding; fields that ObolAddress lacks are skipped. */
void pfkey_decode_sockaddr(const PfkeySystem *system, PfkeyCursor *body, ObolAddress *out);
void pfkey_encode_sockaddr(const PfkeySystem *system, const ObolAddress *address, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_address(const ObolAddress *address, GString *out); /* with its port, when there is one */

/* The pairs of the table, by file.  sa.c: */
void pfkey_decode_sa(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_sa(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_sa(gconstpointer member, GString *out);
void pfkey_decode_lifetime(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_lifetime(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_lifetime(gconstpointer member, GString *out);
void pfkey_decode_spi_range(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_spi_range(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_spi_range(gconstpointer member, GString *out);
void pfkey_decode_km_private(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_km_private(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_km_private(gconstpointer member, GString *out);
void pfkey_decode_sa2(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_sa2(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_sa2(gconstpointer member, GString *out);
void pfkey_decode_nat_type(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_nat_type(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_nat_type(gconstpointer member, GString *out);
void pfkey_decode_nat_port(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_nat_port(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_nat_port(gconstpointer member, GString *out);
/* address.c: */
void pfkey_decode_address(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_address(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_selector(gconstpointer member, GString *out);
void pfkey_decode_km_address(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_km_address(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_km_address(gconstpointer member, GString *out);
void pfkey_decode_filter(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_filter(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_filter(gconstpointer member, GString *out);
/* bytes.c: */
void pfkey_decode_key(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_key(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_key(gconstpointer member, GString *out);
void pfkey_decode_identity(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_identity(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_identity(gconstpointer member, GString *out);
void pfkey_decode_sensitivity(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_sensitivity(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_sensitivity(gconstpointer member, GString *out);
void pfkey_decode_sec_ctx(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_sec_ctx(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_sec_ctx(gconstpointer member, GString *out);
/* policy.c: */
void pfkey_decode_policy(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_policy(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_policy(gconstpointer member, GString *out);
/* lists.c: */
void pfkey_decode_proposal(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_proposal(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_proposal(gconstpointer member, GString *out);
void pfkey_decode_supported(const PfkeySystem *system, PfkeyCursor *body, gpointer member);
void pfkey_encode_supported(const PfkeySystem *system, gconstpointer member, PfkeyBuffer *out, PfkeyFault *fault);
void pfkey_dump_supported_auth(gconstpointer member, GString *out);
void pfkey_dump_supported_encr(gconstpointer member, GString *out);

#endif
