/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root.h"
#include "manifest/file.h"
#include "tests/unit/corpus.h"

static gboolean
parse (GBytes *text, GError **error)
{
    g_autoptr (Root) root = root_parse (text, "1.root.yaml", error);

    return root != NULL;
}

static void
test_012_013_014_018_023_025_cases (void)
{
    corpus_walk ("root", parse);
}

/* The good files are written as root_write writes, so they are also its expected output. */
static void
test_every_value_is_written_as_read (void)
{
    static const char *const names[] = { "ok-one-release-key.yaml", "ok-all-roles.yaml" };

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *path = g_build_filename (TEST_DATA, "root", names[i], NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) text = file_read_given (path, 1 << 20, &error);
        g_autoptr (Root) root = root_parse (text, names[i], &error);
        g_autoptr (GBytes) written = NULL;

        g_assert_no_error (error);
        written = root_write (root);
        g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written),
                         g_bytes_get_data (text, NULL), g_bytes_get_size (text));
    }
}

static void
test_a_message_names_file_line_and_column (void)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "root", "bad-014-threshold-0.yaml", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) text = file_read_given (path, 1 << 20, NULL);

    g_assert_null (root_parse (text, "1.root.yaml", &error));
    g_assert_true (g_str_has_prefix (error->message, "1.root.yaml:17:16: "));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/root/012-013-014-018-023-025-cases", test_012_013_014_018_023_025_cases);
    g_test_add_func ("/root/written-as-read", test_every_value_is_written_as_read);
    g_test_add_func ("/root/message", test_a_message_names_file_line_and_column);
    return g_test_run ();
}
