/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/wire.c - the wire between the ends, carried frame by frame. */
#include "wire.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (8 * 1024 * 1024)
#define N_VNET sizeof(struct virtio_net_hdr) /* before each frame: whether its checksum is still to be made */
#define AT_IP (N_VNET + ETH_HLEN)
#define N_UDP 8
#define PORT_NAT_T 4500

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static guint16
u16_at(const WirePacket *packet, gsize at)
{
    return at + 2 <= packet->n ? (guint16) (packet->frame[at] << 8 | packet->frame[at + 1]) : 0;
}

static guint32
u32_at(const WirePacket *packet, gsize at)
{
    return (guint32) u16_at(packet, at) << 16 | u16_at(packet, at + 2);
}

static void
read_addresses(WirePacket *packet, int family, gsize at, gsize n)
{
    packet->source = (ObolAddress) { .family = (guint16) family };
    packet->destination = packet->source;
    memcpy(packet->source.bytes, packet->frame + at, n);
    memcpy(packet->destination.bytes, packet->frame + at + n, n);
}

static void
read_ipsec(WirePacket *packet, gsize at, gsize at_spi)
{
    packet->at = at;
    packet->spi = u32_at(packet, at + at_spi);
    packet->sequence = u32_at(packet, at + at_spi + 4);
}

/* RFC 3948 section 2: UDP of the NAT-T port that does not begin with four zero bytes, nor is a keep-alive, is ESP. */
static void
read_udp(WirePacket *packet, gsize at)
{
    gboolean nat_t;

    packet->source.port = u16_at(packet, at);
    packet->destination.port = u16_at(packet, at + 2);
    nat_t = packet->source.port == PORT_NAT_T || packet->destination.port == PORT_NAT_T;
    if (!nat_t || packet->n < at + N_UDP + 8 || u32_at(packet, at + N_UDP) == 0)
        return;
    packet->udp_encap = TRUE;
    packet->protocol = IPPROTO_ESP;
    read_ipsec(packet, at + N_UDP, 0);
}

gboolean
wire_read(WirePacket *packet)
{
    guint16 type = u16_at(packet, N_VNET + 12);
    gsize n_header = type == ETH_P_IP ? (gsize) (packet->frame[AT_IP] & 15) * 4 : 40;

    if ((type != ETH_P_IP && type != ETH_P_IPV6) || packet->n < AT_IP + n_header || n_header < 20)
        return FALSE;
    if (type == ETH_P_IP) {
        read_addresses(packet, AF_INET, AT_IP + 12, 4);
        packet->protocol = packet->frame[AT_IP + 9];
        packet->tos = packet->frame[AT_IP + 1];
    } else {
        read_addresses(packet, AF_INET6, AT_IP + 8, 16);
        packet->protocol = packet->frame[AT_IP + 6];
        packet->tos = (guint8) (u16_at(packet, AT_IP) >> 4);
    }
    packet->udp_encap = FALSE;
    packet->at = packet->spi = packet->sequence = 0;
    packet->marked = memmem(packet->frame + AT_IP, packet->n - AT_IP, WIRE_MARKER, sizeof WIRE_MARKER - 1) != NULL;
    if (packet->protocol == IPPROTO_UDP)
        read_udp(packet, AT_IP + n_header);
    else if (packet->protocol == IPPROTO_ESP)
        read_ipsec(packet, AT_IP + n_header, 0);
    else if (packet->protocol == IPPROTO_AH)
        read_ipsec(packet, AT_IP + n_header, 4);
    return TRUE;
}

static int
open_one(const Plug *plug)
{
    const int one = 1, size = BUFFER_BYTES;
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = g_htons(ETH_P_ALL) };
    int fd;

    host_enter(plug->host);
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sll_ifindex = (int) if_nametoindex(plug->device);
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0
        || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0
        || bind(fd, (struct sockaddr *) &address, sizeof address) < 0)
        g_error("no packet socket at %s: %s", plug->device, g_strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    return fd;
}

void
wire_open(Wire *wire, const Plug plugs[N_SIDES])
{
    *wire = (Wire) { .seen = g_ptr_array_new_with_free_func(g_free) };
    for (guint i = 0; i < N_SIDES; i++)
        wire->fds[i] = open_one(&plugs[i]);
}

void
wire_close(Wire *wire)
{
    for (guint i = 0; i < N_SIDES; i++)
        close(wire->fds[i]);
    g_ptr_array_unref(wire->seen);
}

void
wire_clear(Wire *wire)
{
    wire->held[LEFT] = wire->held[RIGHT] = FALSE;
    wire->rewrite = NULL;
    g_ptr_array_set_size(wire->seen, 0);
}

void
wire_carry(Wire *wire, const WirePacket *packet)
{
    (void) !send(wire->fds[packet->from == LEFT ? RIGHT : LEFT], packet->frame, packet->n, 0);
}

static gboolean
serve_one(Wire *wire, SideName from)
{
    g_autofree WirePacket *packet = g_new(WirePacket, 1);
    gssize n = recv(wire->fds[from], packet->frame, sizeof packet->frame, 0);
    gboolean carry = !wire->held[from];

    if (n <= 0)
        return FALSE;
    packet->from = from;
    packet->n = (gsize) n;
    if (n < (gssize) AT_IP + 20 || !wire_read(packet)) {
        wire_carry(wire, packet);
        return TRUE;
    }
    if (wire->rewrite != NULL)
        carry = wire->rewrite(wire->rewrite_data, packet) && carry;
    if (carry)
        wire_carry(wire, packet);
    g_ptr_array_add(wire->seen, g_memdup2(packet, offsetof(WirePacket, frame) + packet->n));
    return TRUE;
}

void
wire_serve(Wire *wire)
{
    for (gboolean more = TRUE; more;) {
        more = serve_one(wire, LEFT);
        more = serve_one(wire, RIGHT) || more;
    }
}

static gboolean
matches(const WirePacket *packet, SideName from, guint8 protocol, guint32 spi)
{
    return packet->from == from && packet->protocol == protocol && (spi == 0 || packet->spi == spi);
}

guint
wire_count(const Wire *wire, SideName from, guint8 protocol, guint32 spi)
{
    guint n = 0;

    for (guint i = 0; i < wire->seen->len; i++)
        n += matches(wire->seen->pdata[i], from, protocol, spi);
    return n;
}

char *
wire_describe(const Wire *wire, SideName from, guint8 protocol, guint32 spi)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < wire->seen->len; i++) {
        const WirePacket *packet = wire->seen->pdata[i];

        if (matches(packet, from, protocol, spi))
            g_string_append_printf(text, "%s%u (%" G_GSIZE_FORMAT " bytes)", text->len > 0 ? ", " : "", packet->sequence,
                                   packet->n - AT_IP);
    }
    return g_string_free(text, FALSE);
}

WirePacket *
wire_last(const Wire *wire, SideName from, guint8 protocol, guint32 spi)
{
    for (guint i = wire->seen->len; i-- > 0;)
        if (matches(wire->seen->pdata[i], from, protocol, spi))
            return wire->seen->pdata[i];
    return NULL;
}

guint
wire_count_clear(const Wire *wire)
{
    guint n = 0;

    for (guint i = 0; i < wire->seen->len; i++) {
        const WirePacket *packet = wire->seen->pdata[i];

        n += packet->marked && packet->protocol != IPPROTO_ESP && packet->protocol != IPPROTO_AH;
    }
    return n;
}
