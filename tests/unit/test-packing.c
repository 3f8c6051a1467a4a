/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/packing.h"
#include "tests/unit/corpus.h"

static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (Packing) packing = packing_parse (text, error);
    g_autoptr (GBytes) again = NULL;

    if (packing == NULL)
        return FALSE;
    again = packing_write (packing);
    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                     g_bytes_get_data (again, NULL), g_bytes_get_size (again));
    return TRUE;
}

static void
test_files_of_good_and_bad_packing_lists (void)
{
    corpus_walk ("packing", take);
}

static void
test_regions_have_the_names_of_the_format (void)
{
    g_assert_cmpstr (packing_region_name (REGION_TREE), ==, "tree");
    g_assert_cmpstr (packing_region_name (REGION_DIFFERENCE), ==, "difference");
    g_assert_cmpstr (packing_region_name (REGION_DATA), ==, "data");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/packing/files", test_files_of_good_and_bad_packing_lists);
    g_test_add_func ("/packing/regions", test_regions_have_the_names_of_the_format);
    return g_test_run ();
}
