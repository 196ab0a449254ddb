/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show.h - SAs, connections and policies for people. */
#ifndef OBOLCTL_SHOW_H
#define OBOLCTL_SHOW_H

#include "ctl.h"

/* @name, @sa: a section of the event list-sa; the others likewise. */
void ctl_show_sa(const Ctl *ctl, const ObolNode *sa);
void ctl_show_connection(const Ctl *ctl, const ObolNode *connection);
void ctl_show_trap(const Ctl *ctl, const ObolNode *trap);
void ctl_show_kernel_sa(const Ctl *ctl, const ObolNode *sa);
void ctl_show_policy(const Ctl *ctl, const ObolNode *policy);
/* As swanctl --raw has it: every key of an event on one line. */
void ctl_show_raw(const char *event, const ObolNode *message);

#endif
