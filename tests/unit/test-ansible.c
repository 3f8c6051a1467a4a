/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "manifest/file.h"
#include "tests/fuzz/stream-input.h"
#include "tests/unit/corpus.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "install/ansible-program.h"
/* The unpacker, with the input in the place of the engine. */
#include "install/ansible-unpack.c"

#define LIMIT 65536

typedef struct {
    char *path;
    int dirfd;
} Folder;

static void
folder_open (Folder *folder)
{
    g_autoptr (GError) error = NULL;

    folder->path = g_dir_make_tmp ("handcarry-XXXXXX", &error);
    g_assert_no_error (error);
    folder->dirfd = file_open_dir_given (folder->path, &error);
    g_assert_no_error (error);
}

static void
folder_clear (Folder *folder)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *name = g_path_get_basename (folder->path);
    autofd int above = file_open_dir_given (g_get_tmp_dir (), NULL);

    g_assert_true (place_remove_tree (above, name, &error));
    g_assert_no_error (error);
    file_clear_fd (&folder->dirfd);
    g_free (folder->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

static void
check_link (const char *path, const char *wanted)
{
    g_autofree char *found = g_file_read_link (path, NULL);

    g_assert_cmpstr (found, ==, wanted);
}

static gboolean
unpack (int dirfd, GBytes *tar, GError **error)
{
    Input input = { g_bytes_get_data (tar, NULL), g_bytes_get_size (tar) };
    g_autofree guint8 *buffer = g_malloc (READ_BYTES);
    Unpack one = { .stream = (gpointer)&input, .dirfd = dirfd, .left = LIMIT, .buffer = buffer };

    return read_tar (&one, error);
}

/* Whatever it holds, nothing is written outside. */
static gboolean
take (GBytes *input, GError **error)
{
    g_auto (Folder) folder = { NULL, -1 };
    g_autofree char *inside = NULL;
    gboolean done;
    int fd;

    folder_open (&folder);
    inside = g_build_filename (folder.path, "a/b/c", NULL);
    g_assert_cmpint (g_mkdir_with_parents (inside, 0755), ==, 0);
    fd = file_open_dir_given (inside, NULL);
    done = unpack (fd, input, error);
    file_clear_fd (&fd);
    g_assert_true (place_remove_tree (folder.dirfd, "a/b/c", NULL));
    g_assert_cmpint (unlinkat (folder.dirfd, "a/b", AT_REMOVEDIR), ==, 0);
    g_assert_cmpint (unlinkat (folder.dirfd, "a", AT_REMOVEDIR), ==, 0);
    return done;
}

static void
test_exports_that_are_taken_and_refused (void)
{
    corpus_walk ("ansible-unpack", take);
}

static void
test_what_an_image_has_is_written_plain_and_stays_inside (void)
{
    g_auto (Folder) folder = { NULL, -1 };
    g_autofree char *content = NULL, *path = NULL, *link = NULL, *up = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) tar = NULL;
    Digest first, second;
    guint64 bytes;
    struct stat st, same;
    gsize length;

    g_assert_true (
        g_file_get_contents (TEST_DATA "/ansible-unpack/ok-plain.tar", &content, &length, NULL));
    tar = g_bytes_new (content, length);
    folder_open (&folder);
    g_assert_true (unpack (folder.dirfd, tar, &error));
    g_assert_cmpint (fstatat (folder.dirfd, "usr/bin/x", &st, 0), ==, 0);
    g_assert_cmpuint (st.st_mode, ==, S_IFREG | 0755);
    g_assert_cmpint (st.st_mtime, ==, 1700000000);
    g_assert_cmpint (fstatat (folder.dirfd, "usr/bin/y", &same, 0), ==, 0);
    g_assert_cmpuint (st.st_ino, ==, same.st_ino);
    path = g_build_filename (folder.path, "usr/bin/z", NULL);
    check_link (path, "../../etc/passwd");
    up = g_build_filename (folder.path, "usr/lib/up", NULL);
    check_link (up, "../../etc");
    for (const char *const *gone =
             (const char *const[]){ "dev", "usr/pipe", "etc", ".dockerenv", NULL };
         *gone != NULL; gone++)
        g_assert_cmpint (fstatat (folder.dirfd, *gone, &st, AT_SYMLINK_NOFOLLOW), <, 0);
    g_assert_true (ansible_unpack_hash (folder.dirfd, &first, &bytes, &error));
    g_assert_cmpuint (bytes, ==, 20);
    g_assert_cmpint (unlinkat (folder.dirfd, "usr/bin/z", 0), ==, 0);
    g_assert_cmpint (symlinkat ("../../etc/shadow", folder.dirfd, "usr/bin/z"), ==, 0);
    g_assert_true (ansible_unpack_hash (folder.dirfd, &second, &bytes, &error));
    g_assert_false (digest_equal (&first, &second));
}

typedef struct {
    const char *path;
    mode_t type;
    const char *target; /* of a symlink; of a hard link, where type is 0 */
} Entry;

