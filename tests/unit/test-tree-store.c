/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-store.h"

#include "bundle/tree.h"
#include "install/held-tree.h"
#include "install/place.h"
#include "install/tree-objects.h"
#include "install/tree-wire.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *root;
    Host *host;
    TreeStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    GError *error = NULL;

    fixture->root = g_dir_make_tmp ("tree-store-XXXXXX", NULL);
    fixture->store = tree_store_start (&error);
    g_assert_no_error (error);
    fixture->host = host_open (fixture->root, TRUE, &error);
    g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    autofd int parent = openat (AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);

    tree_store_free (fixture->store);
    host_free (fixture->host);
    g_assert_true (place_remove_tree (parent, fixture->root + 1, NULL));
    g_free (fixture->root);
}

static void
open_store (Fixture *fixture, int folder)
{
    GError *error = NULL;

    g_assert_true (tree_store_open (fixture->store, fixture->host, folder, &error) ||
                   error != NULL);
    g_assert_no_error (error);
}

static const struct {
    const char *path;
    gboolean executable;
    gsize size;
} files[] = {
    { "a/b/c/deep", FALSE, 10 },
    { "a/empty", FALSE, 0 },
    { "a/run.sh", TRUE, 1 },
    { "big", FALSE, 3 * WIRE_PIECE + 5 },
};

/* As bundle_read_tree gives them: the last piece has no bytes. */
static gboolean
give (TreeStore *store, TreeChecksum *sum, GError **error)
{
    g_autofree guint8 *bytes = g_malloc (files[3].size);

    memset (bytes, 'x', files[3].size);
    for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
        gsize size = files[i].size;
        const char *path = files[i].path;

        g_assert_true (tree_checksum_begin (sum, path, files[i].executable, size, NULL));
        tree_checksum_add (sum, bytes, size);
        g_assert_true (tree_checksum_end (sum, NULL));
        if ((size > 0 &&
             !tree_store_add (store, path, files[i].executable, size, bytes, size, FALSE, error)) ||
            !tree_store_add (store, path, files[i].executable, size, bytes, 0, TRUE, error))
            return FALSE;
    }
    return TRUE;
}

static void
commit (Fixture *fixture, Digest *made)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    GError *error = NULL;
    Digest mine;

    g_assert_true (give (fixture->store, sum, NULL));
    g_assert_true (tree_store_commit (fixture->store, made, &error) || error != NULL);
    g_assert_no_error (error);
    tree_checksum_commit (sum, &mine);
    g_assert_true (digest_equal (&mine, made));
}

static void
test_a_commit_and_its_checkout_are_what_was_given (Fixture *fixture, gconstpointer data)
{
    autofd int folder = file_open_dir_given (fixture->root, NULL);
    autofd int fresh = -1;
    Digest made, found;

    open_store (fixture, folder);
    commit (fixture, &made);
    g_assert_false (tree_store_find (fixture->host, "p", 7, &found));
    g_assert_true (tree_store_keep (fixture->store, "p", 7, NULL));
    g_assert_true (tree_store_find (fixture->host, "p", 7, &found));
    g_assert_true (digest_equal (&made, &found));
    g_assert_true (tree_store_check_out (fixture->store, &made, NULL));
    fresh = openat (folder, TREE_STORE_FRESH, O_RDONLY | O_DIRECTORY);
    g_assert_true (held_tree_hash (fresh, &found, NULL));
    g_assert_true (digest_equal (&made, &found));
    tree_store_close (fixture->store);
    g_assert_false (tree_store_is_lost (fixture->store));
}

