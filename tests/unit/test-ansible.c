/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-http.h"
#include "install/place.h"
#include "manifest/file.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* The unpacker, with the input in the place of the engine. */
typedef struct {
    const guint8 *data;
    gsize size;
} Input;

static gssize
input_read (gpointer stream, const guint8 **bytes, GError **error)
{
    Input *input = stream;
    gsize n = MIN (input->size, 1000);

    *bytes = input->data;
    input->data += n;
    input->size -= n;
    return (gssize)n;
}

#define engine_stream_read(stream, bytes, error) input_read (stream, bytes, error)
#include "install/ansible-program.h"
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

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/ansible/exports", test_exports_that_are_taken_and_refused);
    g_test_add_func ("/ansible/written", test_what_an_image_has_is_written_plain_and_stays_inside);
    g_test_add_func ("/ansible/links", test_links_stay_inside);
    g_test_add_func ("/ansible/programs", test_programs_that_are_read_and_refused);
    g_test_add_func ("/ansible/machine", test_machine_and_loader_of_a_program);
    return g_test_run ();
}
