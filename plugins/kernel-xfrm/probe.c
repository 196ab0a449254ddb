/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe.c - what this machine's kernel can do, asked of the kernel itself.
 *
 * The question is an update of an SA that does not exist: the kernel makes the new SA first, with all its ciphers, so it says
 * what it lacks, and only then finds nothing to update (ESRCH).  Nothing is ever added, so nothing can be left behind.  An
 * attribute that the kernel knows is refused when it is too short; one that it has never heard of is passed over. */
#include "probe.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "algorithms.h"
#include "device.h"
#include "failure.h"
#include "owner.h"
#include "spec.h"

#define NOBODYS_SPI 11 /* of those that RFC 4303 section 2.1 reserves */
#define KEY_BYTES_MAX 68

/* An SA that nobody has, between addresses that nobody has (192.0.0.8, RFC 7600). */
typedef struct {
    ObolSaSpec spec;
    ObolSecret *encr_key, *integ_key;
    GArray *ts;
} Question;

static void
question_clear(Question *question)
{
    obol_secret_free(question->encr_key);
    obol_secret_free(question->integ_key);
    g_clear_pointer(&question->ts, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Question, question_clear)

static ObolSecret *
some_key(const XfrmAlgorithm *algorithm)
{
    ObolSecret *key = obol_secret_new(algorithm->key_bits[0] / 8u + algorithm->salt_bytes);

    for (gsize i = 0; i < key->n; i++)
        key->bytes[i] = (guint8) (i * 37 + 11); /* no weak key of DES */
    return key;
}

static void
question_init(Question *question, guint8 protocol, const XfrmAlgorithm *encr, const XfrmAlgorithm *integ)
{
    const ObolAddress nobody = { .family = AF_INET, .port = 4500, .bytes = { 192, 0, 0, 8 } };
    ObolTs host;

    *question = (Question) {
        .spec = {
            .id = { nobody, nobody, NOBODYS_SPI, protocol }, .reqid = OWNER_RESERVED_REQID, .mode = OBOL_MODE_TRANSPORT,
            .inbound = TRUE, .suite = { .protocol = protocol }, .replay_window = 32,
        },
        .ts = g_array_new(FALSE, FALSE, sizeof(ObolTs)),
    };
    obol_ts_from_address(&nobody, &host);
    g_array_append_val(question->ts, host);
    question->spec.source_ts = question->spec.destination_ts = question->ts;
    if (encr != NULL) {
        question->spec.suite.encr = encr->id;
        question->spec.encr_key = question->encr_key = some_key(encr);
    }
    if (integ != NULL) {
        question->spec.suite.integ = integ->id;
        question->spec.integ_key = question->integ_key = some_key(integ);
    }
}

/* 0: it can; else what the kernel said. */
static int
ask_with(Link *link, const Question *question, const XfrmDialect *dialect, guint16 attribute, gconstpointer data, gsize n)
{
    XfrmRequest request;
    int status;

    encode_sa(&request, XFRM_MSG_UPDSA, &question->spec, dialect, 0);
    if (attribute != 0)
        request_put(&request, attribute, data, n);
    status = link_talk(link, &request, NULL, NULL);
    return status == -ESRCH ? 0 : status == 0 ? -EEXIST : status;
}

static int
ask(Link *link, const Question *question, const XfrmDialect *dialect)
{
    return ask_with(link, question, dialect, 0, NULL, 0);
}

static gboolean
knows(Link *link, const Question *question, guint16 attribute)
{
    const XfrmDialect plain = { 0 };
    const guint8 nothing = 0;

    return ask_with(link, question, &plain, attribute, &nothing, 0) != 0;
}

static void
add_transforms(Probe *out, guint *n, const XfrmAlgorithm *algorithm)
{
    const ObolTransform transform = { .type = algorithm->type, .id = algorithm->id };

    for (guint i = 0; i == 0 || (algorithm->sends_key_bits && i < 4 && algorithm->key_bits[i] != 0); i++) {
        if (*n == PROBE_TRANSFORMS_MAX)
            return;
        out->transforms[*n] = transform;
        if (algorithm->sends_key_bits)
            out->transforms[*n].key_bits = algorithm->key_bits[i];
        (*n)++;
    }
}

static gboolean
is_aead(const XfrmAlgorithm *algorithm)
{
    return algorithm->type == OBOL_TRANSFORM_ENCR && algorithm->icv_bits != 0;
}

/* What is found on the way through the table. */
typedef struct {
    const XfrmAlgorithm *encr, *aead, *integ; /* the first of each that works */
    int status;
} Found;

/* Integrity algorithms go first, beside NULL: ciphers need one beside them.  The kernel's crypto has a cipher for all its key
 * and ICV lengths or not at all, so each name is asked for once. */
static void
ask_algorithms(Link *link, Probe *out, Found *found)
{
    const XfrmAlgorithm *null = algorithm_find(OBOL_TRANSFORM_ENCR, OBOL_ENCR_NULL);
    gboolean can[PROBE_TRANSFORMS_MAX] = { FALSE };
    const XfrmDialect plain = { 0 };
    guint n = 0;

    for (guint pass = 0; pass < 2; pass++) {
        guint8 type = pass == 0 ? OBOL_TRANSFORM_INTEG : OBOL_TRANSFORM_ENCR;

        for (guint i = 0; algorithms[i].type != 0; i++) {
            const XfrmAlgorithm *at = &algorithms[i];
            gboolean beside = type == OBOL_TRANSFORM_INTEG || !is_aead(at);
            const XfrmAlgorithm *integ = type == OBOL_TRANSFORM_INTEG ? at : beside ? found->integ : NULL;
            g_auto(Question) question = { 0 };
            int status;

            if (at->type != type || (beside && integ == NULL))
                continue;
            if (i > 0 && g_str_equal(at->name, algorithms[i - 1].name)) {
                can[i] = can[i - 1];
                continue;
            }
            question_init(&question, OBOL_PROTO_ESP, type == OBOL_TRANSFORM_INTEG ? null : at, integ);
            status = ask(link, &question, &plain);
            can[i] = status == 0;
            if (status != 0) {
                found->status = status;
                continue;
            }
            if (type == OBOL_TRANSFORM_INTEG)
                found->integ = found->integ != NULL ? found->integ : at;
            else if (is_aead(at))
                found->aead = found->aead != NULL ? found->aead : at;
            else
                found->encr = found->encr != NULL ? found->encr : at;
        }
    }
    for (guint i = 0; algorithms[i].type != 0; i++)
        if (can[i])
            add_transforms(out, &n, &algorithms[i]);
    out->transforms[n] = (ObolTransform) { 0 };
}

static void
ask_protocols(Link *link, const Found *found, ObolKernelAbilities *out)
{
    const XfrmDialect plain = { 0 };
    g_auto(Question) ah = { 0 }, ipcomp = { 0 };

    question_init(&ah, OBOL_PROTO_AH, NULL, found->integ);
    question_init(&ipcomp, OBOL_PROTO_IPCOMP, NULL, NULL);
    out->esp = out->plain_esp = TRUE;
    out->ah = found->integ != NULL && ask(link, &ah, &plain) == 0;
    out->ipcomp = ask(link, &ipcomp, &plain) == 0;
}

static void
ask_kinds(Link *link, const Found *found, Probe *out)
{
    ObolKernelAbilities *abilities = &out->abilities;
    const XfrmAlgorithm *encr = found->aead != NULL ? found->aead : found->encr;
    const XfrmDialect plain = { 0 };
    g_auto(Question) question = { 0 };
    ObolSaSpec *spec = &question.spec;

    question_init(&question, OBOL_PROTO_ESP, encr, is_aead(encr) ? NULL : found->integ);
    abilities->transport = TRUE;
    out->dialect.sa_direction = knows(link, &question, XFRM_ATTRIBUTE_SA_DIR);
    out->dialect.mapping_timer = knows(link, &question, XFRMA_MTIMER_THRESH);
    abilities->marks = knows(link, &question, XFRMA_MARK);
    abilities->set_marks = knows(link, &question, XFRMA_SET_MARK_MASK);
    abilities->if_ids = knows(link, &question, XFRMA_IF_ID);
    abilities->tfc_padding = knows(link, &question, XFRMA_TFCPAD);
    abilities->offload = any_device_encrypts();
    spec->suite.esn = 1;
    abilities->esn = ask(link, &question, &plain) == 0;
    spec->suite.esn = 0;
    spec->replay_window = SPEC_WINDOW_MAX;
    abilities->replay_window_max = ask(link, &question, &plain) == 0 ? SPEC_WINDOW_MAX : 32;
    spec->replay_window = 32;
    spec->udp_encap = TRUE;
    abilities->udp_encap = ask(link, &question, &plain) == 0;
    spec->udp_encap = FALSE;
    spec->mode = OBOL_MODE_TUNNEL;
    abilities->tunnel = abilities->mixed_families = ask(link, &question, &plain) == 0;
    spec->mode = OBOL_MODE_BEET;
    abilities->beet = ask(link, &question, &plain) == 0;
}

/* The time of last use of ESP and AH is kept since Linux 6.2; that can not be asked for without sending packets. */
static void
look_at_release(Probe *out)
{
    struct utsname name;
    char *end = NULL;
    guint64 major, minor;

    g_strlcpy(name.release, "0", sizeof name.release);
    uname(&name);
    g_snprintf(out->summary, sizeof out->summary, "XFRM of Linux %s", name.release);
    major = g_ascii_strtoull(name.release, &end, 10);
    minor = *end == '.' ? g_ascii_strtoull(end + 1, NULL, 10) : 0;
    out->abilities.last_used = major > 6 || (major == 6 && minor >= 2);
}

gboolean
probe_kernel(Link *link, Probe *out, GError **error)
{
    Found found = { 0 };

    memset(out, 0, sizeof *out);
    out->abilities = (ObolKernelAbilities) {
        .size = sizeof out->abilities, .summary = out->summary, .transforms = out->transforms, .update_addresses = TRUE,
        .port_ranges = TRUE, .byte_lifetimes = TRUE, .packet_lifetimes = TRUE, .acquire_selectors = TRUE, .other_family = TRUE,
        .change_encap = TRUE, .exact_priority = TRUE, .ah_padding = TRUE,
        .shared_selectors = TRUE, /* the newest serves, and when it has gone the one before */
        .flags = OBOL_SA_NO_COPY_DF | OBOL_SA_NO_COPY_ECN | OBOL_SA_NO_DSCP_OUT | OBOL_SA_DSCP_IN | OBOL_SA_ICMP,
    };
    look_at_release(out);
    ask_algorithms(link, out, &found);
    if (found.encr == NULL && found.aead == NULL) {
        failure_set(error, found.status != 0 ? found.status : -EPROTONOSUPPORT, link_words(link), "%s",
                    found.status == -EPERM ? "NETLINK_XFRM needs the capability CAP_NET_ADMIN" :
                                             "this kernel has no ESP that works (modules esp4, esp6 and their ciphers)");
        return FALSE;
    }
    ask_protocols(link, &found, &out->abilities);
    ask_kinds(link, &found, out);
    return TRUE;
}
