/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "layers-fixture.h"

#include "bundle/rebuild.h"
#include "manifest/error.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The process that reads a bundle's content, from outside. */

/* The process number of the only child that this one has; 0 for none. */
static pid_t
child (void)
{
    g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/children", (int)getpid ());
    g_autofree char *text = NULL;

    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    return (pid_t)g_ascii_strtoll (text, NULL, 10);
}

/* What /proc says of it. Caller frees. */
static char *
field (pid_t pid, const char *name)
{
    g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int)pid);
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;

    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix (*line, name) && (*line)[strlen (name)] == ':')
            return g_strdelimit (g_strdup (g_strstrip (*line + strlen (name) + 1)), "\t", ' ');
    g_assert_not_reached ();
}

static void
assert_field (pid_t pid, const char *name, const char *expected)
{
    g_autofree char *found = field (pid, name);

    g_assert_cmpstr (found, ==, expected);
}

/* What its descriptors are. */
static GPtrArray *
descriptors (pid_t pid)
{
    g_autofree char *path = g_strdup_printf ("/proc/%d/fd", (int)pid);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
    const char *name;

    g_assert_nonnull (dir);
    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *link = g_build_filename (path, name, NULL);

        g_ptr_array_add (found, g_file_read_link (link, NULL));
    }
    return found;
}

static guint
count (const GPtrArray *texts, const char *prefix)
{
    guint n = 0;

    for (guint i = 0; i < texts->len; i++)
        n += g_str_has_prefix (texts->pdata[i], prefix) ? 1 : 0;
    return n;
}

static void
test_it_has_nothing_but_what_it_needs (WorldFixture *fixture, gconstpointer data)
{
    g_autoptr (GPtrArray) open = NULL;
    pid_t pid;

    g_assert_cmpint (child (), ==, 0);
    bundle_start_reader (fixture->bundle);
    pid = child ();
    g_assert_cmpint (pid, >, 0);
    if (geteuid () == 0) {
        assert_field (pid, "Uid", "65534 65534 65534 65534");
        assert_field (pid, "Gid", "65534 65534 65534 65534");
        assert_field (pid, "Groups", "");
    }
    assert_field (pid, "CapEff", "0000000000000000");
    assert_field (pid, "CapPrm", "0000000000000000");
    assert_field (pid, "NoNewPrivs", "1");
    assert_field (pid, "Seccomp", "2");
    open = descriptors (pid);
    g_assert_cmpuint (count (open, "/dev/null"), ==, 3);
    g_assert_cmpuint (count (open, "socket:"), ==, 1);
    g_assert_cmpuint (count (open, fixture->world.path), ==, 1);
    g_assert_cmpuint (open->len, ==, 5);
}

/* Counts bytes, and does something to the reader at the first. */
typedef struct {
    int signal;
    gboolean fail;
    guint64 bytes;
} Watch;

static gboolean
watch (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Watch *seen = data;

    if (seen->bytes == 0 && seen->signal != 0)
        g_assert_cmpint (kill (child (), seen->signal), ==, 0);
    seen->bytes += length;
    return !seen->fail || fail (error, ERR_ENGINE, "the engine stopped reading");
}

static Rebuild *
open_pass (WorldFixture *fixture)
{
    g_autoptr (GArray) layers = world_subset (&fixture->world, 63);
    g_autoptr (GError) error = NULL;
    Rebuild *rebuild = rebuild_new (fixture->bundle, layers, NULL, &error);

    g_assert_no_error (error);
    return rebuild;
}

/* Both what it is doing and what it is asked later fails, with the same words. */
static void
assert_ended (WorldFixture *fixture, int signal, int code, const char *expected)
{
    g_autoptr (Rebuild) rebuild = open_pass (fixture);
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) again = NULL;
    Watch seen = { .signal = signal };

    for (guint i = 0; i < N_LAYERS && error == NULL; i++)
        if (!rebuild_layer (rebuild, &fixture->world.diffids[i], watch, &seen, &error))
            break;
    g_assert_error (error, HANDCARRY_ERROR, code);
    g_assert_nonnull (strstr (error->message, expected));
    g_assert_null (bundle_read_config (
        fixture->bundle, bundle_statement (fixture->bundle)->images->pdata[0], &again));
    g_assert_cmpstr (again->message, ==, error->message);
    g_assert_cmpint (child (), ==, 0);
}

static void
test_killed_it_fails_what_it_was_asked (WorldFixture *fixture, gconstpointer data)
{
    assert_ended (fixture, SIGKILL, ERR_FAILED,
                  "was killed (signal 9) while reading layer sha256:");
}

static void
test_a_fault_of_it_is_taken_for_a_hostile_bundle (WorldFixture *fixture, gconstpointer data)
{
    assert_ended (fixture, SIGABRT, ERR_FORMAT, "was ended by signal 6 (Aborted)");
}

/* As when the engine gives up: the next pass begins anew. */
static void
test_what_is_not_wanted_any_more_ends (WorldFixture *fixture, gconstpointer data)
{
    for (guint i = 0; i < 3; i++) {
        g_autoptr (Rebuild) rebuild = open_pass (fixture);
        g_autoptr (Rebuild) next = NULL;
        g_autoptr (GError) error = NULL;
        Watch fails = { .fail = TRUE }, seen = { 0 };

        g_assert_false (rebuild_layer (rebuild, &fixture->world.diffids[0], watch, &fails, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
        next = open_pass (fixture);
        for (guint k = 0; k < N_LAYERS; k++)
            g_assert_true (rebuild_layer (next, &fixture->world.diffids[k], watch, &seen, NULL));
        g_assert_cmpuint (seen.bytes, >, fails.bytes);
        g_assert_true (rebuild_check_complete (next, NULL));
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add ("/reader/it-has-nothing-but-what-it-needs", WorldFixture, NULL,
                world_fixture_set_up, test_it_has_nothing_but_what_it_needs,
                world_fixture_tear_down);
    g_test_add ("/reader/killed-it-fails-what-it-was-asked", WorldFixture, NULL,
                world_fixture_set_up, test_killed_it_fails_what_it_was_asked,
                world_fixture_tear_down);
    g_test_add ("/reader/a-fault-of-it-is-taken-for-a-hostile-bundle", WorldFixture, NULL,
                world_fixture_set_up, test_a_fault_of_it_is_taken_for_a_hostile_bundle,
                world_fixture_tear_down);
    g_test_add ("/reader/what-is-not-wanted-any-more-ends", WorldFixture, NULL,
                world_fixture_set_up, test_what_is_not_wanted_any_more_ends,
                world_fixture_tear_down);
    return g_test_run ();
}
