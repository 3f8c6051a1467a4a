/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-challenge.h"
#include "bundle/registry-helper.h"
#include "bundle/registry-http.h"
#include "bundle/registry-manifest.h"
#include "bundle/registry-mirrors.h"
#include "bundle/registry-range.h"
#include "bundle/registry-token.h"
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

static gboolean
parse_challenge (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) list = challenge_list_new ();
    g_autofree char *text = text_of (input);

    return challenge_parse (text, list, error);
}

static gboolean
parse_token (GBytes *input, GError **error)
{
    g_autofree char *token = NULL;
    guint64 seconds;

    return token_parse (input, &token, &seconds, error);
}

static gboolean
parse_helper (GBytes *input, GError **error)
{
    g_auto (Credentials) found = { 0 };

    return credential_helper_parse (input, &found, error);
}

static gboolean
parse_credentials (GBytes *input, GError **error)
{
    g_auto (Credentials) found = { 0 };
    g_autofree char *helper = NULL;

    return credentials_parse (input, "registry.example.org:5000", "plant/server", &found, &helper,
                              error);
}

static gboolean
parse_mirrors (GBytes *input, GError **error)
{
    const RegistryOptions options = { 0 };
    g_autoptr (GPtrArray) list = mirrors_parse_daemon (input, &options, error);

    return list != NULL;
}

static void
test_mirrors (void)
{
    corpus_walk ("registry-mirrors", parse_mirrors);
}

static void
test_documents_of_authentication (void)
{
    corpus_walk ("registry-challenge", parse_challenge);
    corpus_walk ("registry-token", parse_token);
    corpus_walk ("registry-helper", parse_helper);
    corpus_walk ("registry-credentials", parse_credentials);
}

static void
test_chosen_challenge (void)
{
    g_autoptr (GPtrArray) list = challenge_list_new ();
    const Challenge *chosen;

    g_assert_null (challenge_choose (list));
    g_assert_true (challenge_parse ("Negotiate YII=, Basic realm=\"x\"", list, NULL));
    g_assert_cmpstr (challenge_choose (list)->scheme, ==, "basic");
    g_assert_true (
        challenge_parse ("bearer realm=\"a\\\"b,c\" , Service=s,scope=\"p q\"", list, NULL));
    chosen = challenge_choose (list);
    g_assert_cmpstr (chosen->scheme, ==, "bearer");
    g_assert_cmpstr (chosen->realm, ==, "a\"b,c");
    g_assert_cmpstr (chosen->service, ==, "s");
    g_assert_cmpstr (chosen->scope, ==, "p q");
}

static void
test_token_requests (void)
{
    g_autoptr (GPtrArray) list = challenge_list_new ();
    g_autofree char *scope = NULL, *url = NULL, *form = NULL, *wide = NULL;
    const Challenge *challenge;

    g_assert_true (challenge_parse ("Bearer realm=\"r\", service=\"a&b=c\", "
                                    "scope=\"repository:other:pull\", "
                                    "Bearer realm=x,scope=\"repository:other:push,pull\"",
                                    list, NULL));
    challenge = list->pdata[0];
    scope = token_scope (challenge, "plant/server");
    wide = token_scope (list->pdata[1], "plant/server");
    g_assert_cmpstr (scope, ==, "repository:other:pull");
    g_assert_cmpstr (wide, ==, "repository:plant/server:pull");
    url = token_url ("https://a.example/t?x=y", challenge, scope, "ci@b");
    g_assert_cmpstr (url, ==,
                     "https://a.example/t?x=y&service=a%26b%3Dc&scope=repository%3Aother%3Apull"
                     "&account=ci%40b");
    form = token_form (challenge, scope, "a+b&c");
    g_assert_cmpstr (form, ==,
                     "grant_type=refresh_token&service=a%26b%3Dc&client_id=handcarry"
                     "&scope=repository%3Aother%3Apull&refresh_token=a%2Bb%26c");
}

/* By which of them docker and podman mean a registry, and which says most. */
static void
test_names_of_credentials (void)
{
    static const struct {
        const char *config, *host, *user;
    } rows[] = {
        { "{\"auths\":{\"https://index.docker.io/v1/\":{\"username\":\"a\"}}}", "docker.io", "a" },
        { "{\"auths\":{\"docker.io\":{\"username\":\"a\"}}}", "docker.io", "a" },
        { "{\"auths\":{\"r.example\":{\"username\":\"a\"},"
          "\"r.example/plant\":{\"username\":\"b\"}}}",
          "r.example", "b" },
        { "{\"auths\":{\"r.example/plan\":{\"username\":\"a\"}}}", "r.example", NULL },
        { "{\"auths\":{\"r.example\":{\"username\":\"a\"}}}", "r.example:5000", NULL },
        { "{\"auths\":{\"R.Example:5000\":{\"username\":\"a\"}}}", "r.example:5000", "a" },
        { "{\"auths\":{\"r.example.evil\":{\"username\":\"a\"}}}", "r.example", NULL },
        { "{\"auths\":{\"\":{\"username\":\"a\"}}}", "r.example", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GBytes) text = g_bytes_new_static (rows[i].config, strlen (rows[i].config));
        g_auto (Credentials) found = { 0 };
        g_autofree char *helper = NULL;

        g_assert_true (
            credentials_parse (text, rows[i].host, "plant/server", &found, &helper, NULL));
        g_assert_cmpstr (found.user, ==, rows[i].user);
    }
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
    g_test_add_func ("/registry/documents-of-authentication", test_documents_of_authentication);
    g_test_add_func ("/registry/mirrors", test_mirrors);
    g_test_add_func ("/registry/chosen-challenge", test_chosen_challenge);
    g_test_add_func ("/registry/token-requests", test_token_requests);
    g_test_add_func ("/registry/names-of-credentials", test_names_of_credentials);
    g_test_add_func ("/registry/origins", test_origins);
    g_test_add_func ("/registry/places-of-a-redirect", test_places_of_a_redirect);
    return g_test_run ();
}
