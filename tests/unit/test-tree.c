/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree.h"
#include "manifest/error.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    const char *path, *content;
    gboolean executable;
} File;

static const File tree[] = {
    { "b/c/deep", "deep\n", FALSE },
    { "playbooks/site.yml", "- hosts: localhost\n", FALSE },
    { "playbooks/bin/run", "#!/bin/sh\n", TRUE },
    { "playbooks.yml", "", FALSE },
    { "\xc3\xa4/foo@.service", "x", FALSE },
    { "a", "1234567890", TRUE },
};

static void
add_file (TreeChecksum *sum, const File *file)
{
    g_autoptr (GError) error = NULL;
    gsize length = strlen (file->content);

    g_assert_true (tree_checksum_begin (sum, file->path, file->executable, length, &error));
    tree_checksum_add (sum, (const guint8 *)file->content, length / 2);
    tree_checksum_add (sum, (const guint8 *)file->content + length / 2, length - length / 2);
    g_assert_true (tree_checksum_end (sum, &error));
    g_assert_no_error (error);
}

static void
run (char **argv, char **out)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *messages = NULL;
    int status = 0;

    g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, &messages, &status,
                  &error);
    g_assert_no_error (error);
    if (status != 0)
        g_error ("%s: %s", argv[0], messages);
}

static void
write_file (const char *folder, const File *file)
{
    g_autofree char *path = g_build_filename (folder, file->path, NULL);
    g_autofree char *parent = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (parent, 0755), ==, 0);
    g_assert_true (g_file_set_contents (path, file->content, -1, NULL));
    g_assert_cmpint (g_chmod (path, file->executable ? 0755 : 0644), ==, 0);
}

/* What the real program makes of the files; caller frees. */
static char *
ostree_commit (const File *files, gsize count)
{
    g_autofree char *top = g_dir_make_tmp ("handcarry-tree-XXXXXX", NULL);
    g_autofree char *repo = g_strdup_printf ("--repo=%s/repo", top);
    g_autofree char *folder = g_build_filename (top, "tree", NULL);
    g_autofree char *source = g_strconcat ("--tree=dir=", folder, NULL);
    char *init[] = { "ostree", repo, "init", "--mode=bare-user", NULL };
    char *commit[] = { "ostree",
                       repo,
                       "commit",
                       "--orphan",
                       "--no-bindings",
                       "--owner-uid=0",
                       "--owner-gid=0",
                       "--no-xattrs",
                       "--subject=",
                       "--body=",
                       "--timestamp=1970-01-01 00:00:00 +0000",
                       source,
                       NULL };
    char *clean[] = { "rm", "-rf", top, NULL };
    char *checksum = NULL;

    g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
    g_assert_cmpint (g_chmod (folder, 0755), ==, 0);
    for (gsize i = 0; i < count; i++)
        write_file (folder, &files[i]);
    run (init, NULL);
    run (commit, &checksum);
    run (clean, NULL);
    return g_strstrip (checksum);
}

static void
compare_with_ostree (const File *files, gsize count)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    g_autofree char *theirs = NULL, *ours = NULL, *program = g_find_program_in_path ("ostree");
    Digest commit;

    if (program == NULL) {
        g_test_skip ("ostree is not installed");
        return;
    }
    for (gsize i = 0; i < count; i++)
        add_file (sum, &files[i]);
    tree_checksum_commit (sum, &commit);
    ours = digest_to_hex (&commit);
    theirs = ostree_commit (files, count);
    g_assert_cmpstr (ours, ==, theirs);
}

static void
test_same_as_ostree (void)
{
    compare_with_ostree (tree, G_N_ELEMENTS (tree));
}

static void
test_empty_same_as_ostree (void)
{
    compare_with_ostree (NULL, 0);
}

/* Fixed values, for machines that have no ostree. */
static void
test_known_values (void)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    g_autofree char *empty = NULL, *full = NULL;
    Digest commit;

    tree_checksum_commit (sum, &commit);
    empty = digest_to_hex (&commit);
    g_assert_cmpstr (empty, ==, "6109d33e99f48e9b90cdf8ad037b8e5d20ef899697cfd3eb492cf78800aed498");
    for (gsize i = G_N_ELEMENTS (tree); i > 0; i--)
        add_file (sum, &tree[i - 1]);
    tree_checksum_commit (sum, &commit);
    full = digest_to_hex (&commit);
    g_assert_cmpstr (full, ==, "885b5bc1392054962b57ba05ffb40827c7ee0084b9824f876e4b3b5f3f1b30cb");
}

static void
expect_refused (TreeChecksum *sum, const char *path, const char *fragment)
{
    g_autoptr (GError) error = NULL;

    g_assert_false (tree_checksum_begin (sum, path, FALSE, 0, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_paths_that_make_no_tree (void)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    static const File file = { "a/b", "", FALSE };

    add_file (sum, &file);
    expect_refused (sum, "a/b", "twice");
    expect_refused (sum, "a", "twice");
    expect_refused (sum, "a/b/c", "goes through a file");
    expect_refused (sum, "", "empty");
    expect_refused (sum, "/x", "component");
    expect_refused (sum, "x//y", "component");
    expect_refused (sum, "x/../y", "component");
    expect_refused (sum, "./y", "component");
}

static void
expect_length_refused (guint64 announced, const char *fragment)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    g_autoptr (GError) error = NULL;

    g_assert_true (tree_checksum_begin (sum, "f", FALSE, announced, &error));
    tree_checksum_add (sum, (const guint8 *)"abc", 3);
    g_assert_false (tree_checksum_end (sum, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_length_is_as_announced (void)
{
    expect_length_refused (2, "longer than announced");
    expect_length_refused (4, "ends 1 bytes before");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/tree/same-as-ostree", test_same_as_ostree);
    g_test_add_func ("/tree/empty-same-as-ostree", test_empty_same_as_ostree);
    g_test_add_func ("/tree/known-values", test_known_values);
    g_test_add_func ("/tree/paths-that-make-no-tree", test_paths_that_make_no_tree);
    g_test_add_func ("/tree/length-is-as-announced", test_length_is_as_announced);
    return g_test_run ();
}
