/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sbom-given.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GivenSbom) given = given_sbom_parse (input, error);

    g_assert_true (given == NULL || g_bytes_equal (given->text, input));
    return given != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("sbom-given", parse);
}

static GivenSbom *
read_data (const char *name)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "sbom-given", name, NULL);
    g_autoptr (GBytes) text = NULL;
    g_autoptr (GError) error = NULL;
    GivenSbom *given;
    char *data;
    gsize length;

    g_assert_true (g_file_get_contents (path, &data, &length, &error));
    text = g_bytes_new_take (data, length);
    given = given_sbom_parse (text, &error);
    g_assert_no_error (error);
    return given;
}

static void
assert_list (PackageList *list, const char *expected)
{
    g_autoptr (GBytes) text = package_list_write (list);
    g_autofree char *found = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));

    g_assert_cmpstr (found, ==, expected);
}

/* Each digest in the files of tests/data is one digit, 64 times. */
static void
assert_digests (const GArray *digests, const char *digits)
{
    g_assert_cmpuint (digests->len, ==, strlen (digits));
    for (guint i = 0; i < digests->len; i++) {
        g_autofree char *hex = digest_to_hex (&g_array_index (digests, Digest, i));
        g_autofree char *expected = g_strnfill (64, digits[i]);

        g_assert_cmpstr (hex, ==, expected);
    }
}

static void
test_packages_and_digests (void)
{
    static const struct {
        const char *name, *packages, *layers, *configs, *manifests;
    } rows[] = {
        { "ok-cyclonedx", "deb libc6 2.36-9 amd64\nnpm @angular/core 17.0.0 -\nnpm tslib 2.6.2 -\n",
          "2", "", "1" },
        { "ok-spdx", "deb libc6 2.36-9 amd64\npypi requests 2.31.0 -\n", "2", "", "1" },
        { "ok-trivy", "apk a 1 x86_64\n", "2", "3", "1" },
        { "ok-nothing-in-it", "", "", "", "" },
        { "ok-bad-url", "npm a - -\nunread sbom\n", "", "", "" },
        { "ok-words", "generic a%20b %C3%A4%25 -\nunread sbom\n", "", "", "" },
        { "ok-rpm", "rpm a 2:1-1 x86_64\n", "", "", "" },
        { "ok-odd-digest", "", "", "", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autoptr (GivenSbom) given = read_data (rows[i].name);

        assert_list (given->packages, rows[i].packages);
        assert_digests (given->layers, rows[i].layers);
        assert_digests (given->configs, rows[i].configs);
        assert_digests (given->manifests, rows[i].manifests);
    }
}

/* More than a list may hold are not an error: the list says that it is not complete. */
static void
test_064_too_many_packages (void)
{
    g_autoptr (GString) text =
        g_string_new ("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[");
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GivenSbom) given = NULL;

    for (guint i = 0; i <= LIMIT_PACKAGES; i++)
        g_string_append_printf (text, "%s{\"purl\":\"pkg:npm/a%u@1\"}", i > 0 ? "," : "", i);
    g_string_append (text, "]}");
    bytes = g_bytes_new (text->str, text->len);
    given = given_sbom_parse (bytes, NULL);
    g_assert_nonnull (given);
    g_assert_cmpuint (given->packages->packages->len, ==, LIMIT_PACKAGES);
    g_assert_cmpuint (given->packages->unread, ==, UNREAD_SBOM);
}

/* However many digests there are, each is looked at in little time. */
static void
test_064_many_layers (void)
{
    g_autoptr (GString) text = g_string_new ("{\"spdxVersion\":\"SPDX-2.3\",\"files\":[");
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GivenSbom) given = NULL;

    for (guint i = 0; i < 100000; i++)
        g_string_append_printf (text, "%s{\"comment\":\"layerID: sha256:%064x\"}", i > 0 ? "," : "",
                                i);
    g_string_append (text, "]}");
    bytes = g_bytes_new (text->str, text->len);
    given = given_sbom_parse (bytes, NULL);
    g_assert_nonnull (given);
    g_assert_cmpuint (given->layers->len, ==, LIMIT_LAYERS + 1);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/sbom-given/corpus", test_corpus);
    g_test_add_func ("/sbom-given/packages-and-digests", test_packages_and_digests);
    g_test_add_func ("/sbom-given/064-too-many-packages", test_064_too_many_packages);
    g_test_add_func ("/sbom-given/064-many-layers", test_064_many_layers);
    return g_test_run ();
}
