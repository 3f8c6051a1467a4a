/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/packages.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* What is taken is the one text of its list. */
static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (PackageList) list = package_list_parse (input, error);
    g_autoptr (GBytes) again = list != NULL ? package_list_write (list) : NULL;

    g_assert_true (again == NULL || g_bytes_equal (again, input));
    return list != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("packages", parse);
}

static void
add (PackageList *list, const char *kind, const char *name, const char *version)
{
    g_autoptr (GError) error = NULL;

    g_assert_nonnull (package_list_add (list, kind, name, version, "all", &error));
    g_assert_no_error (error);
}

/* A blank sorts before everything in a word: "a" before "a+", whatever follows. */
static void
test_written_in_order_without_repeats (void)
{
    g_autoptr (PackageList) list = package_list_new ();
    g_autoptr (GBytes) text = NULL;

    add (list, "deb", "a+", "1");
    add (list, "deb", "a", "2");
    add (list, "deb", "a", "10");
    add (list, "deb", "a", "2");
    add (list, "apk", "z", "1");
    add (list, "vcpkg", "@a/b", "1");
    list->unread = UNREAD_LAYER | UNREAD_APK;
    text = package_list_write (list);
    g_assert_cmpuint (list->packages->len, ==, 5);
    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                     "apk z 1 all\ndeb a 10 all\ndeb a 2 all\ndeb a+ 1 all\n"
                     "unread apk\nunread layer\nvcpkg @a/b 1 all\n",
                     12 + 13 + 12 + 13 + 11 + 13 + 17);
}

static void
test_064_too_many_packages (void)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i <= LIMIT_PACKAGES; i++)
        g_string_append_printf (text, "deb a%06u 1 all\n", i);
    for (guint more = 0; more < 2; more++) {
        gsize length = text->len - (more == 0 ? strlen ("deb a000000 1 all\n") : 0);
        g_autoptr (GBytes) bytes = g_bytes_new (text->str, length);
        g_autoptr (PackageList) list = package_list_parse (bytes, &error);

        g_assert_true ((list != NULL) == (more == 0));
    }
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/packages/corpus", test_corpus);
    g_test_add_func ("/packages/written-in-order-without-repeats",
                     test_written_in_order_without_repeats);
    g_test_add_func ("/packages/064-too-many-packages", test_064_too_many_packages);
    return g_test_run ();
}