/* repeat: so many of the last one, each with a number. Caller frees. */
static GBytes *
tar_of (const Entry *entries, gsize n, guint repeat)
{
    gsize room = 4096 + 512 * (n + repeat), used;
    char *bytes = g_malloc0 (room);
    struct archive *archive = archive_write_new ();

    g_assert_cmpint (archive_write_set_format_gnutar (archive), ==, ARCHIVE_OK);
    g_assert_cmpint (archive_write_set_bytes_in_last_block (archive, 1), ==, ARCHIVE_OK);
    g_assert_cmpint (archive_write_open_memory (archive, bytes, room, &used), ==, ARCHIVE_OK);
    for (gsize i = 0; i < n + repeat; i++) {
        const Entry *one = &entries[MIN (i, n - 1)];
        g_autofree char *path =
            i < n ? g_strdup (one->path) : g_strdup_printf ("%s%" G_GSIZE_FORMAT, one->path, i);
        struct archive_entry *entry = archive_entry_new ();

        archive_entry_set_pathname (entry, path);
        archive_entry_set_perm (entry, 0755);
        archive_entry_set_filetype (entry, one->type != 0 ? one->type : S_IFREG);
        if (one->type == S_IFLNK)
            archive_entry_set_symlink (entry, one->target);
        else if (one->type == 0)
            archive_entry_set_hardlink (entry, one->target);
        archive_entry_set_size (entry, 0);
        g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
        archive_entry_free (entry);
    }
    g_assert_cmpint (archive_write_free (archive), ==, ARCHIVE_OK);
    return g_bytes_new_take (bytes, used);
}

static void
test_another_name_of_a_symlink_leads_where_the_first_does (void)
{
    static const Entry entries[] = { { "bin/z", S_IFLNK, "../etc/passwd" },
                                     { "up", S_IFLNK, "/../../etc" },
                                     { "usr/lib/deep/z", 0, "bin/z" },
                                     { "usr/lib/deep/up", 0, "up" },
                                     { "z", 0, "usr/lib/deep/z" } };
    static const char *const wanted[][2] = { { "usr/lib/deep/z", "../../../etc/passwd" },
                                             { "usr/lib/deep/up", "../../../etc" },
                                             { "z", "etc/passwd" } };
    g_autoptr (GBytes) tar = tar_of (entries, G_N_ELEMENTS (entries), 0);
    g_auto (Folder) folder = { NULL, -1 };
    g_autoptr (GError) error = NULL;

    folder_open (&folder);
    g_assert_true (unpack (folder.dirfd, tar, &error));
    g_assert_no_error (error);
    for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++) {
        g_autofree char *path = g_build_filename (folder.path, wanted[i][0], NULL);

        check_link (path, wanted[i][1]);
    }
}

static void
assert_tar (const Entry *entry, guint repeat, const char *why)
{
    g_autoptr (GBytes) tar = tar_of (entry, 1, repeat);
    g_auto (Folder) folder = { NULL, -1 };
    g_autoptr (GError) error = NULL;

    folder_open (&folder);
    if (unpack (folder.dirfd, tar, &error))
        g_assert_null (why);
    else if (why == NULL || strstr (error->message, why) == NULL)
        g_error ("%s", error->message);
}

static void
test_folders_are_not_too_deep_and_entries_not_too_many (void)
{
    for (guint depth = DEPTH_MAX; depth <= DEPTH_MAX + 1; depth++) {
        g_autoptr (GString) path = g_string_new ("d");
        Entry entry = { .type = S_IFREG };

        for (guint i = 0; i < depth; i++)
            g_string_append (path, "/d");
        entry.path = path->str;
        assert_tar (&entry, 0, depth > DEPTH_MAX ? "or too deep" : NULL);
    }
    assert_tar (&(Entry){ "d", S_IFDIR, NULL }, LIMIT / ENTRY_BYTES - 1, NULL);
    assert_tar (&(Entry){ "d", S_IFDIR, NULL }, LIMIT / ENTRY_BYTES, "more entries than");
}

static const struct {
    const char *path, *target, *expected;
} links[] = {
    { "bin", "usr/bin", "usr/bin" },
    { "usr/bin/python3", "python3.11", "../../usr/bin/python3.11" },
    { "usr/bin/vi", "/etc/alternatives/vi", "../../etc/alternatives/vi" },
    { "usr/lib/x", "../../../../../etc/shadow", "../../etc/shadow" },
    { "usr/lib/x", "a/../../lib/./y//z", "../../usr/lib/y/z" },
    { "usr/x", "/", "../" },
    { "x", "/", "." },
    { "x", "..", "." },
    { "a/b", ".", "../a" },
    { "a/b", "", NULL },
};

static void
test_links_stay_inside (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (links); i++) {
        g_autofree char *found = ansible_unpack_link (links[i].path, links[i].target);

        g_assert_cmpstr (found, ==, links[i].expected);
    }
}

