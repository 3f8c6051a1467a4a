/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/twice.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test. */
typedef struct {
    char *path;
    int fd;
} Folder;

static void
set_up (Folder *folder, gconstpointer data)
{
    folder->path = g_dir_make_tmp ("twice-XXXXXX", NULL);
    g_assert_nonnull (folder->path);
    folder->fd = openat (AT_FDCWD, folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
tear_down (Folder *folder, gconstpointer data)
{
    unlinkat (folder->fd, "x.yaml", 0);
    unlinkat (folder->fd, "x.copy.yaml", 0);
    file_clear_fd (&folder->fd);
    rmdir (folder->path);
    g_free (folder->path);
}

static void
write_generation (const Folder *folder, guint64 generation)
{
    g_autofree char *text =
        g_strdup_printf ("a: 1\ngeneration: %" G_GUINT64_FORMAT "\n", generation);
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autoptr (GError) error = NULL;
    g_autofree char *note = NULL;

    g_assert_true (twice_write (folder->fd, "x", bytes, &note, &error));
    g_assert_no_error (error);
    g_assert_null (note);
}

static void
damage (const Folder *folder, const char *name)
{
    g_autofree char *path = g_build_filename (folder->path, name, NULL);

    g_assert_true (g_file_set_contents (path, "a: 1\ngeneration: 9\n", -1, NULL));
}

static GBytes *
content (const Folder *folder, const char *name)
{
    return file_read_below (folder->fd, name, 4096, NULL);
}

static gboolean
open_one (GBytes *input, GError **error)
{
    guint64 generation = 0;
    g_autoptr (GBytes) text = twice_open (input, "x", &generation, error);

    return text != NULL && generation > 0;
}

static void
test_files (void)
{
    corpus_walk ("twice", open_one);
}

static void
test_nothing_there_is_no_error (Folder *folder, gconstpointer data)
{
    g_auto (Twice) twice = { 0 };

    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_null (twice.text);
    g_assert_null (twice.note);
}

static void
test_both_copies_are_the_same (Folder *folder, gconstpointer data)
{
    g_auto (Twice) twice = { 0 };
    g_autoptr (GBytes) one = NULL, two = NULL;

    write_generation (folder, 1);
    write_generation (folder, 2);
    one = content (folder, "x.yaml");
    two = content (folder, "x.copy.yaml");
    g_assert_true (g_bytes_equal (one, two));
    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_cmpuint (twice.generation, ==, 2);
    g_assert_null (twice.note);
}

/* data: the name of the copy that is bad. */
static void
test_115_one_bad_copy_is_named_and_the_other_used (Folder *folder, gconstpointer data)
{
    const char *bad = data;
    g_auto (Twice) twice = { 0 }, again = { 0 };

    write_generation (folder, 4);
    damage (folder, bad);
    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_cmpuint (twice.generation, ==, 4);
    g_assert_nonnull (strstr (twice.note, bad));
    write_generation (folder, 5);
    g_assert_true (twice_read (folder->fd, "x", &again, NULL));
    g_assert_cmpuint (again.generation, ==, 5);
    g_assert_null (again.note);
}

static void
test_115_a_missing_copy_is_named (Folder *folder, gconstpointer data)
{
    g_auto (Twice) twice = { 0 };

    write_generation (folder, 4);
    g_assert_cmpint (unlinkat (folder->fd, "x.yaml", 0), ==, 0);
    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_cmpuint (twice.generation, ==, 4);
    g_assert_nonnull (strstr (twice.note, "one copy is not there"));
}

static void
test_115_two_bad_copies_are_not_nothing (Folder *folder, gconstpointer data)
{
    g_auto (Twice) twice = { 0 };
    g_autoptr (GError) error = NULL, alone = NULL;

    write_generation (folder, 4);
    damage (folder, "x.yaml");
    damage (folder, "x.copy.yaml");
    g_assert_false (twice_read (folder->fd, "x", &twice, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    g_assert_nonnull (strstr (error->message, "x.yaml: "));
    g_assert_nonnull (strstr (error->message, "x.copy.yaml: "));
    g_assert_cmpint (unlinkat (folder->fd, "x.yaml", 0), ==, 0);
    g_assert_false (twice_read (folder->fd, "x", &twice, &alone));
    g_assert_error (alone, HANDCARRY_ERROR, ERR_NOT_READY);
}

/* trust.md 122: a host that dies between the two has an older copy, and the newer one counts. */
static void
test_122_the_newer_of_two_good_copies_counts (Folder *folder, gconstpointer data)
{
    g_auto (Twice) twice = { 0 };
    g_autoptr (GBytes) older = NULL;

    write_generation (folder, 4);
    older = content (folder, "x.yaml");
    write_generation (folder, 5);
    g_assert_true (file_replace (folder->fd, data, older, 0644, NULL));
    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_cmpuint (twice.generation, ==, 5);
    g_assert_null (twice.note);
}

static void
test_two_texts_of_one_generation_are_refused (Folder *folder, gconstpointer data)
{
    g_autoptr (GBytes) text = g_bytes_new_static ("b: 1\ngeneration: 4\n", 19);
    g_autoptr (GBytes) sealed = twice_seal (text);
    g_autoptr (GError) error = NULL;
    g_auto (Twice) twice = { 0 };

    write_generation (folder, 4);
    g_assert_true (file_replace (folder->fd, "x.yaml", sealed, 0644, NULL));
    g_assert_false (twice_read (folder->fd, "x", &twice, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

/* What lies on the disk once is what counts, so that is no failure. */
static void
test_a_copy_that_cannot_be_written_is_a_note (Folder *folder, gconstpointer data)
{
    g_autoptr (GBytes) text = g_bytes_new_static ("a: 1\ngeneration: 5\n", 19);
    g_autofree char *note = NULL;
    g_auto (Twice) twice = { 0 };

    write_generation (folder, 4);
    g_assert_cmpint (unlinkat (folder->fd, "x.copy.yaml", 0), ==, 0);
    g_assert_cmpint (unlinkat (folder->fd, "x.yaml", 0), ==, 0);
    /* Neither is there: the copy is written first; a folder is in the way of the other. */
    g_assert_cmpint (mkdirat (folder->fd, "x.yaml", 0700), ==, 0);
    g_assert_true (twice_write (folder->fd, "x", text, &note, NULL));
    g_assert_nonnull (strstr (note, "x.copy.yaml"));
    g_assert_true (twice_read (folder->fd, "x", &twice, NULL));
    g_assert_cmpuint (twice.generation, ==, 5);
    g_assert_cmpint (unlinkat (folder->fd, "x.yaml", AT_REMOVEDIR), ==, 0);
}

#define ADD(name, data, func) g_test_add ("/twice/" name, Folder, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/twice/files", test_files);
    ADD ("nothing", NULL, test_nothing_there_is_no_error);
    ADD ("same", NULL, test_both_copies_are_the_same);
    ADD ("115-first-bad", "x.yaml", test_115_one_bad_copy_is_named_and_the_other_used);
    ADD ("115-second-bad", "x.copy.yaml", test_115_one_bad_copy_is_named_and_the_other_used);
    ADD ("115-missing", NULL, test_115_a_missing_copy_is_named);
    ADD ("115-both", NULL, test_115_two_bad_copies_are_not_nothing);
    ADD ("122-first-older", "x.yaml", test_122_the_newer_of_two_good_copies_counts);
    ADD ("122-second-older", "x.copy.yaml", test_122_the_newer_of_two_good_copies_counts);
    ADD ("differ", NULL, test_two_texts_of_one_generation_are_refused);
    ADD ("note", NULL, test_a_copy_that_cannot_be_written_is_a_note);
    return g_test_run ();
}
