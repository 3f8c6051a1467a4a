/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/docker-manifest.h"
#include "manifest/error.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) images = docker_manifest_parse (input, error);

    return images != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("docker-manifest", parse);
}

static GPtrArray *
two_images (void)
{
    static const char text[] =
        "[{\"Config\":\"one\",\"RepoTags\":[\"a/b:1\",\"a/b:latest\"],\"Layers\":[\"x\",\"y\"]},"
        "{\"Config\":\"two\",\"RepoTags\":[\"busybox:1\"],\"Layers\":[]}]";
    g_autoptr (GBytes) input = g_bytes_new_static (text, strlen (text));
    GPtrArray *images = docker_manifest_parse (input, NULL);

    g_assert_nonnull (images);
    return images;
}

static void
test_found_by_any_form_of_its_name (void)
{
    static const char *const cases[][2] = {
        { "a/b:1", "one" },     { "a/b", "one" },
        { "@0", "one" },        { "docker.io/a/b:1", "one" },
        { "busybox:1", "two" }, { "docker.io/library/busybox:1", "two" },
        { "@1", "two" },
    };
    g_autoptr (GPtrArray) images = two_images ();

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        const DockerImage *found = docker_manifest_find (images, cases[i][0], NULL);

        g_assert_nonnull (found);
        g_assert_cmpstr (found->config, ==, cases[i][1]);
    }
}

static void
test_not_found_says_what_is_there (void)
{
    static const char *const bad[] = {
        NULL, "", "a/b:2", "busybox", "@2", "@", "@-1", "@x", "b:1"
    };
    g_autoptr (GPtrArray) images = two_images ();

    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (docker_manifest_find (images, bad[i], &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
        g_assert_nonnull (strstr (error->message, "a/b:1"));
        g_assert_nonnull (strstr (error->message, "busybox:1"));
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/docker-manifest/corpus", test_corpus);
    g_test_add_func ("/docker-manifest/found-by-any-form", test_found_by_any_form_of_its_name);
    g_test_add_func ("/docker-manifest/not-found", test_not_found_says_what_is_there);
    return g_test_run ();
}
