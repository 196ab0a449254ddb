/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/first-request.h - IKE_SA_INIT requests, sound ones and others. */
#ifndef OBOL_TEST_FIRST_REQUEST_H
#define OBOL_TEST_FIRST_REQUEST_H

#include <obol/address.h>

#include "wire/message.h"

typedef enum {
    REQUEST_PLAIN,
    REQUEST_OTHER_NONCE,
    REQUEST_NO_NONCE,
    REQUEST_COOKIE_LAST, /* not where section 2.6 wants it */
} RequestShape;

ObolAddress request_from(const char *text); /* port 500 */
/* (transfer full).  @cookie of 0 bytes: none. */
GByteArray *request_bytes(RequestShape shape, guint64 spi_i, ObolSpan cookie);
/* (transfer full): a header with one empty payload of type @first behind it. */
GByteArray *request_header(const ObolHeader *header, guint8 first);

#endif
