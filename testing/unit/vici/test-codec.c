/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-codec.c - VICI bytes <-> packets and trees.
 *
 * Golden frames: computed from the protocol's description in strongSwan's src/libcharon/plugins/vici/README.md. */
#include "plugins/vici/codec.h"

#include <string.h>

#include "lib/hex.h"

#define LIST_SA_EVENT \
    "0000003b 07 07 6c6973742d7361 01 02 6777 03 08 756e697175656964 0001 31 03 05 7374617465 000b " \
    "45535441424c4953484544 01 09 6368696c642d736173 02 02"

static const char *const golden[] = {
    "00000009 00 07 76657273696f6e",
    "0000001d 01 03 06 6461656d6f6e 0004 6f626f6c 03 07 76657273696f6e 0003 302e31",
    "00000009 03 07 6c6973742d7361",
    "00000001 05",
    "00000001 02",
    "00000001 06",
    "0000000b 00 09 6765742d636f6e6e73",
    "0000000e 01 04 05 636f6e6e73 05 0002 6777 06",
    "0000000f 01 03 07 73756363657373 0003 796573",
    LIST_SA_EVENT,
    "00000023 00 08 696e697469617465 03 05 6368696c64 0003 6e6574 03 07 74696d656f7574 0002 2d31",
    "00000004 01 04 00 06",
    "00000001 01",
};

static GBytes *
frame_of(const char *text)
{
    GBytes *bytes = obol_hex_parse(text);

    g_assert_nonnull(bytes);
    return bytes;
}

/* The whole way in, as the server goes it.  The copy is of exactly the right size, so that ASan sees a byte too far. */
static ObolNode *
decode(const guint8 *data, gsize n, ObolViciPacket *packet, ObolViciFault *fault)
{
    g_autofree guint8 *copy = g_memdup2(data, n);
    gsize length;

    if (!obol_vici_frame_length(copy, n, &length, fault))
        return NULL;
    if (length == 0 || length != n - OBOL_VICI_LENGTH_BYTES) {
        *fault = (ObolViciFault) { .rule = "frame is not all there" };
        return NULL;
    }
    if (!obol_vici_packet_decode(copy + OBOL_VICI_LENGTH_BYTES, length, packet, fault))
        return NULL;
    return obol_vici_message_decode(packet->message, fault);
}

static GByteArray *
encode(const ObolViciPacket *packet, const ObolNode *message)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, packet->type, packet->name, 0);
    obol_vici_put_members(&writer, message);
    return obol_vici_writer_finish(&writer);
}

static void
assert_encodes_as(GByteArray *frame, const char *hex)
{
    g_autoptr(GBytes) expected = frame_of(hex);
    gsize n;
    const guint8 *data = g_bytes_get_data(expected, &n);

    g_assert_nonnull(frame);
    g_assert_cmpmem(frame->data, frame->len, data, n);
    g_byte_array_unref(frame);
}

static void
test_golden_frames_come_back_the_same(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
        g_autoptr(GBytes) frame = frame_of(golden[i]);
        g_autoptr(ObolNode) message = NULL;
        ObolViciPacket packet;
        ObolViciFault fault;
        gsize n;
        const guint8 *data = g_bytes_get_data(frame, &n);

        message = decode(data, n, &packet, &fault);
        g_assert_cmpstr(fault.rule, ==, NULL);
        g_assert_nonnull(message);
        assert_encodes_as(encode(&packet, message), golden[i]);
    }
}

static void
test_event_is_read_into_a_tree(void)
{
    g_autoptr(GBytes) frame = frame_of(LIST_SA_EVENT);
    g_autoptr(ObolNode) message = NULL;
    const ObolNode *sa, *children;
    ObolViciPacket packet;
    ObolViciFault fault;
    gsize n;
    const guint8 *data = g_bytes_get_data(frame, &n);

    message = decode(data, n, &packet, &fault);
    g_assert_cmpint(packet.type, ==, OBOL_VICI_EVENT);
    g_assert_cmpstr(packet.name, ==, "list-sa");
    sa = obol_node_get(message, "gw");
    g_assert_cmpstr(obol_vici_text(sa, "state"), ==, "ESTABLISHED");
    children = obol_node_get(sa, "child-sas");
    g_assert_cmpint(children->kind, ==, OBOL_NODE_SECTION);
    g_assert_null(obol_vici_text(sa, "child-sas"));
    g_assert_null(obol_vici_text(sa, "no-such-key"));
}

