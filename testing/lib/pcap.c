/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/pcap.c - the IKE and ESP datagrams of a pcap or pcapng file, for tests. */
#include "lib/pcap.h"

#include <gio/gio.h>

#include "lib/packet.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define PCAPNG_ORDER 0x1a2b3c4du
#define INTERFACES_MAX 64

enum { BLOCK_INTERFACE = 1, BLOCK_SIMPLE_PACKET = 3, BLOCK_ENHANCED_PACKET = 6, BLOCK_SECTION = 0x0a0d0d0a };

struct ObolPcap {
    GBytes *file;
    GPtrArray *store; /* reassembled datagrams, GBytes */
    GArray *captured;
    ObolFragments *fragments;
    guint frame;
    gboolean swapped; /* the file's numbers are not in network order */
    guint links[INTERFACES_MAX];
    guint n_links;
};

static guint32
number(const ObolPcap *pcap, ObolCursor *c)
{
    guint32 value = obol_cursor_u32(c);

    return pcap->swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static guint16
half(const ObolPcap *pcap, ObolCursor *c)
{
    guint16 value = obol_cursor_u16(c);

    return pcap->swapped ? GUINT16_SWAP_LE_BE(value) : value;
}

/* A broken packet must not end the file: it gets a fault of its own. */
static void
add_frame(ObolPcap *pcap, ObolSpan bytes, guint link)
{
    ObolWireFault fault = { .rule = NULL };
    ObolCaptured captured = { .frame = ++pcap->frame };

    if (obol_packet_read(obol_cursor(bytes.data, bytes.n, &fault), link, pcap->fragments, &captured, pcap->store))
        g_array_append_val(pcap->captured, captured);
}

/* draft-ietf-opsawg-pcap: a header of 24 bytes, then records of 16 bytes and the packet. */
static void
read_classic(ObolPcap *pcap, ObolCursor *c)
{
    guint link;

    obol_cursor_skip(c, 16);
    link = number(pcap, c) & 0x0fffffff;
    while (obol_cursor_left(c) > 0) {
        gsize n;

        obol_cursor_skip(c, 8);
        n = number(pcap, c);
        obol_cursor_skip(c, 4);
        /* A file whose writer was stopped ends in the middle of a packet. */
        add_frame(pcap, obol_cursor_span(c, MIN(n, obol_cursor_left(c))), link);
    }
}

static void
read_block(ObolPcap *pcap, guint32 type, ObolCursor *block)
{
    guint interface = 0;
    gsize n;

    if (type == BLOCK_INTERFACE) {
        guint link = half(pcap, block);

        obol_cursor_require(block, pcap->n_links < INTERFACES_MAX, "too many interfaces");
        if (obol_cursor_ok(block))
            pcap->links[pcap->n_links++] = link;
        return;
    }
    if (type != BLOCK_ENHANCED_PACKET && type != BLOCK_SIMPLE_PACKET)
        return;
    if (type == BLOCK_ENHANCED_PACKET) {
        interface = number(pcap, block);
        obol_cursor_skip(block, 8);
    }
    n = number(pcap, block);
    if (type == BLOCK_ENHANCED_PACKET)
        obol_cursor_skip(block, 4);
    obol_cursor_require(block, interface < pcap->n_links, "a packet of an unknown interface");
    if (obol_cursor_ok(block))
        add_frame(pcap, obol_cursor_span(block, MIN(n, obol_cursor_left(block))), pcap->links[interface]);
}

/* draft-ietf-opsawg-pcapng: blocks of type, length, body, length again. */
static void
read_pcapng(ObolPcap *pcap, ObolCursor *c)
{
    while (obol_cursor_left(c) > 0) {
        guint32 type = number(pcap, c), length;
        ObolCursor body;

        if (type == BLOCK_SECTION) { /* the same in both orders; what follows tells which */
            ObolCursor peek = *c;

            obol_cursor_skip(&peek, 4);
            pcap->swapped = obol_cursor_u32(&peek) != PCAPNG_ORDER;
            pcap->n_links = 0;
        }
        length = number(pcap, c);
        obol_cursor_require(c, length >= 12 && length % 4 == 0, "a block of impossible length");
        body = obol_cursor_take(c, length - 12);
        obol_cursor_skip(c, 4);
        read_block(pcap, type, &body);
    }
}

ObolPcap *
obol_pcap_load(const char *path, GError **error)
{
    g_autofree char *contents = NULL;
    g_autoptr(ObolPcap) pcap = NULL;
    ObolWireFault fault = { .rule = NULL };
    ObolCursor c, order;
    gsize n;
    guint32 magic;

    if (!g_file_get_contents(path, &contents, &n, error))
        return NULL;
    pcap = g_new0(ObolPcap, 1);
    pcap->file = g_bytes_new_take(g_steal_pointer(&contents), n);
    pcap->store = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    pcap->captured = g_array_new(FALSE, FALSE, sizeof(ObolCaptured));
    pcap->fragments = obol_fragments_new();

    c = order = obol_cursor(g_bytes_get_data(pcap->file, NULL), n, &fault);
    magic = obol_cursor_u32(&order);
    obol_cursor_require(&c, n <= OBOL_PCAP_FILE_MAX, "the file is too large");
    if (magic == BLOCK_SECTION) {
        read_pcapng(pcap, &c);
    } else {
        pcap->swapped = magic != MAGIC_US && magic != MAGIC_NS;
        magic = pcap->swapped ? GUINT32_SWAP_LE_BE(magic) : magic;
        obol_cursor_require(&c, magic == MAGIC_US || magic == MAGIC_NS, "this is no capture");
        obol_cursor_skip(&c, 4);
        read_classic(pcap, &c);
    }
    if (obol_cursor_ok(&c))
        return g_steal_pointer(&pcap);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s, byte %" G_GSIZE_FORMAT ": %s", path, fault.offset,
                fault.rule);
    return NULL;
}

void
obol_pcap_free(ObolPcap *pcap)
{
    if (pcap == NULL)
        return;
    obol_fragments_free(pcap->fragments);
    g_array_unref(pcap->captured);
    g_ptr_array_unref(pcap->store);
    g_bytes_unref(pcap->file);
    g_free(pcap);
}

guint
obol_pcap_count(const ObolPcap *pcap)
{
    return pcap->captured->len;
}

const ObolCaptured *
obol_pcap_get(const ObolPcap *pcap, guint index)
{
    return &g_array_index(pcap->captured, ObolCaptured, index);
}

ObolPcap *
obol_pcap_load_for_test(const char *relative)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, relative, NULL);
    g_autoptr(GError) error = NULL;
    ObolPcap *pcap = obol_pcap_load(path, &error);

    g_assert_no_error(error);
    return pcap;
}
