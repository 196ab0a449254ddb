/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* faults.h - what goes wrong with datagrams: counted always, logged at a bounded rate. */
#ifndef SOCKET_DEFAULT_FAULTS_H
#define SOCKET_DEFAULT_FAULTS_H

#include <obol/address.h>

typedef enum {
    UDP_FAULT_REFUSED,     /* ECONNREFUSED */
    UDP_FAULT_UNREACHABLE, /* EHOSTUNREACH, ENETUNREACH */
    UDP_FAULT_TOO_BIG,     /* EMSGSIZE */
    UDP_FAULT_FULL,        /* EAGAIN, ENOBUFS: the system's buffer has no room */
    UDP_FAULT_FORBIDDEN,   /* EPERM, EACCES: a packet filter */
    UDP_FAULT_NO_SOURCE,   /* EINVAL, EADDRNOTAVAIL: the source address is not ours (any more) */
    UDP_FAULT_OTHER,
    UDP_FAULT_NO_SOCKET,   /* no socket of that family and port */
    UDP_FAULT_TRUNCATED,   /* longer than any datagram of ours can be */
    UDP_FAULT_RUNT,        /* too short for what its port carries */
    UDP_N_FAULTS
} UdpFault;

typedef void (*UdpLog)(gpointer data, int level, const char *text);

typedef struct {
    UdpLog log;
    gpointer data;
    guint64 count[UDP_N_FAULTS];
    guint64 told[UDP_N_FAULTS];    /* @count when last logged */
    gint64 told_us[UDP_N_FAULTS];
} UdpFaults;

#define UDP_FAULT_INTERVAL_US (10 * G_USEC_PER_SEC) /* between two lines about the same fault */

UdpFault udp_fault_of_errno(int code);

/* Counts; logs when the last line about this fault is old enough. @peer may be %NULL. */
void udp_faults_count(UdpFaults *faults, UdpFault fault, const ObolAddress *peer, gint64 now_us);

#endif
