/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/kernel-userspace/test-esp.c - ESP against published packets, against itself, and against the world. */
#include "plugins/kernel-userspace/esp.h"

#include <string.h>

#include "lib/hex.h"
#include "lib/pcap.h"
#include "lib/test-crypto.h"
#include "packets.h"

#define ROOM 2048

typedef struct {
    ObolCrypto *crypto;
} Fixture;

/* A packet in the middle of room of its own. */
typedef struct {
    guint8 room[ROOM];
    EspPacket p;
} Carrier;

static void
set_up(Fixture *f, gconstpointer data)
{
    (void) data;
    f->crypto = test_crypto_new();
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    (void) data;
    obol_crypto_free(f->crypto);
}

static void
load(Carrier *c, const guint8 *data, gsize n)
{
    memset(c->room, 0xee, sizeof c->room);
    c->p = (EspPacket) {
        .data = c->room + ESP_HEADROOM, .n = n, .n_before = ESP_HEADROOM, .n_behind = ROOM - ESP_HEADROOM - n,
        .next_header = PROTO_IPIP,
    };
    memcpy(c->p.data, data, n);
}

static const struct {
    const char *name;
    ObolSuite suite;
} suites[] = {
    { "aes256gcm16", { .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 256 } },
    { "aes128gcm8", { .encr = OBOL_ENCR_AES_GCM_8, .encr_bits = 128 } },
    { "aes256ccm12", { .encr = OBOL_ENCR_AES_CCM_12, .encr_bits = 256 } },
    { "chacha20poly1305", { .encr = OBOL_ENCR_CHACHA20_POLY1305, .encr_bits = 256 } },
    { "aes256-sha512", { .encr = OBOL_ENCR_AES_CBC, .encr_bits = 256, .integ = OBOL_INTEG_HMAC_SHA2_512_256 } },
    { "aes128ctr-sha1", { .encr = OBOL_ENCR_AES_CTR, .encr_bits = 128, .integ = OBOL_INTEG_HMAC_SHA1_96 } },
    { "camellia128-aesxcbc", { .encr = OBOL_ENCR_CAMELLIA_CBC, .encr_bits = 128, .integ = OBOL_INTEG_AES_XCBC_96 } },
    { "3des-sha256", { .encr = OBOL_ENCR_3DES, .encr_bits = 192, .integ = OBOL_INTEG_HMAC_SHA2_256_128 } },
    { "null-aescmac", { .encr = OBOL_ENCR_NULL, .integ = OBOL_INTEG_AES_CMAC_96 } },
};

static void
open_pair(const Fixture *f, guint which, gboolean esn, guint32 window, Esp *out, Esp *in)
{
    g_autoptr(ObolSecret) encr = NULL, integ = NULL;
    g_autoptr(GError) error = NULL;
    ObolSuite suite = suites[which].suite;
    gsize n_encr, n_integ;

    suite.protocol = OBOL_PROTO_ESP;
    suite.esn = esn;
    g_assert_true(obol_guard_sizes(f->crypto, &suite, &n_encr, &n_integ, NULL, NULL, NULL));
    encr = obol_secret_new(n_encr);
    integ = obol_secret_new(n_integ);
    memset(encr->bytes, 0x42, n_encr);
    memset(integ->bytes, 0x17, n_integ);
    esp_init(out, f->crypto, &suite, 0xc0ffee01, encr, integ, FALSE, 0, &error);
    g_assert_no_error(error);
    esp_init(in, f->crypto, &suite, 0xc0ffee01, encr, integ, TRUE, window, &error);
    g_assert_no_error(error);
}

static void
close_pair(Esp *out, Esp *in)
{
    esp_clear(out);
    esp_clear(in);
}

/* The vector files' blocks: "key = value", blank lines between. */
static GHashTable *
next_block(char ***line)
{
    GHashTable *block = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (; **line != NULL; (*line)++) {
        g_auto(GStrv) pair = g_strsplit(**line, " = ", 2);

        if (***line == '\0' && g_hash_table_size(block) > 0)
            break;
        if (g_strv_length(pair) == 2)
            g_hash_table_insert(block, g_strdup(pair[0]), g_strdup(pair[1]));
    }
    return block;
}

static GBytes *
bytes_of(GHashTable *block, const char *name)
{
    const char *text = g_hash_table_lookup(block, name);

    return text != NULL ? obol_hex_parse(text) : NULL;
}

