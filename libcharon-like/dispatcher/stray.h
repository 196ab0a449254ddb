/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dispatcher/stray.h - answers that belong to no SA: one unprotected notification each. */
#ifndef OBOL_DISPATCHER_STRAY_H
#define OBOL_DISPATCHER_STRAY_H

#include <obol/secret.h>

#include "wire/message.h"

/* (transfer full): a response to @request with its SPIs, message ID and exchange, holding @notify alone (RFC 7296
 * sections 2.5, 2.6 and 2.21.4), and with it @token, if not NULL (RFC 6290 section 4.5). */
GByteArray *obol_stray_answer(const ObolHeader *request, guint16 notify, const guint8 *data, gsize n, const ObolSecret *token);

/* May an unknown SPI be told so?  Only to a request that has an encrypted body: never to a response, nor to what may
 * itself be such an answer (section 2.21.4). */
gboolean obol_stray_may_answer(const ObolHeader *request);

#endif
