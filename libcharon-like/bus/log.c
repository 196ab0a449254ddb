/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus/log.c - lines for the admin: to the terminal or the journal, and to who watches the log. */
#include "bus/internal.h"

#include <stdio.h>
#include <string.h>

/* What strangers cause is bounded, a group at a time: outcomes and steps, and the details that an admin asked for. */
#define OUTCOMES_BURST 200
#define OUTCOMES_PER_SECOND 20
#define DETAILS_BURST 2000
#define DETAILS_PER_SECOND 1000
#define FIELDS_MAX 16

void
obol_bus_set_log(ObolBus *bus, int level, gboolean to_journal)
{
    bus->log_level = level;
    bus->to_journal = to_journal;
}

gboolean
obol_bus_logs(ObolBus *bus, const char *group G_GNUC_UNUSED, int level)
{
    return level <= bus->log_level || obol_bus_anybody_wants_lines(bus);
}

/* One line on a terminal, whatever is in it: no control character survives, and a further line of the same message stands
 * indented, so that none can pass for a line of ours. */
static char *
sanitize(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (c == '\n')
            g_string_append(out, "\n    ");
        else if (c == '\t' || g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else
            g_string_append_c(out, '?');
    }
    return g_string_free(out, FALSE);
}

static void
write_terminal(const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");
    g_autofree char *whose = NULL;
    g_autofree char *line = NULL;

    if (sa != NULL)
        whose = g_strdup_printf(" <%s|%u>", sa->connection != NULL ? sa->connection : "?", sa->unique_id);
    line = g_strdup_printf("%s.%03d %d[%s]%s %s\n", time, g_date_time_get_microsecond(now) / 1000, level, group,
                           whose != NULL ? whose : "", text);
    fputs(line, stderr);
}

/* A list of journal fields; the texts that were made for it are freed with it. */
typedef struct {
    GLogField fields[FIELDS_MAX];
    gpointer made[FIELDS_MAX];
    gsize n, n_made;
} Fields;

static void
add_field(Fields *fields, const char *key, const char *value)
{
    if (value != NULL && fields->n < FIELDS_MAX)
        fields->fields[fields->n++] = (GLogField) { key, value, -1 };
}

static void
make_field(Fields *fields, const char *key, char *value)
{
    if (fields->n_made == FIELDS_MAX) {
        g_free(value);
        return;
    }
    fields->made[fields->n_made++] = value;
    add_field(fields, key, value);
}

static void
add_sa_fields(Fields *fields, const ObolIkeInfo *sa)
{
    char peer[OBOL_ADDRESS_TEXT_MAX];

    add_field(fields, "OBOL_CONN", sa->connection);
    make_field(fields, "OBOL_IKE_UID", g_strdup_printf("%u", sa->unique_id));
    make_field(fields, "OBOL_SPI_I", g_strdup_printf("%016" G_GINT64_MODIFIER "x", sa->spi_i));
    make_field(fields, "OBOL_SPI_R", g_strdup_printf("%016" G_GINT64_MODIFIER "x", sa->spi_r));
    make_field(fields, "OBOL_PEER", g_strdup(obol_address_format_with_port(&sa->remote, peer)));
    if (sa->remote_id != NULL)
        make_field(fields, "OBOL_PEER_ID", obol_identity_format(sa->remote_id));
}

/* "... [E-PROP-US]": the code that a reason's text ends with. */
static char *
code_of(const char *text)
{
    gsize n = strlen(text);
    const char *open = n > 0 && text[n - 1] == ']' ? strrchr(text, '[') : NULL;

    return open != NULL && g_str_has_prefix(open, "[E-") ? g_strndup(open + 1, (gsize) (text + n - 1 - (open + 1))) : NULL;
}

