/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/statement.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* What is taken is written again to the same bytes: the signature is over exactly one text. */
static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (Statement) statement = statement_parse (text, error);
    g_autoptr (GBytes) again = NULL;

    if (statement == NULL)
        return FALSE;
    again = statement_write (statement);
    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                     g_bytes_get_data (again, NULL), g_bytes_get_size (again));
    return TRUE;
}

static void
test_files_of_good_and_bad_statements (void)
{
    corpus_walk ("statement", take);
}

/* The one that a release with 'ansible-core: bundled' cannot be without. */
static StatementImage *
ansible_image (void)
{
    StatementImage *image = statement_image_new ();
    StatementLayer layer = { .bytes = 1024 };

    image->name = g_strdup ("ansible:1");
    image->platform = g_strdup ("linux/amd64");
    image->config_bytes = 1;
    image->ansible = TRUE;
    g_array_append_val (image->layers, layer);
    return image;
}

static GBytes *
authored_to_sealed (const char *name)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "release", name, NULL);
    g_autofree char *data = NULL;
    gsize length;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) text = NULL;
    g_autoptr (Statement) statement = g_new0 (Statement, 1);

    g_assert_true (g_file_get_contents (path, &data, &length, NULL));
    text = g_bytes_new (data, length);
    statement->images = g_ptr_array_new_with_free_func ((GDestroyNotify)statement_image_free);
    statement->release = release_parse_authored (text, name, NULL, NULL, &error);
    g_assert_no_error (error);
    if (release_carries_ansible (statement->release))
        g_ptr_array_add (statement->images, ansible_image ());
    return statement_write (statement);
}

/* Whatever a person may write can be sealed and read again. */
static void
test_every_good_release_can_be_sealed (void)
{
    g_autofree char *folder = g_build_filename (TEST_DATA, "release", NULL);
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    guint count = 0;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autoptr (GBytes) sealed = NULL;
        g_autoptr (GError) error = NULL;

        if (!g_str_has_prefix (name, "ok-"))
            continue;
        sealed = authored_to_sealed (name);
        g_assert_true (take (sealed, &error));
        g_assert_no_error (error);
        count++;
    }
    g_assert_cmpuint (count, >, 3);
}

static void
test_130_optional_fields_of_a_newer_version_are_passed_over (void)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "statement", "ok-small.yaml", NULL);
    g_autofree char *data = NULL;
    g_autoptr (GString) text = NULL;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (Statement) statement = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_get_contents (path, &data, NULL, NULL));
    text = g_string_new (data);
    g_string_replace (text, "    layers:", "    x-signed-by: [a]\n    layers:", 0);
    g_string_append (text, "x-advice: none\n");
    bytes = g_bytes_new (text->str, text->len);
    statement = statement_parse (bytes, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (statement->images->len, ==, 1);
    g_assert_cmpuint (statement->release->images->len, ==, 1);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/statement/files", test_files_of_good_and_bad_statements);
    g_test_add_func ("/statement/sealing", test_every_good_release_can_be_sealed);
    g_test_add_func ("/statement/130-optional-fields",
                     test_130_optional_fields_of_a_newer_version_are_passed_over);
    return g_test_run ();
}
