/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/exchange/test-ten-lines.c - an engine can be built and driven in a test in ten lines. */
#include "exchange/pair.h"

static guint32
one(gpointer data)
{
    (void) data;
    return 1;
}

static void
test_gives_up_after_its_tries(void)
{
    g_autoptr(ObolCrypto) crypto = test_crypto_new();
    g_autoptr(ObolConnection) connection = obol_connection_new("lab");
    g_autoptr(ObolActions) did = obol_actions_new();
    ObolEngine engine = { .crypto = crypto, .random = *obol_crypto_random(crypto), .next_unique_id = one };
    ObolAddress here = { .family = AF_INET, .port = 500 }, there = here;
    g_autoptr(ObolIkeSa) sa = NULL;
    gint64 now_us = 0;

    connection->proposals = (g_array_unref(connection->proposals), obol_proposal_defaults(OBOL_PROTO_IKE));
    sa = obol_ike_sa_new_initiator(&engine, connection, 1, &here, &there);
    obol_ike_sa_handle(sa, &(ObolEvent) { .kind = OBOL_EVENT_INITIATE }, now_us, did);
    for (guint i = 0; i < obol_actions_n(did); i++) {
        ObolAction *action = obol_actions_nth(did, i);

        if (action->kind == OBOL_ACTION_JOB) {
            action->job->run(action->job);
            obol_ike_sa_handle(sa, &(ObolEvent) { .kind = OBOL_EVENT_JOB, .job = action->job }, now_us, did);
        } else if (action->kind == OBOL_ACTION_WAKE && action->wake_us != G_MAXINT64) {
            now_us = action->wake_us; /* time jumps to whatever was armed */
            obol_ike_sa_handle(sa, &(ObolEvent) { .kind = OBOL_EVENT_TIMER }, now_us, did);
        }
    }
    g_assert_cmpuint(obol_actions_count(did, OBOL_ACTION_SEND), ==, 1 + connection->retransmit_tries);
    g_assert_cmpuint(obol_actions_count(did, OBOL_ACTION_CLOSE), ==, 1);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/2.1/gives-up-after-its-tries", test_gives_up_after_its_tries);
    return g_test_run();
}