static gboolean
write_journal(const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    /* syslog's notice, info and debug */
    const char *priority = level <= 0 ? "5" : level == 1 ? "6" : "7";
    Fields fields = { 0 };
    GLogWriterOutput done;

    add_field(&fields, "MESSAGE", text);
    add_field(&fields, "PRIORITY", priority);
    add_field(&fields, "SYSLOG_IDENTIFIER", "obold");
    add_field(&fields, "OBOL_GROUP", group);
    make_field(&fields, "OBOL_LEVEL", g_strdup_printf("%d", level));
    make_field(&fields, "OBOL_CODE", code_of(text));
    if (sa != NULL)
        add_sa_fields(&fields, sa);
    done = g_log_writer_journald(G_LOG_LEVEL_MESSAGE, fields.fields, fields.n, NULL);
    for (gsize i = 0; i < fields.n_made; i++)
        g_free(fields.made[i]);
    return done == G_LOG_WRITER_HANDLED;
}

static void
deliver(ObolBus *bus, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    g_autofree char *clean = sanitize(text);

    if (level <= bus->log_level && !(bus->to_journal && write_journal(group, level, sa, clean)))
        write_terminal(group, level, sa, clean);
    obol_bus_pass_line(bus, group, level, sa, clean);
}

/* Groups beyond the last share its bucket. */
static LogGroup *
find_group(ObolBus *bus, const char *name)
{
    for (guint i = 0; i < bus->n_log_groups; i++)
        if (g_str_equal(bus->log_groups[i].group, name))
            return &bus->log_groups[i];
    if (bus->n_log_groups == LOG_GROUPS_MAX)
        return &bus->log_groups[LOG_GROUPS_MAX - 1];
    bus->log_groups[bus->n_log_groups].group = g_intern_string(name);
    return &bus->log_groups[bus->n_log_groups++];
}

/* Lines about the daemon itself, its settings and plugins come from us alone; all others may be a stranger's doing unless they
 * stand under an SA whose peer is authentic, or that we began. */
static gboolean
strangers_doing(const char *group, const ObolIkeInfo *sa)
{
    static const char *const ours[] = { "dmn", "cfg", "lib", NULL };

    if (sa != NULL)
        return !sa->initiator && sa->state != OBOL_IKE_ESTABLISHED && sa->state != OBOL_IKE_DELETING;
    return !g_strv_contains(ours, group);
}

static void
tell_suppressed(ObolBus *bus, LogGroup *group)
{
    g_autofree char *text = NULL;

    if (group->suppressed == 0)
        return;
    text = g_strdup_printf("%" G_GUINT64_FORMAT " lines like the ones before were left out: too many at a time",
                           group->suppressed);
    group->suppressed = 0;
    deliver(bus, group->group, 0, NULL, text);
}

static gboolean
admit(ObolBus *bus, const char *name, int level, const ObolIkeInfo *sa)
{
    LogGroup *group;
    gboolean room;

    if (!strangers_doing(name, sa))
        return TRUE;
    group = find_group(bus, name);
    room = level <= 1 ? obol_bucket_take(&group->outcomes, OUTCOMES_BURST, OUTCOMES_PER_SECOND, obol_bus_now_us(bus))
                      : obol_bucket_take(&group->details, DETAILS_BURST, DETAILS_PER_SECOND, obol_bus_now_us(bus));
    if (room)
        tell_suppressed(bus, group);
    else
        group->suppressed++;
    return room;
}

void
obol_bus_tell_log(ObolBus *bus, const char *group, int level, const ObolIkeInfo *sa, const char *text)
{
    if (obol_bus_logs(bus, group, level) && admit(bus, group, level, sa))
        deliver(bus, group, level, sa, text);
}

void
obol_bus_log(ObolBus *bus, const char *group, int level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (!obol_bus_logs(bus, group, level) || !admit(bus, group, level, NULL))
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    deliver(bus, group, level, NULL, text);
}

void
obol_bus_say(ObolBus *bus, int level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (!obol_bus_logs(bus, "lib", level))
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    deliver(bus, "lib", level, NULL, text);
}

void
obol_bus_log_close(ObolBus *bus)
{
    for (guint i = 0; i < bus->n_log_groups; i++)
        tell_suppressed(bus, &bus->log_groups[i]);
}
