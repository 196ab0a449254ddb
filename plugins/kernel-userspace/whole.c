/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* whole.c - packets that leave with an IP header of ours: AH, which answers for it, and ESP behind header options. */
#include <string.h>

#include "core-private.h"
#include "outer.h"

#define PACKET_MAX 65535

static guint16
next_id(Core *core)
{
    guint16 id = (guint16) ++core->next_id;

    return id != 0 ? id : 1;
}

/* The headers of @content, or new ones, to @at; gives their length. */
static gsize
put_headers(Core *core, const Sa *sa, const Content *content, guint8 protocol, gsize n_payload, guint8 *at)
{
    gboolean v4 = sa->id.destination.family == AF_INET;
    Outer outer = {
        .source = &sa->id.source, .destination = &sa->id.destination, .n_payload = n_payload, .protocol = protocol,
        .tos = content->tos, .df = content->df, .id = next_id(core),
    };

    if (content->header == NULL)
        return outer_write(&outer, at);
    memmove(at, content->header, content->n_header);
    outer_patch(at, content->n_header, content->next_at, protocol, n_payload);
    if (v4 && at[4] == 0 && at[5] == 0) { /* AH answers for it, and the system puts a number of its own in place of 0 */
        at[4] = (guint8) (outer.id >> 8);
        at[5] = (guint8) outer.id;
    }
    return content->n_header;
}

static gsize
n_headers_of(const Sa *sa, const Content *content)
{
    if (content->header != NULL)
        return content->n_header;
    return sa->id.destination.family == AF_INET ? IP4_HEADER : IP6_HEADER;
}

/* Gives where the packet starts, and its length; @n_headers of it are before AH. */
static EspVerdict
wrap_ah(Core *core, Sa *sa, const Content *content, guint8 **packet, gsize *n)
{
    gsize n_headers = n_headers_of(sa, content), n_ah = ah_length(&sa->ah, sa->id.destination.family);

    if (content->n_before < n_headers + n_ah || n_headers + n_ah + content->n > PACKET_MAX)
        return ESP_NO_ROOM;
    *packet = content->data - n_ah - n_headers;
    *n = n_headers + n_ah + content->n;
    put_headers(core, sa, content, PROTO_AH, n_ah + content->n, *packet);
    return ah_seal(&sa->ah, *packet, *n, n_headers, content->next);
}

static EspVerdict
wrap_esp(Core *core, Sa *sa, const Content *content, guint8 **packet, gsize *n)
{
    gsize n_headers = n_headers_of(sa, content);
    EspPacket p = {
        .data = content->data, .n = content->n, .n_before = content->n_before - MIN(content->n_before, n_headers),
        .n_behind = content->n_behind, .next_header = content->next,
    };
    guint8 headers[AH_IP_HEADERS_MAX];

    if (n_headers > sizeof headers || p.n + n_headers + ESP_HEADROOM + ESP_TAILROOM > PACKET_MAX)
        return ESP_NO_ROOM;
    if (content->header != NULL)
        memcpy(headers, content->header, n_headers); /* ESP's own header grows into their place */
    esp_seal(&sa->esp, &p, 1);
    if (p.verdict != ESP_OK)
        return p.verdict;
    *packet = p.data - n_headers;
    *n = n_headers + p.n;
    put_headers(core, sa, &(Content) { .header = content->header != NULL ? headers : NULL, .n_header = n_headers,
                                       .next_at = content->next_at, .tos = content->tos, .df = content->df },
                PROTO_ESP, p.n, *packet);
    return ESP_OK;
}

static void
send_whole(Core *core, const Sa *sa, const guint8 *packet, gsize n, gint64 now_us)
{
    const ObolAddress *to = &sa->id.destination;
    const guint8 *destination = packet + (to->family == AF_INET ? 16 : 24); /* of a source route: the first hop */

    if (!core->calls.to_peer_whole(core->calls.data, packet, n, to->family, destination))
        core_drop(core, DROP_RAW, now_us);
}

/* RFC 4302 section 3.3.4: after AH the packet may have become too long for the path; the raw socket does not cut it. */
static void
send_in_pieces(Core *core, const Sa *sa, const Content *content, const guint8 *packet, gsize n, gint64 now_us)
{
    gsize mtu = core->settings.path_mtu, n_piece;
    Cutter cutter = {
        .packet = packet, .n = n, .n_headers = n_headers_of(sa, content), .mtu = mtu, .id = ++core->next_id,
        .next_at = content->header != NULL ? content->next_at : sa->id.destination.family == AF_INET ? 9 : 6,
    };

    while ((n_piece = cutter_next(&cutter, core->scratch)) > 0)
        send_whole(core, sa, core->scratch, n_piece, now_us);
}

void
core_send_whole(Core *core, Sa *sa, const Content *content, gint64 now_us)
{
    EspVerdict verdict;
    guint8 *packet;
    gsize n;

    verdict = sa->id.protocol == OBOL_PROTO_AH ? wrap_ah(core, sa, content, &packet, &n)
                                               : wrap_esp(core, sa, content, &packet, &n);
    if (verdict == ESP_EXHAUSTED)
        sa_exhausted(core, sa);
    if (verdict != ESP_OK) {
        core_drop(core, verdict == ESP_EXHAUSTED ? DROP_OUT_EXPIRED
                        : verdict == ESP_NO_ROOM ? DROP_OUT_NO_ROOM
                                                 : DROP_OUT_BACKEND, now_us);
        return;
    }
    outer_checksum(packet, n_headers_of(sa, content));
    if (n > core->settings.path_mtu && (sa->id.destination.family == AF_INET6 || (packet[6] & 0x40) == 0))
        send_in_pieces(core, sa, content, packet, n, now_us);
    else
        send_whole(core, sa, packet, n, now_us);
    sa_used(core, sa, content->n, now_us);
}
