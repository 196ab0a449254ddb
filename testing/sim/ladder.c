/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/ladder.c - a history in words. */
#include "testing/sim/ladder.h"

#include "testing/sim/host.h"
#include "wire/message.h"

struct SimLadder {
    const Sim *sim;
    GPtrArray *lines;
    char *payloads; /* of the message that is sent next */
    guint32 message_id;
};

SimLadder *
sim_ladder_new(void)
{
    SimLadder *ladder = g_new0(SimLadder, 1);

    ladder->lines = g_ptr_array_new_with_free_func(g_free);
    return ladder;
}

void
sim_ladder_free(SimLadder *ladder)
{
    if (ladder == NULL)
        return;
    g_ptr_array_unref(ladder->lines);
    g_free(ladder->payloads);
    g_free(ladder);
}

void
sim_ladder_begin(SimLadder *ladder, const Sim *sim)
{
    if (ladder == NULL)
        return;
    ladder->sim = sim;
    g_ptr_array_set_size(ladder->lines, 0);
}

void
sim_ladder_line(SimLadder *ladder, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    if (ladder == NULL)
        return;
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(ladder->lines, g_strdup_printf("%11.6f  %s", (double) (ladder->sim->schedule.now_us - ladder->sim->start_us) / G_USEC_PER_SEC,
                                                   text));
}

void
sim_ladder_message(SimLadder *ladder, G_GNUC_UNUSED const SimHost *host, const ObolMessageEvent *message)
{
    if (ladder == NULL || !message->outgoing)
        return;
    g_free(ladder->payloads);
    ladder->payloads = g_strdup(message->payloads);
    ladder->message_id = message->message_id;
}

static const char *
exchange_name(guint8 exchange)
{
    switch (exchange) {
    case OBOL_IKE_SA_INIT: return "IKE_SA_INIT";
    case OBOL_IKE_AUTH: return "IKE_AUTH";
    case OBOL_CREATE_CHILD_SA: return "CREATE_CHILD_SA";
    case OBOL_INFORMATIONAL: return "INFORMATIONAL";
    default: return "?";
    }
}

void
sim_ladder_sent(SimLadder *ladder, const SimHost *from, const SimHost *to, const SimPacket *packet, const char *fate)
{
    ObolHeader header;
    ObolWireFault fault;

    if (ladder == NULL || packet->ike == NULL || !obol_header_decode(packet->ike, packet->n_ike, &header, &fault))
        return;
    sim_ladder_line(ladder, "%u ---> %u  %04x/%04x %s %s %u  %s%s%s", sim_host_number(from), sim_host_number(to),
                    (guint) (header.spi_i >> 48), (guint) (header.spi_r >> 48), exchange_name(header.exchange),
                    (header.flags & OBOL_FLAG_RESPONSE) != 0 ? "response" : "request", header.message_id,
                    ladder->payloads != NULL && header.message_id == ladder->message_id ? ladder->payloads : "",
                    fate != NULL ? "   *** " : "", fate != NULL ? fate : "");
}

void
sim_ladder_packet(SimLadder *ladder, const SimPacket *packet, const char *why)
{
    sim_ladder_line(ladder, "         packet %" G_GUINT64_FORMAT " of SPI %08x, sent at %.6f: %s", packet->sequence, packet->spi,
                    ladder != NULL ? (double) (packet->sent_us - ladder->sim->start_us) / G_USEC_PER_SEC : 0, why);
}

static char *
words_of(const ObolReason *reason)
{
    return reason != NULL ? obol_reason_format(reason) : g_strdup("");
}

void
sim_ladder_ike(SimLadder *ladder, const SimHost *host, const ObolIkeInfo *sa, const ObolReason *reason)
{
    g_autofree char *why = words_of(reason);

    sim_ladder_line(ladder, "%u        IKE SA #%u %04x/%04x is %s %s", sim_host_number(host), sa->unique_id, (guint) (sa->spi_i >> 48),
                    (guint) (sa->spi_r >> 48), obol_ike_state_name(sa->state), why);
}

void
sim_ladder_child(SimLadder *ladder, const SimHost *host, const ObolIkeInfo *sa, const ObolChildInfo *child, const ObolReason *reason)
{
    g_autofree char *why = words_of(reason);

    sim_ladder_line(ladder, "%u        Child SA #%u %s of #%u, in %08x out %08x, is %s %s", sim_host_number(host), child->unique_id,
                    child->name != NULL ? child->name : "?", sa->unique_id, child->spi_in, child->spi_out, obol_child_state_name(child->state),
                    why);
}

void
sim_ladder_told(SimLadder *ladder, const SimHost *host, const char *what, const ObolReason *reason)
{
    g_autofree char *why = words_of(reason);

    sim_ladder_line(ladder, "%u        %s %s", sim_host_number(host), what, why);
}

void
sim_ladder_print(const SimLadder *ladder, guint n_last)
{
    guint first = n_last > 0 && ladder->lines->len > n_last ? ladder->lines->len - n_last : 0;

    if (first > 0)
        g_print("  ... %u lines before\n", first);
    for (guint i = first; i < ladder->lines->len; i++)
        g_print("  %s\n", (const char *) g_ptr_array_index(ladder->lines, i));
}
