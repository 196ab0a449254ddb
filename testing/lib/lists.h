/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/lists.h - proposals and selectors as settings have them, from their texts. */
#ifndef OBOL_TESTING_LISTS_H
#define OBOL_TESTING_LISTS_H

#include <obol/proposal.h>
#include <obol/ts.h>

/* Appended to @list: of ObolProposal, of ObolTs.  @texts: separated by a space; what can not be read ends the test. */
void test_add_proposals(GArray *list, ObolProtocol protocol, const char *texts);
void test_add_selectors(GArray *list, const char *texts);

#endif
