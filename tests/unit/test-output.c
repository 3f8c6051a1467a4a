/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/output.h"
#include "manifest/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *dir, *path;
} Folder;

static void
set_up (Folder *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp ("output-XXXXXX", NULL);
    f->path = g_build_filename (f->dir, "x", NULL);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

/* Removes what is there; returns the names, sorted, with a blank behind each. */
static char *
empty (const Folder *f)
{
    g_autoptr (GDir) dir = g_dir_open (f->dir, 0, NULL);
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GString) all = g_string_new (NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL)
        g_ptr_array_add (names, g_strdup (name));
    g_ptr_array_sort (names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename (f->dir, names->pdata[i], NULL);

        g_string_append_printf (all, "%s ", (char *)names->pdata[i]);
        g_unlink (path);
    }
    return g_string_free (g_steal_pointer (&all), FALSE);
}

static void
tear_down (Folder *f, gconstpointer data)
{
    g_free (empty (f));
    g_rmdir (f->dir);
    g_free (f->dir);
    g_free (f->path);
}

static void
put (Output *output, gsize length)
{
    g_autofree guint8 *bytes = g_malloc (length);
    g_autoptr (GBytes) piece = NULL;
    g_autoptr (GError) error = NULL;

    memset (bytes, 'x', length);
    piece = g_bytes_new (bytes, length);
    g_assert_true (output_write (output, piece, &error));
}

static guint64
size_of (const Folder *f, const char *name)
{
    g_autofree char *path = g_build_filename (f->dir, name, NULL);
    struct stat st;

    return stat (path, &st) == 0 ? (guint64)st.st_size : G_MAXUINT64;
}

static void
expect_names (const Folder *f, const char *expected)
{
    g_autofree char *names = empty (f);

    g_assert_cmpstr (names, ==, expected);
}

static void
test_nothing_before_commit (Folder *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (Output) output = output_new (f->path, 0, &error);

    put (output, 1000);
    g_assert_cmpuint (size_of (f, "x"), ==, G_MAXUINT64);
    g_assert_true (output_commit (output, &error));
    g_assert_cmpuint (size_of (f, "x"), ==, 1000);
    expect_names (f, "x x.sha256 ");
}

static void
test_parts (Folder *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (Output) output = output_new (f->path, 100, &error);

    put (output, 250);
    put (output, 50);
    put (output, 1);
    g_assert_true (output_keep_together (output, 99, &error));
    put (output, 1);
    g_assert_true (output_keep_together (output, 99, &error));
    put (output, 99);
    g_assert_cmpuint (output_bytes (output), ==, 401);
    g_assert_true (output_commit (output, &error));
    g_assert_cmpuint (size_of (f, "x.001"), ==, 100);
    g_assert_cmpuint (size_of (f, "x.003"), ==, 100);
    g_assert_cmpuint (size_of (f, "x.004"), ==, 2);
    g_assert_cmpuint (size_of (f, "x.005"), ==, 99);
    expect_names (f, "x.001 x.002 x.003 x.004 x.005 x.sha256 ");
}

/* A name that is taken while the parts are written: none of ours may stay. */
static void
test_name_taken_at_the_end (Folder *f, gconstpointer data)
{
    g_autofree char *taken = g_strconcat (f->path, ".003", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (Output) output = output_new (f->path, 100, &error);

    put (output, 250);
    g_assert_true (g_file_set_contents (taken, "mine", 4, NULL));
    g_assert_false (output_commit (output, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_clear_pointer (&output, output_free);
    g_assert_cmpuint (size_of (f, "x.003"), ==, 4);
    expect_names (f, "x.003 ");
}

static void
test_too_many_parts (Folder *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (Output) output = output_new (f->path, 1, &error);
    g_autoptr (GBytes) piece = g_bytes_new_static ("xxx", 3);

    put (output, 997);
    g_assert_false (output_write (output, piece, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_USAGE);
    g_clear_pointer (&output, output_free);
    expect_names (f, "");
}

static void
test_nowhere (Folder *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename (f->dir, "no", "x", NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (output_new (path, 0, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_clear_error (&error);
    g_assert_null (output_new (f->dir, 0, &error));
    g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/output/" name, Folder, NULL, set_up, func, tear_down)
    ADD ("nothing-before-commit", test_nothing_before_commit);
    ADD ("parts", test_parts);
    ADD ("name-taken-at-the-end", test_name_taken_at_the_end);
    ADD ("too-many-parts", test_too_many_parts);
    ADD ("nowhere", test_nowhere);
    return g_test_run ();
}
