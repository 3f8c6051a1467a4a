/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "manifest/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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

static void
write_in_place (const char *path, const char *text)
{
    int fd = open (path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
    close (fd);
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

/* A change of one file, planned and made ready. */
static void
stage (Fixture *fixture, PlaceData *data, const char *path, const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;

    *data = (PlaceData){ .path = g_strdup (path), .tag = g_strdup ("r1") };
    data->wanted = (PlaceThing){ .kind = PLACE_FILE,
                                 .digest = digest_of_bytes (bytes),
                                 .mode = 0640,
                                 .uid = fixture->uid,
                                 .gid = fixture->gid };
    g_assert_true (place_plan (data, &error));
    g_assert_true (place_stage_file (data, bytes, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (data->staged, !=, 0);
}

static void
plan_removal (PlaceData *data, const char *path)
{
    *data = (PlaceData){ .path = g_strdup (path), .tag = g_strdup ("r1") };
    g_assert_true (place_plan (data, NULL));
}

/* Every call is made twice: a run that was killed makes it again. */
static void
switch_over (const PlaceData *data)
{
    g_autoptr (GError) error = NULL;

    g_assert_true (place_switch (data, &error));
    g_assert_no_error (error);
    g_assert_true (place_switch (data, &error));
    g_assert_no_error (error);
}

/* Returns where an edit was kept, or NULL. */
static char *
undo (const PlaceData *data)
{
    g_autoptr (GError) error = NULL;
    char *kept, *again;

    g_assert_true (place_undo (data, &kept, &error));
    g_assert_no_error (error);
    g_assert_true (place_undo (data, &again, &error));
    g_assert_no_error (error);
    g_assert_null (again);
    return kept;
}

static char *
commit (const PlaceData *data)
{
    g_autoptr (GError) error = NULL;
    char *kept, *again;

    g_assert_true (place_commit (data, &kept, &error));
    g_assert_no_error (error);
    g_assert_true (place_commit (data, &again, &error));
    g_assert_no_error (error);
    g_assert_null (again);
    return kept;
}

static void
test_a_new_file_appears_only_at_the_switch (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "a/b/config");
    g_auto (PlaceData) data = { 0 };
    struct stat st;

    stage (fixture, &data, path, "new");
    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    switch_over (&data);
    g_assert_null (commit (&data));
    assert_content (path, "new");
    g_assert_cmpint (stat (path, &st), ==, 0);
    g_assert_cmpuint (st.st_mode & 07777, ==, 0640);
}

static void
test_undo_leaves_not_even_the_folders (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "a/b/config");
    g_auto (PlaceData) data = { 0 };

    stage (fixture, &data, path, "new");
    switch_over (&data);
    g_assert_null (undo (&data));
    g_assert_cmpuint (count_entries (fixture->dir), ==, 0);
}

static void
test_undo_keeps_folders_that_others_use (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "a/b/config"), *other = at (fixture, "a/other");
    g_auto (PlaceData) data = { 0 };

    stage (fixture, &data, path, "new");
    g_assert_true (g_file_set_contents (other, "x", -1, NULL));
    g_assert_null (undo (&data));
    assert_content (other, "x");
}

static void
test_undo_brings_the_same_file_back (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config");
    g_auto (PlaceData) data = { 0 };
    struct stat before, after;

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    g_assert_cmpint (chmod (path, 0600), ==, 0);
    g_assert_cmpint (stat (path, &before), ==, 0);
    stage (fixture, &data, path, "new");
    switch_over (&data);
    assert_content (path, "new");
    g_assert_null (undo (&data));
    assert_content (path, "old");
    g_assert_cmpint (stat (path, &after), ==, 0);
    g_assert_cmpuint (before.st_ino, ==, after.st_ino);
    g_assert_cmpuint (after.st_mode & 07777, ==, 0600);
    g_assert_cmpuint (count_entries (fixture->dir), ==, 1);
}

static void
test_the_old_one_is_kept_where_asked (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config");
    g_autofree char *earlier = at (fixture, "config.handcarry-old.r1");
    g_autofree char *kept = at (fixture, "config.handcarry-old.r1-2"), *said = NULL;
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "edited", -1, NULL));
    g_assert_true (g_file_set_contents (earlier, "edited earlier", -1, NULL));
    stage (fixture, &data, path, "new");
    data.keep_as = g_strdup ("config.handcarry-old.r1");
    switch_over (&data);
    said = commit (&data);
    g_assert_cmpstr (said, ==, kept);
    assert_content (path, "new");
    assert_content (kept, "edited");
    assert_content (earlier, "edited earlier");
}

static void
test_a_removed_file_comes_back_or_goes (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config");
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    plan_removal (&data, path);
    switch_over (&data);
    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    g_assert_null (undo (&data));
    assert_content (path, "old");
    switch_over (&data);
    g_assert_null (commit (&data));
    g_assert_cmpuint (count_entries (fixture->dir), ==, 0);
}