static void
test_writer_gives_the_golden_event(void)
{
    g_auto(ObolViciWriter) writer = { 0 };

    obol_vici_writer_init(&writer, OBOL_VICI_EVENT, "list-sa", 0);
    obol_vici_put_section(&writer, "gw");
    obol_vici_put_format(&writer, "uniqueid", "%u", 1u);
    obol_vici_put_text(&writer, "state", "ESTABLISHED");
    obol_vici_put_yes(&writer, "initiator", FALSE);
    obol_vici_put_section(&writer, "child-sas");
    obol_vici_end_section(&writer);
    obol_vici_end_section(&writer);
    assert_encodes_as(obol_vici_writer_finish(&writer), LIST_SA_EVENT);
}

static void
test_every_truncation_is_refused(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
        g_autoptr(GBytes) frame = frame_of(golden[i]);
        gsize n;
        const guint8 *data = g_bytes_get_data(frame, &n);

        for (gsize shorter = 0; shorter < n; shorter++) {
            ObolViciPacket packet;
            ObolViciFault fault;

            g_assert_null(decode(data, shorter, &packet, &fault));
            g_assert_nonnull(fault.rule);
        }
    }
}

/* The same message cut short, but with a frame length that says so: the inner lengths must be what refuses it. */
static void
test_every_truncated_message_is_refused_or_whole(void)
{
    g_autoptr(GBytes) frame = frame_of(LIST_SA_EVENT);
    gsize n, n_valid = 0;
    const guint8 *data = g_bytes_get_data(frame, &n);
    const gsize header = OBOL_VICI_LENGTH_BYTES + 1 + 1 + strlen("list-sa");

    for (gsize shorter = header; shorter < n; shorter++) {
        g_autofree guint8 *copy = g_memdup2(data + header, shorter - header);
        ObolViciFault fault;
        g_autoptr(ObolNode) message =
            obol_vici_message_decode((ObolSpan) { .data = copy, .n = shorter - header }, &fault);

        n_valid += message != NULL ? 1 : 0;
        g_assert_true((message != NULL) == (fault.rule == NULL));
    }
    g_assert_cmpuint(n_valid, ==, 1); /* the empty one: every other prefix leaves a section open */
}

static void
test_every_bit_flip_is_refused_or_encodes_as_it_came(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(golden); i++) {
        g_autoptr(GBytes) frame = frame_of(golden[i]);
        gsize n;
        const guint8 *data = g_bytes_get_data(frame, &n);

        for (gsize bit = 0; bit < n * 8; bit++) {
            g_autofree guint8 *flipped = g_memdup2(data, n);
            g_autoptr(ObolNode) message = NULL;
            g_autoptr(GByteArray) again = NULL;
            ObolViciPacket packet;
            ObolViciFault fault;

            flipped[bit / 8] ^= (guint8) (1u << (bit % 8));
            message = decode(flipped, n, &packet, &fault);
            if (message == NULL) {
                g_assert_nonnull(fault.rule);
                continue;
            }
            again = encode(&packet, message);
            g_assert_cmpmem(again->data, again->len, flipped, n);
        }
    }
}

static void
test_malformed_messages_are_refused_by_rule(void)
{
    static const struct {
        const char *hex, *rule;
    } bad[] = {
        { "02", "end of a section that was not begun" },
        { "01 01 61", "section without its end" },
        { "04 01 61", "list without its end" },
        { "05 0000", "list item or list end outside a list" },
        { "06", "list item or list end outside a list" },
        { "04 01 61 03 01 62 0000 06", "a list holds items only" },
        { "04 01 61 01 01 62 02 06", "a list holds items only" },
        { "04 01 61 04 01 62 06 06", "a list holds items only" },
        { "00", "unknown element type" },
        { "07", "unknown element type" },
        { "ff", "unknown element type" },
        { "03 01", "name longer than what is there" },
        { "03", "name without its length" },
        { "03 01 61", "value without its length" },
        { "03 01 61 00", "value without its length" },
        { "03 01 61 ffff 00", "value longer than what is there" },
        { "03 01 00 0000", "name that is no text" },
        { "03 01 1b 0000", "control character in a name" },
        { "03 01 ff 0000", "name that is no text" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) bytes = frame_of(bad[i].hex);
        ObolViciFault fault;
        gsize n;
        const guint8 *data = g_bytes_get_data(bytes, &n);
        g_autofree guint8 *copy = g_memdup2(data, n);

        g_assert_null(obol_vici_message_decode((ObolSpan) { .data = copy, .n = n }, &fault));
        g_assert_cmpstr(fault.rule, ==, bad[i].rule);
        g_assert_cmpuint(fault.offset, <=, n);
    }
}

