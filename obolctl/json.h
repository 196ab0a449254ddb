/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json.h - JSON, written straight to a stream. */
#ifndef OBOLCTL_JSON_H
#define OBOLCTL_JSON_H

#include <stdio.h>

#include <obol/settings.h>

#define CTL_JSON_SCHEMA 1 /* of everything that -j prints; grows when a key changes its meaning or goes */

typedef struct {
    FILE *to;
    gboolean pretty; /* line breaks and indentation */
    guint depth;
    gboolean first;  /* nothing written yet in the innermost object or array */
} CtlJson;

void ctl_json_init(CtlJson *json, FILE *to, gboolean pretty);
/* The outermost object, with "schema" in it; ends with a line break. */
void ctl_json_begin(CtlJson *json);
void ctl_json_end(CtlJson *json);

/* @key: %NULL in an array. */
void ctl_json_object(CtlJson *json, const char *key);
void ctl_json_end_object(CtlJson *json);
void ctl_json_array(CtlJson *json, const char *key);
void ctl_json_end_array(CtlJson *json);
/* Anything: what is no UTF-8 is shown as U+FFFD. */
void ctl_json_text(CtlJson *json, const char *key, const char *text);
void ctl_json_number(CtlJson *json, const char *key, gint64 number);
void ctl_json_bool(CtlJson *json, const char *key, gboolean value);

/**
 * ctl_json_members:
 * All of @section: sections as objects, lists as arrays, and the values of keys that VICI knows as numbers or
 * yes-or-absent as numbers and booleans.
 */
void ctl_json_members(CtlJson *json, const ObolNode *section);
void ctl_json_node(CtlJson *json, const char *key, const ObolNode *node);

#endif
