/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/cache.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT "the bytes of a layer"
#define RUNS 8

typedef struct {
    char *dir;
    Cache *cache;
    Digest digest;
    char *hex, *whole, *part;
} Fixture;

/* How a server answers; counts are of calls. */
typedef struct {
    const char *sends;
    gint calls;
    guint64 kept;    /* bytes that were there at the last call */
    gboolean breaks; /* after what it sends */
    gulong slow;
} Server;

static gboolean
serve (gpointer user, int fd, GError **error)
{
    Server *server = user;
    struct stat st;

    g_assert_cmpint (fstat (fd, &st), ==, 0);
    server->kept = (guint64)st.st_size;
    g_atomic_int_inc (&server->calls);
    g_usleep (server->slow);
    if (!file_pwrite_all (fd, "blob", server->sends + st.st_size,
                          strlen (server->sends) - (gsize)st.st_size, (guint64)st.st_size, error))
        return FALSE;
    return !server->breaks || fail (error, ERR_ENGINE, "the line broke");
}

static void
set_up (Fixture *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    (void)data;
    f->dir = g_dir_make_tmp ("handcarry-cache-XXXXXX", &error);
    g_assert_no_error (error);
    f->cache = cache_open (f->dir, FALSE, &error);
    g_assert_no_error (error);
    f->digest = digest_of (TEXT, strlen (TEXT));
    f->hex = digest_to_hex (&f->digest);
    f->whole = g_build_filename (f->dir, "blobs", "sha256", f->hex, NULL);
    f->part = g_strconcat (f->whole, ".part", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
    g_autofree char *blobs = g_build_filename (f->dir, "blobs", NULL);
    g_autofree char *sha256 = g_build_filename (blobs, "sha256", NULL);

    (void)data;
    cache_free (f->cache);
    g_remove (f->whole);
    g_remove (f->part);
    g_assert_cmpint (g_rmdir (sha256) | g_rmdir (blobs) | g_rmdir (f->dir), ==, 0);
    g_free (f->dir);
    g_free (f->hex);
    g_free (f->whole);
    g_free (f->part);
}

static int
get (const Fixture *f, Server *server, CacheOutcome *outcome, GError **error)
{
    CacheBlob blob = { .digest = f->digest,
                       .bytes = strlen (TEXT),
                       .fetch = server != NULL ? serve : NULL,
                       .user = server };

    return cache_get (f->cache, &blob, outcome, error);
}

static void
assert_got (const Fixture *f, Server *server, CacheOutcome expected)
{
    g_autoptr (GError) error = NULL;
    CacheOutcome outcome;
    autofd int fd = get (f, server, &outcome, &error);
    char found[sizeof TEXT] = { 0 };

    g_assert_no_error (error);
    g_assert_true (file_pread_all (fd, "blob", found, strlen (TEXT), 0, NULL));
    g_assert_cmpstr (found, ==, TEXT);
    g_assert_cmpint (outcome, ==, expected);
    g_assert_true (g_file_test (f->whole, G_FILE_TEST_IS_REGULAR));
    g_assert_false (g_file_test (f->part, G_FILE_TEST_EXISTS));
}

static void
assert_not_got (const Fixture *f, Server *server, ErrorCode code, const char *fragment)
{
    g_autoptr (GError) error = NULL;
    CacheOutcome outcome;

    g_assert_cmpint (get (f, server, &outcome, &error), ==, -1);
    g_assert_error (error, HANDCARRY_ERROR, (gint)code);
    g_assert_nonnull (strstr (error->message, fragment));
    g_assert_cmpuint (cache_missing (f->cache, &f->digest, strlen (TEXT)), >, 0);
}

static void
test_a_blob_travels_once (Fixture *f, gconstpointer data)
{
    Server server = { .sends = TEXT };

    (void)data;
    g_assert_cmpuint (cache_missing (f->cache, &f->digest, strlen (TEXT)), ==, strlen (TEXT));
    assert_got (f, &server, CACHE_FETCHED);
    assert_got (f, &server, CACHE_HAD);
    assert_got (f, NULL, CACHE_HAD);
    g_assert_cmpint (server.calls, ==, 1);
    g_assert_cmpuint (cache_missing (f->cache, &f->digest, strlen (TEXT)), ==, 0);
    g_assert_cmpuint (cache_missing (f->cache, &f->digest, 1), ==, 1);
}

static void
test_a_part_stays_for_the_next_try (Fixture *f, gconstpointer data)
{
    Server breaking = { .sends = "the bytes", .breaks = TRUE };
    Server server = { .sends = TEXT };

    (void)data;
    assert_not_got (f, &breaking, ERR_ENGINE, "the line broke");
    g_assert_cmpuint (cache_missing (f->cache, &f->digest, strlen (TEXT)), ==,
                      strlen (TEXT) - strlen (breaking.sends));
    assert_got (f, &server, CACHE_FETCHED);
    g_assert_cmpuint (server.kept, ==, strlen ("the bytes"));
}

static void
test_wrong_bytes_never_get_the_name (Fixture *f, gconstpointer data)
{
    static const char *const wrong[] = { "the bytes of a Layer", "the bytes", "",
                                         TEXT " and more" };
    Server server = { .sends = TEXT };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
        Server lying = { .sends = wrong[i] };

        assert_not_got (f, &lying, ERR_FORMAT, "are not the ones it is named by");
    }
    assert_got (f, &server, CACHE_FETCHED);
    g_assert_cmpuint (server.kept, ==, 0);
}

