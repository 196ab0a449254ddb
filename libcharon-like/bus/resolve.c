/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/resolve.c - which features can be used: what they need, whether they work, and who comes first. */
#include "bus/internal.h"

#include <string.h>

/* "role/name" fits that feature, "role/" any of the role. */
static gboolean
answers(const Feature *feature, const char *need)
{
    gsize n = strlen(need);

    return n > 0 && need[n - 1] == '/' ? strncmp(feature->id, need, n) == 0 : g_str_equal(feature->id, need);
}

Feature *
obol_bus_find(ObolBus *bus, const char *need, FeatureState state)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        Plugin *plugin = bus->plugins->pdata[i];

        for (guint j = 0; j < plugin->features->len; j++) {
            Feature *feature = plugin->features->pdata[j];

            if (feature->state == state && answers(feature, need))
                return feature;
        }
    }
    return NULL;
}

/* The first of @needs that no accepted feature answers; NULL: all are met. */
static const char *
unmet(ObolBus *bus, const char *const *needs)
{
    for (; needs != NULL && *needs != NULL; needs++)
        if (obol_bus_find(bus, *needs, FEATURE_ACCEPTED) == NULL)
            return *needs;
    return NULL;
}

/* Is something that it would like to come first still on its way? */
static gboolean
hopes(ObolBus *bus, const Feature *feature)
{
    for (const char *const *want = feature->declared->wants; want != NULL && *want != NULL; want++) {
        const Feature *coming = obol_bus_find(bus, *want, FEATURE_WAITING);

        if (obol_bus_find(bus, *want, FEATURE_ACCEPTED) == NULL && coming != NULL && coming != feature)
            return TRUE;
    }
    return FALSE;
}

/* Puts an algorithm into the registry; FALSE when a provider of higher rank has its ID already. */
static gboolean
register_algorithm(ObolBus *bus, const Feature *feature)
{
    const char *provider = feature->plugin->name;
    const ObolRoleCalls *calls = &feature->calls;

    switch (feature->declared->role) {
    case OBOL_ROLE_RANDOM:
        if (obol_crypto_random(bus->crypto) != NULL && obol_crypto_random(bus->crypto)->calls != NULL)
            return FALSE;
        obol_crypto_set_random(bus->crypto, &calls->random, NULL);
        return TRUE;
    case OBOL_ROLE_HASH:
        return obol_crypto_add_hash(bus->crypto, &calls->hash, provider);
    case OBOL_ROLE_PRF:
        return obol_crypto_add_prf(bus->crypto, &calls->mac, provider);
    case OBOL_ROLE_INTEG:
        return obol_crypto_add_integ(bus->crypto, &calls->mac, provider);
    case OBOL_ROLE_CIPHER:
        return obol_crypto_add_cipher(bus->crypto, &calls->cipher, provider);
    case OBOL_ROLE_AEAD:
        return obol_crypto_add_aead(bus->crypto, &calls->aead, provider);
    case OBOL_ROLE_KE:
        return obol_crypto_add_ke(bus->crypto, &calls->ke, provider);
    case OBOL_ROLE_KERNEL:
    case OBOL_ROLE_SOCKET:
    case OBOL_ROLE_CONTROL:
    case OBOL_ROLE_LISTENER:
    case OBOL_ROLE_NETWORK:
    case OBOL_ROLE_END:
    case OBOL_N_ROLES:
        return TRUE;
    }
    return TRUE;
}

static void
admit(ObolBus *bus, Feature *feature)
{
    g_autoptr(GError) error = NULL;
    const Feature *twin = obol_bus_find(bus, feature->id, FEATURE_ACCEPTED);

    if (twin != NULL) {
        obol_feature_leave_out(feature, "plugin %s provides it already", twin->plugin->name);
    } else if (feature->declared->self_test != NULL && !feature->declared->self_test(&error)) {
        obol_feature_leave_out(feature, "its self-test failed: %s", error != NULL ? error->message : "no reason given");
    } else if (!register_algorithm(bus, feature)) {
        feature->state = FEATURE_STANDBY;
        feature->refusal = g_strdup("a plugin of higher rank provides this algorithm");
    } else {
        feature->state = FEATURE_ACCEPTED;
        g_ptr_array_add(bus->order, feature);
    }
}

