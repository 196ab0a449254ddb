/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/fit.c - a connection against what is there: what no plugin can do is refused when it is loaded, not when it is
 * needed. */
#include "daemon/daemon-private.h"

#include <string.h>

/* ESP and AH are the kernel's to do. */
static gboolean
kernel_can(const ObolKernelAbilities *abilities, const ObolTransform *transform)
{
    if (transform->type == OBOL_TRANSFORM_ESN)
        return transform->id == OBOL_ESN_NO || abilities == NULL || abilities->esn;
    if (abilities == NULL || abilities->transforms == NULL)
        return TRUE;
    for (const ObolTransform *t = abilities->transforms; t->type != 0; t++) {
        if (t->type == transform->type && t->id == transform->id
            && (t->key_bits == transform->key_bits || transform->key_bits == 0))
            return TRUE;
    }
    return transform->type == OBOL_TRANSFORM_INTEG && transform->id == OBOL_INTEG_NONE;
}

static gboolean
can(ObolDaemon *daemon, guint8 protocol, const ObolTransform *transform)
{
    gboolean kernels = protocol != OBOL_PROTO_IKE
                       && (transform->type == OBOL_TRANSFORM_ENCR || transform->type == OBOL_TRANSFORM_INTEG
                           || transform->type == OBOL_TRANSFORM_ESN);

    return kernels ? kernel_can(obol_bus_kernel_abilities(daemon->bus), transform)
                   : obol_crypto_can(obol_bus_crypto(daemon->bus), transform);
}

/* TRUE when a type of @before has no transform left in @after. */
static gboolean
lost_a_type(const ObolProposal *before, const ObolProposal *after)
{
    for (guint i = 0; i < before->n_transforms; i++) {
        gboolean left = FALSE;

        for (guint j = 0; j < after->n_transforms; j++)
            left |= after->transforms[j].type == before->transforms[i].type;
        if (!left)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_default(const ObolProposal *proposal, const GArray *defaults)
{
    for (guint i = 0; i < defaults->len; i++) {
        const ObolProposal *other = &g_array_index(defaults, ObolProposal, i);

        if (other->n_transforms == proposal->n_transforms
            && memcmp(other->transforms, proposal->transforms, proposal->n_transforms * sizeof *other->transforms) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
refuse(ObolDaemon *daemon, const char *where, const ObolProposal *whole, const ObolTransform *transform, GError **error)
{
    ObolProposal alone = { .protocol = whole->protocol };
    g_autofree char *name = NULL, *kernel = daemon_describe_kernel(daemon);

    obol_proposal_add(&alone, transform->type, transform->id, transform->key_bits);
    name = obol_proposal_format(&alone);
    if (whole->protocol == OBOL_PROTO_IKE)
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    "%s: nothing that is loaded can do %s: a crypto plugin is missing, or was left out (see the log)", where, name);
    else
        g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                    "%s: %s can not do %s (\"obolctl doctor\" lists what it can)", where, kernel, name);
}

/* What the admin named must be there; of the defaults, what is not there is left out. */
static gboolean
fit_proposals(ObolDaemon *daemon, GArray *proposals, ObolProtocol protocol, const char *where, GError **error)
{
    g_autoptr(GArray) defaults = obol_proposal_defaults(protocol);
    g_autofree char *kernel = NULL;

    for (guint i = 0; i < proposals->len;) {
        ObolProposal *proposal = &g_array_index(proposals, ObolProposal, i);
        gboolean ours = is_default(proposal, defaults);
        ObolProposal kept = *proposal;

        kept.n_transforms = 0;
        for (guint j = 0; j < proposal->n_transforms; j++) {
            const ObolTransform *transform = &proposal->transforms[j];

            if (can(daemon, protocol, transform)) {
                kept.transforms[kept.n_transforms++] = *transform;
            } else if (!ours) {
                refuse(daemon, where, proposal, transform, error);
                return FALSE;
            }
        }
        if (lost_a_type(proposal, &kept)) {
            g_array_remove_index(proposals, i);
            continue;
        }
        *proposal = kept;
        i++;
    }
    if (proposals->len > 0)
        return TRUE;
    kernel = protocol == OBOL_PROTO_IKE ? g_strdup("the crypto plugins") : daemon_describe_kernel(daemon);
    g_set_error(error, OBOL_SETTINGS_ERROR, OBOL_SETTINGS_ERROR_VALUE,
                "%s: of the default proposals %s can do none: name one that it can", where, kernel);
    return FALSE;
}

gboolean
daemon_fit_connection(ObolDaemon *daemon, ObolConnection *connection, GError **error)
{
    g_autofree char *where = g_strdup_printf("connections.%s.proposals", connection->name);
    const GPtrArray *lists[] = { connection->children, connection->shunts };

    if (connection->children->len > 0 && !fit_proposals(daemon, connection->proposals, OBOL_PROTO_IKE, where, error))
        return FALSE;
    for (gsize list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len; i++) {
            ObolChildConfig *child = g_ptr_array_index(lists[list], i);
            g_autofree char *there = g_strdup_printf("connections.%s.children.%s", connection->name, child->name);

            if (!daemon_fit_kernel(daemon, connection, child, there, error))
                return FALSE;
            if (child->action == OBOL_POLICY_PROTECT
                && !fit_proposals(daemon, child->proposals, child->protocol, there, error))
                return FALSE;
        }
    }
    return TRUE;
}
