/* obol/address.h - an IP address with a port: where IKE datagrams come from and go to. */
#ifndef OBOL_ADDRESS_H
#define OBOL_ADDRESS_H

#include <obol/macros.h>
#include <sys/socket.h>

G_BEGIN_DECLS

#define OBOL_ADDRESS_TEXT_MAX 72 /* "[v6%scope]:port" and the final NUL */

/**
 * ObolAddress:
 * @family: AF_INET, AF_INET6, or 0 for "any address"
 * @port: host order; 0 where no port is meant
 * @scope: interface index of an IPv6 link-local address, otherwise 0
 * @bytes: network order, the first 4 or 16 in use, the rest zero
 *
 * A value: copied by assignment, owns nothing.
 */
typedef struct {
    guint16 family;
    guint16 port;
    guint32 scope;
    guint8 bytes[16];
} ObolAddress;

/* 4, 16, or 0 for "any". */
OBOL_API gsize obol_address_n_bytes(const ObolAddress *address);

/**
 * obol_address_parse:
 * @text: "192.0.2.1", "2001:db8::1", "fe80::1%2", "%any"; no port, no name resolution
 * @out: (out): filled on success; port 0
 *
 * Returns: %FALSE when @text is no address; @out is then untouched.
 */
OBOL_API gboolean obol_address_parse(const char *text, ObolAddress *out);

/* Writes the bare address without its port, as VICI wants it ("%any" for family 0); returns @out. */
OBOL_API const char *obol_address_format(const ObolAddress *address, char out[OBOL_ADDRESS_TEXT_MAX]);

/* Writes "192.0.2.1:500" or "[2001:db8::1]:500"; returns @out. */
OBOL_API const char *obol_address_format_with_port(const ObolAddress *address, char out[OBOL_ADDRESS_TEXT_MAX]);

/* Address and scope, not the port. */
OBOL_API gboolean obol_address_equal(const ObolAddress *a, const ObolAddress *b);

/* As obol_address_equal(), and the port too. */
OBOL_API gboolean obol_endpoint_equal(const ObolAddress *a, const ObolAddress *b);

/* FALSE for a family that is neither AF_INET nor AF_INET6. */
OBOL_API gboolean obol_address_from_sockaddr(const struct sockaddr *from, ObolAddress *out);

/* Fills @out and returns the length for bind() or sendmsg(); 0 for family 0. */
OBOL_API socklen_t obol_address_to_sockaddr(const ObolAddress *address, struct sockaddr_storage *out);

G_END_DECLS
#endif
