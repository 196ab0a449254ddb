/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* requests-policy.c - policies: added, moved, removed. */
#include <errno.h>

#include "encode.h"
#include "failure.h"
#include "spec.h"
#include "xfrm-private.h"

static void
set_error(const char *words, const ObolPolicySpec *spec, const char *what, int status, GError **error)
{
    static const char *const directions[] = {
        [OBOL_DIR_IN] = "inbound", [OBOL_DIR_OUT] = "outbound", [OBOL_DIR_FORWARD] = "forward",
    };
    g_autofree char *source = obol_ts_format(&spec->source), *destination = obol_ts_format(&spec->destination);

    failure_set(error, status, words, "%s the %s policy from %s to %s", what, directions[spec->direction], source, destination);
}

int
put_rule(Xfrm *xfrm, const Rule *rule, guint16 type)
{
    const Claim *claim = rule_serves(rule);
    XfrmRequest request;

    encode_policy(&request, type, &claim->spec, &rule->selector, rule->index, claim->priority);
    return link_talk(xfrm->link, &request, NULL, NULL);
}

static int
remove_rule(Xfrm *xfrm, const Rule *rule)
{
    XfrmRequest request;
    int status;

    encode_policy_name(&request, XFRM_MSG_DELPOLICY, rule->index, &rule->mark, rule->if_id);
    status = link_talk(xfrm->link, &request, NULL, NULL);
    waiting_end_of(xfrm, rule->index);
    return status == -ENOENT ? 0 : status; /* somebody was faster */
}

/* Takes @claim out of the first @n of its rules, which are in the kernel, and the others, which are not. */
static int
retract(Xfrm *xfrm, Claim *claim, guint n)
{
    int worst = 0;

    for (guint i = 0; i < claim->rules->len; i++) {
        Rule *rule = g_ptr_array_index(claim->rules, i);
        gboolean served = rules_leave(rule, claim);
        int status = 0;

        if (i < n && rule->claims->len == 0)
            status = remove_rule(xfrm, rule);
        else if (i < n && served)
            status = put_rule(xfrm, rule, XFRM_MSG_UPDPOLICY);
        worst = worst == 0 ? status : worst;
    }
    rules_drop(xfrm->rules, claim);
    return worst;
}

gboolean
add_policy(Xfrm *xfrm, const ObolPolicySpec *spec, GError **error)
{
    Claim *claim = spec_check_policy(spec, error) ? rules_claim(xfrm->rules, spec, error) : NULL;

    if (claim == NULL)
        return FALSE;
    for (guint i = 0; i < claim->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(claim->rules, i);
        int status = put_rule(xfrm, rule, rule->claims->len == 1 ? XFRM_MSG_NEWPOLICY : XFRM_MSG_UPDPOLICY);

        if (status == 0)
            continue;
        set_error(link_words(xfrm->link), spec, "adding", status, error);
        retract(xfrm, claim, i);
        return FALSE;
    }
    return TRUE;
}

static Claim *
find(Xfrm *xfrm, const ObolPolicySpec *spec, const char *what, GError **error)
{
    Claim *claim = rules_find(xfrm->rules, spec);

    if (claim == NULL)
        set_error("", spec, what, -ENOENT, error);
    return claim;
}

gboolean
delete_policy(Xfrm *xfrm, const ObolPolicySpec *spec, GError **error)
{
    Claim *claim = find(xfrm, spec, "removing", error);
    int status;

    if (claim == NULL)
        return FALSE;
    status = retract(xfrm, claim, claim->rules->len);
    if (status < 0)
        set_error(link_words(xfrm->link), spec, "removing", status, error);
    return status == 0;
}

/* Those of its rules that @claim serves. */
static int
put_again(Xfrm *xfrm, const Claim *claim)
{
    int status = 0;

    for (guint i = 0; status == 0 && i < claim->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(claim->rules, i);

        if (rule_serves(rule) == claim)
            status = put_rule(xfrm, rule, XFRM_MSG_UPDPOLICY);
    }
    return status;
}

gboolean
update_policy(Xfrm *xfrm, const ObolPolicySpec *spec, const ObolPolicySpec *to, GError **error)
{
    Claim *claim = find(xfrm, spec, "moving", error);
    ObolPolicySpec before;
    int status;

    if (claim == NULL)
        return FALSE;
    before = claim->spec;
    claim->spec.tunnel_source = to->tunnel_source;
    claim->spec.tunnel_destination = to->tunnel_destination;
    status = spec_check_policy(&claim->spec, error) ? put_again(xfrm, claim) : 0;
    if (status < 0)
        set_error(link_words(xfrm->link), spec, "moving", status, error);
    if (*error == NULL)
        return TRUE;
    claim->spec = before;
    put_again(xfrm, claim);
    return FALSE;
}
