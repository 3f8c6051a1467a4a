/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/place.h"
#include "install/records.h"
#include "install/state.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
read_state (GBytes *input, GError **error)
{
    g_autoptr (State) state = state_parse (input, "state.yaml", error);

    return state != NULL;
}

static void
test_states (void)
{
    corpus_walk ("state", read_state);
}

static void
test_what_is_written_is_read_back (void)
{
    g_autoptr (State) state = state_new ("plant-hmi"), again = NULL;
    g_autoptr (GBytes) text = NULL, second = NULL;
    g_autoptr (GError) error = NULL;
    StateImage *image = g_new0 (StateImage, 1);
    StateFile *file = g_new0 (StateFile, 1);
    StateChannel *channel = g_new0 (StateChannel, 1);

    state->generation = 7;
    state->channel = g_strdup ("stable");
    state->version = g_strdup ("1.5.0");
    state->release = 42;
    state->engine_id = g_strdup ("ABCD:\"quoted\"");
    image->name = g_strdup ("docker.io/x/y:1");
    image->id = digest_of ("id", 2);
    g_ptr_array_add (state->images, image);
    file->path = g_strdup ("/etc/some: thing/#1");
    g_ptr_array_add (state->configs, file);
    channel->channel = g_strdup ("stable");
    channel->highest = G_MAXUINT64;
    channel->epoch = 3;
    g_ptr_array_add (state->channels, channel);
    g_array_append_val (state->manifests, image->id);
    text = state_to_text (state);
    again = state_parse (text, "state.yaml", &error);
    g_assert_no_error (error);
    second = state_to_text (again);
    g_assert_true (g_bytes_equal (text, second));
    g_assert_nonnull (state_find_image (again, "docker.io/x/y:1"));
    g_assert_nonnull (state_find_file (again->configs, "/etc/some: thing/#1"));
    g_assert_cmpuint (state_find_channel (again, "stable")->highest, ==, G_MAXUINT64);
    g_assert_cmpuint (state_find_channel (again, "stable")->epoch, ==, 3);
    g_assert_null (state_find_channel (again, "beta"));
}

/* A state folder with the records of a host that has imported its trust root. */
typedef struct {
    char *path;
    int fd, product_fd;
} Folder;

