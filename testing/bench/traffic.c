/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/traffic.c - traffic from one network namespace to another, and what it costs; for testing/bench/esp.
 *
 * One process makes both ends, so that a small packet is answered for without a packet back: the receiver's count lies in
 * memory that the sender sees, and the sender never has more than a window of them under way. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <gnutls/crypto.h>
#include <obol/address.h>

#define BULK_BYTES (128 * 1024)
#define BATCH 32
#define WINDOW 384                             /* small packets under way */
#define STALL_US (500 * (gint64) 1000)         /* without an arrival: what is under way is lost */
#define PAUSE_US 30                            /* with a full window */
#define FLOOR_BATCH 64
#define FLOOR_BYTES 1400
#define FLOOR_ICV 16
#define FLOOR_NONCE 12

static char *option_from, *option_to, *option_source, *option_destination, *option_pids, *option_cipher;
static gboolean option_udp, option_floor;
static int option_size = 64, option_port = 5001;
static double option_seconds = 3, option_warm = 1;

static const GOptionEntry options[] = {
    { "from", 0, 0, G_OPTION_ARG_STRING, &option_from, "The sender's network namespace", "NAME" },
    { "to", 0, 0, G_OPTION_ARG_STRING, &option_to, "The receiver's", "NAME" },
    { "source", 0, 0, G_OPTION_ARG_STRING, &option_source, "The sender's address", "ADDRESS" },
    { "destination", 0, 0, G_OPTION_ARG_STRING, &option_destination, "The receiver's address", "ADDRESS" },
    { "udp", 0, 0, G_OPTION_ARG_NONE, &option_udp, "Small packets, not one TCP connection", NULL },
    { "floor", 0, 0, G_OPTION_ARG_NONE, &option_floor, "No tunnel: one thread that seals, sends, receives and opens", NULL },
    { "cipher", 0, 0, G_OPTION_ARG_STRING, &option_cipher, "The floor's: aes128gcm, chacha20poly1305", "NAME" },
    { "size", 0, 0, G_OPTION_ARG_INT, &option_size, "Bytes of a small packet's payload (64)", "BYTES" },
    { "port", 0, 0, G_OPTION_ARG_INT, &option_port, "The receiver's port (5001)", "PORT" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &option_seconds, "How long to measure (3)", "SECONDS" },
    { "warm", 0, 0, G_OPTION_ARG_DOUBLE, &option_warm, "How long to run before that (1)", "SECONDS" },
    { "pids", 0, 0, G_OPTION_ARG_STRING, &option_pids, "The processes whose CPU time counts", "PID,PID..." },
    { NULL },
};

static void
die(const char *what)
{
    fprintf(stderr, "traffic: %s: %s\n", what, g_strerror(errno));
    exit(1);
}

/* --- what it costs --- */

typedef struct {
    gint64 at_us;
    double daemons_s, machine_s;
    guint64 bytes, packets;
} Reading;

/* User and system time of all threads, from /proc/PID/stat: the fields 14 and 15, counted behind the name. */
static double
process_seconds(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid), *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *rest;

    if (!g_file_get_contents(path, &text, NULL, NULL) || (rest = strrchr(text, ')')) == NULL)
        die(path);
    fields = g_strsplit(rest + 2, " ", 16);
    return (g_ascii_strtod(fields[11], NULL) + g_ascii_strtod(fields[12], NULL)) / (double) sysconf(_SC_CLK_TCK);
}

static double
daemon_seconds(void)
{
    g_auto(GStrv) pids = g_strsplit(option_pids != NULL ? option_pids : "", ",", -1);
    double sum = 0;

    for (guint i = 0; pids[i] != NULL; i++)
        sum += process_seconds(pids[i]);
    return sum;
}

/* All that is not idle, waiting for a disk, or stolen by a host. */
static double
machine_seconds(void)
{
    g_autofree char *text = NULL;
    unsigned long long t[7];

    if (!g_file_get_contents("/proc/stat", &text, NULL, NULL) ||
        sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6]) != 7)
        die("/proc/stat");
    return (double) (t[0] + t[1] + t[2] + t[5] + t[6]) / (double) sysconf(_SC_CLK_TCK);
}

static void
read_costs(Reading *reading)
{
    reading->at_us = g_get_monotonic_time();
    reading->daemons_s = daemon_seconds();
    reading->machine_s = machine_seconds();
}

static void
print(const Reading *from, const Reading *to, guint64 sent, guint64 lost)
{
    printf("seconds=%.3f bytes=%" G_GUINT64_FORMAT " packets=%" G_GUINT64_FORMAT " sent=%" G_GUINT64_FORMAT
           " lost=%" G_GUINT64_FORMAT " daemons=%.3f machine=%.3f\n", (double) (to->at_us - from->at_us) / 1e6,
           to->bytes - from->bytes, to->packets - from->packets, sent, lost, to->daemons_s - from->daemons_s,
           to->machine_s - from->machine_s);
}

