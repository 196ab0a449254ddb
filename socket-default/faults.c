/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* faults.c - what goes wrong with datagrams: counted always, logged at a bounded rate. */
#include "faults.h"

#include <errno.h>

static const char *
describe(UdpFault fault)
{
    switch (fault) {
    case UDP_FAULT_REFUSED: return "the peer's host refused (ICMP port unreachable)";
    case UDP_FAULT_UNREACHABLE: return "no way to the peer";
    case UDP_FAULT_TOO_BIG: return "the datagram is too big to be sent";
    case UDP_FAULT_FULL: return "the system's send buffer is full";
    case UDP_FAULT_FORBIDDEN: return "a packet filter forbids it";
    case UDP_FAULT_NO_SOURCE: return "the source address is not ours";
    case UDP_FAULT_OTHER: return "the system did not take it";
    case UDP_FAULT_NO_SOCKET: return "no socket of that address family and port";
    case UDP_FAULT_TRUNCATED: return "a datagram came that is longer than 65535 bytes";
    case UDP_FAULT_RUNT: return "a datagram came that is too short for its port";
    case UDP_N_FAULTS: break;
    }
    return "?";
}

UdpFault
udp_fault_of_errno(int code)
{
    switch (code) {
    case ECONNREFUSED: return UDP_FAULT_REFUSED;
    case EHOSTUNREACH: case ENETUNREACH: case EHOSTDOWN: case ENETDOWN: return UDP_FAULT_UNREACHABLE;
    case EMSGSIZE: return UDP_FAULT_TOO_BIG;
    case EAGAIN: case ENOBUFS: case ENOMEM: return UDP_FAULT_FULL;
    case EPERM: case EACCES: return UDP_FAULT_FORBIDDEN;
    case EINVAL: case EADDRNOTAVAIL: return UDP_FAULT_NO_SOURCE;
    default: return UDP_FAULT_OTHER; /* errno is no enum of ours */
    }
}

void
udp_faults_count(UdpFaults *faults, UdpFault fault, const ObolAddress *peer, gint64 now_us)
{
    char address[OBOL_ADDRESS_TEXT_MAX] = "-";
    g_autofree char *text = NULL;

    faults->count[fault]++;
    if (faults->told[fault] != 0 && now_us - faults->told_us[fault] < UDP_FAULT_INTERVAL_US)
        return;
    if (peer != NULL)
        obol_address_format_with_port(peer, address);
    text = g_strdup_printf("%s: %s (%" G_GUINT64_FORMAT " such since the last line, %" G_GUINT64_FORMAT " in all)", address,
                           describe(fault), faults->count[fault] - faults->told[fault], faults->count[fault]);
    faults->told[fault] = faults->count[fault];
    faults->told_us[fault] = now_us;
    faults->log(faults->data, 1, text);
}
