/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.c - the events that a client may register for. */
#include "events.h"

static const char *const names[VICI_N_EVENTS] = {
    [VICI_LOG] = "log",
    [VICI_CONTROL_LOG] = "control-log",
    [VICI_LIST_SA] = "list-sa",
    [VICI_LIST_POLICY] = "list-policy",
    [VICI_LIST_CONN] = "list-conn",
    [VICI_LIST_CERT] = "list-cert",
    [VICI_LIST_AUTHORITY] = "list-authority",
    [VICI_IKE_UPDOWN] = "ike-updown",
    [VICI_IKE_REKEY] = "ike-rekey",
    [VICI_IKE_UPDATE] = "ike-update",
    [VICI_CHILD_UPDOWN] = "child-updown",
    [VICI_CHILD_REKEY] = "child-rekey",
    [VICI_ALERT] = "alert",
    [VICI_MESSAGE] = "message",
    [VICI_LIST_PLUGIN] = "list-plugin",
    [VICI_LIST_FAILURE] = "list-failure",
    [VICI_LIST_KERNEL_POLICY] = "list-kernel-policy",
    [VICI_LIST_KERNEL_SA] = "list-kernel-sa",
};

const char *
vici_event_name(ViciEvent event)
{
    return names[event];
}

int
vici_event_find(const char *name)
{
    for (int event = 0; event < VICI_N_EVENTS; event++) {
        if (g_str_equal(names[event], name))
            return event;
    }
    return -1;
}
