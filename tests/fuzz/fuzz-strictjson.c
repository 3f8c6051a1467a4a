/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/strictjson.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A text that is taken is written so that it is read again as it was. */
static void
write_again (const char *text)
{
    g_autoptr (GString) json = g_string_new ("{\"a\":");
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (JsonNode) root = NULL;
    g_autoptr (GError) error = NULL;
    const char *again;
    JsonObject *object;

    strictjson_append (json, text);
    g_string_append_c (json, '}');
    bytes = g_bytes_new (json->str, json->len);
    object = strictjson_parse_object (bytes, "again", &root, &error);
    g_assert_no_error (error);
    g_assert_nonnull (object);
    g_assert_true (strictjson_string (object, "a", "again", &again, NULL));
    g_assert_cmpstr (again, ==, text);
}

static void
take_members (JsonObject *object)
{
    JsonObject *inner;
    JsonArray *array;
    const char *text = NULL;
    guint64 number;

    if (strictjson_string (object, "a", "input", &text, NULL) && text != NULL)
        write_again (text);
    (void)!strictjson_size (object, "n", "input", &number, NULL);
    (void)!strictjson_object (object, "o", "input", &inner, NULL);
    if (!strictjson_array (object, "l", "input", &array, NULL) || array == NULL)
        return;
    for (guint i = 0; i < json_array_get_length (array); i++) {
        (void)!strictjson_string_at (array, i, "input", &text, NULL);
        (void)!strictjson_object_at (array, i, "input", &inner, NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) any = strictjson_parse (input, "input", NULL), root = NULL;
    JsonObject *object = strictjson_parse_object (input, "input", &root, &error);

    g_assert_true ((object == NULL) == (error != NULL));
    g_assert_true (object == NULL || any != NULL);
    if (object != NULL)
        take_members (object);
    return 0;
}
