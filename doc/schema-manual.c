/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* schema-manual.c - prints obol.conf(5) from the schema tables: the core's, and those of the plugins whose files are given; or,
 * with --sample, a commented sample file: of the core's `daemon` section, or of the one plugin whose file is given. */
#include <gmodule.h>
#include <stdio.h>
#include <string.h>

#include <obol/plugin.h>

#include "settings/schema.h"

static const char head[] =
    ".\\\" Made by doc/schema-manual from the schema tables; do not edit, run \"make update-manual\".\n"
    ".TH OBOL.CONF 5 \"\" \"Obol\" \"File formats\"\n"
    ".SH NAME\n"
    "obol.conf \\- settings of the Obol IKEv2 daemon\n"
    ".SH SYNOPSIS\n"
    ".I /etc/obol/obol.conf\n"
    ".br\n"
    ".I /etc/obol/conf.d/*.conf\n"
    ".br\n"
    ".I /etc/obol/connections.d/*.conf\n"
    ".br\n"
    ".I /etc/obol/secrets.d/*.conf\n"
    ".SH DESCRIPTION\n"
    "All these files are read, in the order of the list and then of their names, and joined: sections of the same name\n"
    "become one, and a key that stands twice is an error that names both places. A file that cannot be read, an unknown key or\n"
    "a value that cannot be honoured refuses the whole; a daemon that runs then keeps what it had.\n"
    ".B obold \\-\\-check\n"
    "tells every error with its line, without a start.\n"
    ".PP\n"
    "A file holds\n"
    ".IR key \\ = \\ value ;\n"
    "pairs. A section is\n"
    ".IR key \" = { ... };\"\n"
    "a list of texts is\n"
    ".BR \"[ \\(dqone\\(dq, \\(dqtwo\\(dq ]\" .\n"
    "Texts stand in quotes, and so do values with a unit: durations\n"
    ".RB ( \\(dq90s\\(dq ,\n"
    ".BR \\(dq5m\\(dq ,\n"
    ".BR \\(dq1h\\(dq ,\n"
    ".BR \\(dq2d\\(dq ,\n"
    ".BR \\(dq200ms\\(dq )\n"
    "and sizes in bytes\n"
    ".RB ( \\(dq512k\\(dq ,\n"
    ".BR \\(dq10M\\(dq ,\n"
    ".BR \\(dq4G\\(dq ).\n"
    "Whole numbers without quotes must fit into 32 bits. Names begin with a letter and go on with letters, digits,\n"
    "\\(dq\\-\\(dq and \\(dq_\\(dq. A comment begins with # or // and ends with its line, or stands between /* and */.\n"
    ".PP\n"
    "A key whose name is shown with a * stands for every name that begins so. The keys are those of swanctl.conf where they mean\n"
    "the same; where the daemon does not know what swanctl.conf knows, the key is refused with the reason.\n";

static const char tail[] =
    ".SH EXAMPLE\n"
    ".nf\n"
    "connections = {\n"
    "  berlin = {\n"
    "    local_addrs = [ \"192.0.2.1\" ];  remote_addrs = [ \"198.51.100.7\" ];\n"
    "    local  = { auth = \"psk\"; id = \"left.example\"; };\n"
    "    remote = { auth = \"psk\"; id = \"right.example\"; };\n"
    "    children = {\n"
    "      net = { local_ts = [ \"10.1.0.0/16\" ];  remote_ts = [ \"10.2.0.0/16\" ];  start_action = \"trap\"; };\n"
    "    };\n"
    "  };\n"
    "};\n"
    "secrets = {\n"
    "  ike\\-berlin = { id = [ \"left.example\", \"right.example\" ];  file = \"berlin.psk\"; };\n"
    "};\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR obold (8),\n"
    ".BR obolctl (1)\n";

/* A text in roff: nothing in it is a request or an escape. */
static void
put(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (p == text && (*p == '.' || *p == '\''))
            fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '"')
            fputs("\\(dq", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else
            putchar(*p);
    }
}

static void
put_words(const char *before, const char *const *words)
{
    fputs(before, stdout);
    for (; *words != NULL; words++) {
        put(*words);
        fputs(words[1] == NULL ? "" : words[2] == NULL ? " or " : ", ", stdout);
    }
}

