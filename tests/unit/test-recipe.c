/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* The corpus is read as the first recipe of a bundle, for a layer of this length, and with one
 * base file of 100 bytes. */
#define LAYER_BYTES 10240

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (RecipeTable) table = recipe_table_new ();
    g_autoptr (Recipe) recipe = NULL;
    BaseFile base = { .path = g_strdup ("etc/os-release"), .length = 100 };

    g_array_append_val (table->bases, base);
    recipe = recipe_parse (input, LAYER_BYTES, table, error);
    return recipe != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("recipe", parse);
}

static void
test_077_numbers (void)
{
    static const guint64 numbers[] = { 0,     1,          127,        128,        16383,
                                       16384, 1ull << 32, G_MAXINT64, 1ull << 63, G_MAXUINT64 };

    for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
        g_autoptr (GByteArray) bytes = g_byte_array_new ();
        g_autoptr (GError) error = NULL;
        const guint8 *at;
        guint64 found = 0;

        recipe_put_number (bytes, numbers[i]);
        at = bytes->data;
        g_assert_true (recipe_get_number (&at, bytes->data + bytes->len, &found, &error));
        g_assert_cmpuint (found, ==, numbers[i]);
        g_assert_true (at == bytes->data + bytes->len);
        at = bytes->data;
        g_assert_false (recipe_get_number (&at, bytes->data + bytes->len - 1, &found, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
        g_assert_cmpint (recipe_unzigzag (recipe_zigzag ((gint64)numbers[i])), ==,
                         (gint64)numbers[i]);
    }
}

/* Not the shortest form, more than 64 bits, no end. */
static void
test_077_number_forms (void)
{
    static const struct {
        const char *bytes;
        gsize length;
    } bad[] = {
        { "", 0 },
        { "\x80", 1 },
        { "\x80\x00", 2 },
        { "\x81\x80\x00", 3 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11 },
    };

    for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
        const guint8 *at = (const guint8 *)bad[i].bytes;
        g_autoptr (GError) error = NULL;
        guint64 number = 7;

        g_assert_false (recipe_get_number (&at, at + bad[i].length, &number, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
        g_assert_cmpuint (number, ==, 7);
    }
}

static GBytes *
numbers_new (const guint64 *numbers, guint n)
{
    GByteArray *out = g_byte_array_new ();

    for (guint i = 0; i < n; i++)
        recipe_put_number (out, numbers[i]);
    return g_byte_array_free_to_bytes (out);
}

/* Version, one content of 1000 bytes, one use after a literal of 512: the rest is a literal. */
static const guint64 first[] = { 1, 1, RECIPE_CONTENT, 1000, 1, 512, 0 };
/* A patch on file 0, then both files: the step to file 0 is two back. */
static const guint64 second[] = { 1, 1, RECIPE_PATCH, 600, 0, 9, 3, 2, 100, 200, 2, 512, 0, 24, 3 };

static void
test_two_recipes_share_streams (void)
{
    g_autoptr (RecipeTable) table = recipe_table_new ();
    g_autoptr (GBytes) a = numbers_new (first, G_N_ELEMENTS (first));
    g_autoptr (GBytes) b = numbers_new (second, G_N_ELEMENTS (second));
    g_autoptr (GError) error = NULL;
    g_autoptr (Recipe) one = recipe_parse (a, 2048, table, &error);
    g_autoptr (Recipe) two = one != NULL ? recipe_parse (b, 4096, table, &error) : NULL;
    const RecipeFile *patch;

    g_assert_no_error (error);
    g_assert_cmpuint (one->rest, ==, 2048 - 512 - 1000);
    g_assert_cmpuint (two->first_file, ==, 1);
    g_assert_cmpuint (two->literals_at, ==, 2048 - 1000);
    g_assert_cmpuint (g_array_index (two->ops, RecipeOp, 0).file, ==, 1);
    g_assert_cmpuint (g_array_index (two->ops, RecipeOp, 1).file, ==, 0);
    g_assert_cmpuint (two->rest, ==, 4096 - 512 - 600 - 24 - 1000);
    patch = &g_array_index (table->files, RecipeFile, 1);
    g_assert_cmpint (patch->kind, ==, RECIPE_PATCH);
    g_assert_cmpuint (patch->source, ==, 0);
    g_assert_cmpuint (table->control, ==, 9 + 3 + 2);
    g_assert_cmpuint (table->difference, ==, 100);
    g_assert_cmpuint (table->extra, ==, 200);
    g_assert_cmpuint (table->data, ==, 1000);
    g_assert_cmpuint (table->literals, ==, 1048 + 4096 - 1600);
}

/* Every prefix and every changed byte of a good recipe: refused, or within its layer. */
static void
test_004_prefixes_and_flips (void)
{
    g_autoptr (GBytes) good = numbers_new (first, G_N_ELEMENTS (first));
    gsize length;
    const guint8 *bytes = g_bytes_get_data (good, &length);

    for (gsize n = 0; n < length; n++) {
        g_autoptr (GBytes) cut = g_bytes_new (bytes, n);
        g_autoptr (RecipeTable) table = recipe_table_new ();
        g_autoptr (GError) error = NULL;

        g_assert_null (recipe_parse (cut, 2048, table, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
    for (gsize bit = 0; bit < length * 8; bit++) {
        g_autofree guint8 *copy = g_memdup2 (bytes, length);
        g_autoptr (GBytes) flipped = NULL;
        g_autoptr (RecipeTable) table = recipe_table_new ();
        g_autoptr (Recipe) recipe = NULL;

        copy[bit / 8] ^= (guint8)(1 << bit % 8);
        flipped = g_bytes_new (copy, length);
        recipe = recipe_parse (flipped, 2048, table, NULL);
        g_assert_true (recipe == NULL || recipe->rest <= 2048);
    }
}

/* Two bytes make a file: without a limit a small frame would ask for gigabytes of table. */
static void
test_064_too_many_files (void)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (RecipeTable) table = recipe_table_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = NULL;
    static const guint8 file[] = { RECIPE_CONTENT, 1 };

    recipe_put_number (out, 1);
    recipe_put_number (out, LIMIT_RECIPE_FILES + 1);
    for (guint i = 0; i <= LIMIT_RECIPE_FILES; i++)
        g_byte_array_append (out, file, sizeof file);
    recipe_put_number (out, 0);
    bytes = g_bytes_new (out->data, out->len);
    g_assert_null (recipe_parse (bytes, 512, table, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_nonnull (strstr (error->message, "the count of files"));
    g_assert_cmpuint (table->files->len, ==, 0);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/recipe/corpus", test_corpus);
    g_test_add_func ("/recipe/077-numbers", test_077_numbers);
    g_test_add_func ("/recipe/077-number-forms", test_077_number_forms);
    g_test_add_func ("/recipe/two-recipes-share-streams", test_two_recipes_share_streams);
    g_test_add_func ("/recipe/004-prefixes-and-flips", test_004_prefixes_and_flips);
    g_test_add_func ("/recipe/064-too-many-files", test_064_too_many_files);
    return g_test_run ();
}
