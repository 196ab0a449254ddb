/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings/secrets.c - a checked `secrets` section -> shared keys. */
#include "settings/file.h"

#include <string.h>

#include "settings/fault.h"
#include "settings/schema.h"
#include "settings/tree.h"

#define SECRETS_MAX 100000
#define OWNERS_MAX 64

static ObolSecret *
decode_hex(const char *digits, gsize n)
{
    ObolSecret *secret = obol_secret_new((n + 1) / 2);

    /* An odd number of digits lacks its leading zero. */
    for (gsize i = 0; i < n; i++) {
        int value = g_ascii_xdigit_value(digits[i]);
        gsize at = (i + n % 2) / 2;

        if (value < 0) {
            obol_secret_free(secret);
            return NULL;
        }
        secret->bytes[at] = (guint8) (secret->bytes[at] << 4 | value);
    }
    return secret;
}

static ObolSecret *
decode_base64(const char *text, gsize n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gsize n_data = 0;
    ObolSecret *secret;
    guint32 bits = 0;

    while (n_data < n && text[n_data] != '=')
        n_data++;
    if (n_data % 4 == 1 || n - n_data > 2)
        return NULL;
    secret = obol_secret_new(n_data * 3 / 4);
    for (gsize i = 0, at = 0; i < n_data; i++) {
        const char *found = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;

        if (found == NULL) {
            obol_secret_free(secret);
            return NULL;
        }
        bits = bits << 6 | (guint32) (found - alphabet);
        if (i % 4 > 0)
            secret->bytes[at++] = (guint8) (bits >> (6 - i % 4 * 2));
    }
    for (gsize i = n_data; i < n; i++) {
        if (text[i] != '=') {
            obol_secret_free(secret);
            return NULL;
        }
    }
    return secret;
}

/* swanctl's notation: 0x.., 0s.., or the text itself. */
static ObolSecret *
decode_secret(const char *text, gsize n)
{
    if (n >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return decode_hex(text + 2, n - 2);
    if (n >= 2 && text[0] == '0' && (text[1] == 's' || text[1] == 'S'))
        return decode_base64(text + 2, n - 2);
    return obol_secret_new_from((const guint8 *) text, n);
}

static ObolSecret *
read_secret_file(ObolFaults *faults, const ObolNode *node)
{
    g_autofree char *directory = g_path_get_dirname(node->file);
    g_autofree char *path = g_path_is_absolute(node->value) ? g_strdup(node->value)
                                                             : g_build_filename(directory, node->value, NULL);
    g_autoptr(GError) error = NULL;
    ObolSecret *content, *secret;
    gboolean exposed;
    gsize n;

    content = obol_file_read(path, OBOL_SECRET_FILE_MAX, &exposed, &error);
    if (content == NULL) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_IO, node, "file: %s", error->message);
        return NULL;
    }
    if (exposed) {
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_IO, node, "file: others can read it: chmod 600 %s", path);
        obol_secret_free(content);
        return NULL;
    }
    n = content->n;
    if (n > 0 && content->bytes[n - 1] == '\n')
        n--;
    secret = decode_secret((const char *) content->bytes, n);
    obol_secret_free(content);
    return secret;
}

/* A text is one identity: a distinguished name has commas of its own. */
static void
read_owners(ObolFaults *faults, const ObolNode *ids, GPtrArray *owners)
{
    guint n = ids->kind == OBOL_NODE_LIST ? ids->items->len : 1;

    for (guint i = 0; i < n && owners->len < OWNERS_MAX; i++) {
        const ObolNode *text = ids->kind == OBOL_NODE_LIST ? ids->items->pdata[i] : ids;
        g_autoptr(GError) error = NULL;
        ObolIdentity *id = obol_identity_parse(text->value, &error);

        if (id != NULL)
            g_ptr_array_add(owners, id);
        else
            obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, ids, "%s: %s", ids->name, error->message);
    }
    if (owners->len == OWNERS_MAX)
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, ids, "%s: %d or more identities", ids->name, OWNERS_MAX);
}

static ObolSharedKey *
read_shared_key(ObolFaults *faults, const ObolNode *section)
{
    const ObolNode *text = obol_node_get(section, "secret");
    const ObolNode *file = obol_node_get(section, "file");
    g_autoptr(ObolSecret) secret = NULL;
    guint before = faults->n;
    ObolSharedKey *key;

    if ((text == NULL) == (file == NULL)) {
        obol_faults_add(faults, text != NULL ? OBOL_SETTINGS_ERROR_CONFLICT : OBOL_SETTINGS_ERROR_MISSING, section,
                        "%s: needs either \"secret\" or \"file\"", section->name);
        return NULL;
    }
    secret = text != NULL ? decode_secret(text->value, text->n_value) : read_secret_file(faults, file);
    if (faults->n == before && (secret == NULL || secret->n == 0))
        obol_faults_add(faults, OBOL_SETTINGS_ERROR_VALUE, text != NULL ? text : file, "%s: %s",
                        text != NULL ? "secret" : "file",
                        secret == NULL ? "0x wants hexadecimal digits, 0s wants base64" : "is empty");
    if (secret == NULL)
        return NULL;
    key = obol_shared_key_new(section->name, secret->bytes, secret->n);
    for (guint i = 0; i < section->items->len; i++) {
        const ObolNode *item = section->items->pdata[i];

        if (g_str_has_prefix(item->name, "id"))
            read_owners(faults, item, key->owners);
    }
    return key;
}

ObolSharedKeys *
obol_shared_keys_from_tree(const ObolNode *tree, GError **error)
{
    const ObolNode *sections = obol_node_get(tree, "secrets");
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify) obol_shared_key_free);
    ObolFaults faults = { 0 };

    if (sections != NULL && sections->items->len > SECRETS_MAX) {
        obol_faults_add(&faults, OBOL_SETTINGS_ERROR_VALUE, sections, "secrets: more than %d", SECRETS_MAX);
        obol_faults_finish(&faults, error);
        return NULL;
    }
    for (guint i = 0; sections != NULL && i < sections->items->len; i++) {
        ObolSharedKey *key = read_shared_key(&faults, sections->items->pdata[i]);

        if (key != NULL)
            g_ptr_array_add(keys, key);
    }
    if (!obol_faults_finish(&faults, error))
        return NULL;
    return obol_shared_keys_new(g_steal_pointer(&keys));
}