static const char *
type_word(ObolSettingType type)
{
    switch (type) {
    case OBOL_TYPE_TEXT:
        return "text";
    case OBOL_TYPE_BOOL:
        return "yes or no";
    case OBOL_TYPE_INTEGER:
        return "number";
    case OBOL_TYPE_DURATION:
        return "duration";
    case OBOL_TYPE_SIZE:
        return "size";
    case OBOL_TYPE_ENUM:
        return "word";
    case OBOL_TYPE_LIST:
        return "list of texts";
    case OBOL_TYPE_SECTION:
        return "section";
    case OBOL_TYPE_SECTIONS:
        return "sections";
    }
    return "";
}

/* The run-time folder is the build's, not the manual's. */
static char *
fallback_of(const ObolSettingSpec *spec)
{
    g_auto(GStrv) parts = g_strsplit(spec->fallback, RUNSTATEDIR, -1);

    return g_strjoinv("/run", parts);
}

static void
put_key(const ObolSettingSpec *spec)
{
    printf(".TP\n.B ");
    put(spec->name);
    printf("\n%s", type_word(spec->type));
    if (spec->unit != NULL)
        printf(" in %s", spec->unit);
    if (spec->type == OBOL_TYPE_ENUM && spec->only == NULL)
        put_words(": ", spec->choices);
    else if (spec->only != NULL)
        put_words(", only ", spec->only);
    else if (spec->type == OBOL_TYPE_INTEGER && (spec->min != 0 || spec->max != 0))
        printf(" between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, spec->min, spec->max);
    if (spec->required) {
        fputs("; must be set", stdout);
    } else if (spec->fallback != NULL) {
        g_autofree char *fallback = fallback_of(spec);

        fputs("; default ", stdout);
        put(fallback);
    }
    if (spec->restart)
        fputs("; applied at the next start", stdout);
    fputs(".\n", stdout);
    if (spec->doc != NULL) {
        put(spec->doc);
        putchar('\n');
    }
}

/* Known from swanctl.conf, and of one value here or none: worth a line each. */
static gboolean
is_rest(const ObolSettingSpec *spec)
{
    return spec->only != NULL && spec->doc == NULL;
}

static void
put_rest(const ObolSettingSpec *members)
{
    gboolean any = FALSE;

    for (; members->name != NULL; members++) {
        if (!is_rest(members))
            continue;
        if (!any)
            printf(".PP\nAccepted at the values that are shown, so that settings which say them need no change:\n");
        any = TRUE;
        printf(".TP\n.B ");
        put(members->name);
        putchar('\n');
        put_words(members->only[0] != NULL ? "only " : "no value", members->only);
        fputs(": ", stdout);
        put(members->why);
        putchar('\n');
    }
}

static void
put_section(const char *path, const char *doc, const ObolSettingSpec *members)
{
    printf(".SH ");
    put(path);
    putchar('\n');
    if (doc != NULL) {
        put(doc);
        putchar('\n');
    }
    for (const ObolSettingSpec *spec = members; spec->name != NULL; spec++)
        if (!is_rest(spec))
            put_key(spec);
    put_rest(members);
    for (const ObolSettingSpec *spec = members; spec->name != NULL; spec++) {
        g_autofree char *below = g_strdup_printf("%s.%s%s", path, spec->name, spec->type == OBOL_TYPE_SECTIONS ? ".NAME" : "");

        if (spec->members != NULL)
            put_section(below, NULL, spec->members);
    }
}

/* NULL when the file is no plugin. */
static const ObolPlugin *
open_plugin(const char *path)
{
    GModule *module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    gpointer symbol = NULL;

    if (module == NULL || !g_module_symbol(module, OBOL_PLUGIN_SYMBOL, &symbol))
        fprintf(stderr, "%s\n", g_module_error());
    return symbol;
}

static gboolean
put_manual(char **paths)
{
    fputs(head, stdout);
    for (const ObolSettingSpec *spec = obol_schema; spec->name != NULL; spec++) {
        g_autofree char *path = g_strdup_printf("%s%s", spec->name, spec->type == OBOL_TYPE_SECTIONS ? ".NAME" : "");

        if (spec->members != NULL)
            put_section(path, spec->doc, spec->members);
    }
    printf(".SH plugins.NAME\nA plugin is loaded when it has a section here.\n"
           ".TP\n.B load\nyes or no, or a rank; default yes.\n"
           "Where several plugins provide the same thing the one of the highest rank serves, and the others stand by.\n"
           ".PP\nOf the kernel plugins, kernel\\-xfrm comes with rank 30, pfkey\\-kernel with 20 and kernel\\-userspace with 10: the\n"
           "first of these that can be opened on this machine serves, so that a fresh installation works where the system's kernel\n"
           "has no IPsec of its own as well. Why one could not be opened is told in the log, by\n"
           ".B obolctl plugins\nand by\n.BR \"obolctl doctor\" .\n");
    for (; *paths != NULL; paths++) {
        const ObolPlugin *plugin = open_plugin(*paths);
        g_autofree char *title = plugin != NULL ? g_strdup_printf("plugins.%s", plugin->name) : NULL;

        if (plugin == NULL)
            return FALSE;
        if (plugin->settings != NULL)
            put_section(title, plugin->summary, plugin->settings);
    }
    fputs(tail, stdout);
    return TRUE;
}

/* A default as a user would write it. */
static char *
literal(const ObolSettingSpec *spec)
{
    g_autofree char *fallback = spec->fallback != NULL ? fallback_of(spec) : g_strdup("");

    switch (spec->type) {
    case OBOL_TYPE_BOOL:
        return g_strdup(g_str_equal(fallback, "yes") ? "true" : "false");
    case OBOL_TYPE_INTEGER:
        return g_strdup(*fallback != '\0' ? fallback : "0");
    case OBOL_TYPE_LIST:
        return *fallback != '\0' ? g_strdup_printf("[ \"%s\" ]", fallback) : g_strdup("[ ]");
    case OBOL_TYPE_TEXT:
    case OBOL_TYPE_DURATION:
    case OBOL_TYPE_SIZE:
    case OBOL_TYPE_ENUM:
        return g_strdup_printf("\"%s\"", fallback);
    case OBOL_TYPE_SECTION:
    case OBOL_TYPE_SECTIONS:
        break;
    }
    return g_strdup("{ }");
}

static void
put_choices(const char *const *choices)
{
    g_autofree char *joined = g_strjoinv(", ", (char **) choices);

    printf(" One of %s.", joined);
}

static void
put_sample_keys(const ObolSettingSpec *members, const char *indent)
{
    for (; members->name != NULL; members++) {
        g_autofree char *value = literal(members);

        if (is_rest(members))
            continue;
        printf("\n%s# %s", indent, members->doc);
        if (members->type == OBOL_TYPE_ENUM)
            put_choices(members->choices);
        printf("%s\n%s# %s = %s;\n", members->restart ? " (Applied at the next start.)" : "", indent, members->name, value);
    }
}

/* The kernels of which several may be installed, and the first that this machine has is to serve: what the system's own
 * kernel does best, then what it can be asked the old way, then what needs nothing of it. */
static const char *
load_of(const char *name)
{
    static const struct {
        const char *name, *load;
    } ranks[] = { { "kernel-xfrm", "30" }, { "pfkey-kernel", "20" }, { "kernel-userspace", "10" } };

    for (gsize i = 0; i < G_N_ELEMENTS(ranks); i++)
        if (g_str_equal(ranks[i].name, name))
            return ranks[i].load;
    return "true";
}

static void
put_load(const char *name)
{
    const char *load = load_of(name);

    if (!g_str_equal(load, "true"))
        fputs("    # A rank: of the kernels that are loaded the highest that this machine has serves (XFRM 30, PF_KEY 20, user space 10).\n",
              stdout);
    printf("    load = %s;\n", load);
}

static gboolean
put_sample(const char *path)
{
    const ObolPlugin *plugin = path != NULL ? open_plugin(path) : NULL;

    if (path == NULL) {
        fputs("# The daemon as a whole. What is commented out shows the defaults; obol.conf(5) tells all keys.\n"
              "# Plugins stand in conf.d, connections in connections.d, shared keys in secrets.d.\n\ndaemon = {", stdout);
        put_sample_keys(obol_schema[0].members, "  ");
        fputs("};\n", stdout);
        return TRUE;
    }
    if (plugin == NULL)
        return FALSE;
    printf("# %s: %s. What is commented out shows the defaults.\n\nplugins = {\n  %s = {\n", plugin->name, plugin->summary,
           plugin->name);
    put_load(plugin->name);
    if (plugin->settings != NULL)
        put_sample_keys(plugin->settings, "    ");
    fputs("  };\n};\n", stdout);
    return TRUE;
}

int
main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "--sample"))
        return put_sample(argv[2]) ? 0 : 1;
    return put_manual(argv + 1) ? 0 : 1;
}
