/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/kernel/side.c - an end as the suite sees it: its process, its requests and their answers, its events. */
#include "lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *
name_of(const Side *side)
{
    return side->name == LEFT ? "left" : "right";
}

/* --- the process --- */

G_GNUC_NORETURN static void
be_the_end(const Side *side, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    host_enter(&side->host);
    /* The suite's own sockets are none of this process's business. */
    dup2(fd, 3);
    close_range(4, ~0u, 0);
    exit(end_main(&side->plugin, 3));
}

static void
gone(Side *side)
{
    if (side->pid == 0)
        return;
    close(side->fd);
    side->pid = 0;
    side->opened.opened = FALSE;
}

static void
command(Lab *lab, Side *side, guint32 kind, const void *bytes, gsize n)
{
    const void *parts[] = { bytes };

    if (side->pid == 0 || !message_write(side->fd, kind, ++side->last_tag, parts, &n, 1))
        lab_fail(lab, "the process of the %s end has died", name_of(side));
}

static gboolean
is_open_or_refused(gpointer data)
{
    const Side *side = data;

    return side->opened.opened || side->opened.text[0] != '\0' || side->pid == 0;
}

static gboolean
open_plugin(Lab *lab, Side *side)
{
    side->opened = (Opened) { .opened = FALSE };
    command(lab, side, MESSAGE_OPEN, NULL, 0);
    if (!lab_wait(lab, is_open_or_refused, side, OPEN_LIMIT_MS) || side->pid == 0)
        g_strlcpy(side->opened.text, "the process has died, or did not answer", sizeof side->opened.text);
    return side->opened.opened;
}

gboolean
side_start(Lab *lab, Side *side)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        g_error("socketpair: %s", g_strerror(errno));
    fflush(NULL);
    side->pid = fork();
    if (side->pid == 0)
        be_the_end(side, fds[1]);
    close(fds[1]);
    side->fd = fds[0];
    side->last_tag = side->last_answered = 0;
    return open_plugin(lab, side);
}

static gboolean
has_closed(gpointer data)
{
    const Side *side = data;

    return side->n_closed > 0 || side->pid == 0;
}

void
side_close(Lab *lab, Side *side)
{
    side->n_closed = 0;
    command(lab, side, MESSAGE_CLOSE, NULL, 0);
    lab_wait(lab, has_closed, side, LIMIT_MS);
    CLAIM(lab, side->n_closed == 1, "the %s end's plugin did not close", name_of(side));
    side->opened.opened = FALSE;
}

gboolean
side_reopen(Lab *lab, Side *side)
{
    return side->pid != 0 ? open_plugin(lab, side) : side_start(lab, side);
}

void
side_stop(Lab *lab, Side *side, int signal)
{
    pid_t pid = side->pid;
    int status = 0;

    if (pid == 0)
        return;
    if (signal != 0)
        kill(pid, signal);
    gone(side);
    if (waitpid(pid, &status, 0) == pid && signal == 0 && status != 0)
        lab_fail(lab, "the process of the %s end ended with status %x", name_of(side), (guint) status);
}

/* --- its messages --- */

static void
note_answer(Side *side, Lab *lab, guint32 tag, const guint8 *body, gsize n)
{
    Reply *reply = g_new0(Reply, 1);

    g_assert_cmpuint(n, >=, sizeof reply->answer);
    reply->tag = tag;
    memcpy(&reply->answer, body, sizeof reply->answer);
    g_assert_cmpuint(n, ==, sizeof reply->answer + reply->answer.n_sas * sizeof(ObolKernelSa)
                     + reply->answer.n_policies * sizeof(ObolKernelPolicy));
    body += sizeof reply->answer;
    reply->sas = g_memdup2(body, reply->answer.n_sas * sizeof(ObolKernelSa));
    reply->policies = g_memdup2(body + reply->answer.n_sas * sizeof(ObolKernelSa),
                                reply->answer.n_policies * sizeof(ObolKernelPolicy));
    g_ptr_array_add(side->replies, reply);
    CLAIM(lab, !reply->answer.within_call, "an answer came from within the call");
    CLAIM(lab, !reply->answer.again, "a request was answered twice");
    CLAIM(lab, !reply->answer.other_thread, "an answer came on another thread than that of the context");
    CLAIM(lab, tag > side->last_answered || reply->answer.again, "answers do not come in the order of the requests");
    CLAIM(lab, reply->answer.code != ANSWER_OTHER_DOMAIN, "an error is not of OBOL_KERNEL_ERROR: %s", reply->answer.text);
    CLAIM(lab, reply->answer.code < 0 || reply->answer.text[0] != '\0', "an error has no text");
    side->last_answered = tag;
}

static void
note(Side *side, Lab *lab, const MessageHeader *header, const guint8 *body)
{
    switch ((MessageKind) header->kind) {
    case MESSAGE_OPEN: memcpy(&side->opened, body, sizeof side->opened); break;
    case MESSAGE_CLOSE: side->n_closed++; break;
    case MESSAGE_REQUEST: note_answer(side, lab, header->tag, body, header->n); break;
    case MESSAGE_IKE: g_array_append_vals(side->ikes, body, 1); break;
    case MESSAGE_EVENT: g_array_append_vals(side->events, body, 1); break;
    }
}

