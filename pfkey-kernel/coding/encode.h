/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coding/encode.h - one extension as bytes, for the decoder, which compares. */
#ifndef PFKEY_CODING_ENCODE_H
#define PFKEY_CODING_ENCODE_H

#include "pfkey-kernel/coding/message.h"

/* By its typed form, whatever @entry says about @raw. */
void pfkey_extension_encode(const PfkeySystem *system, const PfkeyMessage *message, PfkeyExtension extension, PfkeyBuffer *out,
                            PfkeyFault *fault);

#endif
