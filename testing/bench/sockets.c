/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/sockets.c - two processes that shake hands over UDP on the loopback device.
 *
 * The responder listens on all of 127.0.0.0/8 and answers from the address that was asked, as a gateway does; the
 * initiator asks another address for each IKE SA, so that each is a peer of its own.  Nothing but datagrams passes
 * between the two. */
#define _GNU_SOURCE /* recvmmsg() */
#include "sockets.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "side.h"

#define WINDOW 32   /* handshakes under way at a time */
#define WARM_UP 64
#define BATCH 32
#define PATIENCE_MS 20000 /* without any progress */

typedef struct {
    BenchSide *side;
    int fd;
    guint16 port;
    guint16 peer_port; /* 0: where datagrams came from */
} Pump;

typedef union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
} Control;

/* --- figures --- */

static gint64
clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

static gint64
rss_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long size = 0, resident = 0;

    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2)
        g_printerr("/proc/self/statm can not be read\n");
    if (file != NULL)
        fclose(file);
    return (gint64) resident * sysconf(_SC_PAGESIZE);
}

static gint64
user_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (gint64) usage.ru_utime.tv_sec * 1000000000 + (gint64) usage.ru_utime.tv_usec * 1000;
}

/* Adds with @sign: -1 at the beginning, 1 at the end. */
static void
take_figures(BenchReport *report, const BenchSide *side, int sign)
{
    report->n += (guint) (sign * (int) side->n_done);
    report->wall_ns += sign * clock_ns(CLOCK_MONOTONIC);
    report->cpu_ns += sign * clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    report->user_ns += sign * user_ns();
    report->rss_bytes += sign * rss_bytes();
    report->heap_bytes += sign * (gint64) mallinfo2().uordblks;
    report->n_failed = side->n_failed;
}

/* --- the pump --- */

static void
pump_send(gpointer data, const ObolDatagram *datagram)
{
    const Pump *pump = data;
    ObolAddress remote = datagram->remote;
    struct sockaddr_storage to;
    struct iovec bytes = { datagram->data, datagram->n };
    Control control = { .header = { .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO } };
    struct in_pktinfo from = { 0 };
    struct msghdr message = {
        .msg_name = &to, .msg_iov = &bytes,
            .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof control,
    };

    if (pump->peer_port != 0)
        remote.port = pump->peer_port; /* the engine goes over to port 4500 (RFC 4555 section 3.3); here is one port for both */
    message.msg_namelen = obol_address_to_sockaddr(&remote, &to);
    control.header.cmsg_len = CMSG_LEN(sizeof from);
    memcpy(&from.ipi_spec_dst, datagram->local.bytes, 4);
    memcpy(CMSG_DATA(&control.header), &from, sizeof from);
    if (sendmsg(pump->fd, &message, 0) < 0)
        g_printerr("sendmsg: %s\n", g_strerror(errno));
}

static void
local_address(const Pump *pump, struct msghdr *message, ObolAddress *out)
{
    *out = (ObolAddress) { .family = AF_INET, .port = pump->port };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct in_pktinfo to;

        if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
            continue;
        memcpy(&to, CMSG_DATA(c), sizeof to);
        memcpy(out->bytes, &to.ipi_addr, 4);
    }
}

static void
pump_receive(Pump *pump)
{
    static guint8 rooms[BATCH][2048];
    struct sockaddr_storage from[BATCH];
    Control controls[BATCH];
    struct iovec bytes[BATCH];
    struct mmsghdr batch[BATCH];
    int n;

    for (guint i = 0; i < BATCH; i++) {
        bytes[i] = (struct iovec) { rooms[i], sizeof rooms[i] };
        batch[i].msg_hdr = (struct msghdr) {
            .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &bytes[i], .msg_iovlen = 1,
            .msg_control = &controls[i], .msg_controllen = sizeof controls[i],
        };
    }
    n = recvmmsg(pump->fd, batch, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        ObolDatagram datagram = { .data = rooms[i], .n = batch[i].msg_len };

        local_address(pump, &batch[i].msg_hdr, &datagram.local);
        if (obol_address_from_sockaddr((struct sockaddr *) &from[i], &datagram.remote))
            bench_side_receive(pump->side, &datagram);
    }
}

