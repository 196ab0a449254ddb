/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* drops.c - why packets were not let through: counted by reason, logged at a bounded rate. */
#include "drops.h"

const char *
drop_name(Drop reason)
{
    switch (reason) {
    case DROP_ESP_SHORT: return "ESP that is too short";
    case DROP_ESP_NO_SA: return "ESP of an unknown SPI";
    case DROP_ESP_REPLAYED: return "ESP seen before, or too late for the window";
    case DROP_ESP_FORGED: return "ESP that is not authentic";
    case DROP_ESP_PADDING: return "ESP with wrong padding";
    case DROP_ESP_DUMMY: return "dummy ESP, as the peer meant it";
    case DROP_ESP_EXPIRED: return "ESP of an SA whose lifetime is over";
    case DROP_ESP_ENCAPSULATION: return "ESP in UDP where plain ESP was agreed, or the reverse";
    case DROP_INNER_BROKEN: return "ESP with something else inside than was agreed";
    case DROP_INNER_COMPRESSED: return "ESP with IPComp inside that can not be decompressed";
    case DROP_INNER_SELECTORS: return "ESP with a packet inside that its SA does not allow";
    case DROP_INNER_POLICY: return "ESP with a packet inside that a policy wants otherwise";
    case DROP_INNER_ECN: return "ESP with a congestion mark for a packet that knows none";
    case DROP_OUT_BROKEN: return "a packet of this host with broken headers";
    case DROP_OUT_NO_POLICY: return "a packet that no policy covers";
    case DROP_OUT_POLICY: return "a packet that a policy wants dropped";
    case DROP_OUT_NO_SA: return "a packet without an SA to protect it";
    case DROP_OUT_HELD: return "a packet whose SA is still to come";
    case DROP_OUT_EXPIRED: return "a packet for an SA whose lifetime is over";
    case DROP_OUT_TOO_BIG: return "a packet too big for its SA";
    case DROP_OUT_TRANSPORT: return "a packet with header options that transport mode can not carry";
    case DROP_OUT_FRAGMENT: return "a fragment without the rest of its packet";
    case DROP_OUT_NO_ROOM: return "a packet too long for the buffer";
    case DROP_OUT_BACKEND: return "a packet that could not be encrypted";
    case DROP_DEVICE: return "a decrypted packet that the device did not take";
    case DROP_RAW: return "a packet that the raw socket did not take";
    case N_DROPS: break;
    }
    return "?";
}

/* What happens in a network that is well; the rest is worth an admin's look. */
static int
level_of(Drop reason)
{
    return reason == DROP_ESP_DUMMY || reason == DROP_OUT_TOO_BIG || reason == DROP_OUT_HELD ? 2 : 1;
}

void
drops_count(Drops *drops, Drop reason, gint64 now_us)
{
    g_autofree char *text = NULL;

    drops->count[reason]++;
    if (drops->told[reason] != 0 && now_us - drops->told_us[reason] < DROP_INTERVAL_US)
        return;
    text = g_strdup_printf("dropped: %s (%" G_GUINT64_FORMAT " since the last line, %" G_GUINT64_FORMAT " in all)",
                           drop_name(reason), drops->count[reason] - drops->told[reason], drops->count[reason]);
    drops->told[reason] = drops->count[reason];
    drops->told_us[reason] = now_us;
    drops->log(drops->data, level_of(reason), text);
}