/* --- sockets --- */

static void
enter(const char *namespace)
{
    g_autofree char *path = g_strdup_printf("/run/netns/%s", namespace);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        die(path);
    close(fd);
}

/* Of one namespace, bound to an address of it. */
static int
bound_socket(const char *namespace, int kind, const char *address, guint16 port, struct sockaddr_storage *name, socklen_t *n_name)
{
    ObolAddress at;
    int fd, one = 1, bytes = 4 * 1024 * 1024;

    if (!obol_address_parse(address, &at))
        die(address);
    at.port = port;
    *n_name = obol_address_to_sockaddr(&at, name);
    enter(namespace);
    fd = socket(at.family, kind | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (kind == SOCK_DGRAM)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    if (bind(fd, (struct sockaddr *) name, *n_name) != 0)
        die("bind");
    return fd;
}

/* Packets: @received by the receiver; the others are the sender's. */
typedef struct { volatile guint64 received, sent, given_up; } Shared;

static void
send_bulk(int fd)
{
    g_autofree guint8 *bytes = g_malloc0(BULK_BYTES);

    while (send(fd, bytes, BULK_BYTES, MSG_NOSIGNAL) > 0)
        continue;
}

static void
send_small(int fd, Shared *shared)
{
    g_autofree guint8 *bytes = g_malloc0((gsize) option_size);
    struct iovec vector = { bytes, (gsize) option_size };
    struct mmsghdr messages[BATCH] = { 0 };
    guint64 seen = 0;
    gint64 moved_us = g_get_monotonic_time();

    for (guint i = 0; i < BATCH; i++)
        messages[i].msg_hdr = (struct msghdr) { .msg_iov = &vector, .msg_iovlen = 1 };
    for (;;) {
        guint64 arrived = shared->received + shared->given_up;
        guint64 under_way = shared->sent > arrived ? shared->sent - arrived : 0;
        gint64 now_us = g_get_monotonic_time();
        int n;

        if (arrived != seen) {
            seen = arrived;
            moved_us = now_us;
        }
        if (under_way > WINDOW - BATCH) {
            if (now_us - moved_us > STALL_US)
                shared->given_up += under_way;
            g_usleep(PAUSE_US);
            continue;
        }
        n = sendmmsg(fd, messages, BATCH, 0);
        shared->sent += n > 0 ? (guint64) n : 0;
    }
}

static void
receive(int fd, Shared *shared, Reading *reading)
{
    static guint8 bytes[BULK_BYTES], small[BATCH][2048];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec vectors[BATCH];
    int n;

    if (!option_udp) {
        gssize got = recv(fd, bytes, sizeof bytes, 0);

        if (got > 0)
            reading->bytes += (guint64) got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            die("the connection broke off");
        return;
    }
    for (guint i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec) { small[i], sizeof small[i] };
        messages[i].msg_hdr = (struct msghdr) { .msg_iov = &vectors[i], .msg_iovlen = 1 };
    }
    n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++)
        reading->bytes += messages[i].msg_len;
    reading->packets += n > 0 ? (guint64) n : 0;
    shared->received = reading->packets;
}

static void
run_until(gint64 until_us, int fd, Shared *shared, Reading *reading)
{
    while (g_get_monotonic_time() < until_us)
        receive(fd, shared, reading);
    read_costs(reading);
}

/* Both ends, joined; @in: where the receiver reads. */
static void
join(int *out, int *in)
{
    int kind = option_udp ? SOCK_DGRAM : SOCK_STREAM;
    struct sockaddr_storage source, destination;
    socklen_t n_source, n_destination;

    *in = bound_socket(option_to, kind, option_destination, (guint16) option_port, &destination, &n_destination);
    if (!option_udp && listen(*in, 1) != 0)
        die("listen");
    *out = bound_socket(option_from, kind, option_source, 0, &source, &n_source);
    if (connect(*out, (struct sockaddr *) &destination, n_destination) != 0)
        die("connect");
    if (!option_udp && (*in = accept(*in, NULL, NULL)) < 0)
        die("accept");
    setsockopt(*in, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval) { .tv_usec = 100000 }, sizeof(struct timeval));
}

