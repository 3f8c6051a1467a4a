/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "manifest/compose.h"

#include <string.h>

static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (Compose) compose = compose_new ();

    return compose_add (compose, text, "compose.yaml", "1.5.0", error);
}

static void
test_files_of_good_and_bad_compose_files (void)
{
    corpus_walk ("compose", take);
}

static void
add (Compose *compose, const char *text, const char *name)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autoptr (GError) error = NULL;

    g_assert_true (compose_add (compose, bytes, name, "2.0", &error));
    g_assert_no_error (error);
}

static void
test_a_later_file_changes_an_image_and_adds_services (void)
{
    g_autoptr (Compose) compose = compose_new ();
    const ComposeService *web, *db;

    add (compose, "version: '3'\nservices:\n  web: {image: \"a:${HANDCARRY_VERSION}\"}\n", "one");
    add (compose, "version: '2'\nservices:\n  web: {image: \"a:1\"}\n  db: {tty: true}\n", "two");
    g_assert_cmpuint (compose->services->len, ==, 2);
    web = compose->services->pdata[0];
    db = compose->services->pdata[1];
    g_assert_cmpstr (web->image, ==, "a:1");
    g_assert_cmpstr (web->place, ==, "one:3:3");
    g_assert_cmpstr (db->name, ==, "db");
    g_assert_null (db->image);
    g_assert_cmpstr (compose->format, ==, "3");
}

static void
test_the_version_stands_in_an_image (void)
{
    g_autoptr (Compose) compose = compose_new ();

    add (compose, "services:\n  web: {image: \"x/a:${HANDCARRY_VERSION}-rc\"}\n", "one");
    g_assert_cmpstr (((ComposeService *)compose->services->pdata[0])->image, ==, "x/a:2.0-rc");
    g_assert_null (compose->format);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/compose/files", test_files_of_good_and_bad_compose_files);
    g_test_add_func ("/compose/later-file", test_a_later_file_changes_an_image_and_adds_services);
    g_test_add_func ("/compose/version", test_the_version_stands_in_an_image);
    return g_test_run ();
}