typedef enum { ONLY_WITHOUT_HOPES, EVEN_WITH_HOPES } Patience;

/* Accepts the first feature that has all it needs, the highest rank first; FALSE when there is none. */
static gboolean
accept_one(ObolBus *bus, Patience patience)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        Plugin *plugin = bus->plugins->pdata[i];

        for (guint j = 0; j < plugin->features->len; j++) {
            Feature *feature = plugin->features->pdata[j];

            if (feature->state != FEATURE_WAITING || unmet(bus, feature->declared->needs) != NULL)
                continue;
            if (patience == ONLY_WITHOUT_HOPES && hopes(bus, feature))
                continue;
            admit(bus, feature);
            return TRUE;
        }
    }
    return FALSE;
}

/* Follows unmet needs from @feature through features that wait as well, until one comes twice. */
static char *
describe_circle(ObolBus *bus, const Feature *feature)
{
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    const Feature *at = feature;
    GString *text;
    guint first;

    while (!g_ptr_array_find(path, at, &first)) {
        g_ptr_array_add(path, (gpointer) at);
        at = obol_bus_find(bus, unmet(bus, at->declared->needs), FEATURE_WAITING);
    }
    text = g_string_new("needs in a circle: ");
    for (guint i = first; i < path->len; i++)
        g_string_append_printf(text, "%s needs ", ((const Feature *) path->pdata[i])->id);
    g_string_append(text, at->id);
    return g_string_free(text, FALSE);
}

static void
append_waiting(ObolBus *bus, GPtrArray *out)
{
    for (guint i = 0; i < bus->plugins->len; i++) {
        Plugin *plugin = bus->plugins->pdata[i];

        for (guint j = 0; j < plugin->features->len; j++) {
            Feature *feature = plugin->features->pdata[j];

            if (feature->state == FEATURE_WAITING)
                g_ptr_array_add(out, feature);
        }
    }
}

/* Leaves out one feature whose need nobody is left to meet; FALSE when each waits for another one that waits. */
static gboolean
leave_out_hopeless(ObolBus *bus)
{
    g_autoptr(GPtrArray) waiting = g_ptr_array_new();

    append_waiting(bus, waiting);
    for (guint i = 0; i < waiting->len; i++) {
        Feature *feature = waiting->pdata[i];
        const char *need = unmet(bus, feature->declared->needs);

        if (obol_bus_find(bus, need, FEATURE_WAITING) == NULL) {
            obol_feature_leave_out(feature, "needs %s, which %s", need,
                                   obol_bus_find(bus, need, FEATURE_LEFT_OUT) != NULL ? "was left out" : "nobody provides");
            return TRUE;
        }
    }
    return FALSE;
}

static void
leave_out_circles(ObolBus *bus)
{
    g_autoptr(GPtrArray) waiting = g_ptr_array_new();

    append_waiting(bus, waiting);
    /* Each is described while all of them still wait. */
    for (guint i = 0; i < waiting->len; i++) {
        Feature *feature = waiting->pdata[i];

        feature->refusal = describe_circle(bus, feature);
    }
    for (guint i = 0; i < waiting->len; i++)
        ((Feature *) waiting->pdata[i])->state = FEATURE_LEFT_OUT;
}

void
obol_bus_resolve(ObolBus *bus)
{
    while (accept_one(bus, ONLY_WITHOUT_HOPES) || accept_one(bus, EVEN_WITH_HOPES))
        ;
    while (leave_out_hopeless(bus))
        ;
    leave_out_circles(bus);
}