static void
measure(void)
{
    Shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Reading reading = { 0 }, first, last;
    guint64 sent;
    gint64 start_us;
    int out, in;
    pid_t child;

    if (shared == MAP_FAILED)
        die("mmap");
    join(&out, &in);
    child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (option_udp)
            send_small(out, shared);
        else
            send_bulk(out);
        _exit(0);
    }
    close(out);
    start_us = g_get_monotonic_time() + (gint64) (option_warm * 1e6);
    run_until(start_us, in, shared, &reading);
    first = reading;
    run_until(start_us + (gint64) (option_seconds * 1e6), in, shared, &reading);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    last = reading;
    for (guint64 before = 0; option_udp && before != last.packets;) { /* what is still under way */
        before = last.packets;
        receive(in, shared, &last);
    }
    sent = MAX(shared->sent, last.packets); /* it may have been killed before it could count */
    print(&first, &reading, sent, sent - last.packets);
}

/* --- the floor: what no tunnel in user space can do without --- */

typedef struct {
    guint8 bytes[FLOOR_BATCH][FLOOR_BYTES + FLOOR_ICV];
    struct iovec vectors[FLOOR_BATCH];
    struct mmsghdr messages[FLOOR_BATCH];
} FloorBatch;

static void
floor_messages(FloorBatch *batch)
{
    for (guint i = 0; i < FLOOR_BATCH; i++) {
        batch->vectors[i] = (struct iovec) { batch->bytes[i], sizeof batch->bytes[i] };
        batch->messages[i].msg_hdr = (struct msghdr) { .msg_iov = &batch->vectors[i], .msg_iovlen = 1 };
    }
}

static void
floor_cipher(gnutls_aead_cipher_hd_t *handle)
{
    gboolean gcm = option_cipher == NULL || strcmp(option_cipher, "aes128gcm") == 0;
    guint8 key[32] = { 1, 2, 3 };
    gnutls_datum_t datum = { key, gcm ? 16 : 32 };

    if (gnutls_aead_cipher_init(handle, gcm ? GNUTLS_CIPHER_AES_128_GCM : GNUTLS_CIPHER_CHACHA20_POLY1305, &datum) != 0)
        die("the cipher");
}

/* The bytes of one batch that went all the way. */
static guint64
floor_round(gnutls_aead_cipher_hd_t handle, int out, int in, FloorBatch *batch, guint64 *number)
{
    guint8 nonce[FLOOR_NONCE] = { 0 };
    guint64 bytes = 0, first = *number;
    int n;

    for (guint i = 0; i < FLOOR_BATCH; i++) {
        size_t n_out = sizeof batch->bytes[i];

        ++*number;
        memcpy(nonce, number, sizeof *number);
        gnutls_aead_cipher_encrypt(handle, nonce, sizeof nonce, nonce, 8, FLOOR_ICV, batch->bytes[i], FLOOR_BYTES,
                                   batch->bytes[i], &n_out);
    }
    n = sendmmsg(out, batch->messages, FLOOR_BATCH, 0);
    for (int left = n; left > 0;) {
        int got = recvmmsg(in, batch->messages, (guint) left, MSG_WAITFORONE, NULL);

        if (got <= 0)
            break;
        for (int i = 0; i < got; i++) {
            size_t n_out = FLOOR_BYTES;

            ++first;
            memcpy(nonce, &first, sizeof first);
            if (gnutls_aead_cipher_decrypt(handle, nonce, sizeof nonce, nonce, 8, FLOOR_ICV, batch->bytes[i],
                                           sizeof batch->bytes[i], batch->bytes[i], &n_out) == 0)
                bytes += n_out;
        }
        left -= got;
    }
    return bytes;
}

static void
measure_floor(void)
{
    g_autofree FloorBatch *batch = g_new0(FloorBatch, 1);
    gnutls_aead_cipher_hd_t handle;
    Reading first = { 0 }, reading = { 0 };
    guint64 number = 0;
    int out, in;

    option_udp = TRUE;
    join(&out, &in);
    floor_cipher(&handle);
    floor_messages(batch);
    option_pids = g_strdup_printf("%d", getpid());
    read_costs(&first);
    reading = first;
    while (reading.at_us < first.at_us + (gint64) (option_seconds * 1e6)) {
        for (guint i = 0; i < 100; i++)
            reading.bytes += floor_round(handle, out, in, batch, &number);
        reading.at_us = g_get_monotonic_time();
    }
    read_costs(&reading);
    reading.packets = reading.bytes / FLOOR_BYTES;
    gnutls_aead_cipher_deinit(handle);
    print(&first, &reading, 0, 0);
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- traffic between namespaces, and its cost");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "traffic: %s\n", error->message);
        return 2;
    }
    if (option_from == NULL || option_to == NULL || option_source == NULL || option_destination == NULL ||
        option_size < 1 || option_size > 1400) {
        fprintf(stderr, "traffic: --from, --to, --source and --destination are needed; --size is 1 to 1400\n");
        return 2;
    }
    if (option_floor)
        measure_floor();
    else
        measure();
    return 0;
}
