/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/dir.c - all files of a configuration folder, joined into one tree. */
#include <string.h>

#include "settings/fault.h"
#include "settings/tree.h"

#define FILES_MAX 20000

/* Moves the members of @from into @into; both are sections of the same name. */
static void
join(ObolFaults *faults, ObolNode *into, ObolNode *from)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree gpointer *items = NULL;
    gsize n;

    for (guint i = 0; i < into->items->len; i++)
        g_hash_table_insert(known, ((ObolNode *) into->items->pdata[i])->name, into->items->pdata[i]);
    items = g_ptr_array_steal(from->items, &n);
    for (gsize i = 0; i < n; i++) {
        g_autoptr(ObolNode) item = items[i];
        ObolNode *twin = g_hash_table_lookup(known, item->name);

        if (twin == NULL)
            obol_node_take(into, g_steal_pointer(&item));
        else if (twin->kind == OBOL_NODE_SECTION && item->kind == OBOL_NODE_SECTION)
            join(faults, twin, item);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_CONFLICT, item, "%s: stands already at %s:%u:%u", item->name,
                            twin->file, twin->line, twin->column);
    }
}

static void
join_file(ObolFaults *faults, ObolNode *tree, const char *path)
{
    GError *error = NULL;
    g_autoptr(ObolNode) file = obol_settings_read_file(path, &error);

    if (file != NULL)
        join(faults, tree, file);
    else
        obol_faults_take_error(faults, error);
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Every NAME.conf of a folder that need not be there, but for hidden ones: editors leave those. */
static guint
join_folder(ObolFaults *faults, ObolNode *tree, const char *folder)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    const ObolPlace place = { .file = folder };
    const char *name;

    if (dir == NULL) {
        if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            obol_faults_add_at(faults, OBOL_SETTINGS_ERROR_IO, &place, "%s", error->message);
        return 0;
    }
    while ((name = g_dir_read_name(dir)) != NULL && names->len <= FILES_MAX)
        if (*name != '.' && g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_build_filename(folder, name, NULL));
    if (names->len > FILES_MAX) {
        obol_faults_add_at(faults, OBOL_SETTINGS_ERROR_IO, &place, "more than %d files", FILES_MAX);
        return names->len;
    }
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        join_file(faults, tree, names->pdata[i]);
    return names->len;
}

ObolNode *
obol_settings_read_dir(const char *dir, GError **error)
{
    static const char *const folders[] = { "conf.d", "connections.d", "secrets.d" };
    g_autoptr(ObolNode) tree = obol_node_new(OBOL_NODE_SECTION, NULL, dir, 0, 0);
    g_autofree char *main_file = g_build_filename(dir, "obol.conf", NULL);
    ObolFaults faults = { 0 };
    guint n = 0;

    if (g_file_test(main_file, G_FILE_TEST_EXISTS)) {
        join_file(&faults, tree, main_file);
        n++;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(dir, folders[i], NULL);

        n += join_folder(&faults, tree, folder);
    }
    if (n == 0) {
        const ObolPlace place = { .file = main_file };

        obol_faults_add_at(&faults, OBOL_SETTINGS_ERROR_IO, &place, "is not there, nor a file in conf.d beside it");
    }
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return g_steal_pointer(&tree);
}
