/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"
#include "manifest/error.h"
#include "manifest/uri.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* What is taken is the one text of what it says. */
static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (Provenance) provenance = provenance_parse (input, error);
    g_autoptr (GBytes) again = provenance != NULL ? provenance_write (provenance) : NULL;

    g_assert_true (again == NULL || g_bytes_equal (again, input));
    return provenance != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("provenance", parse);
}

static Digest
digest_from (const char *text)
{
    return digest_of (text, strlen (text));
}

static Provenance *
make (void)
{
    Provenance *provenance = provenance_new ();
    const char *const hosts[] = { "ws-3", "ws-4", NULL }, *const platforms[] = { "linux/arm64",
                                                                                 NULL };
    ProvenanceImage *image = provenance_add_image (provenance);
    Digest base = digest_from ("base");

    provenance->statement = digest_from ("statement");
    provenance->product = g_strdup ("plant");
    provenance->channel = g_strdup ("stable");
    provenance->version = g_strdup ("1.5.0 \"quoted\" \\ ü");
    provenance->release = 42;
    provenance->platforms = g_strdupv ((char **)platforms);
    provenance->level = 19;
    g_array_append_val (provenance->bases, base);
    provenance->hosts = g_strdupv ((char **)hosts);
    provenance->given_version = g_strdup ("1.5.0");
    provenance->given_release = 42;
    provenance->lock = digest_from ("lock");
    provenance->has_lock = TRUE;
    provenance->source = g_strdup ("https://git.example.org/plant");
    provenance->revision = g_strdup ("0123456789abcdef0123456789abcdef01234567");
    provenance->modified = TRUE;
    provenance->not_in_git = 7;
    provenance->builder = g_strdup ("https://ci.example.org");
    provenance->handcarry = g_strdup ("0.1.0");
    provenance->libzstd = g_strdup ("1.5.4");
    image->name = g_strdup ("plant/app:1");
    image->transport = g_strdup ("docker");
    image->uri = g_strdup ("docker://registry.example.org/app@sha256:0");
    image->config = digest_from ("config");
    image->oci = digest_from ("oci");
    image->manifest = digest_from ("manifest");
    image->has_manifest = TRUE;
    return provenance;
}

static void
test_everything_comes_back (void)
{
    g_autoptr (Provenance) from = make ();
    g_autoptr (GBytes) text = provenance_write (from);
    g_autoptr (GError) error = NULL;
    g_autoptr (Provenance) to = provenance_parse (text, &error);
    const ProvenanceImage *image;

    g_assert_no_error (error);
    g_assert_cmpstr (to->version, ==, from->version);
    g_assert_cmpstr (to->hosts[1], ==, "ws-4");
    g_assert_null (to->hosts[2]);
    g_assert_cmpstr (to->platforms[0], ==, "linux/arm64");
    g_assert_cmpuint (to->level, ==, 19);
    g_assert_cmpuint (to->given_release, ==, 42);
    g_assert_cmpstr (to->given_version, ==, "1.5.0");
    g_assert_cmpuint (to->bases->len, ==, 1);
    g_assert_true (to->has_lock && digest_equal (&to->lock, &from->lock));
    g_assert_cmpstr (to->revision, ==, from->revision);
    g_assert_true (to->modified);
    g_assert_cmpuint (to->not_in_git, ==, 7);
    g_assert_cmpstr (to->source, ==, from->source);
    g_assert_cmpstr (to->builder, ==, from->builder);
    g_assert_true (digest_equal (&to->statement, &from->statement));
    image = to->images->pdata[0];
    g_assert_cmpstr (image->name, ==, "plant/app:1");
    g_assert_cmpstr (image->uri, ==, "docker://registry.example.org/app@sha256:0");
    g_assert_true (image->has_manifest);
}

static StatementImage *
statement_of (Statement *statement, const Provenance *provenance)
{
    const ProvenanceImage *made = provenance->images->pdata[0];
    StatementImage *image = statement_image_new ();

    statement->images = g_ptr_array_new ();
    g_ptr_array_add (statement->images, image);
    image->name = g_strdup (made->name);
    image->config = made->config;
    image->manifest = made->oci;
    return image;
}

static void
test_of_another_release_it_is_refused (void)
{
    g_autoptr (Provenance) provenance = make ();
    g_autoptr (GError) error = NULL;
    Statement statement = { 0 };
    g_autoptr (StatementImage) image = statement_of (&statement, provenance);
    Digest release = digest_from ("statement"), other = digest_from ("other");

    g_assert_true (provenance_check (provenance, &statement, &release, NULL));
    g_assert_false (provenance_check (provenance, &statement, &other, &error));
    g_assert_nonnull (strstr (error->message, "about another release"));
    image->manifest = other;
    g_assert_false (provenance_check (provenance, &statement, &release, NULL));
    image->manifest = digest_from ("oci");
    image->config = other;
    g_assert_false (provenance_check (provenance, &statement, &release, NULL));
    image->config = digest_from ("config");
    image->name[0] = 'q';
    g_assert_false (provenance_check (provenance, &statement, &release, NULL));
    g_ptr_array_unref (statement.images);
}

static void
test_uris_that_everybody_may_read (void)
{
    static const struct {
        const char *uri;
        gboolean fine;
    } rows[] = {
        { "https://git.example.org/plant", TRUE },
        { "ssh://git@git.example.org:2222/plant", TRUE },
        { "urn:handcarry:builder", TRUE },
        { "https://ci.example.org/a@b/c:d", TRUE },
        { "https://token@git.example.org/plant", FALSE },
        { "HTTPS://token@git.example.org/plant", FALSE },
        { "git+https://token@git.example.org/plant", FALSE },
        { "ssh://git:secret@git.example.org/plant", FALSE },
        { "https://git.example.org/plant?token=1", FALSE },
        { "git.example.org/plant", FALSE },
        { "x:", FALSE },
        { "https://a\nb", FALSE },
        { "https://\303\274", FALSE },
        { "", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmpint (uri_check (rows[i].uri, NULL), ==, rows[i].fine);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/provenance/corpus", test_corpus);
    g_test_add_func ("/provenance/everything-comes-back", test_everything_comes_back);
    g_test_add_func ("/provenance/of-another-release-it-is-refused",
                     test_of_another_release_it_is_refused);
    g_test_add_func ("/provenance/uris-that-everybody-may-read", test_uris_that_everybody_may_read);
    return g_test_run ();
}