static void
test_malformed_packets_are_refused_by_rule(void)
{
    static const struct {
        const char *hex, *rule;
    } bad[] = {
        { "08", "unknown packet type" },
        { "ff", "unknown packet type" },
        { "00", "name without its length" },
        { "00 05 61", "name longer than what is there" },
        { "03 01 61 00", "bytes behind the packet's end" },
        { "05 00", "bytes behind the packet's end" },
    };
    ObolViciPacket packet;
    ObolViciFault fault;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) bytes = frame_of(bad[i].hex);
        gsize n;
        const guint8 *data = g_bytes_get_data(bytes, &n);

        g_assert_false(obol_vici_packet_decode(data, n, &packet, &fault));
        g_assert_cmpstr(fault.rule, ==, bad[i].rule);
    }
    g_assert_false(obol_vici_packet_decode(NULL, 0, &packet, &fault));
    g_assert_cmpstr(fault.rule, ==, "packet of no bytes");
}

static void
test_frame_length_is_bounded(void)
{
    const guint8 largest[] = { 0, 8, 0, 0 }, too_large[] = { 0, 8, 0, 1 }, huge[] = { 0xff, 0xff, 0xff, 0xff };
    const guint8 empty[] = { 0, 0, 0, 0 };
    ObolViciFault fault;
    gsize n;

    g_assert_true(obol_vici_frame_length(largest, 4, &n, &fault));
    g_assert_cmpuint(n, ==, 512 * 1024);
    g_assert_false(obol_vici_frame_length(too_large, 4, &n, &fault));
    g_assert_false(obol_vici_frame_length(huge, 4, &n, &fault));
    g_assert_false(obol_vici_frame_length(empty, 4, &n, &fault));
    g_assert_true(obol_vici_frame_length(largest, 3, &n, &fault));
    g_assert_cmpuint(n, ==, 0);
}

static ObolNode *
decode_nested(guint depth, ObolViciFault *fault)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (guint i = 0; i < depth; i++)
        g_byte_array_append(bytes, (const guint8 *) "\x01", 2); /* a section with an empty name */
    for (guint i = 0; i < depth; i++)
        g_byte_array_append(bytes, (const guint8 *) "\x02", 1);
    return obol_vici_message_decode((ObolSpan) { .data = bytes->data, .n = bytes->len }, fault);
}

static void
test_nesting_is_bounded(void)
{
    ObolViciFault fault;
    g_autoptr(ObolNode) deepest = decode_nested(OBOL_VICI_DEPTH_MAX, &fault);

    g_assert_nonnull(deepest);
    g_assert_null(decode_nested(OBOL_VICI_DEPTH_MAX + 1, &fault));
    g_assert_cmpstr(fault.rule, ==, "sections nested too deeply");
    g_assert_null(decode_nested(100000, &fault));
}

static void
test_number_of_elements_is_bounded(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    ObolViciFault fault;

    for (guint i = 0; i < OBOL_VICI_ELEMENTS_MAX + 1; i++)
        g_byte_array_append(bytes, (const guint8 *) (i % 2 == 0 ? "\x01" : "\x02"), i % 2 == 0 ? 2 : 1);
    g_assert_null(obol_vici_message_decode((ObolSpan) { .data = bytes->data, .n = bytes->len }, &fault));
    g_assert_cmpstr(fault.rule, ==, "too many elements");
}

static void
test_text_with_a_nul_inside_is_no_text(void)
{
    g_autoptr(GBytes) bytes = frame_of("03 01 61 0003 620063");
    ObolViciFault fault;
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    g_autoptr(ObolNode) message = obol_vici_message_decode((ObolSpan) { .data = data, .n = n }, &fault);

    g_assert_nonnull(message);
    g_assert_null(obol_vici_text(message, "a"));
    g_assert_cmpuint(obol_node_get(message, "a")->n_value, ==, 3);
}

static void
break_by_long_name(ObolViciWriter *writer)
{
    g_autofree char *name = g_strnfill(OBOL_VICI_NAME_MAX + 1, 'n');

    obol_vici_put_text(writer, name, "value");
}

static void
break_by_long_value(ObolViciWriter *writer)
{
    g_autofree char *value = g_strnfill(OBOL_VICI_VALUE_MAX + 1, 'v');

    obol_vici_put_text(writer, "name", value);
}

static void
break_by_size(ObolViciWriter *writer)
{
    g_autofree char *value = g_strnfill(OBOL_VICI_VALUE_MAX, 'v');

    for (guint i = 0; i < 9; i++)
        obol_vici_put_text(writer, "name", value);
}