static void
test_a_rotten_file_is_fetched_again (Fixture *f, gconstpointer data)
{
    Server server = { .sends = TEXT };

    (void)data;
    assert_got (f, &server, CACHE_FETCHED);
    g_assert_true (g_file_set_contents (f->whole, "the bytes of a Layer", -1, NULL));
    {
        g_autoptr (GError) error = NULL;
        CacheOutcome outcome;

        g_assert_cmpint (get (f, NULL, &outcome, &error), ==, -1);
        g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
        g_assert_nonnull (strstr (error->message, "damaged"));
    }
    assert_got (f, &server, CACHE_REPLACED);
    assert_got (f, &server, CACHE_HAD);
}

static void
test_a_link_is_not_followed (Fixture *f, gconstpointer data)
{
    Server server = { .sends = TEXT };

    (void)data;
    g_assert_cmpint (symlink ("/etc/passwd", f->whole), ==, 0);
    assert_got (f, &server, CACHE_REPLACED);
    g_remove (f->whole);
    g_assert_cmpint (symlink ("/nowhere", f->part), ==, 0);
    assert_not_got (f, &server, ERR_FAILED, ".part");
}

static void
test_offline_fetches_nothing_and_makes_nothing (Fixture *f, gconstpointer data)
{
    g_autofree char *nowhere = g_build_filename (f->dir, "nowhere", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (Cache) cache = cache_open (nowhere, TRUE, &error);
    CacheBlob blob = { .digest = f->digest, .bytes = CACHE_ANY_SIZE };
    CacheOutcome outcome;

    (void)data;
    g_assert_no_error (error);
    g_assert_cmpint (cache_get (cache, &blob, &outcome, &error), ==, -1);
    g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
    g_assert_nonnull (strstr (error->message, "--offline"));
    g_assert_false (g_file_test (nowhere, G_FILE_TEST_EXISTS));
    assert_not_got (f, NULL, ERR_ENGINE, "is not in the cache");
}

typedef struct {
    const Fixture *fixture;
    Server *server;
    gint fetched;
} Runs;

static gpointer
run_get (gpointer data)
{
    Runs *runs = data;
    g_autoptr (GError) error = NULL;
    CacheOutcome outcome;
    autofd int fd = get (runs->fixture, runs->server, &outcome, &error);

    g_assert_no_error (error);
    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (outcome, !=, CACHE_REPLACED);
    if (outcome == CACHE_FETCHED)
        g_atomic_int_inc (&runs->fetched);
    return NULL;
}

static void
test_one_of_several_runs_fetches (Fixture *f, gconstpointer data)
{
    Server server = { .sends = TEXT, .slow = 200 * 1000 };
    Runs runs = { f, &server, 0 };
    GThread *threads[RUNS];

    (void)data;
    for (guint i = 0; i < RUNS; i++)
        threads[i] = g_thread_new ("run", run_get, &runs);
    for (guint i = 0; i < RUNS; i++)
        g_thread_join (threads[i]);
    g_assert_cmpint (server.calls, ==, 1);
    g_assert_cmpint (runs.fetched, ==, 1);
    assert_got (f, NULL, CACHE_HAD);
}

/* As 'rm -rf' of the cache does beside a run. */
static gboolean
serve_and_remove (gpointer user, int fd, GError **error)
{
    gpointer *both = user;
    const Fixture *f = both[0];

    g_assert_cmpint (g_remove (f->part), ==, 0);
    return serve (both[1], fd, error);
}

static void
test_removing_it_beside_a_run_is_safe (Fixture *f, gconstpointer data)
{
    g_autofree char *blobs = g_build_filename (f->dir, "blobs", NULL);
    g_autofree char *sha256 = g_build_filename (blobs, "sha256", NULL);
    Server server = { .sends = TEXT };
    gpointer both[2] = { f, &server };
    CacheBlob blob = { f->digest, strlen (TEXT), serve_and_remove, both, NULL };
    g_autoptr (GError) error = NULL;
    CacheOutcome outcome;
    char found[sizeof TEXT] = { 0 };

    (void)data;
    for (guint i = 0; i < 2; i++) {
        autofd int fd = cache_get (f->cache, &blob, &outcome, &error);

        g_assert_no_error (error);
        g_assert_true (file_pread_all (fd, "blob", found, strlen (TEXT), 0, NULL));
        g_assert_cmpstr (found, ==, TEXT);
        g_assert_false (g_file_test (f->whole, G_FILE_TEST_EXISTS));
        /* Then all of it. */
        g_rmdir (sha256);
        blob.fetch = serve;
        blob.user = &server;
    }
    g_assert_cmpint (server.calls, ==, 2);
    g_assert_cmpint (g_mkdir (sha256, 0755), ==, 0);
}

static gpointer
cancel_soon (gpointer data)
{
    g_usleep (100 * 1000);
    g_cancellable_cancel (data);
    return NULL;
}

static void
test_waiting_for_another_run_can_be_ended (Fixture *f, gconstpointer data)
{
    Server server = { .sends = TEXT };
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    CacheBlob blob = { f->digest, strlen (TEXT), serve, &server, cancellable };
    g_autoptr (GError) error = NULL;
    CacheOutcome outcome;
    autofd int other = openat (AT_FDCWD, f->part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    GThread *thread;

    (void)data;
    g_assert_cmpint (flock (other, LOCK_EX), ==, 0);
    thread = g_thread_new ("cancel", cancel_soon, cancellable);
    g_assert_cmpint (cache_get (f->cache, &blob, &outcome, &error), ==, -1);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_thread_join (thread);
    g_assert_cmpint (server.calls, ==, 0);
    /* A file that nobody holds is no lock. */
    file_clear_fd (&other);
    assert_got (f, &server, CACHE_FETCHED);
}

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("/cache/once", test_a_blob_travels_once);
    ADD ("/cache/part", test_a_part_stays_for_the_next_try);
    ADD ("/cache/wrong", test_wrong_bytes_never_get_the_name);
    ADD ("/cache/rotten", test_a_rotten_file_is_fetched_again);
    ADD ("/cache/link", test_a_link_is_not_followed);
    ADD ("/cache/offline", test_offline_fetches_nothing_and_makes_nothing);
    ADD ("/cache/at-once", test_one_of_several_runs_fetches);
    ADD ("/cache/removed", test_removing_it_beside_a_run_is_safe);
    ADD ("/cache/wait", test_waiting_for_another_run_can_be_ended);
    return g_test_run ();
}
