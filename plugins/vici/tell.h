/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tell.h - what the core tells its listeners, passed on as VICI events. */
#ifndef VICI_TELL_H
#define VICI_TELL_H

#include "server.h"

/* SAs and failures: always watched, since the failures are kept. */
extern const ObolListenerVtable vici_watch_sas;
/* The log and the passing messages: each costs the core a formatted text, so only while somebody listens. */
extern const ObolListenerVtable vici_watch_log;
extern const ObolListenerVtable vici_watch_messages;

#endif
