/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree-table.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* What is taken is the one text of its table. */
static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GArray) files = tree_table_parse (input, error);
    g_autoptr (GBytes) again = files != NULL ? tree_table_write (files) : NULL;

    g_assert_true (again == NULL || g_bytes_equal (again, input));
    return files != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("tree-table", parse);
}

static void
test_values (void)
{
    static const char text[] = "f 3 0000abcd a\nx 0 00000000 b c\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) files = tree_table_parse (bytes, &error);
    const TreeFile *first, *second;

    g_assert_no_error (error);
    g_assert_cmpuint (files->len, ==, 2);
    first = &g_array_index (files, TreeFile, 0);
    second = &g_array_index (files, TreeFile, 1);
    g_assert_cmpstr (first->path, ==, "a");
    g_assert_cmpuint (first->length, ==, 3);
    g_assert_cmphex (first->checksum, ==, 0xabcd);
    g_assert_false (first->executable);
    g_assert_cmpstr (second->path, ==, "b c");
    g_assert_true (second->executable);
}

static void
test_064_too_many_files (void)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i <= LIMIT_TREE_FILES; i++)
        g_string_append_printf (text, "f 1 00000000 a%06u\n", i);
    for (guint more = 0; more < 2; more++) {
        gsize length = text->len - (more == 0 ? strlen ("f 1 00000000 a000000\n") : 0);
        g_autoptr (GBytes) bytes = g_bytes_new (text->str, length);
        g_autoptr (GArray) files = tree_table_parse (bytes, &error);

        g_assert_true ((files != NULL) == (more == 0));
    }
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/tree-table/corpus", test_corpus);
    g_test_add_func ("/tree-table/values", test_values);
    g_test_add_func ("/tree-table/064-too-many-files", test_064_too_many_files);
    return g_test_run ();
}
