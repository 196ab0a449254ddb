/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-json.c - what obolctl -j writes is JSON, whatever the daemon and its peers sent. */
#include "obolctl/json.h"

#include <string.h>

typedef struct {
    char *text;
    size_t n;
    CtlJson json;
} Sheet;

static void
begin(Sheet *sheet, gboolean pretty)
{
    ctl_json_init(&sheet->json, open_memstream(&sheet->text, &sheet->n), pretty);
}

static void
assert_written(Sheet *sheet, const char *expected)
{
    fclose(sheet->json.to);
    g_assert_cmpstr(sheet->text, ==, expected);
    free(sheet->text);
}

static void
test_nesting_and_commas(void)
{
    Sheet sheet;

    begin(&sheet, FALSE);
    ctl_json_begin(&sheet.json);
    ctl_json_array(&sheet.json, "list");
    ctl_json_text(&sheet.json, NULL, "a");
    ctl_json_number(&sheet.json, NULL, -1);
    ctl_json_object(&sheet.json, NULL);
    ctl_json_end_object(&sheet.json);
    ctl_json_end_array(&sheet.json);
    ctl_json_bool(&sheet.json, "yes", TRUE);
    ctl_json_end(&sheet.json);
    assert_written(&sheet, "{\"schema\":1,\"list\":[\"a\",-1,{}],\"yes\":true}\n");
}

static void
test_pretty_form_is_indented(void)
{
    Sheet sheet;

    begin(&sheet, TRUE);
    ctl_json_begin(&sheet.json);
    ctl_json_array(&sheet.json, "list");
    ctl_json_text(&sheet.json, NULL, "a");
    ctl_json_end_array(&sheet.json);
    ctl_json_end(&sheet.json);
    assert_written(&sheet, "{\n  \"schema\": 1,\n  \"list\": [\n    \"a\"\n  ]\n}\n");
}

static void
test_hostile_text_is_escaped(void)
{
    Sheet sheet;

    begin(&sheet, FALSE);
    ctl_json_begin(&sheet.json);
    ctl_json_text(&sheet.json, "a\"b", "q\" b\\ n\n e\033 d\177 u\303\274 bad\377");
    ctl_json_end(&sheet.json);
    assert_written(&sheet,
                   "{\"schema\":1,\"a\\\"b\":\"q\\\" b\\\\ n\\u000a e\\u001b d\\u007f u\303\274 bad\357\277\275\"}\n");
}

static void
put(ObolNode *section, const char *name, const char *value)
{
    obol_node_take(section, obol_node_new_value(name, value, strlen(value)));
}

static void
test_known_keys_become_numbers_and_booleans(void)
{
    g_autoptr(ObolNode) sa = obol_node_new(OBOL_NODE_SECTION, "gw", NULL, 0, 0);
    Sheet sheet;

    put(sa, "uniqueid", "7");
    put(sa, "rekey-time", "-3");
    put(sa, "initiator", "yes");
    put(sa, "bytes-in", "many"); /* a daemon that is not ours: text stays text */
    put(sa, "state", "1");
    begin(&sheet, FALSE);
    ctl_json_begin(&sheet.json);
    ctl_json_node(&sheet.json, sa->name, sa);
    ctl_json_end(&sheet.json);
    assert_written(&sheet,
                   "{\"schema\":1,\"gw\":{\"uniqueid\":7,\"rekey-time\":-3,\"initiator\":true,\"bytes-in\":\"many\","
                   "\"state\":\"1\"}}\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/obolctl/json/nesting-and-commas", test_nesting_and_commas);
    g_test_add_func("/obolctl/json/pretty-form-is-indented", test_pretty_form_is_indented);
    g_test_add_func("/obolctl/json/hostile-text-is-escaped", test_hostile_text_is_escaped);
    g_test_add_func("/obolctl/json/known-keys-become-numbers-and-booleans",
                    test_known_keys_become_numbers_and_booleans);
    return g_test_run();
}
