/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nested.h - a main context that another one drives: it can be waited in alone, before that one runs and after. */
#ifndef PFKEY_ENGINE_NESTED_H
#define PFKEY_ENGINE_NESTED_H

#include <glib.h>

/* (transfer full): a source that, attached to another context, lets @inner have its turns.  Both belong to the calling thread. */
GSource *pfkey_nested_new(GMainContext *inner);

#endif
