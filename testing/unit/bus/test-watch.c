/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-watch.c - who listens is told, also when watchers come and go meanwhile. */
#include "bus-test.h"

#include "bus/bucket.h"

typedef struct {
    ObolBus *bus;
    guint n;          /* how often it was told */
    guint handle;     /* its own */
    guint victim;     /* whom it unwatches when told; 0: nobody */
    gboolean invites; /* a newcomer */
    guint logs;       /* lines to write when told of one */
    GString *lines;
} Witness;

static void
count_failure(gpointer self, const ObolIkeInfo *sa, const ObolReason *reason);

static const ObolListenerVtable counting = { .size = sizeof counting, .failure = count_failure };

static void
count_failure(gpointer self, const ObolIkeInfo *sa G_GNUC_UNUSED, const ObolReason *reason G_GNUC_UNUSED)
{
    Witness *witness = self;

    witness->n++;
    if (witness->victim != 0)
        obol_bus_unwatch(witness->bus, witness->victim);
    if (witness->invites)
        obol_bus_watch(witness->bus, &counting, witness);
    witness->invites = FALSE;
}

static void
tell(ObolBus *bus)
{
    const ObolIkeInfo sa = { .connection = "c", .initiator = TRUE };
    const ObolReason reason = { .code = OBOL_REASON_SYNTAX };

    obol_bus_tell_failure(bus, &sa, &reason);
}

static void
test_told(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    Witness one = { .bus = bus }, two = { .bus = bus };
    guint handle = obol_bus_watch(bus, &counting, &one);

    obol_bus_watch(bus, &counting, &two);
    tell(bus);
    obol_bus_unwatch(bus, handle);
    obol_bus_unwatch(bus, handle);
    tell(bus);
    g_assert_cmpuint(one.n, ==, 1);
    g_assert_cmpuint(two.n, ==, 2);
}

static void
test_goes_itself(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    Witness one = { .bus = bus }, two = { .bus = bus };

    one.victim = obol_bus_watch(bus, &counting, &one);
    obol_bus_watch(bus, &counting, &two);
    tell(bus);
    tell(bus);
    g_assert_cmpuint(one.n, ==, 1);
    g_assert_cmpuint(two.n, ==, 2);
}

static void
test_sends_another_away(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    Witness one = { .bus = bus }, two = { .bus = bus };

    obol_bus_watch(bus, &counting, &one);
    one.victim = obol_bus_watch(bus, &counting, &two);
    tell(bus);
    g_assert_cmpuint(one.n, ==, 1);
    g_assert_cmpuint(two.n, ==, 0);
}

static void
test_newcomer(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    Witness one = { .bus = bus, .invites = TRUE };

    obol_bus_watch(bus, &counting, &one);
    tell(bus);
    g_assert_cmpuint(one.n, ==, 1); /* the newcomer hears from the next event on */
    tell(bus);
    g_assert_cmpuint(one.n, ==, 3);
}

static void
take_line(gpointer self, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    Witness *witness = self;

    g_string_append_printf(witness->lines, "%s%d%s %s\n", group, level, sa != NULL ? sa->connection : "", text);
    for (guint i = 0; i < witness->logs; i++)
        obol_bus_log(witness->bus, "lib", 0, "an echo");
}

static const ObolListenerVtable lines = { .size = sizeof lines, .log = take_line };

static void
test_lines(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    const ObolIkeInfo sa = { .connection = "berlin", .initiator = TRUE };
    Witness one = { .bus = bus, .lines = g_string_new(NULL), .logs = 1 };

    g_assert_false(obol_bus_logs(bus, "ike", 0));
    obol_bus_watch(bus, &lines, &one);
    g_assert_true(obol_bus_logs(bus, "ike", 2));
    obol_bus_log(bus, "net", 2, "%d and %s", 1, "two");
    obol_bus_tell_log(bus, "ike", 0, &sa, "up\n00:00:00 forged\x1b[2J\x7f");
    g_assert_cmpstr(one.lines->str, ==, "net2 1 and two\nike0berlin up\n    00:00:00 forged?[2J?\n");
    g_string_free(one.lines, TRUE);
}

static void
test_strangers_are_limited(void)
{
    g_autoptr(ObolBus) bus = quiet_bus();
    const ObolIkeInfo ours = { .connection = "c", .initiator = TRUE, .state = OBOL_IKE_CONNECTING };
    const ObolIkeInfo stranger = { .connection = "c", .state = OBOL_IKE_CONNECTING };
    Witness one = { .bus = bus, .lines = g_string_new(NULL) };
    guint n_told, handle;

    handle = obol_bus_watch(bus, &lines, &one);
    for (guint i = 0; i < 20000; i++)
        obol_bus_tell_log(bus, "net", 0, i % 2 == 0 ? NULL : &stranger, "x");
    n_told = (guint) one.lines->len / 6;
    g_assert_cmpuint(n_told, >=, 150);
    g_assert_cmpuint(n_told, <, 5000);
    g_string_truncate(one.lines, 0);
    for (guint i = 0; i < 5000; i++) {
        obol_bus_tell_log(bus, "ike", 0, &ours, "ours");
        obol_bus_log(bus, "cfg", 0, "ours");
    }
    g_assert_cmpuint(one.lines->len, ==, 5000 * (strlen("ike0c ours\n") + strlen("cfg0 ours\n")));
    obol_bus_unwatch(bus, handle);
    g_string_free(one.lines, TRUE);
}

static void
test_bucket(void)
{
    ObolBucket bucket = { 0 };
    gint64 now_us = 1000 * G_USEC_PER_SEC;
    guint taken = 0;

    for (guint i = 0; i < 1000; i++)
        taken += obol_bucket_take(&bucket, 10, 2, now_us);
    g_assert_cmpuint(taken, ==, 10);
    g_assert_false(obol_bucket_take(&bucket, 10, 2, now_us + G_USEC_PER_SEC / 2 - 1));
    g_assert_true(obol_bucket_take(&bucket, 10, 2, now_us + G_USEC_PER_SEC / 2));
    g_assert_false(obol_bucket_take(&bucket, 10, 2, now_us + G_USEC_PER_SEC / 2));
    for (taken = 0; obol_bucket_take(&bucket, 10, 2, now_us + 3600 * (gint64) G_USEC_PER_SEC); taken++)
        ;
    g_assert_cmpuint(taken, ==, 10); /* what is not used up does not pile up */
    g_assert_false(obol_bucket_take(&bucket, 10, 2, now_us)); /* a clock that goes back gives nothing */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/watch/whoever-watches-is-told", test_told);
    g_test_add_func("/bus/watch/a-watcher-may-leave-while-it-is-told", test_goes_itself);
    g_test_add_func("/bus/watch/a-watcher-may-send-another-away", test_sends_another_away);
    g_test_add_func("/bus/watch/a-newcomer-hears-from-the-next-event-on", test_newcomer);
    g_test_add_func("/bus/log/a-line-can-not-forge-another-nor-echo-for-ever", test_lines);
    g_test_add_func("/bus/log/strangers'-lines-are-limited-and-ours-are-not", test_strangers_are_limited);
    g_test_add_func("/bus/bucket/holds-a-burst-and-refills", test_bucket);
    return g_test_run();
}
