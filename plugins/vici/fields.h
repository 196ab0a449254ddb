/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields.h - what obold knows, as VICI's keys and values. */
#ifndef VICI_FIELDS_H
#define VICI_FIELDS_H

#include <obol/control.h>

#include "codec.h"

/* Ages and times left are told relative to @now_us (CLOCK_BOOTTIME). */
void vici_put_ike(ObolViciWriter *writer, const ObolIkeInfo *sa, gint64 now_us);
void vici_put_child(ObolViciWriter *writer, const ObolChildInfo *child, gint64 now_us);
/* A section NAME-ID of @child. */
void vici_put_child_section(ObolViciWriter *writer, const ObolChildInfo *child, gint64 now_us);

void vici_put_ts(ObolViciWriter *writer, const char *name, const GArray *ts);
/* As SIDE-host and SIDE-port. */
void vici_put_host(ObolViciWriter *writer, const char *side, const ObolAddress *address);
void vici_put_address(ObolViciWriter *writer, const char *name, const ObolAddress *address);
void vici_put_identity(ObolViciWriter *writer, const char *name, const ObolIdentity *id);

/* Obol's own keys: reason, reason-phase, reason-side, reason-notify, reason-text, reason-facts, reason-next. */
void vici_put_reason(ObolViciWriter *writer, const ObolReason *reason);

/* "TUNNEL", "TRANSPORT", "BEET". */
const char *vici_mode_name(ObolMode mode);

#endif
