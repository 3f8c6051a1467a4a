/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-http.h"
#include "bundle/registry-manifest.h"
#include "bundle/registry-range.h"
#include "tests/unit/corpus.h"

#include <string.h>

static char *
text_of (GBytes *input)
{
    gsize length;
    const char *data = g_bytes_get_data (input, &length);

    return g_strndup (length > 0 ? data : "", length);
}

static gboolean
parse_range (GBytes *input, GError **error)
{
    g_autofree char *text = text_of (input);
    ContentRange range;

    return content_range_parse (text, &range, error);
}

static void
test_content_range (void)
{
    corpus_walk ("content-range", parse_range);
}

static gboolean
parse_manifest (GBytes *input, GError **error)
{
    g_autofree char *text = text_of (input), *type = NULL;
    gsize line = strcspn (text, "\n");
    gsize skipped = MIN (line + 1, g_bytes_get_size (input));
    g_autofree char *said = line == 0 ? NULL : g_strndup (text, line);
    g_autoptr (GBytes) body =
        g_bytes_new_from_bytes (input, skipped, g_bytes_get_size (input) - skipped);

    type = registry_manifest_type (body, said, error);
    return type != NULL;
}

static void
test_manifest (void)
{
    corpus_walk ("registry-manifest", parse_manifest);
}

static void
test_origins (void)
{
    static const struct {
        const char *url, *origin, *host;
    } rows[] = {
        { "https://registry.example.org/v2/", "https://registry.example.org:443",
          "registry.example.org" },
        { "https://registry.example.org:443/x?y", "https://registry.example.org:443",
          "registry.example.org" },
        { "https://Registry.example.org:5000", "https://registry.example.org:5000",
          "registry.example.org:5000" },
        { "http://127.0.0.1/", "http://127.0.0.1:80", "127.0.0.1" },
        { "http://[::1]:5000/", "http://[::1]:5000", "[::1]:5000" },
        /* The classics of two readers that see two hosts. */
        { "https://a.example@b.example/", "https://b.example:443", "b.example" },
        { "https://a.example#@b.example/", "https://a.example:443", "a.example" },
        { "no url at all", NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *origin = http_url_origin (rows[i].url);
        g_autofree char *host = http_url_host (rows[i].url);

        g_assert_cmpstr (origin, ==, rows[i].origin);
        g_assert_cmpstr (host, ==, rows[i].host);
    }
}

static void
test_places_of_a_redirect (void)
{
    static const struct {
        const char *location, *url;
    } rows[] = {
        { "/x?y=z", "https://a.example/x?y=z" },
        { "z", "https://a.example/v2/z" },
        { "//b.example/x", "https://b.example/x" },
        { "http://b.example:81/x#y", "http://b.example:81/x" },
        { "https://user@b.example/", NULL },
        { "https://:word@b.example/", NULL },
        { "file:///etc/passwd", NULL },
        { "ftp://b.example/", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *url = http_url_resolve ("https://a.example/v2/y", rows[i].location, NULL);

        g_assert_cmpstr (url, ==, rows[i].url);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/registry/content-range", test_content_range);
    g_test_add_func ("/registry/manifest", test_manifest);
    g_test_add_func ("/registry/origins", test_origins);
    g_test_add_func ("/registry/places-of-a-redirect", test_places_of_a_redirect);
    return g_test_run ();
}