static void
test_a_folder_goes_as_a_whole (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "there"), *file = at (fixture, "there/deep/file");
    g_autofree char *from = at (fixture, "new"), *fresh = at (fixture, "new/fresh");
    g_autofree char *placed = at (fixture, "there/fresh"), *folder = g_path_get_dirname (file);
    g_auto (PlaceData) data = { .path = g_strdup (path), .tag = g_strdup ("r1") };
    int dirfd = open (fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
    g_assert_cmpint (g_mkdir (from, 0755), ==, 0);
    g_assert_true (g_file_set_contents (file, "old", -1, NULL));
    g_assert_true (g_file_set_contents (fresh, "new", -1, NULL));
    g_assert_true (place_look (from, &data.wanted, NULL));
    g_assert_true (place_plan (&data, NULL));
    g_assert_true (place_stage_copy (&data, dirfd, "new/", TRUE, NULL));
    switch_over (&data);
    assert_content (placed, "new");
    g_assert_null (undo (&data));
    assert_content (file, "old");
    g_assert_true (place_stage_copy (&data, dirfd, "new/", TRUE, NULL));
    switch_over (&data);
    g_assert_null (commit (&data));
    assert_content (placed, "new");
    g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
    g_assert_cmpuint (count_entries (fixture->dir), ==, 2);
    close (dirfd);
}

/* Without SELinux the kernel keeps the attribute like any other, so this can be seen everywhere. */
static void
test_the_label_of_what_was_there_is_taken_over (Fixture *fixture, gconstpointer unused)
{
    static const char label[] = "system_u:object_r:httpd_config_t:s0";
    g_autofree char *path = at (fixture, "config");
    g_auto (PlaceData) data = { 0 };
    char found[sizeof label] = "";

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    if (setxattr (path, "security.selinux", label, sizeof label, 0) < 0) {
        g_test_skip ("no attribute security.selinux can be set here");
        return;
    }
    g_assert_null (place_extras (path));
    stage (fixture, &data, path, "new");
    switch_over (&data);
    g_assert_null (commit (&data));
    assert_content (path, "new");
    g_assert_cmpint (getxattr (path, "security.selinux", found, sizeof found), ==, sizeof label);
    g_assert_cmpstr (found, ==, label);
}

/* trust.md 107: killed before the journal knew what was staged. */
static void
test_107_what_was_half_made_is_removed (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "a/config"), *old = at (fixture, "old");
    g_auto (PlaceData) fresh = { 0 }, replaced = { 0 };

    g_assert_true (g_file_set_contents (old, "old", -1, NULL));
    stage (fixture, &fresh, path, "half");
    stage (fixture, &replaced, old, "half");
    fresh.staged = replaced.staged = 0;
    g_assert_null (undo (&fresh));
    g_assert_null (undo (&replaced));
    assert_content (old, "old");
    g_assert_cmpuint (count_entries (fixture->dir), ==, 1);
}