static guint64
number_of(GHashTable *block, const char *name)
{
    return g_ascii_strtoull(g_hash_table_lookup(block, name), NULL, 16);
}

/* Opens one block's packet and compares it with its plaintext. */
static void
check_block(const Fixture *f, GHashTable *block, guint16 encr, GBytes *keymat, GBytes *packet)
{
    g_autoptr(ObolSecret) key = obol_secret_new_from(g_bytes_get_data(keymat, NULL), g_bytes_get_size(keymat));
    g_autoptr(GBytes) plain = bytes_of(block, "plaintext");
    g_autoptr(GError) error = NULL;
    gsize n_plain, n_packet;
    const guint8 *text = g_bytes_get_data(plain, &n_plain), *sealed = g_bytes_get_data(packet, &n_packet);
    gboolean esn = strlen(g_hash_table_lookup(block, "seq")) == 16;
    ObolSuite suite = {
        .protocol = OBOL_PROTO_ESP, .encr = encr, .encr_bits = (guint16) ((key->n - 4) * 8), .esn = esn,
    };
    Carrier c;
    Esp in;

    esp_init(&in, f->crypto, &suite, (guint32) number_of(block, "spi"), key, NULL, TRUE, 64, &error);
    g_assert_no_error(error);
    in.replay.top = number_of(block, "seq") - 1;
    load(&c, sealed, n_packet);
    esp_open(&in, &c.p, 1);
    g_assert_cmpint(c.p.verdict, ==, text[n_plain - 1] == PROTO_NONE ? ESP_DUMMY : ESP_OK);
    g_assert_cmpuint(c.p.next_header, ==, text[n_plain - 1]);
    g_assert_cmpmem(c.p.data, c.p.n, text, n_plain - 2 - text[n_plain - 2]);
    g_assert_cmpuint(in.replay.top, ==, number_of(block, "seq"));
    esp_clear(&in);
}

static char **
read_lines(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "vectors", "rfc", name, NULL), *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return g_strsplit(text, "\n", -1);
}

static void
test_opens_the_packets_of_draft_mcgrew(Fixture *f, gconstpointer data)
{
    g_auto(GStrv) lines = read_lines("esp-aes-gcm-gmac.txt");
    guint n = 0;

    (void) data;
    for (char **line = lines; *line != NULL;) {
        g_autoptr(GHashTable) block = next_block(&line);
        g_autoptr(GByteArray) keymat = g_byte_array_new();
        g_autoptr(GBytes) key = bytes_of(block, "key"), nonce = bytes_of(block, "nonce"), packet = bytes_of(block, "packet");
        g_autoptr(GBytes) joined = NULL;

        if (g_strcmp0(g_hash_table_lookup(block, "algorithm"), "AES-GCM-ESP") != 0)
            continue;
        g_byte_array_append(keymat, g_bytes_get_data(key, NULL), (guint) g_bytes_get_size(key));
        g_byte_array_append(keymat, g_bytes_get_data(nonce, NULL), 4);
        joined = g_byte_array_free_to_bytes(g_steal_pointer(&keymat));
        check_block(f, block, OBOL_ENCR_AES_GCM_16, joined, packet);
        n++;
    }
    g_assert_cmpuint(n, >=, 12);
}

static void
test_opens_the_packet_of_rfc_7634(Fixture *f, gconstpointer data)
{
    g_auto(GStrv) lines = read_lines("chacha20-poly1305-ikev2-esp.txt");
    char **line = lines;
    g_autoptr(GHashTable) block = next_block(&line);
    g_autoptr(GBytes) keymat = bytes_of(block, "keymat"), whole = bytes_of(block, "packet"), packet = NULL;

    (void) data;
    g_assert_cmpstr(g_hash_table_lookup(block, "kind"), ==, "ESP");
    packet = g_bytes_new_from_bytes(whole, IP4_HEADER, g_bytes_get_size(whole) - IP4_HEADER);
    check_block(f, block, OBOL_ENCR_CHACHA20_POLY1305, keymat, packet);
}

