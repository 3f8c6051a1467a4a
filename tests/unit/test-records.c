/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/records.h"

static gboolean
read_records (GBytes *input, GError **error)
{
    g_autoptr (Records) records = records_parse (input, "records.yaml", error);

    return records != NULL;
}

static void
test_files (void)
{
    corpus_walk ("records", read_records);
}

static void
test_what_is_written_is_read_back (void)
{
    g_autoptr (Records) records = records_new (), again = NULL;
    g_autoptr (GBytes) text = NULL, second = NULL;

    records->generation = 12;
    records->receipts = 11;
    records->head = digest_of ("x", 1);
    records_set_generation (records, "plant-hmi", 3);
    records_set_generation (records, "other", 1);
    records_set_generation (records, "plant-hmi", 4);
    text = records_to_text (records);
    again = records_parse (text, "records.yaml", NULL);
    second = records_to_text (again);
    g_assert_true (g_bytes_equal (text, second));
    g_assert_cmpuint (records_generation (again, "plant-hmi"), ==, 4);
    g_assert_cmpuint (records_generation (again, "absent"), ==, 0);
    g_assert_cmpuint (records_generation (NULL, "absent"), ==, 0);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/records/files", test_files);
    g_test_add_func ("/records/round", test_what_is_written_is_read_back);
    return g_test_run ();
}
