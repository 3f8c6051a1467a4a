/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "manifest/error.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *dir;
    uid_t uid;
    gid_t gid;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    fixture->dir = g_dir_make_tmp ("place-XXXXXX", NULL);
    fixture->uid = getuid ();
    fixture->gid = getgid ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_autofree char *command = g_strdup_printf ("rm -rf %s", fixture->dir);

    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
    g_free (fixture->dir);
}

static char *
at (Fixture *fixture, const char *name)
{
    return g_build_filename (fixture->dir, name, NULL);
}

static void
assert_content (const char *path, const char *expected)
{
    g_autofree char *found = NULL;

    g_assert_true (g_file_get_contents (path, &found, NULL, NULL));
    g_assert_cmpstr (found, ==, expected);
}

static guint
count_entries (const char *path)
{
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    guint count = 0;

    while (g_dir_read_name (dir) != NULL)
        count++;
    return count;
}

static Placement *
begin (Fixture *fixture, const char *path, const char *text, mode_t mode)
{
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    Placement *placement = place_begin (path, "r1", &error);

    g_assert_no_error (error);
    g_assert_true (place_write_file (placement, bytes, mode, fixture->uid, fixture->gid, &error));
    return placement;
}

static void
test_a_new_file_appears_only_at_the_switch (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "a/b/config");
    g_autoptr (Placement) placement = begin (fixture, path, "new", 0640);
    struct stat st;

    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    g_assert_true (place_switch (placement, NULL));
    g_assert_true (place_commit (placement, NULL, NULL));
    assert_content (path, "new");
    g_assert_cmpint (stat (path, &st), ==, 0);
    g_assert_cmpuint (st.st_mode & 07777, ==, 0640);
}

static void
test_undo_leaves_not_even_the_folders (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "a/b/config");
    g_autoptr (Placement) placement = begin (fixture, path, "new", 0644);

    g_assert_true (place_switch (placement, NULL));
    g_assert_true (place_undo (placement, NULL));
    g_clear_pointer (&placement, place_free);
    g_assert_cmpuint (count_entries (fixture->dir), ==, 0);
}

static void
test_undo_brings_the_same_file_back (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "config");
    g_autoptr (Placement) placement = NULL;
    struct stat before, after;

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    g_assert_cmpint (chmod (path, 0600), ==, 0);
    g_assert_cmpint (stat (path, &before), ==, 0);
    placement = begin (fixture, path, "new", 0644);
    g_assert_true (place_switch (placement, NULL));
    assert_content (path, "new");
    g_assert_true (place_undo (placement, NULL));
    g_clear_pointer (&placement, place_free);
    assert_content (path, "old");
    g_assert_cmpint (stat (path, &after), ==, 0);
    g_assert_cmpuint (before.st_ino, ==, after.st_ino);
    g_assert_cmpuint (after.st_mode & 07777, ==, 0600);
    g_assert_cmpuint (count_entries (fixture->dir), ==, 1);
}

static void
test_the_old_one_is_kept_where_asked (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "config");
    g_autofree char *kept = at (fixture, "config.handcarry-old.r1");
    g_autoptr (Placement) placement = NULL;

    g_assert_true (g_file_set_contents (path, "edited", -1, NULL));
    placement = begin (fixture, path, "new", 0644);
    g_assert_true (place_switch (placement, NULL));
    g_assert_true (place_commit (placement, "config.handcarry-old.r1", NULL));
    assert_content (path, "new");
    assert_content (kept, "edited");
}

static void
assert_not_ready (const char *path)
{
    g_autoptr (GError) error = NULL;
    PlaceFound found;

    g_assert_false (place_look (path, &found, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

/* trust.md 81, 83 */
static void
test_081_083_links_are_refused (Fixture *fixture, gconstpointer data)
{
    g_autofree char *real = at (fixture, "real"), *hard = at (fixture, "hard");
    g_autofree char *soft = at (fixture, "soft"), *folder = at (fixture, "folder");
    g_autofree char *below = at (fixture, "folder/x");
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (real, "x", -1, NULL));
    g_assert_cmpint (link (real, hard), ==, 0);
    g_assert_cmpint (symlink ("real", soft), ==, 0);
    g_assert_cmpint (symlink ("/etc", folder), ==, 0);
    assert_not_ready (real);
    assert_not_ready (soft);
    assert_not_ready (below);
    g_assert_null (place_begin (below, "r1", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

static void
test_nothing_there_is_no_error (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "x/y/z");
    PlaceFound found = { .kind = PLACE_FILE };

    g_assert_true (place_look (path, &found, NULL));
    g_assert_cmpint (found.kind, ==, PLACE_NOTHING);
}

static void
test_owners_are_names_of_this_host (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    uid_t uid = 1;
    gid_t gid = 1;

    g_assert_true (place_parse_owner ("root:root", &uid, &gid, NULL));
    g_assert_cmpuint (uid + gid, ==, 0);
    g_assert_false (place_parse_owner ("nobody-like-that:root", &uid, &gid, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

int
main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func) (Fixture *, gconstpointer);
    } tests[] = {
        { "/place/new", test_a_new_file_appears_only_at_the_switch },
        { "/place/undo-new", test_undo_leaves_not_even_the_folders },
        { "/place/undo-old", test_undo_brings_the_same_file_back },
        { "/place/keep-old", test_the_old_one_is_kept_where_asked },
        { "/place/081-083-links", test_081_083_links_are_refused },
        { "/place/nothing", test_nothing_there_is_no_error },
        { "/place/owners", test_owners_are_names_of_this_host },
    };

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run ();
}
