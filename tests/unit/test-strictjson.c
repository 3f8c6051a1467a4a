/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

static void
expect (const char *text, const char *fragment)
{
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = strictjson_parse (bytes, "the text", &error);

    if (fragment == NULL) {
        g_assert_no_error (error);
        g_assert_nonnull (node);
        return;
    }
    if (node != NULL)
        g_error ("taken: %s", text);
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    if (strstr (error->message, fragment) == NULL)
        g_error ("'%s': '%s' lacks '%s'", text, error->message, fragment);
}

static void
test_json_is_taken (void)
{
    static const char *const good[] = {
        "{}",
        "[]",
        " [ 1 , -0.5e+3 , 0, true,false , null , \"\" ]\r\n",
        "{\"a\":{\"a\":[{}]},\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"}",
        "{\"a\":1,\"A\":2}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
        expect (good[i], NULL);
}

static void
test_what_only_some_parsers_take (void)
{
    static const char *const bad[][2] = {
        { "", "the text ends" },
        { "  ", "the text ends" },
        { "{} {}", "something follows" },
        { "[1]]", "something follows" },
        { "/* x */ {}", "no value" },
        { "{} // x", "something follows" },
        { "['a']", "no value" },
        { "{a:1}", "no string" },
        { "[1,]", "no value" },
        { "{\"a\":1,}", "no string" },
        { "[01]", "leading zero" },
        { "[+1]", "no value" },
        { "[.5]", "no value" },
        { "[1.]", "without digits" },
        { "[1e]", "without digits" },
        { "[NaN]", "no value" },
        { "[True]", "no value" },
        { "{\"a\":1,\"a\":2}", "the same key twice" },
        { "{\"a\" 1}", "no ':'" },
        { "{\"a\":1", "object without end" },
        { "[1", "array without end" },
        { "[\"a", "string without end" },
        { "[\"\t\"]", "control character" },
        { "[\"\\x\"]", "unknown escape" },
        { "[\"\\u12\"]", "bad \\u escape" },
        { "[\"\\u0000\"]", "U+0000" },
        { "[\"\xff\"]", "not UTF-8" },
        { "\xef\xbb\xbf{}", "no value" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
        expect (bad[i][0], bad[i][1]);
}

static void
test_070_depth_bomb (void)
{
    g_autofree char *deep = g_strnfill (1000000, '[');
    g_autofree char *objects = g_malloc0 (5 * 65 + 1);

    expect (deep, "more than 64 levels");
    for (gsize i = 0; i < 65; i++)
        memcpy (objects + 5 * i, "{\"a\":", 5);
    expect (objects, "more than 64 levels");
}

static void
test_length_is_capped (void)
{
    g_autofree char *blank = g_strnfill (LIMIT_JSON_BYTES + 1, ' ');

    expect (blank, "at most");
    blank[LIMIT_JSON_BYTES - 1] = '1';
    blank[LIMIT_JSON_BYTES] = '\0';
    expect (blank, NULL);
}

static void
test_nul_byte_is_refused (void)
{
    g_autoptr (GBytes) bytes = g_bytes_new_static ("[1]\0", 4);
    g_autoptr (GError) error = NULL;

    g_assert_null (strictjson_parse (bytes, "the text", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

static void
test_getters (void)
{
    static const char text[] = "{\"s\":\"x\",\"n\":5,\"m\":-1,\"f\":1.5,\"o\":{},\"z\":null,"
                               "\"A\":[]}";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (JsonNode) root = NULL;
    g_autoptr (GError) error = NULL;
    JsonObject *object = strictjson_parse_object (bytes, "t", &root, &error), *inner;
    JsonArray *array;
    const char *string = "unset";
    guint64 size = 0;

    g_assert_no_error (error);
    g_assert_true (strictjson_string (object, "s", "t", &string, NULL));
    g_assert_cmpstr (string, ==, "x");
    g_assert_true (strictjson_string (object, "z", "t", &string, NULL));
    g_assert_null (string);
    g_assert_true (strictjson_size (object, "n", "t", &size, NULL));
    g_assert_cmpuint (size, ==, 5);
    g_assert_true (strictjson_object (object, "o", "t", &inner, NULL));
    g_assert_nonnull (inner);
    g_assert_false (strictjson_size (object, "m", "t", &size, NULL));
    g_assert_false (strictjson_size (object, "f", "t", &size, NULL));
    g_assert_false (strictjson_size (object, "s", "t", &size, NULL));
    g_assert_false (strictjson_size (object, "absent", "t", &size, NULL));
    g_assert_false (strictjson_string (object, "n", "t", &string, NULL));
    g_assert_false (strictjson_object (object, "s", "t", &inner, NULL));
    g_assert_false (strictjson_array (object, "o", "t", &array, NULL));
    g_assert_false (strictjson_array (object, "a", "t", &array, &error));
    g_assert_nonnull (strstr (error->message, "it is written 'a'"));
}

static void
test_written_strings_read_back (void)
{
    g_autoptr (GString) out = g_string_new ("[");
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (JsonNode) root = NULL;
    static const char text[] = "a\"b\\c\n\x01\xc3\xa4/";
    const char *back;

    strictjson_append (out, text);
    g_string_append_c (out, ']');
    bytes = g_bytes_new_static (out->str, out->len);
    root = strictjson_parse (bytes, "t", NULL);
    g_assert_nonnull (root);
    g_assert_true (strictjson_string_at (json_node_get_array (root), 0, "t", &back, NULL));
    g_assert_cmpstr (back, ==, text);
}

static void
test_064_many_values (void)
{
    g_autoptr (GByteArray) text = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = NULL;

    g_byte_array_append (text, (const guint8 *)"[1", 2);
    for (guint i = 0; i < 3000000; i++)
        g_byte_array_append (text, (const guint8 *)",1", 2);
    g_byte_array_append (text, (const guint8 *)"]", 1);
    bytes = g_byte_array_free_to_bytes (g_steal_pointer (&text));
    node = strictjson_parse (bytes, "it", &error);
    g_assert_null (node);
    g_assert_nonnull (strstr (error->message, "more than 3000000 values"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/strictjson/json-is-taken", test_json_is_taken);
    g_test_add_func ("/strictjson/what-only-some-parsers-take", test_what_only_some_parsers_take);
    g_test_add_func ("/strictjson/070-depth-bomb", test_070_depth_bomb);
    g_test_add_func ("/strictjson/length-is-capped", test_length_is_capped);
    g_test_add_func ("/strictjson/nul-byte-is-refused", test_nul_byte_is_refused);
    g_test_add_func ("/strictjson/getters", test_getters);
    g_test_add_func ("/strictjson/written-strings-read-back", test_written_strings_read_back);
    g_test_add_func ("/strictjson/064-many-values", test_064_many_values);
    return g_test_run ();
}