static void
set_up (Folder *folder, gconstpointer data)
{
    folder->path = g_dir_make_tmp ("state-XXXXXX", NULL);
    folder->fd = openat (AT_FDCWD, folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_true (records_create (folder->path, NULL));
    g_assert_cmpint (mkdirat (folder->fd, "plant-hmi", 0755), ==, 0);
    folder->product_fd = openat (folder->fd, "plant-hmi", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
tear_down (Folder *folder, gconstpointer data)
{
    file_clear_fd (&folder->fd);
    file_clear_fd (&folder->product_fd);
    g_assert_true (place_remove_tree (AT_FDCWD, folder->path, NULL));
    g_free (folder->path);
}

/* Writes a state of that release, and notes in the records that it was. */
static void
commit (const Folder *folder, guint64 release)
{
    g_autoptr (State) state = state_new ("plant-hmi");
    g_autoptr (Records) records = NULL;

    state->channel = g_strdup ("stable");
    state->version = g_strdup ("1");
    state->release = release;
    g_assert_true (state_write (folder->product_fd, state, NULL));
    g_assert_null (state->note);
    g_assert_true (records_read (folder->fd, &records, NULL));
    records_set_generation (records, "plant-hmi", state->generation);
    g_assert_true (records_write (folder->fd, records, NULL));
}

static void
copy (const Folder *folder, const char *from, const char *to)
{
    g_autoptr (GBytes) bytes = file_read_below (folder->product_fd, from, 65536, NULL);

    g_assert_true (file_replace (folder->product_fd, to, bytes, 0644, NULL));
}

static void
assert_lost (const Folder *folder, const char *why)
{
    g_autoptr (GError) error = NULL, all = NULL;
    State *state;

    g_assert_false (state_read (folder->fd, "plant-hmi", &state, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    g_assert_null (state);
    g_assert_nonnull (strstr (error->message, why));
    g_assert_nonnull (strstr (error->message, "handcarry recover --adopt plant-hmi --floor N"));
    g_assert_null (state_read_all (folder->fd, &all));
    g_assert_cmpstr (all->message, ==, error->message);
}

static void
test_115_one_bad_copy_is_named (Folder *folder, gconstpointer data)
{
    g_autoptr (State) state = NULL;

    commit (folder, 41);
    commit (folder, 42);
    g_assert_cmpint (unlinkat (folder->product_fd, "state.yaml", 0), ==, 0);
    g_assert_true (state_read (folder->fd, "plant-hmi", &state, NULL));
    g_assert_cmpuint (state->release, ==, 42);
    g_assert_nonnull (strstr (state->note, "state.copy.yaml"));
}

static void
test_115_two_bad_copies_fail_closed (Folder *folder, gconstpointer data)
{
    g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

    commit (folder, 42);
    g_assert_true (file_replace (folder->product_fd, "state.yaml", nothing, 0644, NULL));
    g_assert_true (file_replace (folder->product_fd, "state.copy.yaml", nothing, 0644, NULL));
    assert_lost (folder, "cannot be read");
}

static void
test_115_a_state_that_is_gone_fails_closed (Folder *folder, gconstpointer data)
{
    commit (folder, 42);
    g_assert_true (place_remove_tree (folder->fd, "plant-hmi", NULL));
    assert_lost (folder, "is gone");
}

static void
test_116_an_older_copy_put_back_is_seen (Folder *folder, gconstpointer data)
{
    commit (folder, 41);
    copy (folder, "state.yaml", "backup");
    commit (folder, 42);
    copy (folder, "backup", "state.yaml");
    copy (folder, "backup", "state.copy.yaml");
    assert_lost (folder, "an older one");
}

/* A run that died before its receipt was written has a newer state. */
static void
test_122_a_state_newer_than_the_records_is_taken (Folder *folder, gconstpointer data)
{
    g_autoptr (State) state = state_new ("plant-hmi"), read = NULL;

    commit (folder, 41);
    state->release = 42;
    g_assert_true (state_write (folder->product_fd, state, NULL));
    g_assert_true (state_read (folder->fd, "plant-hmi", &read, NULL));
    g_assert_cmpuint (read->release, ==, 42);
    g_assert_cmpuint (read->generation, ==, 2);
}

/* Years of releases must not end in a state that nobody can read. */
static void
test_a_state_stays_short_enough_to_be_read (Folder *folder, gconstpointer data)
{
    g_autoptr (State) state = state_new ("plant-hmi"), again = NULL;
    StateImage *image = g_new0 (StateImage, 1);
    Digest digest = { 0 };

    image->name = g_strdup ("docker.io/x/y:1");
    g_ptr_array_add (state->images, image);
    for (guint i = 0; i < 50000; i++) {
        digest = digest_of (&i, sizeof i);
        g_array_append_val (state->manifests, digest);
    }
    g_assert_true (state_write (folder->product_fd, state, NULL));
    g_assert_true (state_read (folder->fd, "plant-hmi", &again, NULL));
    g_assert_cmpuint (again->manifests->len, >, 5000);
    g_assert_true (digest_equal (
        &g_array_index (again->manifests, Digest, again->manifests->len - 1), &digest));
}

#define ADD(name, func) g_test_add ("/state/" name, Folder, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/state/files", test_states);
    g_test_add_func ("/state/round", test_what_is_written_is_read_back);
    ADD ("115-one", test_115_one_bad_copy_is_named);
    ADD ("115-both", test_115_two_bad_copies_fail_closed);
    ADD ("115-gone", test_115_a_state_that_is_gone_fails_closed);
    ADD ("116-older", test_116_an_older_copy_put_back_is_seen);
    ADD ("short", test_a_state_stays_short_enough_to_be_read);
    ADD ("122-newer", test_122_a_state_newer_than_the_records_is_taken);
    return g_test_run ();
}