static gboolean
pump_open(Pump *pump, gboolean any)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t n = sizeof address;
    int on = 1, room = 4 << 20;

    pump->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
    if (pump->fd < 0 || bind(pump->fd, (struct sockaddr *) &address, sizeof address) < 0
        || setsockopt(pump->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0
        || getsockname(pump->fd, (struct sockaddr *) &address, &n) < 0) {
        g_printerr("a UDP socket on the loopback device: %s\n", g_strerror(errno));
        return FALSE;
    }
    setsockopt(pump->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    pump->port = ntohs(address.sin_port);
    return TRUE;
}

/* FALSE: nothing has happened for too long, or @stop_fd says that it is over. */
static gboolean
pump_turn(Pump *pump, int stop_fd)
{
    struct pollfd fds[2] = { { .fd = pump->fd, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
    gint64 wait_ms = pump->side->wake_us == G_MAXINT64 ? PATIENCE_MS
        : (pump->side->wake_us - bench_now_us()) / 1000 + 1;
    int n = poll(fds, stop_fd >= 0 ? 2 : 1, (int) CLAMP(wait_ms, 0, PATIENCE_MS));

    if (n == 0 && wait_ms >= PATIENCE_MS)
        return FALSE;
    if (fds[0].revents != 0)
        pump_receive(pump);
    bench_side_wake(pump->side);
    return fds[0].revents != 0 || stop_fd < 0 || fds[1].revents == 0;
}

/* --- the two processes --- */

static BenchSide *
make_side(Pump *pump, gboolean initiator, gboolean metered, ObolCrypto *crypto, BenchReport *report)
{
    BenchSide *side = bench_side_new(initiator, metered ? bench_meter_wrap(crypto) : crypto);

    bench_meter_use(&report->meter);
    side->send = pump_send;
    side->send_data = pump;
    pump->side = side;
    return side;
}

static void
run_initiator(guint count, gboolean metered, BenchMakeCrypto make, guint16 port, BenchReport *report)
{
    Pump pump = { .peer_port = port };
    BenchSide *side;

    if (!pump_open(&pump, FALSE))
        return;
    side = make_side(&pump, TRUE, metered, make(), report);
    side->local = (ObolAddress) { .family = AF_INET, .port = pump.port, .bytes = { 127, 0, 0, 1 } };
    side->remote = (ObolAddress) { .family = AF_INET, .port = port, .bytes = { 127 } };
    for (guint until = WARM_UP;; until = WARM_UP + count) {
        if (until != WARM_UP) {
            report->meter = (BenchMeter) { 0 };
            take_figures(report, side, -1);
        }
        while (side->n_done < until && side->n_failed == 0) {
            while (side->n_started < until && side->n_started < side->n_done + WINDOW)
                bench_side_start(side);
            if (!pump_turn(&pump, -1))
                break;
        }
        if (until != WARM_UP)
            break;
    }
    take_figures(report, side, 1);
}

static void
run_responder(gboolean metered, BenchMakeCrypto make, Pump *pump, int stop_fd, BenchReport *report)
{
    BenchSide *side = make_side(pump, FALSE, metered, make(), report);

    while (side->n_done < WARM_UP && pump_turn(pump, stop_fd))
        continue;
    report->meter = (BenchMeter) { 0 };
    take_figures(report, side, -1);
    while (pump_turn(pump, stop_fd))
        continue;
    take_figures(report, side, 1);
}

static gboolean
read_report(int fd, BenchReport *report)
{
    gsize at = 0;
    gssize n;

    while (at < sizeof *report && (n = read(fd, (char *) report + at, sizeof *report - at)) > 0)
        at += (gsize) n;
    return at == sizeof *report;
}

static void
end_child(int fd, const BenchReport *report)
{
    gssize n = write(fd, report, sizeof *report);

    _exit(n == (gssize) sizeof *report ? 0 : 1); /* nothing is freed: the memory is what was measured */
}

gboolean
bench_sockets_run(guint count, gboolean metered, BenchMakeCrypto make, BenchReport *initiator, BenchReport *responder)
{
    int from_initiator[2], from_responder[2], stop[2], status;
    Pump pump = { 0 };
    gboolean good;
    pid_t pid_initiator, pid_responder;

    if (pipe(from_initiator) < 0 || pipe(from_responder) < 0 || pipe(stop) < 0 || !pump_open(&pump, TRUE))
        return FALSE;
    fflush(NULL);
    pid_responder = fork();
    if (pid_responder == 0) {
        BenchReport report = { 0 };

        close(stop[1]);
        run_responder(metered, make, &pump, stop[0], &report);
        end_child(from_responder[1], &report);
    }
    pid_initiator = fork();
    if (pid_initiator == 0) {
        BenchReport report = { 0 };

        close(pump.fd);
        close(stop[1]);
        run_initiator(count, metered, make, pump.port, &report);
        end_child(from_initiator[1], &report);
    }
    close(pump.fd);
    close(from_initiator[1]);
    close(from_responder[1]);
    close(stop[0]);
    good = read_report(from_initiator[0], initiator);
    close(stop[1]);
    good &= read_report(from_responder[0], responder);
    close(from_initiator[0]);
    close(from_responder[0]);
    waitpid(pid_initiator, &status, 0);
    waitpid(pid_responder, &status, 0);
    return good && initiator->n == count && initiator->n_failed == 0 && responder->n_failed == 0 && responder->n >=
        count;
}