static void
test_files_are_found_without_libostree (Fixture *fixture, gconstpointer data)
{
    static const char *const strangers[] = { "a", "a/b", "a/bc", "big/x", "", "/", "a//run.sh" };
    g_autoptr (TreeObjects) objects = NULL;
    Digest made, other = digest_of ("", 0);

    open_store (fixture, -1);
    commit (fixture, &made);
    g_assert_true (tree_store_keep (fixture->store, "p", 1, NULL));
    g_assert_null (tree_objects_open (fixture->host, &other));
    objects = tree_objects_open (fixture->host, &made);
    g_assert_nonnull (objects);
    for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
        autofd int fd = tree_objects_find (objects, files[i].path);
        struct stat st;

        g_assert_cmpint (fd, >=, 0);
        g_assert_cmpint (fstat (fd, &st), ==, 0);
        g_assert_cmpuint ((gsize)st.st_size, ==, files[i].size);
        g_assert_cmpint ((st.st_mode & 0111) != 0, ==, files[i].executable);
    }
    for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
        g_assert_cmpint (tree_objects_find (objects, strangers[i]), <, 0);
}

static void
test_what_is_not_kept_is_gone (Fixture *fixture, gconstpointer data)
{
    guint64 freed = 0;
    Digest made;

    open_store (fixture, -1);
    commit (fixture, &made);
    tree_store_close (fixture->store);
    open_store (fixture, -1);
    g_assert_true (tree_store_prune (fixture->store, &freed, NULL));
    g_assert_cmpuint (freed, ==, 0);
    tree_store_close (fixture->store);
    g_assert_true (tree_store_remove_empty (fixture->host, NULL));
    g_assert_cmpint (openat (fixture->host->state_fd, TREE_STORE_FOLDER, O_PATH), <, 0);
}

static void
test_a_dropped_release_leaves_the_other_whole (Fixture *fixture, gconstpointer data)
{
    guint64 freed = 0, damaged = 1;
    Digest made, found;

    for (guint64 release = 1; release <= 2; release++) {
        open_store (fixture, -1);
        commit (fixture, &made);
        g_assert_true (tree_store_keep (fixture->store, "p", release, NULL));
    }
    g_assert_true (tree_store_drop (fixture->store, "p", 1, NULL));
    g_assert_true (tree_store_drop (fixture->store, "p", 9, NULL));
    g_assert_true (tree_store_prune (fixture->store, &freed, NULL));
    g_assert_true (tree_store_mend (fixture->store, &damaged, NULL));
    g_assert_cmpuint (damaged, ==, 0);
    g_assert_false (tree_store_find (fixture->host, "p", 1, &found));
    g_assert_true (tree_store_find (fixture->host, "p", 2, &found));
    g_assert_true (tree_store_drop (fixture->store, "p", 2, NULL));
    g_assert_true (tree_store_prune (fixture->store, &freed, NULL));
    g_assert_cmpuint (freed, >, 3 * WIRE_PIECE);
}

static pid_t
find_child (pid_t parent, const char *name)
{
    g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", parent, parent);
    g_autofree char *text = NULL;
    g_auto (GStrv) pids = NULL;

    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    pids = g_strsplit (g_strstrip (text), " ", -1);
    for (char **pid = pids; *pid != NULL && **pid != '\0'; pid++) {
        g_autofree char *comm = g_strdup_printf ("/proc/%s/comm", *pid);
        g_autofree char *found = NULL;

        if (g_file_get_contents (comm, &found, NULL, NULL) &&
            strcmp (g_strstrip (found), name) == 0)
            return (pid_t)g_ascii_strtoll (*pid, NULL, 10);
    }
    return 0;
}

/* The child of a process that gives itself this name. */
static pid_t
child_of (pid_t parent, const char *name)
{
    pid_t found = 0;

    for (guint i = 0; found == 0 && i < 1000; i++) {
        found = find_child (parent, name);
        g_usleep (10000);
    }
    g_assert_cmpint (found, >, 0);
    return found;
}

