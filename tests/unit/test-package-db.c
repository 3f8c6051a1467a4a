/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/package-db.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
parse_dpkg (GBytes *input, GError **error)
{
    g_autoptr (PackageList) list = package_db_parse_dpkg (input, error);

    return list != NULL;
}

static gboolean
parse_apk (GBytes *input, GError **error)
{
    g_autoptr (PackageList) list = package_db_parse_apk (input, error);

    return list != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("dpkg-status", parse_dpkg);
    corpus_walk ("apk-installed", parse_apk);
}

static void
assert_list (PackageList *list, const char *expected)
{
    g_autoptr (GBytes) text = package_list_write (list);
    g_autofree char *found = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));

    g_assert_cmpstr (found, ==, expected);
}

/* Counted is what has files on the disk. */
static void
test_states_of_dpkg (void)
{
    static const char *const states[] = { "installed",        "unpacked",        "half-configured",
                                          "triggers-awaited", "half-installed",  "config-files",
                                          "not-installed",    "triggers-pending" };
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (PackageList) list = NULL;
    g_autoptr (GBytes) bytes = NULL;

    for (guint i = 0; i < G_N_ELEMENTS (states); i++)
        g_string_append_printf (text,
                                "Package: %s\nStatus: install ok %s\nVersion: 1:2-3\n"
                                "Architecture: all\nDescription: x\n Package: y\n\n",
                                states[i], states[i]);
    bytes = g_bytes_new (text->str, text->len);
    list = package_db_parse_dpkg (bytes, NULL);
    g_assert_nonnull (list);
    assert_list (list, "deb half-configured 1:2-3 all\ndeb installed 1:2-3 all\n"
                       "deb triggers-awaited 1:2-3 all\ndeb triggers-pending 1:2-3 all\n"
                       "deb unpacked 1:2-3 all\n");
}

/* Keys differ in case in apk's format: a and A, p and P. */
static void
test_keys_of_apk (void)
{
    static const char text[] = "P:musl\nV:1.2.4-r2\nA:x86_64\np:so:libc=1\nv:x\nF:lib\na:0:0:755\n"
                               "\nP:zlib\nA:x86_64\nV:1.3-r0\n\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (PackageList) list = package_db_parse_apk (bytes, NULL);

    g_assert_nonnull (list);
    assert_list (list, "apk musl 1.2.4-r2 x86_64\napk zlib 1.3-r0 x86_64\n");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/package-db/corpus", test_corpus);
    g_test_add_func ("/package-db/states-of-dpkg", test_states_of_dpkg);
    g_test_add_func ("/package-db/keys-of-apk", test_keys_of_apk);
    return g_test_run ();
}
