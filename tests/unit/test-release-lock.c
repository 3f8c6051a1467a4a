/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/release-lock.h"
#include "tests/unit/corpus.h"

static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (ReleaseLock) lock = release_lock_parse (text, "release.lock.yaml", error);
    g_autoptr (GBytes) again = NULL;
    Digest digest, expected = digest_of_bytes (text);

    if (lock == NULL)
        return FALSE;
    again = release_lock_write (lock);
    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                     g_bytes_get_data (again, NULL), g_bytes_get_size (again));
    digest = release_lock_digest (lock);
    g_assert_true (digest_equal (&digest, &expected));
    return TRUE;
}

static void
test_files_of_good_and_bad_locks (void)
{
    corpus_walk ("release-lock", take);
}

static void
test_a_lock_is_named_after_its_release (void)
{
    static const char *const names[][2] = {
        { "release.yaml", "release.lock.yaml" },
        { "/srv/hmi/plant.yml", "plant.lock.yaml" },
        { "release", "release.lock.yaml" },
        { "a.yaml.yaml", "a.yaml.lock.yaml" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *name = release_lock_file_name (names[i][0]);

        g_assert_cmpstr (name, ==, names[i][1]);
    }
}

static void
test_an_image_is_found_by_name_and_platform (void)
{
    g_autoptr (ReleaseLock) lock = release_lock_new ();
    LockedImage *image = release_lock_add (lock);

    image->name = g_strdup ("a:1");
    image->platform = g_strdup ("linux/amd64");
    g_assert_true (release_lock_find (lock, "a:1", "linux/amd64") == image);
    g_assert_null (release_lock_find (lock, "a:1", "linux/arm64"));
    g_assert_null (release_lock_find (lock, "a:2", "linux/amd64"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/release-lock/files", test_files_of_good_and_bad_locks);
    g_test_add_func ("/release-lock/file-name", test_a_lock_is_named_after_its_release);
    g_test_add_func ("/release-lock/find", test_an_image_is_found_by_name_and_platform);
    return g_test_run ();
}
