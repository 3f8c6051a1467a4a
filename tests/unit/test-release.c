/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/release.h"
#include "tests/unit/corpus.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "handcarry: 1\nproduct: p\n"
#define IMAGE "images: [{name: 'a:${version}', from: 'oci:x-${version}'}]\n"

static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (Release) release =
        release_parse_authored (text, "release.yaml", NULL, problems, error);

    g_assert_true ((release == NULL) == (problems->len > 0));
    for (guint i = 0; i < problems->len; i++)
        g_assert_true (
            g_regex_match_simple ("^release.yaml:[0-9]+:[0-9]+: ", problems->pdata[i], 0, 0));
    return release != NULL;
}

static void
test_files_of_good_and_bad_releases (void)
{
    corpus_walk ("release", take);
}

static Release *
parse (const char *text, const ReleaseOverrides *overrides, GPtrArray *problems)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return release_parse_authored (bytes, "r", overrides, problems, NULL);
}

static void
test_defaults_are_filled_in (void)
{
    g_autoptr (Release) release =
        parse (HEAD "version: 1.10\nrelease: 7\n" IMAGE
                    "configs: [{from: a, to: /a}]\nhealth: [{container: ab}, {command: [x], "
                    "within: 2m}]\n",
               NULL, NULL);
    const ReleaseConfig *config = release->configs->pdata[0];
    const ReleaseHealth *health = release->health->pdata[1];
    const ReleaseImage *image = release->images->pdata[0];

    g_assert_cmpstr (release->channel, ==, "stable");
    g_assert_cmpstr (release->version, ==, "1.10");
    g_assert_cmpstr (release->platforms[0], ==, "linux/amd64");
    g_assert_cmpstr (image->name, ==, "a:1.10");
    g_assert_cmpstr (image->from, ==, "oci:x-1.10");
    g_assert_cmpuint (config->mode, ==, 0644);
    g_assert_cmpstr (config->owner, ==, "root:root");
    g_assert_cmpint (config->on_conflict, ==, CONFLICT_KEEP);
    g_assert_cmpuint (health->within, ==, 120);
    g_assert_cmpint (health->kind, ==, HEALTH_COMMAND);
}

static void
test_command_line_overrides_the_file (void)
{
    const ReleaseOverrides overrides = { "2.0", 9 };
    g_autoptr (Release) both = parse (HEAD "version: 1\nrelease: 7\n" IMAGE, &overrides, NULL);
    g_autoptr (Release) neither = parse (HEAD IMAGE, &overrides, NULL);

    g_assert_cmpstr (both->version, ==, "2.0");
    g_assert_cmpuint (both->release, ==, 9);
    g_assert_cmpstr (((ReleaseImage *)both->images->pdata[0])->name, ==, "a:2.0");
    g_assert_cmpstr (neither->version, ==, "2.0");
    g_assert_cmpstr (((ReleaseImage *)neither->images->pdata[0])->name, ==, "a:2.0");
}

static void
test_a_bad_override_is_named (void)
{
    const ReleaseOverrides overrides = { "2/0", 0 };
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

    g_assert_null (parse (HEAD "version: 1\nrelease: 7\n" IMAGE, &overrides, problems));
    g_assert_cmpuint (problems->len, >=, 1);
    g_assert_nonnull (strstr (problems->pdata[0], "--version: version '2/0'"));
}

static void
test_all_problems_are_told_in_order (void)
{
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

    g_assert_null (parse ("handcarry: 1\nproduct: P\nrelease: 0\ncolour: red\n"
                          "images: [{name: a}]\n",
                          NULL, problems));
    g_assert_cmpuint (problems->len, ==, 6);
    g_assert_true (g_str_has_prefix (problems->pdata[0], "r:1:1: the key 'version'"));
    g_assert_true (g_str_has_prefix (problems->pdata[1], "r:2:10: name 'P'"));
    g_assert_true (g_str_has_prefix (problems->pdata[2], "r:3:10: release numbers"));
    g_assert_true (g_str_has_prefix (problems->pdata[3], "r:4:1: unknown key 'colour'"));
    g_assert_true (g_str_has_prefix (problems->pdata[4], "r:5:10: the key 'from'"));
    g_assert_true (g_str_has_prefix (problems->pdata[5], "r:5:17: image name 'a'"));
}

static void
make (const char *root, const char *name, gboolean folder)
{
    g_autofree char *path = g_build_filename (root, name, NULL);

    if (folder)
        g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
    else
        g_assert_true (g_file_set_contents (path, "x", 1, NULL));
}

static void
test_078_carried_paths_are_looked_at (void)
{
    static const char text[] =
        HEAD "version: 1\nrelease: 1\nplaybooks:\n- {path: good.yml, run: install}\n"
             "- {path: link.yml, run: install}\n- {path: gone.yml, run: install}\nfiles:\n"
             "- {from: dir/, to: /a/}\n- {from: dir, to: /b}\n- {from: good.yml/, to: /c/}\n"
             "- {from: up/passwd, to: /d}\n";
    g_autofree char *root = g_dir_make_tmp ("handcarry-XXXXXX", NULL);
    g_autofree char *link = g_build_filename (root, "link.yml", NULL);
    g_autofree char *up = g_build_filename (root, "up", NULL);
    g_autofree char *remove = g_strdup_printf ("rm -r %s", root);
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GError) error = NULL;
    g_autoptr (Release) release = parse (text, NULL, NULL);
    int dirfd = open (root, O_RDONLY | O_DIRECTORY);

    make (root, "good.yml", FALSE);
    make (root, "dir", TRUE);
    g_assert_cmpint (symlink ("good.yml", link), ==, 0);
    g_assert_cmpint (symlink ("/etc", up), ==, 0);
    g_assert_false (release_check_folder (release, dirfd, problems, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_cmpuint (problems->len, ==, 5);
    g_assert_cmpstr (problems->pdata[0], ==,
                     "r:7:1: 'link.yml' is or passes a symbolic link; carry the file itself");
    g_assert_cmpstr (problems->pdata[1], ==, "r:8:1: 'gone.yml' does not exist beside the file");
    g_assert_nonnull (strstr (problems->pdata[2], "but a folder; end it with '/'"));
    g_assert_nonnull (strstr (problems->pdata[3], "'good.yml/' is not a folder"));
    g_assert_nonnull (strstr (problems->pdata[4], "symbolic link"));
    close (dirfd);
    g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/release/files", test_files_of_good_and_bad_releases);
    g_test_add_func ("/release/defaults", test_defaults_are_filled_in);
    g_test_add_func ("/release/overrides", test_command_line_overrides_the_file);
    g_test_add_func ("/release/bad-override", test_a_bad_override_is_named);
    g_test_add_func ("/release/all-problems", test_all_problems_are_told_in_order);
    g_test_add_func ("/release/078-carried-paths", test_078_carried_paths_are_looked_at);
    return g_test_run ();
}