/* Keys of Wireshark's table: "IPv4",source,destination,SPI,"AES-GCM [RFC4106]",key with salt,... */
static guint
open_captured(const Fixture *f, const char *folder)
{
    g_autofree char *relative = g_build_filename("captures", "strongswan-6.0.6", folder, "capture.pcap", NULL);
    g_autofree char *table = g_test_build_filename(G_TEST_DIST, "captures", "strongswan-6.0.6", folder, "esp_sa", NULL);
    g_autoptr(ObolPcap) pcap = obol_pcap_load_for_test(relative);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint n = 0;

    g_assert_true(g_file_get_contents(table, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\"", -1);
        g_autoptr(GBytes) key_bytes = obol_hex_parse(fields[11] + 2);
        g_autoptr(ObolSecret) key = obol_secret_new_from(g_bytes_get_data(key_bytes, NULL), g_bytes_get_size(key_bytes));
        guint32 spi = (guint32) g_ascii_strtoull(fields[7], NULL, 16);
        ObolSuite suite = { .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = (guint16) ((key->n - 4) * 8) };
        Esp in;

        if (strstr(fields[9], "GCM") == NULL)
            continue;
        g_assert_true(esp_init(&in, f->crypto, &suite, spi, key, NULL, TRUE, 64, NULL));
        for (guint i = 0; i < obol_pcap_count(pcap); i++) {
            const ObolCaptured *captured = obol_pcap_get(pcap, i);
            Carrier c;
            Packet inner;

            if (captured->kind != OBOL_CAPTURED_ESP || captured->cut || get_u32(captured->payload.data) != spi)
                continue;
            load(&c, captured->payload.data, captured->payload.n);
            esp_open(&in, &c.p, 1);
            g_assert_cmpint(c.p.verdict, ==, ESP_OK);
            g_assert_true(packet_parse(c.p.data, c.p.n, &inner));
            n++;
        }
        esp_clear(&in);
    }
    return n;
}

static void
test_opens_what_strongswan_sent(Fixture *f, gconstpointer data)
{
    (void) data;
    g_assert_cmpuint(open_captured(f, "mlkem512-alone-aes256gcm16-prfsha256"), >, 0);
    g_assert_cmpuint(open_captured(f, "mlkem768-hybrid-x25519-aes256gcm16-prfsha384"), >, 0);
}

static void
test_what_was_sealed_opens(Fixture *f, gconstpointer data)
{
    guint8 text[300];

    (void) data;
    for (gsize i = 0; i < sizeof text; i++)
        text[i] = (guint8) (i * 7);
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++)
        for (guint esn = 0; esn < 2; esn++) {
            Esp out, in;

            open_pair(f, which, esn != 0, 64, &out, &in);
            for (gsize n = 0; n < 70; n++) {
                Carrier c;

                load(&c, text, n);
                esp_seal(&out, &c.p, 1);
                g_assert_cmpint(c.p.verdict, ==, ESP_OK);
                g_assert_cmpuint(c.p.n % 4, ==, 0);
                g_assert_cmphex(get_u32(c.p.data), ==, 0xc0ffee01);
                g_assert_cmphex(get_u32(c.p.data + 4), ==, n + 1);
                esp_open(&in, &c.p, 1);
                g_assert_cmpint(c.p.verdict, ==, ESP_OK);
                g_assert_true(c.p.newest);
                g_assert_cmpuint(c.p.next_header, ==, PROTO_IPIP);
                g_assert_cmpmem(c.p.data, c.p.n, text, n);
            }
            close_pair(&out, &in);
        }
}

static void
test_extended_numbers_pass_the_border(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++) {
        Carrier first, second;
        Esp out, in;

        open_pair(f, which, TRUE, 64, &out, &in);
        out.sent = in.replay.top = 0xfffffffe;
        load(&first, (const guint8 *) "before", 6);
        esp_seal(&out, &first.p, 1);
        load(&second, (const guint8 *) "behind", 6);
        esp_seal(&out, &second.p, 1);
        g_assert_cmphex(get_u32(second.p.data + 4), ==, 0);
        esp_open(&in, &second.p, 1); /* and in the wrong order */
        g_assert_cmpint(second.p.verdict, ==, ESP_OK);
        esp_open(&in, &first.p, 1);
        g_assert_cmpint(first.p.verdict, ==, ESP_OK);
        g_assert_false(first.p.newest);
        g_assert_cmphex(in.replay.top, ==, G_GUINT64_CONSTANT(0x100000000));
        close_pair(&out, &in);
    }
}

