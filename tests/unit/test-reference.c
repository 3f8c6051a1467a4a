/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/reference.h"
#include "tests/unit/corpus.h"

static gboolean
parse (GBytes *input, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (input, &length);
    g_autofree char *text = g_strndup (length > 0 ? data : "", length);
    g_autoptr (ImageReference) reference = image_reference_parse (text, error);

    return reference != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("image-reference", parse);
}

static void
test_names_are_made_whole (void)
{
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *text, *whole, *asked;
    } rows[] = {
        { "debian", "docker.io/library/debian:latest", "latest" },
        { "debian:12", "docker.io/library/debian:12", "12" },
        { "plant/server", "docker.io/plant/server:latest", "latest" },
        { "docker.io/debian", "docker.io/library/debian:latest", "latest" },
        { "index.docker.io/plant/x:1", "docker.io/plant/x:1", "1" },
        { "localhost/x", "localhost/x:latest", "latest" },
        { "localhost:5000/x:1", "localhost:5000/x:1", "1" },
        { "Registry.Example.Org/x", "registry.example.org/x:latest", "latest" },
        { "registry.example.org/a/b:T", "registry.example.org/a/b:T", "T" },
        { "[::1]:5000/x:1", "[::1]:5000/x:1", "1" },
        { "x@sha256:" HEX, "docker.io/library/x@sha256:" HEX, "sha256:" HEX },
        { "x:1@sha256:" HEX, "docker.io/library/x:1@sha256:" HEX, "sha256:" HEX },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (ImageReference) reference = image_reference_parse (rows[i].text, NULL);
        g_autofree char *whole = NULL, *asked = NULL;

        g_assert_nonnull (reference);
        whole = image_reference_to_text (reference);
        asked = image_reference_asked (reference);
        g_assert_cmpstr (whole, ==, rows[i].whole);
        g_assert_cmpstr (asked, ==, rows[i].asked);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/reference/corpus", test_corpus);
    g_test_add_func ("/reference/names-are-made-whole", test_names_are_made_whole);
    return g_test_run ();
}
