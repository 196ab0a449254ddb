/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/dice.c - SplitMix64: small, and well mixed from any seed. */
#include "testing/sim/dice.h"

#define STEP G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)

static guint64
finish(guint64 z)
{
    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ z >> 31;
}

guint64
sim_mix(guint64 a, guint64 b)
{
    return finish(finish(a + STEP) ^ (b + STEP));
}

double
sim_mix_to_unit(guint64 mixed)
{
    return (double) (mixed >> 11) / (double) (G_GUINT64_CONSTANT(1) << 53);
}

guint64
sim_dice_throw(SimDice *dice)
{
    return finish(dice->state += STEP);
}

guint
sim_dice_below(SimDice *dice, guint n)
{
    return (guint) (sim_dice_throw(dice) % n);
}

gint64
sim_dice_between(SimDice *dice, gint64 low, gint64 high)
{
    return low + (gint64) (sim_dice_throw(dice) % (guint64) (high - low + 1));
}

gboolean
sim_dice_chance(SimDice *dice, double p)
{
    return sim_mix_to_unit(sim_dice_throw(dice)) < p;
}
