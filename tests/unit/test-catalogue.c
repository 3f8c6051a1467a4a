/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "manifest/catalogue.h"

#include <string.h>

static gboolean
take (GBytes *bytes, GError **error)
{
    g_autoptr (Catalogue) catalogue = catalogue_new (bytes, error);

    return catalogue != NULL;
}

static void
test_good_and_bad_catalogues (void)
{
    corpus_walk ("catalogue", take);
}

static void
test_no_byte_of_a_catalogue_can_be_cut_or_changed_into_a_crash (void)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "catalogue", "ok-two.mo", NULL);
    g_autofree char *bytes = NULL;
    gsize length;

    g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
    for (gsize i = 0; i < length; i++) {
        g_autofree char *changed = g_memdup2 (bytes, length);
        g_autoptr (GBytes) cut = g_bytes_new (bytes, i), other = NULL;
        g_autoptr (Catalogue) short_one = catalogue_new (cut, NULL), changed_one = NULL;

        g_assert_null (short_one);
        changed[i] = (char)(changed[i] ^ 0x81);
        other = g_bytes_new (changed, length);
        changed_one = catalogue_new (other, NULL);
        if (changed_one != NULL)
            catalogue_find (changed_one, "one");
    }
}

static void
test_finds_what_it_has_and_nothing_else (void)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "catalogue", "ok-two.mo", NULL);
    g_autofree char *bytes = NULL;
    g_autoptr (GBytes) all = NULL;
    g_autoptr (Catalogue) catalogue = NULL;
    gsize length;

    g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
    all = g_bytes_new (bytes, length);
    catalogue = catalogue_new (all, NULL);
    g_assert_cmpstr (catalogue_find (catalogue, "one"), ==, "하나");
    g_assert_cmpstr (catalogue_find (catalogue, "two of %s"), ==, "%s의 둘");
    g_assert_null (catalogue_find (catalogue, "tw"));
    g_assert_null (catalogue_find (catalogue, ""));
}

static void
test_languages_are_names_and_no_paths (void)
{
    static const struct {
        const char *locale, *language, *expected;
    } rows[] = {
        { NULL, NULL, "" },
        { "C", "ko", "" },
        { "POSIX", "ko", "" },
        { "C.UTF-8", "ko", "" },
        { "ko_KR.UTF-8", NULL, "ko_KR ko" },
        { "ko_KR.UTF-8", "", "ko_KR ko" },
        { "ko", NULL, "ko" },
        { "de_DE@euro", "ko:en", "ko en" },
        { "en_GB.UTF-8", NULL, "en_GB en" },
        { "../../tmp/x", "../../tmp/x:/tmp/y:ko/../..:%s", "" },
        { "ko_KR/../..", NULL, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_auto (GStrv) names = catalogue_languages (rows[i].locale, rows[i].language);
        g_autofree char *all = g_strjoinv (" ", names);

        g_assert_cmpstr (all, ==, rows[i].expected);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/catalogue/corpus", test_good_and_bad_catalogues);
    g_test_add_func ("/catalogue/changed-bytes",
                     test_no_byte_of_a_catalogue_can_be_cut_or_changed_into_a_crash);
    g_test_add_func ("/catalogue/find", test_finds_what_it_has_and_nothing_else);
    g_test_add_func ("/catalogue/languages", test_languages_are_names_and_no_paths);
    return g_test_run ();
}