/* Ten thousand packets around the border, a third of them lost, the rest out of order within the window: each opens once. */
static void
cross_the_border(const Fixture *f, guint which, guint32 window)
{
    enum { N = 10000, MIXED = 64 };
    Carrier *pile = g_new(Carrier, MIXED);
    guint n_opened = 0;
    Esp out, in;

    open_pair(f, which, TRUE, window, &out, &in);
    out.sent = in.replay.top = G_GUINT64_CONSTANT(0x2ffffffff) - N / 2;
    for (guint i = 0; i < N / MIXED; i++) {
        for (guint k = 0; k < MIXED; k++) {
            load(&pile[k], (const guint8 *) "across", 6);
            esp_seal(&out, &pile[k].p, 1);
        }
        for (guint k = 0; k < MIXED; k++) {
            Carrier *c = &pile[k * 37 % MIXED], again;

            if (g_test_rand_int_range(0, 3) == 0)
                continue;
            load(&again, c->p.data, c->p.n);
            esp_open(&in, &c->p, 1);
            g_assert_cmpint(c->p.verdict, ==, ESP_OK);
            esp_open(&in, &again.p, 1);
            g_assert_cmpint(again.p.verdict, ==, ESP_REPLAYED);
            n_opened++;
        }
    }
    g_assert_cmpuint(n_opened, >, N / 2);
    g_assert_cmphex(in.replay.top >> 32, ==, 3);
    close_pair(&out, &in);
    g_free(pile);
}

static void
test_loss_and_disorder_at_the_border_lose_nothing_else(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++)
        cross_the_border(f, which, which % 2 == 0 ? 4096 : 128);
}

/* RFC 4303 section 2.2.1: with an integrity algorithm of its own, the high half is authenticated behind the packet. */
static void
test_the_high_half_is_authenticated_and_not_sent(Fixture *f, gconstpointer data)
{
    const ObolMacVtable *mac = obol_crypto_integ(f->crypto, OBOL_INTEG_AES_CMAC_96);
    guint8 key[16], icv[12], high[4] = { 0, 0, 0, 5 };
    gpointer self;
    Carrier c;
    Esp out, in;

    (void) data;
    open_pair(f, G_N_ELEMENTS(suites) - 1, TRUE, 64, &out, &in); /* NULL encryption */
    out.sent = G_GUINT64_CONSTANT(0x500000007);
    load(&c, (const guint8 *) "text", 4);
    esp_seal(&out, &c.p, 1);
    memset(key, 0x17, sizeof key);
    self = mac->open(key, sizeof key, NULL);
    mac->update(self, c.p.data, c.p.n - sizeof icv);
    mac->update(self, high, sizeof high);
    mac->finish(self, icv);
    mac->close(self);
    g_assert_cmpmem(c.p.data + c.p.n - sizeof icv, sizeof icv, icv, sizeof icv);
    close_pair(&out, &in);
}

/* RFC 4303 appendix A3. */
static void
test_a_receiver_finds_its_way_after_four_billion_lost_packets(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++) {
        guint n_lost = 0;
        Carrier c;
        Esp out, in;

        open_pair(f, which, TRUE, 64, &out, &in);
        out.sent = G_GUINT64_CONSTANT(0x300000010);
        in.replay.top = 10;
        for (;;) {
            load(&c, (const guint8 *) "anyone there?", 13);
            esp_seal(&out, &c.p, 1);
            esp_open(&in, &c.p, 1);
            if (c.p.verdict == ESP_OK)
                break;
            g_assert_cmpint(c.p.verdict, ==, ESP_FORGED);
            g_assert_cmpuint(++n_lost, <, RESYNC_EVERY);
        }
        g_assert_cmphex(in.replay.top, ==, out.sent);
        g_assert_cmpmem(c.p.data, c.p.n, "anyone there?", 13);
        close_pair(&out, &in);
    }
}

static void
test_a_packet_opens_once(Fixture *f, gconstpointer data)
{
    Carrier c, again;
    Esp out, in;

    (void) data;
    open_pair(f, 0, FALSE, 64, &out, &in);
    load(&c, (const guint8 *) "once", 4);
    esp_seal(&out, &c.p, 1);
    load(&again, c.p.data, c.p.n);
    esp_open(&in, &c.p, 1);
    esp_open(&in, &again.p, 1);
    g_assert_cmpint(c.p.verdict, ==, ESP_OK);
    g_assert_cmpint(again.p.verdict, ==, ESP_REPLAYED);
    close_pair(&out, &in);
}

