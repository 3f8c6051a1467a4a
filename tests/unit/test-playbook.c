/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/playbook.h"

static gboolean
read_results (GBytes *input, GError **error)
{
    return playbook_check_results (input, "site.yml", error);
}

static void
test_results (void)
{
    corpus_walk ("playbook-results", read_results);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/playbook/results", test_results);
    return g_test_run ();
}
