/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/state.h"
#include "manifest/error.h"

#include <string.h>

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
    g_assert_null (state_find_channel (again, "beta"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/state/files", test_states);
    g_test_add_func ("/state/round", test_what_is_written_is_read_back);
    return g_test_run ();
}