/* Each on a heap copy of its exact size, so that ASan sees a byte too far. */
static void
test_nothing_altered_opens(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++) {
        g_autofree guint8 *sealed = NULL;
        Carrier c;
        Esp out, in;
        gsize n;

        open_pair(f, which, FALSE, 64, &out, &in);
        load(&c, (const guint8 *) "some text that nobody may change", 32);
        esp_seal(&out, &c.p, 1);
        n = c.p.n;
        sealed = g_memdup2(c.p.data, n);
        for (gsize cut = 0; cut < n; cut++) {
            g_autofree guint8 *copy = g_memdup2(sealed, cut);
            EspPacket p = { .data = copy, .n = cut };

            esp_open(&in, &p, 1);
            g_assert_cmpint(p.verdict, !=, ESP_OK);
        }
        for (gsize bit = 4 * 8; bit < n * 8; bit++) { /* the SPI chose the SA and is part of its state */
            g_autofree guint8 *copy = g_memdup2(sealed, n);
            EspPacket p = { .data = copy, .n = n };

            copy[bit / 8] ^= (guint8) (1 << bit % 8);
            esp_open(&in, &p, 1);
            g_assert_true(p.verdict == ESP_FORGED || p.verdict == ESP_REPLAYED);
        }
        g_assert_cmpuint(in.replay.top, ==, 0); /* no forgery has moved the window */
        esp_open(&in, &c.p, 1);
        g_assert_cmpint(c.p.verdict, ==, ESP_OK);
        close_pair(&out, &in);
    }
}

/* A peer with the keys, but without manners. */
static void
test_wrong_padding_is_refused(Fixture *f, gconstpointer data)
{
    static const guint8 trailers[][6] = {
        { 1, 2, 3, 9, 4, 4 }, { 0, 0, 0, 0, 4, 4 }, { 1, 2, 3, 4, 5, 4 }, { 1, 2, 3, 4, 255, 4 }, { 2, 3, 4, 5, 4, 4 },
    };

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(trailers); i++) {
        guint8 aad[8], room[128] = { 0 };
        EspPacket p = { .data = room };
        Esp out, in;

        open_pair(f, 0, FALSE, 64, &out, &in);
        put_u32(room, out.spi);
        put_u32(room + 4, 1);
        memcpy(aad, room, 8);
        memcpy(room + 8 + out.n_iv, trailers[i], 6);
        g_assert_true(obol_guard_seal(out.guard, 1, aad, 8, room + 8, 6, NULL, 0));
        p.n = 8 + out.n_iv + 6 + out.n_icv;
        esp_open(&in, &p, 1);
        g_assert_cmpint(p.verdict, ==, ESP_PADDING);
        close_pair(&out, &in);
    }
}

static void
test_dummies_are_known(Fixture *f, gconstpointer data)
{
    Carrier c;
    Esp out, in;

    (void) data;
    open_pair(f, 0, FALSE, 64, &out, &in);
    load(&c, (const guint8 *) "noise", 5);
    c.p.next_header = PROTO_NONE;
    esp_seal(&out, &c.p, 1);
    esp_open(&in, &c.p, 1);
    g_assert_cmpint(c.p.verdict, ==, ESP_DUMMY);
    close_pair(&out, &in);
}

static void
test_tfc_padding_hides_the_length(Fixture *f, gconstpointer data)
{
    gsize n_first = 0;
    Esp out, in;

    (void) data;
    open_pair(f, 0, FALSE, 64, &out, &in);
    for (gsize n = 1; n < 400; n += 13) {
        guint8 text[400] = { 0x45 };
        Carrier c;

        load(&c, text, n);
        c.p.n_pad_to = 500;
        esp_seal(&out, &c.p, 1);
        g_assert_cmpint(c.p.verdict, ==, ESP_OK);
        n_first = n_first != 0 ? n_first : c.p.n;
        g_assert_cmpuint(c.p.n, ==, n_first);
        esp_open(&in, &c.p, 1);
        g_assert_cmpuint(c.p.n, ==, 500); /* the inner header tells where it ends */
    }
    close_pair(&out, &in);
}

static void
test_numbers_never_come_again(Fixture *f, gconstpointer data)
{
    Esp out, in;
    Carrier c;

    (void) data;
    for (guint esn = 0; esn < 2; esn++) {
        open_pair(f, 0, esn != 0, 64, &out, &in);
        out.sent = esn ? G_MAXUINT64 - 1 : G_MAXUINT32 - 1;
        load(&c, (const guint8 *) "last", 4);
        esp_seal(&out, &c.p, 1);
        g_assert_cmpint(c.p.verdict, ==, ESP_OK);
        load(&c, (const guint8 *) "none", 4);
        esp_seal(&out, &c.p, 1);
        g_assert_cmpint(c.p.verdict, ==, ESP_EXHAUSTED);
        close_pair(&out, &in);
    }
}

