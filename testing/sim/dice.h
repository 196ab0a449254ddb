/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/sim/dice.h - chance that can be repeated: the same seed, the same throws, on every machine. */
#ifndef OBOL_TESTING_SIM_DICE_H
#define OBOL_TESTING_SIM_DICE_H

#include <glib.h>

typedef struct {
    guint64 state;
} SimDice;

guint64 sim_mix(guint64 a, guint64 b); /* one number of two, well mixed; for chance that does not depend on the order of throws */
double sim_mix_to_unit(guint64 mixed); /* in [0, 1) */

guint64 sim_dice_throw(SimDice *dice);
guint sim_dice_below(SimDice *dice, guint n);                     /* 0 to @n - 1; @n not 0 */
gint64 sim_dice_between(SimDice *dice, gint64 low, gint64 high); /* both included */
gboolean sim_dice_chance(SimDice *dice, double p);

#endif