void
side_read(Side *side, Lab *lab)
{
    while (side->pid != 0) {
        struct pollfd poll_fd = { .fd = side->fd, .events = POLLIN };
        MessageHeader header;
        g_autofree guint8 *body = NULL;

        if (poll(&poll_fd, 1, 0) <= 0)
            return;
        if (!message_read(side->fd, &header, sizeof header))
            break;
        body = g_malloc(header.n);
        if (!message_read(side->fd, body, header.n))
            break;
        note(side, lab, &header, body);
    }
    if (side->pid != 0) {
        side_stop(lab, side, SIGKILL);
        lab_fail(lab, "the process of the %s end has died", name_of(side));
    }
}

/* --- requests --- */

guint32
side_ask(Lab *lab, Side *side, const FlatRequest *request)
{
    command(lab, side, MESSAGE_REQUEST, request, sizeof *request);
    return side->last_tag;
}

typedef struct {
    const Side *side;
    guint32 tag;
} Awaited;

static const Reply *
find_reply(const Side *side, guint32 tag)
{
    for (guint i = side->replies->len; i-- > 0;)
        if (((Reply *) side->replies->pdata[i])->tag == tag)
            return side->replies->pdata[i];
    return NULL;
}

static gboolean
is_answered(gpointer data)
{
    const Awaited *awaited = data;

    return find_reply(awaited->side, awaited->tag) != NULL;
}

const Reply *
side_answer(Lab *lab, Side *side, guint32 tag)
{
    static const Reply none = { .answer = { .code = ANSWER_NONE, .text = "no answer" } };
    Awaited awaited = { side, tag };

    if (lab_wait(lab, is_answered, &awaited, LIMIT_MS))
        return find_reply(side, tag);
    lab_fail(lab, "the %s end did not answer a request", name_of(side));
    return &none;
}

const Reply *
side_do(Lab *lab, Side *side, const FlatRequest *request)
{
    return side_answer(lab, side, side_ask(lab, side, request));
}

static const char *
op_name(ObolKernelOp op)
{
    static const char *const names[] = {
        "GET_SPI", "ADD_SA", "UPDATE_SA", "DELETE_SA", "QUERY_SA", "ADD_POLICY", "DELETE_POLICY", "FLUSH", "UPDATE_POLICY", "LIST",
    };

    return (guint) op < G_N_ELEMENTS(names) ? names[op] : "?";
}

const char *const error_names[] = { "EXISTS", "NOT_FOUND", "UNSUPPORTED", "LIMIT", "INVALID", "PERMISSION", "GONE" };

const Reply *
side_must(Lab *lab, Side *side, const FlatRequest *request)
{
    const Reply *reply = side_do(lab, side, request);
    int code = reply->answer.code;

    CLAIM(lab, code == ANSWER_DONE, "%s of the %s end was refused: %s: %s", op_name(request->request.op), name_of(side),
          code >= 0 && code < (int) G_N_ELEMENTS(error_names) ? error_names[code] : "?", reply->answer.text);
    return reply;
}

const char *
reply_sas_text(const Reply *reply)
{
    static char text[1000];
    char source[OBOL_ADDRESS_TEXT_MAX], destination[OBOL_ADDRESS_TEXT_MAX];
    gsize n = 0;

    text[0] = '\0';
    for (guint i = 0; i < reply->answer.n_sas && n < sizeof text; i++) {
        const ObolKernelSa *sa = &reply->sas[i];

        n += (gsize) g_snprintf(text + n, sizeof text - n, "%s%s > %s protocol %u SPI %08x reqid %u%s%s", i == 0 ? "" : ", ",
                                obol_address_format(&sa->id.source, source), obol_address_format(&sa->id.destination, destination),
                                sa->id.protocol, sa->id.spi, sa->reqid, sa->ours ? " ours" : "", sa->reserved ? " reserved" : "");
    }
    return text;
}

void
side_refuses(Lab *lab, Side *side, const FlatRequest *request, guint codes, const char *what)
{
    const Reply *reply = side_do(lab, side, request);
    int code = reply->answer.code;

    if (code == ANSWER_NONE)
        return;
    CLAIM(lab, code != ANSWER_DONE, "%s: the %s end did it instead of refusing", what, name_of(side));
    CLAIM(lab, code < 0 || (codes & 1u << code) != 0, "%s: refused by the %s end with %s, which is not the code for it: %s", what,
          name_of(side), error_names[MAX(code, 0)], reply->answer.text);
}

void
side_send_ike(Lab *lab, Side *side, const IkeBytes *ike)
{
    command(lab, side, MESSAGE_IKE, ike, sizeof *ike);
}

static gboolean
has_events(gpointer data)
{
    const Awaited *awaited = data;

    return awaited->side->events->len >= awaited->tag;
}

gboolean
side_wait_events(Lab *lab, Side *side, guint n, guint limit_ms)
{
    Awaited awaited = { side, n };

    return lab_wait(lab, has_events, &awaited, limit_ms);
}
