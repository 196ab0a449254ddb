/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ladder.c - IKE messages as a ladder: the SA's original initiator left, its responder right. */
#include "ladder.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define TIME_WIDTH 11
#define WIDTH_MIN 60
#define WIDTH_MAX 120
#define KNOWN_MAX 65536 /* SAs remembered; a daemon under attack shows many */

struct CtlLadder {
    const Ctl *ctl;
    GHashTable *ours;   /* initiator's SPI -> "yes" when we began that SA, else "no" */
    char *heading;      /* end points of the last rung */
    gint64 first_us;    /* 0: nothing drawn yet */
};

CtlLadder *
ctl_ladder_new(const Ctl *ctl)
{
    CtlLadder *ladder = g_new0(CtlLadder, 1);

    ladder->ctl = ctl;
    ladder->ours = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return ladder;
}

void
ctl_ladder_free(CtlLadder *ladder)
{
    if (ladder == NULL)
        return;
    g_hash_table_unref(ladder->ours);
    g_free(ladder->heading);
    g_free(ladder);
}

static void
remember(CtlLadder *ladder, const char *spi, gboolean ours)
{
    if (g_hash_table_size(ladder->ours) >= KNOWN_MAX)
        g_hash_table_remove_all(ladder->ours);
    g_hash_table_insert(ladder->ours, g_strdup(spi), (gpointer) (ours ? "yes" : "no"));
}

void
ctl_ladder_learn(CtlLadder *ladder, const ObolNode *sa)
{
    if (sa != NULL)
        remember(ladder, ctl_value(sa, "initiator-spi"), ctl_has(sa, "initiator"));
}

/* Were we the one who began the SA?  The exchanges that set it up tell; for others it is known, or taken to be so. */
static gboolean
is_ours(CtlLadder *ladder, const ObolNode *message)
{
    const char *spi = ctl_value(message, "initiator-spi"), *exchange = ctl_value(message, "exchange");
    gboolean we_asked = g_str_equal(ctl_value(message, "direction"), "out") != ctl_has(message, "response");
    const char *known = g_hash_table_lookup(ladder->ours, spi);

    if (known == NULL || g_str_equal(exchange, "IKE_SA_INIT")) {
        remember(ladder, spi, we_asked);
        return we_asked;
    }
    return g_str_equal(known, "yes");
}

static int
rung_width(const Ctl *ctl)
{
    struct winsize size = { 0 };
    int columns = 100;

    if (ctl->pretty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    return CLAMP(columns, WIDTH_MIN, WIDTH_MAX) - TIME_WIDTH - 2;
}

/* (transfer full): "192.0.2.1:500" */
static char *
endpoint(const ObolNode *message, const char *side)
{
    g_autofree char *host = g_strconcat(side, "-host", NULL), *port = g_strconcat(side, "-port", NULL);
    const char *address = ctl_value(message, host);

    return g_strdup_printf(strchr(address, ':') != NULL ? "[%s]:%s" : "%s:%s", address, ctl_value(message, port));
}

static void
draw_heading(CtlLadder *ladder, const ObolNode *message, gboolean ours, int width)
{
    g_autofree char *us = endpoint(message, "local"), *them = endpoint(message, "remote");
    const char *left = ours ? us : them, *right = ours ? them : us;
    g_autofree char *heading = g_strconcat(left, " ", right, NULL);
    int gap = width - (int) strlen(left) - (int) strlen(right) + 2;

    if (ladder->ctl->no_legend || g_strcmp0(heading, ladder->heading) == 0)
        return;
    ctl_put(ladder->ctl, CTL_PLAIN, "%*s", TIME_WIDTH, "");
    ctl_put(ladder->ctl, CTL_BOLD, "%s%*s%s", left, MAX(gap, 1), "", right);
    ctl_put(ladder->ctl, CTL_DIM, "  (%s %s)", _("we are"), ours ? _("the initiator") : _("the responder"));
    putchar('\n');
    g_free(ladder->heading);
    ladder->heading = g_steal_pointer(&heading);
}

static void
draw_time(CtlLadder *ladder, const ObolNode *message)
{
    gint64 now_us = ctl_number(message, "time");

    if (ladder->first_us == 0)
        ladder->first_us = now_us;
    ctl_put(ladder->ctl, CTL_DIM, "%+9.3fs ", (double) (now_us - ladder->first_us) / G_USEC_PER_SEC);
}

/* (transfer full) */
static char *
dashes(int n)
{
    return g_strnfill((gsize) MAX(n, 1), '-');
}

static void
draw_arrow(CtlLadder *ladder, const ObolNode *message, gboolean rightwards, int width)
{
    gboolean again = ctl_has(message, "retransmission");
    g_autofree char *text =
        g_strdup_printf(" %s %s %s, %s bytes%s ", ctl_value(message, "exchange"), ctl_value(message, "message-id"),
                        ctl_has(message, "response") ? _("response") : _("request"), ctl_value(message, "bytes"),
                        again ? _(", retransmission") : "");
    g_autofree char *rest = dashes(width - 4 - (int) g_utf8_strlen(text, -1));
    CtlInk ink = again ? CTL_WARN : ctl_has(message, "response") ? CTL_PLAIN : CTL_GOOD;

    if (rightwards)
        ctl_put(ladder->ctl, ink, "|---%s%s>|", text, rest);
    else
        ctl_put(ladder->ctl, ink, "|<%s%s---|", rest, text);
    putchar('\n');
}

void
ctl_ladder_draw(CtlLadder *ladder, const ObolNode *message)
{
    gboolean ours = is_ours(ladder, message);
    gboolean rightwards = g_str_equal(ctl_value(message, "direction"), "out") == ours;
    int width = rung_width(ladder->ctl);
    const char *payloads = ctl_value(message, "payloads");
    int indent;

    draw_heading(ladder, message, ours, width);
    draw_time(ladder, message);
    draw_arrow(ladder, message, rightwards, width);
    if (payloads[0] == '\0' || ctl_has(message, "retransmission"))
        return;
    indent = rightwards ? 4 : MAX(4, width - 4 - (int) g_utf8_strlen(payloads, -1));
    ctl_put(ladder->ctl, CTL_PLAIN, "%*s|%*s", TIME_WIDTH, "", indent, "");
    ctl_put(ladder->ctl, CTL_DIM, "%s", payloads);
    putchar('\n');
}

void
ctl_ladder_note(CtlLadder *ladder, const char *event, const ObolNode *message)
{
    g_autofree char *what = NULL;

    if (g_str_equal(event, "alert"))
        what = g_strdup_printf("%s: %s %s", ctl_value(message, "type"), ctl_value(message, "reason"),
                               ctl_value(message, "reason-facts"));
    else if (g_str_equal(event, "ike-rekey"))
        what = g_strdup(_("IKE SA is rekeyed"));
    else if (g_str_equal(event, "ike-update"))
        what = g_strdup_printf(_("IKE SA moves to %s - %s"), ctl_value(message, "local-host"), ctl_value(message, "remote-host"));
    else
        what = g_strdup_printf("%s %s", g_str_equal(event, "ike-updown") ? "IKE SA" : "Child SA",
                               ctl_has(message, "up") ? _("is up") : _("is down"));
    ctl_put(ladder->ctl, CTL_PLAIN, "%*s| ", TIME_WIDTH, "");
    ctl_put(ladder->ctl, CTL_BOLD, "* %s", what);
    putchar('\n');
}
