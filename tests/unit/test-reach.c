/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/reach.h"

static const struct {
    const char *name, *expected;
} rows[] = {
    { "usual.ini", "reaches web[01:50], db1" },
    { "usual.yml", "reaches edge, db1" },
    { "local.ini", NULL },
    { "anchors.yml", "may reach other hosts: it has more of YAML than is read here" },
    { "many.ini", "reaches h0, h1, h2, h3, h4, h5, h6, h7 and 3 more" },
    { "escape.ini", "reaches \\x1b[31mred" },
};

static void
test_inventories_and_whom_they_reach (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *path = g_build_filename (TEST_DATA, "inventory", rows[i].name, NULL);
        g_autofree char *data = NULL, *reach = NULL;
        g_autoptr (GBytes) text = NULL;
        gsize length;

        g_assert_true (g_file_get_contents (path, &data, &length, NULL));
        text = g_bytes_new (data, length);
        reach = reach_describe (text, FALSE);
        g_assert_cmpstr (reach, ==, rows[i].expected);
    }
}

static void
test_what_is_not_looked_into_is_said (void)
{
    g_autofree char *program = reach_describe (NULL, TRUE), *longer = reach_describe (NULL, FALSE);

    g_assert_cmpstr (program, ==, "may reach other hosts: a program names them");
    g_assert_cmpstr (longer, ==, "may reach other hosts: it is too long to look into");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/reach/inventories", test_inventories_and_whom_they_reach);
    g_test_add_func ("/reach/unknown", test_what_is_not_looked_into_is_said);
    return g_test_run ();
}
