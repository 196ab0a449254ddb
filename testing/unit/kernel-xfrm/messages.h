/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages.h - messages as the kernel writes them, for tests of those who read them. */
#ifndef XFRM_TEST_MESSAGES_H
#define XFRM_TEST_MESSAGES_H

#include "plugins/kernel-xfrm/message.h"

typedef enum {
    MADE_SA, MADE_POLICY, MADE_ACQUIRE, MADE_EXPIRE, MADE_POLICY_EXPIRE, MADE_MAPPING, MADE_REPORT, MADE_SAS_FLUSHED,
    MADE_POLICIES_FLUSHED, MADE_SA_GONE, MADE_POLICY_GONE, MADE_REFUSAL, MADE_REFUSAL_WITH_REQUEST, MADE_DONE, N_MADE
} Made;

void make_message(Made made, XfrmRequest *out);

#endif