static gboolean
take_elf (GBytes *input, GError **error)
{
    g_auto (AnsibleElf) elf = { 0 };
    gsize length;
    const guint8 *bytes = g_bytes_get_data (input, &length);

    return ansible_elf_read (bytes, length, "python3", &elf, error);
}

static void
test_programs_that_are_read_and_refused (void)
{
    corpus_walk ("ansible-elf", take_elf);
}

static void
test_machine_and_loader_of_a_program (void)
{
    static const struct {
        const char *name, *machine, *loader;
    } rows[] = { { "ok-dynamic", "x86-64", "/lib64/ld-linux-x86-64.so.2" },
                 { "ok-static", "x86-64", NULL },
                 { "ok-other-machine", "aarch64", "/lib64/ld-linux-x86-64.so.2" },
                 { "ok-unknown-machine", "machine 4242", "/lib64/ld-linux-x86-64.so.2" } };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *path = g_build_filename (TEST_DATA, "ansible-elf", rows[i].name, NULL);
        g_autofree char *content = NULL;
        g_auto (AnsibleElf) elf = { 0 };
        gsize length;

        g_assert_true (g_file_get_contents (path, &content, &length, NULL));
        g_assert_true (ansible_elf_read ((guint8 *)content, length, "x", &elf, NULL));
        g_assert_cmpstr (elf.machine, ==, rows[i].machine);
        g_assert_cmpstr (elf.loader, ==, rows[i].loader);
    }
}

static void
put_program (const Folder *folder, const char *name, const char *bytes, gsize length)
{
    g_autofree char *path = g_build_filename (folder->path, name, NULL);
    g_autofree char *above = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (above, 0755), ==, 0);
    g_assert_true (g_file_set_contents (path, bytes, (gssize)length, NULL));
}

static void
test_a_script_that_names_no_program (void)
{
    static const char *const scripts[] = { "",        "#!",          "#!\n\n\n",
                                           "#! \t\n", "#!python3\n", "#!/usr/bin/env\n" };

    for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++) {
        g_autofree char *python = NULL, *playbook = NULL;
        g_auto (Folder) folder = { NULL, -1 };
        g_autoptr (GError) error = NULL;

        folder_open (&folder);
        put_program (&folder, "usr/bin/ansible-playbook", scripts[i], strlen (scripts[i]));
        g_assert_false (
            ansible_program_write (folder.dirfd, folder.path, &python, &playbook, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    }
}

/* The loader would take them for more folders, and for variables. */
static void
test_libraries_come_from_folders_with_plain_names (void)
{
    static const char *const names[] = { "x-linux-gnu", "a:tmp-linux-gnu", "a;tmp-linux-gnu",
                                         "$ORIGIN-linux-gnu" };
    static const char script[] = "#!/usr/bin/python3\n";
    g_autofree char *own = NULL, *python = NULL, *playbook = NULL, *path = NULL, *text = NULL;
    g_auto (AnsibleElf) elf = { 0 };
    g_auto (Folder) folder = { NULL, -1 };
    g_autoptr (GError) error = NULL;
    gsize length;

    g_assert_true (g_file_get_contents ("/proc/self/exe", &own, &length, NULL));
    length = MIN (length, ANSIBLE_ELF_BYTES);
    g_assert_true (ansible_elf_read ((guint8 *)own, length, "self", &elf, NULL));
    folder_open (&folder);
    put_program (&folder, "usr/bin/ansible-playbook", script, strlen (script));
    put_program (&folder, "usr/bin/python3", own, length);
    put_program (&folder, elf.loader, "", 0);
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *file = g_build_filename ("usr/lib", names[i], "libc.so.6", NULL);

        put_program (&folder, file, "", 0);
    }
    g_assert_true (ansible_program_write (folder.dirfd, folder.path, &python, &playbook, &error));
    g_assert_no_error (error);
    path = g_build_filename (folder.path, python, NULL);
    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    g_assert_nonnull (strstr (text, "/usr/lib/x-linux-gnu"));
    g_assert_null (strstr (text, "tmp-linux-gnu"));
    g_assert_null (strstr (text, "$ORIGIN"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/ansible/exports", test_exports_that_are_taken_and_refused);
    g_test_add_func ("/ansible/written", test_what_an_image_has_is_written_plain_and_stays_inside);
    g_test_add_func ("/ansible/symlink-again",
                     test_another_name_of_a_symlink_leads_where_the_first_does);
    g_test_add_func ("/ansible/too-deep-too-many",
                     test_folders_are_not_too_deep_and_entries_not_too_many);
    g_test_add_func ("/ansible/script", test_a_script_that_names_no_program);
    g_test_add_func ("/ansible/libraries", test_libraries_come_from_folders_with_plain_names);
    g_test_add_func ("/ansible/links", test_links_stay_inside);
    g_test_add_func ("/ansible/programs", test_programs_that_are_read_and_refused);
    g_test_add_func ("/ansible/machine", test_machine_and_loader_of_a_program);
    return g_test_run ();
}
