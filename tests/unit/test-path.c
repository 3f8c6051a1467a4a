/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/path.h"

#include <string.h>

typedef gboolean (*Check) (const char *text, GError **error);

static void
check_all (Check check, const char *const *good, const char *const *bad)
{
    for (; *good != NULL; good++) {
        g_autoptr (GError) error = NULL;

        check (*good, &error);
        g_assert_no_error (error);
    }
    for (; *bad != NULL; bad++) {
        g_autoptr (GError) error = NULL;

        if (check (*bad, &error))
            g_error ("'%s' was taken", *bad);
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
}

static void
test_078_relative_paths (void)
{
    static const char *const good[] = { "a",        "a/b", "foo@.service", "lost+found", "a b",
                                        "größe/漢", "...", "a/..b",        ".hidden",    "con",
                                        "~",        NULL };
    static const char *const bad[] = { "",      "/",        "/x",        "../x",  "a/../../x",
                                       "a//b",  "./a",      "a/",        "a/..",  "..",
                                       ".",     "a/.",      "a\\b",      "C:\\x", "a\nb",
                                       "a\x1b", "a\x7f",    "a\xc2\x9b", "a\xff", "a/./b",
                                       "//a",   "\xc0\x80", NULL };

    check_all (path_check_relative, good, bad);
}

static void
test_paths_are_composed (void)
{
    static const char *const good[] = { "\xc3\xa1.yml", "\xea\xb0\x80/b", NULL };
    static const char *const bad[] = { "a\xcc\x81.yml", "b/\xe1\x84\x80\xe1\x85\xa1", NULL };

    check_all (path_check_relative, good, bad);
    g_assert_true (path_check_absolute ("/a\xcc\x81", NULL));
}

static void
test_078_long_paths (void)
{
    g_autofree char *component = g_strnfill (256, 'a');
    g_autoptr (GString) deep = g_string_new ("a");

    g_assert_false (path_check_relative (component, NULL));
    g_assert_true (path_check_relative (component + 1, NULL));
    while (deep->len < 4095)
        g_string_append (deep, "/a");
    g_assert_true (path_check_relative (deep->str, NULL));
    g_string_append (deep, "/a");
    g_assert_false (path_check_relative (deep->str, NULL));
}

static void
test_078_absolute_paths (void)
{
    static const char *const good[] = { "/a", "/etc/x.conf", "/opt/foo@.service", NULL };
    static const char *const bad[] = { "",   "a",   "/",     "//a",   "/a/",   "/a/../b",
                                       "/.", "/..", "/a//b", "/a\\b", "/a\nb", NULL };

    check_all (path_check_absolute, good, bad);
}

static void
test_products_and_versions (void)
{
    static const char *const products[] = { "a", "plant-hmi", "x1", "1-2-3", NULL };
    static const char *const not_products[] = { "",    "-a",  "a-", "a--b", "A",    "a_b", "a.b",
                                                "a/b", "a b", "ä",  "a\n",  "\xff", NULL };
    static const char *const versions[] = { "1", "1.5.0", "v1_2+x~y-z", "2026-01-01", NULL };
    static const char *const not_versions[] = { "",    ".1",  "-1", "1/2", "1 2",
                                                "1\n", "1:2", "ä",  NULL };
    g_autofree char *version = g_strnfill (65, '1');

    check_all (path_check_product, products, not_products);
    check_all (path_check_version, versions, not_versions);
    g_assert_false (path_check_version (version, NULL));
    g_assert_true (path_check_version (version + 1, NULL));
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_image_names (void)
{
    static const char *const good[] = {
        "x:1",
        "plant-hmi/server:1.5.0",
        "localhost/x:1",
        "localhost:5000/x:1",
        "reg.io/a/b:t",
        "a__b:1",
        "a---b:1",
        "a.b_c:1",
        "x:_1",
        "REG.io/a:1",
        "[2001:db8::1]:5/x:1",
        "a" HEX64 ":1",
        NULL,
    };
    static const char *const bad[] = {
        "",
        "x",
        "x:",
        ":1",
        "X:1",
        "a/B:1",
        "x:.1",
        "x:1:2",
        "x@sha256:" HEX64,
        "x:1@sha256:" HEX64,
        "/x:1",
        "x/:1",
        "a//b:1",
        "a/../b:1",
        "a..b:1",
        "a___b:1",
        "-a:1",
        "a-:1",
        "x:1\n",
        "x:1 ",
        " x:1",
        "localhost:5000/x",
        "x:ä",
        "ä:1",
        "\xff:1",
        HEX64 ":1",
        "reg.io:x/a:1",
        "../x:1",
        NULL,
    };
    g_autofree char *tag = g_strnfill (130, 't');

    tag[0] = 'x';
    tag[1] = ':';
    check_all (path_check_image_name, good, bad);
    g_assert_true (path_check_image_name (tag, NULL));
    tag[1] = 't';
    tag[0] = ':';
    g_assert_false (path_check_image_name (tag, NULL));
}

static void
test_image_names_in_full (void)
{
    static const char *const rows[][2] = {
        { "x:1", "docker.io/library/x:1" },
        { "a/b:1", "docker.io/a/b:1" },
        { "docker.io/x:1", "docker.io/library/x:1" },
        { "docker.io/a/b:1", "docker.io/a/b:1" },
        { "index.docker.io/x:1", "docker.io/library/x:1" },
        { "localhost/x:1", "localhost/x:1" },
        { "reg.io/x:1", "reg.io/x:1" },
        { "reg:5000/x:1", "reg:5000/x:1" },
        { "a.b:1", "docker.io/library/a.b:1" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *full = path_normalize_image_name (rows[i][0]);

        g_assert_cmpstr (full, ==, rows[i][1]);
    }
}

static void
test_092_names_that_some_file_systems_join (void)
{
    g_autofree char *upper = path_fold ("A/\xc3\x84");
    g_autofree char *lower = path_fold ("a/a\xcc\x88");
    g_autofree char *other = path_fold ("a/a");

    g_assert_cmpstr (upper, ==, lower);
    g_assert_cmpstr (upper, !=, other);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/path/078-relative", test_078_relative_paths);
    g_test_add_func ("/path/078-long", test_078_long_paths);
    g_test_add_func ("/path/composed", test_paths_are_composed);
    g_test_add_func ("/path/078-absolute", test_078_absolute_paths);
    g_test_add_func ("/path/products-and-versions", test_products_and_versions);
    g_test_add_func ("/path/image-names", test_image_names);
    g_test_add_func ("/path/image-names-in-full", test_image_names_in_full);
    g_test_add_func ("/path/092-fold", test_092_names_that_some_file_systems_join);
    return g_test_run ();
}
