/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/lib/pcap.h - the IKE and ESP datagrams of a pcap or pcapng file, for tests. */
#ifndef OBOL_TESTING_PCAP_H
#define OBOL_TESTING_PCAP_H

#include <obol/address.h>

#define OBOL_PCAP_FILE_MAX (16 * 1024 * 1024)

typedef enum {
    OBOL_CAPTURED_IKE,       /* port 500, or port 4500 behind the non-ESP marker */
    OBOL_CAPTURED_ESP,       /* port 4500 without the marker, or IP protocol 50 (the ports are then 0) */
    OBOL_CAPTURED_KEEPALIVE, /* one byte 0xff on port 4500 (RFC 3948 section 2.3) */
} ObolCapturedKind;

/**
 * ObolCaptured:
 * @frame: number of the packet in the file, from 1 as tshark and tcpdump count; the last one of a reassembled datagram
 * @kind: what @payload is
 * @from, @to: with their ports
 * @cut: the file holds fewer bytes than the packet had
 * @payload: without UDP header and without the non-ESP marker; borrowed from the ObolPcap
 */
typedef struct {
    guint frame;
    ObolCapturedKind kind;
    gboolean cut;
    ObolAddress from, to;
    ObolSpan payload;
} ObolCaptured;

typedef struct ObolPcap ObolPcap;

/**
 * obol_pcap_load:
 * @path: classic pcap of either byte order and resolution, or pcapng; Ethernet with VLAN tags, Linux cooked, raw IP,
 *   or BSD loopback.  IP fragments are put together; a packet that is neither IKE nor ESP is passed over
 *
 * Returns: %NULL with @error set when there is no such file, or it is no capture.
 */
ObolPcap *obol_pcap_load(const char *path, GError **error);
void obol_pcap_free(ObolPcap *pcap);

guint obol_pcap_count(const ObolPcap *pcap);
const ObolCaptured *obol_pcap_get(const ObolPcap *pcap, guint index);

/* A file under testing/, from the distribution's folder (G_TEST_DIST); fails the test when it can not be read. */
ObolPcap *obol_pcap_load_for_test(const char *relative);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObolPcap, obol_pcap_free)

#endif