static void
test_a_full_buffer_is_not_overrun(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++) {
        Esp out, in;

        open_pair(f, which, FALSE, 64, &out, &in);
        for (gsize room = 0; room < 80; room++) {
            g_autofree guint8 *exact = g_malloc0(ESP_HEADROOM + 20 + room);
            EspPacket p = { .data = exact + ESP_HEADROOM, .n = 20, .n_before = ESP_HEADROOM, .n_behind = room };

            esp_seal(&out, &p, 1);
            g_assert_true(p.verdict == ESP_OK || p.verdict == ESP_NO_ROOM);
            g_assert_true(room < 60 || p.verdict == ESP_OK);
        }
        close_pair(&out, &in);
    }
}

static void
test_the_longest_payload_fits_and_one_more_does_not(Fixture *f, gconstpointer data)
{
    (void) data;
    for (guint which = 0; which < G_N_ELEMENTS(suites); which++) {
        guint8 text[1500] = { 0 };
        Carrier c;
        Esp out, in;
        gsize n;

        open_pair(f, which, FALSE, 64, &out, &in);
        n = esp_payload_max(&out, 1472);
        load(&c, text, n);
        esp_seal(&out, &c.p, 1);
        g_assert_cmpuint(c.p.n, <=, 1472);
        load(&c, text, n + 1);
        esp_seal(&out, &c.p, 1);
        g_assert_cmpuint(c.p.n, >, 1472);
        g_assert_cmpuint(esp_payload_max(&out, 20), ==, 0);
        close_pair(&out, &in);
    }
}

static void
test_keys_of_wrong_lengths_are_refused(Fixture *f, gconstpointer data)
{
    ObolSuite suite = { .protocol = OBOL_PROTO_ESP, .encr = OBOL_ENCR_AES_GCM_16, .encr_bits = 128 };

    (void) data;
    for (gsize n = 0; n < 40; n++) {
        g_autoptr(ObolSecret) key = obol_secret_new(n);
        g_autoptr(GError) error = NULL;
        Esp esp;

        g_assert_cmpint(esp_init(&esp, f->crypto, &suite, 256, key, NULL, TRUE, 32, &error), ==, n == 20);
        if (n == 20)
            esp_clear(&esp);
        else
            g_assert_error(error, OBOL_CRYPTO_ERROR, OBOL_CRYPTO_ERROR_UNSUPPORTED);
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *claim;
        void (*test)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "opens-the-packets-of-draft-mcgrew", test_opens_the_packets_of_draft_mcgrew },
        { "opens-the-packet-of-rfc-7634", test_opens_the_packet_of_rfc_7634 },
        { "opens-what-strongswan-sent", test_opens_what_strongswan_sent },
        { "what-was-sealed-opens", test_what_was_sealed_opens },
        { "extended-numbers-pass-the-border", test_extended_numbers_pass_the_border },
        { "loss-and-disorder-at-the-border-lose-nothing-else", test_loss_and_disorder_at_the_border_lose_nothing_else },
        { "the-high-half-is-authenticated-and-not-sent", test_the_high_half_is_authenticated_and_not_sent },
        { "a-receiver-finds-its-way-after-four-billion-lost-packets",
          test_a_receiver_finds_its_way_after_four_billion_lost_packets },
        { "a-packet-opens-once", test_a_packet_opens_once },
        { "nothing-altered-opens", test_nothing_altered_opens },
        { "wrong-padding-is-refused", test_wrong_padding_is_refused },
        { "dummies-are-known", test_dummies_are_known },
        { "tfc-padding-hides-the-length", test_tfc_padding_hides_the_length },
        { "numbers-never-come-again", test_numbers_never_come_again },
        { "a-full-buffer-is-not-overrun", test_a_full_buffer_is_not_overrun },
        { "the-longest-payload-fits-and-one-more-does-not", test_the_longest_payload_fits_and_one_more_does_not },
        { "keys-of-wrong-lengths-are-refused", test_keys_of_wrong_lengths_are_refused },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/kernel-userspace/esp/%s", tests[i].claim);

        g_test_add(path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
    return g_test_run();
}