static void
test_an_edit_before_the_switch_stops_it (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config");
    g_autoptr (GError) error = NULL;
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    stage (fixture, &data, path, "new");
    g_assert_true (g_file_set_contents (path, "edited", -1, NULL));
    g_assert_false (place_switch (&data, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_assert_nonnull (strstr (error->message, "was changed on this host"));
    g_assert_null (undo (&data));
    assert_content (path, "edited");
    g_assert_cmpuint (count_entries (fixture->dir), ==, 1);
}

static void
test_an_edit_after_the_switch_is_kept (Fixture *fixture, gconstpointer in_place)
{
    g_autofree char *path = at (fixture, "config"), *kept = NULL;
    g_autofree char *expected = at (fixture, "config.handcarry-old.r1");
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    stage (fixture, &data, path, "new");
    switch_over (&data);
    if (in_place != NULL)
        write_in_place (path, "edited");
    else
        g_assert_true (g_file_set_contents (path, "edited", -1, NULL));
    kept = undo (&data);
    g_assert_cmpstr (kept, ==, expected);
    assert_content (path, "old");
    assert_content (kept, "edited");
    g_assert_cmpuint (count_entries (fixture->dir), ==, 2);
}

/* Through a descriptor that was opened before the switch. */
static void
test_an_edit_of_the_old_one_is_kept (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config"), *kept = NULL;
    g_autofree char *waiting = at (fixture, ".config.handcarry-r1");
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    stage (fixture, &data, path, "new");
    switch_over (&data);
    write_in_place (waiting, "edited");
    kept = commit (&data);
    assert_content (path, "new");
    assert_content (kept, "edited");
}

static void
test_a_file_in_a_removed_ones_place_is_kept (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "config"), *kept = NULL;
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    plan_removal (&data, path);
    switch_over (&data);
    g_assert_true (g_file_set_contents (path, "someone's", -1, NULL));
    kept = undo (&data);
    assert_content (path, "old");
    assert_content (kept, "someone's");
}

static void
assert_not_ready (const char *path)
{
    g_autoptr (GError) error = NULL;
    PlaceThing found;

    g_assert_false (place_look (path, &found, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

/* trust.md 81, 83 */
static void
test_081_083_links_are_refused (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *real = at (fixture, "real"), *hard = at (fixture, "hard");
    g_autofree char *soft = at (fixture, "soft"), *folder = at (fixture, "folder");
    g_autofree char *below = at (fixture, "folder/x");
    g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
    g_autoptr (GError) error = NULL;
    g_auto (PlaceData) data = { .path = g_strdup (below), .tag = g_strdup ("r1") };

    g_assert_true (g_file_set_contents (real, "x", -1, NULL));
    g_assert_cmpint (link (real, hard), ==, 0);
    g_assert_cmpint (symlink ("real", soft), ==, 0);
    g_assert_cmpint (symlink ("/etc", folder), ==, 0);
    assert_not_ready (real);
    assert_not_ready (soft);
    assert_not_ready (below);
    g_assert_false (place_stage_file (&data, bytes, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
}

static void
test_081_086_parent_becomes_a_symlink (Fixture *fixture, gconstpointer unused)
{
    g_autofree char *path = at (fixture, "a/config"), *folder = at (fixture, "a");
    g_autofree char *away = at (fixture, "away"), *other = at (fixture, "other");
    g_autofree char *theirs = at (fixture, "other/config");
    g_autoptr (GError) error = NULL;
    g_auto (PlaceData) data = { 0 };

    g_assert_cmpint (g_mkdir (other, 0755), ==, 0);
    stage (fixture, &data, path, "new");
    g_assert_cmpint (rename (folder, away), ==, 0);
    g_assert_cmpint (symlink ("other", folder), ==, 0);
    g_assert_false (place_switch (&data, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    g_assert_false (g_file_test (theirs, G_FILE_TEST_EXISTS));
}

static void
test_083_a_target_that_becomes_a_link_is_refused (Fixture *fixture, gconstpointer hard)
{
    g_autofree char *path = at (fixture, "config"), *theirs = at (fixture, "theirs");
    g_autoptr (GError) error = NULL;
    g_auto (PlaceData) data = { 0 };

    g_assert_true (g_file_set_contents (path, "old", -1, NULL));
    g_assert_true (g_file_set_contents (theirs, "old", -1, NULL));
    stage (fixture, &data, path, "new");
    g_assert_cmpint (unlink (path), ==, 0);
    g_assert_cmpint (hard != NULL ? link (theirs, path) : symlink ("theirs", path), ==, 0);
    g_assert_false (place_switch (&data, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    assert_content (theirs, "old");
    g_assert_null (undo (&data));
    assert_content (path, "old");
}

static void
test_nothing_there_is_no_error (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = at (fixture, "x/y/z");
    PlaceThing found = { .kind = PLACE_FILE };

    g_assert_true (place_look (path, &found, NULL));
    g_assert_cmpint (found.kind, ==, PLACE_NOTHING);
}

static void
test_owners_are_names_of_this_host (Fixture *fixture, gconstpointer data)
{
    uid_t uid = 1;
    gid_t gid = 1;

    g_assert_true (place_parse_owner ("root:root", &uid, &gid, NULL));
    g_assert_cmpuint (uid + gid, ==, 0);
    g_assert_false (place_parse_owner ("nobody-like-that:root", &uid, &gid, NULL));
}

int
main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func) (Fixture *, gconstpointer);
        const char *data;
    } tests[] = {
        { "/place/new", test_a_new_file_appears_only_at_the_switch },
        { "/place/undo-new", test_undo_leaves_not_even_the_folders },
        { "/place/undo-shared", test_undo_keeps_folders_that_others_use },
        { "/place/undo-old", test_undo_brings_the_same_file_back },
        { "/place/keep-old", test_the_old_one_is_kept_where_asked },
        { "/place/remove", test_a_removed_file_comes_back_or_goes },
        { "/place/folder", test_a_folder_goes_as_a_whole },
        { "/place/label", test_the_label_of_what_was_there_is_taken_over },
        { "/place/107-half-made", test_107_what_was_half_made_is_removed },
        { "/place/edit-before", test_an_edit_before_the_switch_stops_it },
        { "/place/edit-after", test_an_edit_after_the_switch_is_kept },
        { "/place/edit-after-in-place", test_an_edit_after_the_switch_is_kept, "in place" },
        { "/place/edit-old", test_an_edit_of_the_old_one_is_kept },
        { "/place/edit-removed", test_a_file_in_a_removed_ones_place_is_kept },
        { "/place/081-083-links", test_081_083_links_are_refused },
        { "/place/081-086-parent-swapped", test_081_086_parent_becomes_a_symlink },
        { "/place/083-target-symlink", test_083_a_target_that_becomes_a_link_is_refused },
        { "/place/083-target-hard", test_083_a_target_that_becomes_a_link_is_refused, "hard" },
        { "/place/nothing", test_nothing_there_is_no_error },
        { "/place/owners", test_owners_are_names_of_this_host },
    };

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, tests[i].data, set_up, tests[i].func, tear_down);
    return g_test_run ();
}
