/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client-end.h - the other end of a server's client, in the same thread and loop. */
#ifndef OBOL_TEST_CLIENT_END_H
#define OBOL_TEST_CLIENT_END_H

#include "plugins/vici/server.h"

typedef struct {
    ViciServer *server;
    int fd;
} End;

#define TOLD_MAX (64 * 1024)

/* A server on a fake daemon with one client: made anew for each test. */
extern ViciServer *server;
extern End end;

typedef struct {
    const char *name;
    void (*run)(void);
} ViciTest;

/* The main() of a test program: each test between set-up and tear-down, after which nothing may be left over. */
int run_vici_tests(int argc, char **argv, const ViciTest *tests, gsize n);

ViciServer *server_new(void);
End end_new(ViciServer *of);
void end_close(End *client);

/* Runs what is ready. */
void run_loop(void);
void send_bytes(const End *client, const void *data, gsize n);
void send_hex(const End *client, const char *hex);
/* @args: name, value, ..., NULL */
void send_request(const End *client, const char *command, const char *const *args);
void send_register(const End *client, const char *event);

/* The next packet, with its message; asserts that one comes. */
ObolNode *receive(const End *client, ObolViciPacket *packet);
gboolean is_silent(const End *client);
/* The server closed it. */
gboolean is_closed(const End *client);
/* Registers, and asserts that it is confirmed. */
void listen_for(const End *client, const char *event);
/* A request and the response, which must be the next packet. */
ObolNode *call(const End *client, const char *command, const char *const *args);
/* A request that is answered by success=no with this errmsg. */
void assert_refused(const End *client, const char *command, const char *const *args, const char *errmsg);
/* The next packet is this event; (transfer full). */
ObolNode *receive_event(const End *client, const char *name);
ObolNode *receive_response(const End *client);

/* (transfer full): "a=1 s{ k=v } l[ x y ] " */
char *text_of(const ObolNode *message);
void assert_text(const ObolNode *message, const char *expected);

#define ARGS(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define NO_ARGS ((const char *const[]) { NULL })

#endif