static void
test_T5_a_worker_that_dies_is_an_error_and_no_more (Fixture *fixture, gconstpointer data)
{
    static const int signals[] = { SIGKILL, SIGABRT, SIGTRAP };
    pid_t server = child_of (getpid (), "tree-server");

    for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
        g_autoptr (TreeChecksum) sum = tree_checksum_new ();
        g_autofree char *said = g_strdup_printf ("was ended by signal %d", signals[i]);
        g_autoptr (GError) error = NULL;
        pid_t worker;
        Digest made;

        open_store (fixture, -1);
        g_assert_true (tree_store_add (fixture->store, "half", FALSE, 100, (const guint8 *)"x", 1,
                                       FALSE, NULL));
        worker = child_of (server, "tree-worker");
        kill (worker, signals[i]);
        while (tree_store_add (fixture->store, "half", FALSE, 100, (const guint8 *)"x", 1, FALSE,
                               &error))
            continue;
        g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
        g_assert_nonnull (strstr (error->message, said));
        g_assert_true (tree_store_is_lost (fixture->store));
        g_assert_false (tree_store_commit (fixture->store, &made, NULL));
    }
    test_a_dropped_release_leaves_the_other_whole (fixture, NULL);
}

static void
test_T5_a_server_that_dies_is_an_error_and_no_more (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    open_store (fixture, -1);
    kill (child_of (getpid (), "tree-server"), SIGKILL);
    while (tree_store_prune (fixture->store, NULL, &error))
        continue;
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_clear_error (&error);
    g_assert_false (tree_store_open (fixture->store, fixture->host, -1, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
}

static void
test_a_ref_that_is_no_checksum_is_none (Fixture *fixture, gconstpointer data)
{
    static const char *const texts[] = { "", "deadbeef\n", "\xff\xff" };
    autofd int state = dup (fixture->host->state_fd);
    Digest found;

    open_store (fixture, -1);
    g_assert_cmpint (mkdirat (state, TREE_STORE_FOLDER "/refs/heads/p", 0755), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GBytes) bytes = g_bytes_new (texts[i], strlen (texts[i]));
        autofd int refs = openat (state, TREE_STORE_FOLDER "/refs/heads/p", O_RDONLY | O_DIRECTORY);

        g_assert_true (file_replace (refs, "r1", bytes, 0644, NULL));
        g_assert_false (tree_store_find (fixture->host, "p", 1, &found));
    }
}

static void
test_a_message_is_whole_or_none (void)
{
    g_autofree WireMessage *message = g_new0 (WireMessage, 1);
    g_autofree char *bytes = g_malloc0 (WIRE_PIECE + 100);
    WireHead head = { .kind = TREE_DATA, .size = 5 };
    int pair[2], fds[WIRE_DESCRIPTORS] = { STDIN_FILENO, -1 };

    g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
    g_assert_true (wire_send (pair[0], &head, "abc", 3, fds));
    g_assert_true (wire_receive (pair[1], message));
    g_assert_cmpuint (message->length, ==, 3);
    g_assert_cmpstr (message->bytes, ==, "abc");
    g_assert_cmpuint (message->head.size, ==, 5);
    g_assert_cmpint (message->fds[0], >, STDERR_FILENO);
    g_assert_cmpint (message->fds[1], ==, -1);
    close (message->fds[0]);
    g_assert_cmpint (send (pair[0], bytes, 3, 0), ==, 3);
    g_assert_false (wire_receive (pair[1], message));
    g_assert_cmpint (send (pair[0], bytes, WIRE_PIECE + 100, 0), ==, WIRE_PIECE + 100);
    g_assert_false (wire_receive (pair[1], message));
    close (pair[0]);
    g_assert_false (wire_receive (pair[1], message));
    g_assert_false (wire_send (pair[1], &head, "", 0, NULL));
    close (pair[1]);
}

#define ADD(test) g_test_add ("/tree-store/" #test, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD (test_a_commit_and_its_checkout_are_what_was_given);
    ADD (test_files_are_found_without_libostree);
    ADD (test_what_is_not_kept_is_gone);
    ADD (test_a_dropped_release_leaves_the_other_whole);
    ADD (test_T5_a_worker_that_dies_is_an_error_and_no_more);
    ADD (test_T5_a_server_that_dies_is_an_error_and_no_more);
    ADD (test_a_ref_that_is_no_checksum_is_none);
    g_test_add_func ("/tree-store/a-message-is-whole-or-none", test_a_message_is_whole_or_none);
    return g_test_run ();
}
