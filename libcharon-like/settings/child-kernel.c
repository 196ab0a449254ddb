/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/child-kernel.c - what a child asks of the kernel beside keys: marks, interface IDs, header flags, offload. */
#include "settings/child-kernel.h"

#include <string.h>

#include "settings/schema.h"
#include "settings/tree.h"

/* A number of 32 bits that a text is, all of it. */
static gboolean
parse_u32(const char *text, guint32 *out)
{
    gint64 number;

    if (!obol_integer_parse(text, &number) || number < 0 || number > G_MAXUINT32)
        return FALSE;
    *out = (guint32) number;
    return TRUE;
}

static void
refuse(ObolFaults *faults, const ObolNode *section, const char *name, const char *text, const char *why)
{
    const ObolNode *at = obol_node_get(section, name);
    g_autofree char *shown = g_strescape(text, NULL);

    obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, at != NULL ? at : section, "%s: \"%s\" %s", name, shown, why);
}

/* Numbers that a daemon chooses itself, one for each SA, would be told to nobody before there are scripts to tell. */
static gboolean
refuse_unique(ObolFaults *faults, const ObolNode *section, const char *name, const char *text)
{
    if (g_ascii_strncasecmp(text, "%unique", strlen("%unique")) != 0)
        return FALSE;
    refuse(faults, section, name, text,
           "can not be honoured: nobody would learn the number that was chosen; name one, which all SAs of the child have");
    return TRUE;
}

static gboolean
parse_mark(const char *text, ObolMark *out)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);

    *out = (ObolMark) { 0 };
    if (parts[0] == NULL || !parse_u32(parts[0], &out->value))
        return FALSE;
    /* A bare 0 is none, as swanctl.conf has it; with a mask it is packets that have none of its bits. */
    out->mask = out->value != 0 ? G_MAXUINT32 : 0;
    if (parts[1] != NULL && !parse_u32(parts[1], &out->mask))
        return FALSE;
    out->value &= out->mask;
    return TRUE;
}

static void
read_mark(ObolFaults *faults, const ObolNode *section, const char *name, ObolMark *out)
{
    const char *text = obol_setting_text(section, obol_schema_child, name);

    if (!refuse_unique(faults, section, name, text) && !parse_mark(text, out))
        refuse(faults, section, name, text, "is no mark: a number, or number/mask, such as \"42\" or \"0x10/0xf0\"");
}

/* What packets are given may be the mark that they are asked for. */
static void
read_set_mark(ObolFaults *faults, const ObolNode *section, const char *name, const ObolMark *same, ObolMark *out)
{
    if (g_ascii_strcasecmp(obol_setting_text(section, obol_schema_child, name), "%same") == 0)
        *out = *same;
    else
        read_mark(faults, section, name, out);
}

void
obol_read_if_id(ObolFaults *faults, const ObolNode *section, const ObolSettingSpec *members, const char *name, guint32 *out)
{
    const char *text = obol_setting_text(section, members, name);

    if (text != NULL && !refuse_unique(faults, section, name, text) && !parse_u32(text, out))
        refuse(faults, section, name, text, "is no interface ID: a number of 32 bits, 0 for none");
}

static ObolOffload
read_offload(const ObolNode *section)
{
    static const struct {
        const char *word;
        ObolOffload offload;
    } words[] = { { "no", OBOL_OFFLOAD_NO },         { "yes", OBOL_OFFLOAD_CRYPTO }, { "crypto", OBOL_OFFLOAD_CRYPTO },
                  { "packet", OBOL_OFFLOAD_PACKET }, { "auto", OBOL_OFFLOAD_AUTO } };
    const char *text = obol_setting_text(section, obol_schema_child, "hw_offload");

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].word, text))
            return words[i].offload;
    return OBOL_OFFLOAD_NO;
}

static guint
read_flags(const ObolNode *section)
{
    static const struct {
        const char *word;
        guint flags;
    } dscp[] = { { "out", 0 }, { "in", OBOL_SA_DSCP_IN | OBOL_SA_NO_DSCP_OUT }, { "yes", OBOL_SA_DSCP_IN },
                 { "no", OBOL_SA_NO_DSCP_OUT } };
    const char *text = obol_setting_text(section, obol_schema_child, "copy_dscp");
    guint flags = 0;

    if (obol_setting_number(section, obol_schema_child, "copy_df") == 0)
        flags |= OBOL_SA_NO_COPY_DF;
    if (obol_setting_number(section, obol_schema_child, "copy_ecn") == 0)
        flags |= OBOL_SA_NO_COPY_ECN;
    if (obol_setting_number(section, obol_schema_child, "icmp") != 0)
        flags |= OBOL_SA_ICMP;
    for (gsize i = 0; i < G_N_ELEMENTS(dscp); i++)
        if (g_str_equal(dscp[i].word, text))
            flags |= dscp[i].flags;
    return flags;
}

void
obol_child_read_kernel(ObolFaults *faults, const ObolNode *section, ObolChildConfig *child)
{
    read_mark(faults, section, "mark_in", &child->mark_in);
    read_mark(faults, section, "mark_out", &child->mark_out);
    child->mark_in_sa = obol_setting_number(section, obol_schema_child, "mark_in_sa") != 0;
    read_set_mark(faults, section, "set_mark_in", &child->mark_in, &child->set_mark_in);
    read_set_mark(faults, section, "set_mark_out", &child->mark_out, &child->set_mark_out);
    obol_read_if_id(faults, section, obol_schema_child, "if_id_in", &child->if_id_in);
    obol_read_if_id(faults, section, obol_schema_child, "if_id_out", &child->if_id_out);
    child->offload = read_offload(section);
    child->sa_flags = read_flags(section);
    child->ipcomp = obol_setting_number(section, obol_schema_child, "ipcomp") != 0;
    child->policies_fwd_out = obol_setting_number(section, obol_schema_child, "policies_fwd_out") != 0;
}
