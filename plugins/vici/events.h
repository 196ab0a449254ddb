/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.h - the events that a client may register for. */
#ifndef VICI_EVENTS_H
#define VICI_EVENTS_H

#include <glib.h>

/* Numbers are private to the plugin; below 64, since a client keeps them as a set of bits. */
typedef enum {
    VICI_LOG,
    VICI_CONTROL_LOG,
    VICI_LIST_SA,
    VICI_LIST_POLICY,
    VICI_LIST_CONN,
    VICI_LIST_CERT,
    VICI_LIST_AUTHORITY,
    VICI_IKE_UPDOWN,
    VICI_IKE_REKEY,
    VICI_IKE_UPDATE,
    VICI_CHILD_UPDOWN,
    VICI_CHILD_REKEY,
    VICI_ALERT,
    /* Obol's own. */
    VICI_MESSAGE,            /* an IKE message passed */
    VICI_LIST_PLUGIN,        /* answers `plugins` */
    VICI_LIST_FAILURE,       /* answers `list-failures` */
    VICI_LIST_KERNEL_POLICY, /* answers `list-kernel-policies` */
    VICI_LIST_KERNEL_SA,     /* answers `list-kernel-sas` */
    VICI_N_EVENTS
} ViciEvent;

const char *vici_event_name(ViciEvent event);
/* -1: there is none of that name. */
int vici_event_find(const char *name);

#endif
