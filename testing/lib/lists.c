/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/lists.c - proposals and selectors as settings have them, from their texts. */
#include "lib/lists.h"

void
test_add_proposals(GArray *list, ObolProtocol protocol, const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        g_autoptr(GError) error = NULL;
        ObolProposal one;

        if (!obol_proposal_parse(protocol, *word, &one, &error))
            g_error("%s: %s", *word, error->message);
        g_array_append_val(list, one);
    }
}

void
test_add_selectors(GArray *list, const char *texts)
{
    g_auto(GStrv) words = g_strsplit(texts, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        g_autoptr(GError) error = NULL;
        ObolTs one;

        if (!obol_ts_parse(*word, &one, &error))
            g_error("%s: %s", *word, error->message);
        g_array_append_val(list, one);
    }
}
