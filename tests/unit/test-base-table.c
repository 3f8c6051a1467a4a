/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"
#include "tests/unit/corpus.h"

static gboolean
take (GBytes *bytes, GError **error)
{
    g_autoptr (GArray) files = base_table_new ();
    g_autoptr (GBytes) again = NULL;

    if (!base_table_parse (bytes, files, error))
        return FALSE;
    again = base_table_write (files);
    g_assert_true (g_bytes_equal (bytes, again));
    return TRUE;
}

static void
test_good_and_bad_lists (void)
{
    corpus_walk ("base-table", take);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/base-table/077-078-lists", test_good_and_bad_lists);
    return g_test_run ();
}
