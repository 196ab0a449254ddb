/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/kernels.c - every kernel plugin that is chosen: which one serves, and what the others could do. */
#include "bus/internal.h"

static void
report(ObolBus *bus, const Feature *feature, ObolKernelVisit visit, gpointer data)
{
    ObolKernelAbilities abilities = { 0 }, theirs = { 0 };
    g_autoptr(GError) error = NULL;
    ObolKernelReport out = {
        .id = feature->id, .plugin = feature->plugin->name, .rank = feature->plugin->rank, .serves = feature == bus->kernel,
    };

    if (out.serves) {
        out.abilities = obol_bus_kernel_abilities(bus);
    } else if (feature->state == FEATURE_LEFT_OUT && feature->calls.kernel.probe == NULL) {
        out.why_not = feature->refusal;
    } else if (feature->calls.kernel.probe == NULL) {
        out.unknown = TRUE;
    } else if (feature->calls.kernel.probe(bus, &theirs, &error)) {
        obol_bus_copy_abilities(&abilities, &theirs);
        out.abilities = &abilities;
    } else {
        out.why_not = error != NULL ? error->message : "it does not say why";
    }
    visit(&out, data);
}

void
obol_bus_each_kernel(ObolBus *bus, ObolKernelVisit visit, gpointer data)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        const Plugin *plugin = bus->plugins->pdata[i];

        for (guint j = 0; j < plugin->features->len; j++) {
            const Feature *feature = plugin->features->pdata[j];

            if (feature->declared->role == OBOL_ROLE_KERNEL)
                report(bus, feature, visit, data);
        }
    }
}
