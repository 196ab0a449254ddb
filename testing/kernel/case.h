/* testing/kernel/case.h - a case: its claim, what it needs, what it does. */
#ifndef OBOL_TESTING_KERNEL_CASE_H
#define OBOL_TESTING_KERNEL_CASE_H

#include "abilities.h"

typedef struct {
    const char *path; /* below /kernel/PLUGIN: the claim */
    guint32 needs;    /* bits NEEDS(...); where a plugin lacks one, the case is that it refuses it */
    void (*run)(Lab *lab, const Tunnel *tunnel);
    Tunnel tunnel;
    gboolean slow; /* run with -m slow alone */
} Case;

/* Each room appends its cases; those that are generated have paths of their own that live as long as the program. */
void cases_traffic(const Lab *lab, GArray *cases);
void cases_requests(GArray *cases);
void cases_refusals(GArray *cases);
void cases_policies(GArray *cases);
void cases_replay(GArray *cases);
void cases_life(GArray *cases);
void cases_move(GArray *cases);
void cases_trap(GArray *cases);
void cases_left(GArray *cases);

#define CASES_ADD(out, table) g_array_append_vals((out), (table), G_N_ELEMENTS(table))

#endif
