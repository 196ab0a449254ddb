/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proxy/psk.h - a file of shared keys. */
#ifndef PFKEY_PROXY_PSK_H
#define PFKEY_PROXY_PSK_H

#include <obol/secret.h>

/* Lines of "identity:hexadecimal digits"; empty ones and those that begin with "#" are skipped. */
typedef struct PfkeyPskFile PfkeyPskFile;

/* %NULL with @error: not there, not a regular file, open to others than its owner, owned by somebody else than us or root, or a line
 * that is no key (its number is told, never its text). */
PfkeyPskFile *pfkey_psk_file_read(const char *path, GError **error);
void pfkey_psk_file_free(PfkeyPskFile *file);
/* %NULL: nobody of this name. */
const ObolSecret *pfkey_psk_file_find(const PfkeyPskFile *file, const char *identity);
/* The only identity of the file; %NULL when there are several. */
const char *pfkey_psk_file_only(const PfkeyPskFile *file);

/* %FALSE with @error: others than its owner may read or write the open file @fd, or its owner is neither we nor root. */
gboolean pfkey_file_is_private(int fd, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PfkeyPskFile, pfkey_psk_file_free)

#endif