static void
break_by_open_section(ObolViciWriter *writer)
{
    obol_vici_put_section(writer, "open");
}

static void
break_by_extra_end(ObolViciWriter *writer)
{
    obol_vici_end_section(writer);
}

static void
break_by_value_in_list(ObolViciWriter *writer)
{
    obol_vici_put_list(writer, "list");
    obol_vici_put_text(writer, "name", "value");
    obol_vici_end_list(writer);
}

static void
break_by_item_outside_list(ObolViciWriter *writer)
{
    obol_vici_put_item(writer, "item");
}

static void
test_writer_never_finishes_a_broken_frame(void)
{
    static void (*const breaks[])(ObolViciWriter *) = {
        break_by_long_name,  break_by_long_value,    break_by_size,             break_by_open_section,
        break_by_extra_end,  break_by_value_in_list, break_by_item_outside_list,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(breaks); i++) {
        g_auto(ObolViciWriter) writer = { 0 };

        obol_vici_writer_init(&writer, OBOL_VICI_CMD_RESPONSE, NULL, 0);
        breaks[i](&writer);
        g_assert_null(obol_vici_writer_finish(&writer));
    }
}

/* A random tree of the shapes that the protocol allows. */
static void
put_random(ObolViciWriter *writer, guint depth)
{
    guint n = (guint) g_test_rand_int_range(0, 6);

    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strnfill((gsize) g_test_rand_int_range(0, 256), 'a' + (char) i);
        g_autofree char *value = g_strnfill((gsize) g_test_rand_int_range(0, 300), 'A' + (char) i);

        switch (g_test_rand_int_range(0, depth < 5 ? 3 : 2)) {
        case 0: obol_vici_put_text(writer, name, value); break;
        case 1: obol_vici_put_texts(writer, name, (const char *const[]) { value, "", value, NULL }); break;
        case 2:
            obol_vici_put_section(writer, name);
            put_random(writer, depth + 1);
            obol_vici_end_section(writer);
            break;
        }
    }
}

static void
test_what_was_written_reads_back(void)
{
    for (guint round = 0; round < 200; round++) {
        g_auto(ObolViciWriter) writer = { 0 };
        g_autoptr(GByteArray) frame = NULL, again = NULL;
        g_autoptr(ObolNode) message = NULL;
        ObolViciPacket packet;
        ObolViciFault fault;

        obol_vici_writer_init(&writer, OBOL_VICI_EVENT, "random", 0);
        put_random(&writer, 0);
        frame = obol_vici_writer_finish(&writer);
        if (frame == NULL) /* larger than a frame may be */
            continue;
        message = decode(frame->data, frame->len, &packet, &fault);
        g_assert_cmpstr(fault.rule, ==, NULL);
        again = encode(&packet, message);
        g_assert_cmpmem(again->data, again->len, frame->data, frame->len);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vici/codec/golden-frames-come-back-the-same", test_golden_frames_come_back_the_same);
    g_test_add_func("/vici/codec/event-is-read-into-a-tree", test_event_is_read_into_a_tree);
    g_test_add_func("/vici/codec/writer-gives-the-golden-event", test_writer_gives_the_golden_event);
    g_test_add_func("/vici/codec/every-truncation-is-refused", test_every_truncation_is_refused);
    g_test_add_func("/vici/codec/every-truncated-message-is-refused-or-whole",
                    test_every_truncated_message_is_refused_or_whole);
    g_test_add_func("/vici/codec/every-bit-flip-is-refused-or-encodes-as-it-came",
                    test_every_bit_flip_is_refused_or_encodes_as_it_came);
    g_test_add_func("/vici/codec/malformed-messages-are-refused-by-rule", test_malformed_messages_are_refused_by_rule);
    g_test_add_func("/vici/codec/malformed-packets-are-refused-by-rule", test_malformed_packets_are_refused_by_rule);
    g_test_add_func("/vici/codec/frame-length-is-bounded", test_frame_length_is_bounded);
    g_test_add_func("/vici/codec/nesting-is-bounded", test_nesting_is_bounded);
    g_test_add_func("/vici/codec/number-of-elements-is-bounded", test_number_of_elements_is_bounded);
    g_test_add_func("/vici/codec/text-with-a-nul-inside-is-no-text", test_text_with_a_nul_inside_is_no_text);
    g_test_add_func("/vici/codec/writer-never-finishes-a-broken-frame", test_writer_never_finishes_a_broken_frame);
    g_test_add_func("/vici/codec/what-was-written-reads-back", test_what_was_written_reads_back);
    return g_test_run();
}
