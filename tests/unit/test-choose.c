/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/choose.h"
#include "manifest/error.h"

#include <string.h>

/* Images are texts of layers, one letter each, lowest first: "abc". */

typedef struct {
    GPtrArray *bundles; /* ChooseBundle */
    ChooseHost host;
} Fixture;

static Digest
digest_of_text (const char *text)
{
    return digest_of (text, strlen (text));
}

static GArray *
layers_of (const char *letters)
{
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (Digest));

    for (; *letters != '\0'; letters++) {
        Digest digest = digest_of (letters, 1);

        g_array_append_val (layers, digest);
    }
    return layers;
}

static void
set_up (Fixture *f, gconstpointer store)
{
    f->bundles = g_ptr_array_new ();
    f->host.store = (EngineStore)GPOINTER_TO_INT (store);
    f->host.images = g_ptr_array_new_with_free_func ((GDestroyNotify)engine_image_free);
    f->host.ours = g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < f->bundles->len; i++) {
        ChooseBundle *bundle = f->bundles->pdata[i];

        statement_free ((Statement *)bundle->statement);
        packing_free ((Packing *)bundle->packing);
        g_free ((Digest *)bundle->release);
        g_free ((char *)bundle->path);
        g_free (bundle);
    }
    g_ptr_array_unref (f->bundles);
    g_ptr_array_unref (f->host.images);
    g_hash_table_unref (f->host.ours);
}

static void
has (Fixture *f, const char *letters, gboolean ours)
{
    EngineImage *image = engine_image_new ();
    g_autoptr (GArray) layers = layers_of (letters);

    image->id = digest_of_text (letters);
    g_array_append_vals (image->layers, layers->data, layers->len);
    g_ptr_array_add (f->host.images, image);
    if (ours)
        g_hash_table_add (f->host.ours, g_memdup2 (&image->id, sizeof image->id));
}

static Statement *
statement_of (guint64 number, const char *images)
{
    Statement *statement = g_new0 (Statement, 1);
    g_auto (GStrv) words = g_strsplit (images, " ", -1);

    statement->release = g_new0 (Release, 1);
    statement->release->product = g_strdup ("p");
    statement->release->release = number;
    statement->images = g_ptr_array_new_with_free_func ((GDestroyNotify)statement_image_free);
    for (guint i = 0; words[i] != NULL; i++) {
        StatementImage *image = statement_image_new ();
        g_autoptr (GArray) layers = layers_of (words[i]);

        image->name = g_strdup (words[i]);
        for (guint k = 0; k < layers->len; k++) {
            StatementLayer layer = { g_array_index (layers, Digest, k), 512 };

            g_array_append_val (image->layers, layer);
        }
        g_ptr_array_add (statement->images, image);
    }
    return statement;
}

/* A bundle of release number with these images (words); bases NULL: full, else words too. */
static void
carries (Fixture *f, const char *path, guint64 bytes, guint64 number, const char *images,
         const char *bases, const char *left_out)
{
    ChooseBundle *bundle = g_new0 (ChooseBundle, 1);
    g_autofree char *name = g_strdup_printf ("%" G_GUINT64_FORMAT " %s", number, images);
    Digest release = digest_of_text (name);
    Packing *packing = g_new0 (Packing, 1);
    g_auto (GStrv) words = g_strsplit (bases, " ", -1);

    packing_init (packing);
    for (guint i = 0; words[i] != NULL; i++) {
        PackingBase *base = packing_base_new (words[i]);
        g_autoptr (GArray) layers = layers_of (words[i]);

        g_array_append_vals (base->layers, layers->data, layers->len);
        g_ptr_array_add (packing->bases, base);
    }
    for (; *left_out != '\0'; left_out++) {
        Digest digest = digest_of (left_out, 1);

        g_array_append_val (packing->left_out, digest);
    }
    bundle->path = g_strdup (path);
    bundle->bytes = bytes;
    bundle->release = g_memdup2 (&release, sizeof release);
    bundle->statement = statement_of (number, images);
    bundle->packing = packing;
    g_ptr_array_add (f->bundles, bundle);
}

/* The bundle added last leaves tree files out that the release of number and images has. */
static void
needs_tree_of (Fixture *f, guint64 number, const char *images)
{
    const ChooseBundle *bundle = f->bundles->pdata[f->bundles->len - 1];
    Packing *packing = (Packing *)bundle->packing;
    g_autofree char *name = g_strdup_printf ("%" G_GUINT64_FORMAT " %s", number, images);
    PackingFrom *from = g_new0 (PackingFrom, 1);

    from->digest = digest_of_text (name);
    g_ptr_array_add (packing->from, from);
    packing->tree_left_out = (PackingTree){ 1, 100000 };
}

/* paths: the chain as words. */
static void
expect (Fixture *f, const char *paths)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) chain = choose_chain (f->bundles, &f->host, &error);
    g_autoptr (GString) found = g_string_new (NULL);

    g_assert_no_error (error);
    for (guint i = 0; i < chain->len; i++)
        g_string_append_printf (found, "%s%s", i > 0 ? " " : "",
                                ((ChooseBundle *)chain->pdata[i])->path);
    g_assert_cmpstr (found->str, ==, paths);
}

static void
expect_failure (Fixture *f, ErrorCode code, const char *fragment)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (choose_chain (f->bundles, &f->host, &error));
    g_assert_error (error, HANDCARRY_ERROR, (int)code);
    if (strstr (error->message, fragment) == NULL)
        g_error ("'%s' does not hold '%s'", error->message, fragment);
}

static void
test_the_delta_where_its_base_is_and_the_full_one_elsewhere (Fixture *f, gconstpointer data)
{
    carries (f, "full", 100, 42, "abx", "", "");
    carries (f, "delta", 9, 42, "abx", "abc", "ab");
    expect (f, "full");
    has (f, "abc", TRUE);
    expect (f, "delta");
}

static void
test_the_smallest_of_those_that_fit (Fixture *f, gconstpointer data)
{
    has (f, "abc", TRUE);
    carries (f, "large", 10, 42, "abx", "abc", "ab");
    carries (f, "other", 1, 42, "abx", "abd", "ab");
    carries (f, "small", 9, 42, "abx", "ab", "ab");
    carries (f, "older", 2, 41, "abc", "", "");
    expect (f, "small");
}

static void
test_a_chain_where_no_single_one_fits (Fixture *f, gconstpointer data)
{
    has (f, "a", TRUE);
    carries (f, "43", 5, 43, "d", "c", "");
    carries (f, "42", 5, 42, "c", "b", "");
    carries (f, "41", 5, 41, "b", "a", "");
    expect (f, "41 42 43");
    carries (f, "full", 16, 43, "d", "", "");
    expect (f, "41 42 43");
    carries (f, "jump", 9, 43, "d", "b", "");
    expect (f, "41 jump");
    carries (f, "larger", 15, 43, "d", "", "");
    expect (f, "41 jump");
    carries (f, "shorter", 14, 43, "d", "a", "");
    expect (f, "shorter");
}

/* 43 needs what 41 brought, which stays until the end. */
static void
test_what_was_brought_on_the_way_stays (Fixture *f, gconstpointer data)
{
    has (f, "a", TRUE);
    carries (f, "41", 5, 41, "b q", "a", "");
    carries (f, "42", 5, 42, "c", "b", "");
    carries (f, "43", 5, 43, "d q", "c q", "q");
    expect (f, "41 42 43");
}

static void
test_skipped_versions_are_skipped (Fixture *f, gconstpointer data)
{
    has (f, "c", TRUE);
    carries (f, "41", 1, 41, "b", "a", "");
    carries (f, "42", 1, 42, "c", "b", "");
    carries (f, "43", 5, 43, "d", "c", "");
    expect (f, "43");
}

static void
test_links_go_up_only (Fixture *f, gconstpointer data)
{
    has (f, "a", TRUE);
    carries (f, "44", 1, 44, "b", "a", "");
    carries (f, "43", 1, 43, "c", "b", "");
    expect (f, "44");
}

/* Its plan tells what lacks; an older release is not what was asked for. */
static void
test_the_smallest_of_the_newest_where_nothing_fits (Fixture *f, gconstpointer data)
{
    has (f, "a", TRUE);
    carries (f, "one", 2, 43, "d", "c", "");
    carries (f, "two", 1, 43, "d", "xy", "");
    carries (f, "42", 1, 42, "c", "b", "");
    carries (f, "41", 1, 41, "b", "a", "");
    carries (f, "44", 3, 44, "e", "z", "");
    carries (f, "44-too", 2, 44, "e", "y", "");
    expect (f, "44-too");
}

static void
test_an_installed_release_needs_no_base (Fixture *f, gconstpointer data)
{
    has (f, "abx", TRUE);
    carries (f, "full", 100, 42, "abx", "", "");
    carries (f, "delta", 9, 42, "abx", "abc", "ab");
    expect (f, "delta");
}

/* Its images alone are not enough; what an earlier bundle brought has a tree too. */
static void
test_a_tree_is_there_or_brought_on_the_way (Fixture *f, gconstpointer data)
{
    Digest here = digest_of_text ("40 a");

    has (f, "a", TRUE);
    has (f, "b", TRUE);
    carries (f, "full", 100, 42, "c", "", "");
    carries (f, "42", 5, 42, "c", "b", "");
    needs_tree_of (f, 41, "b");
    expect (f, "full");
    carries (f, "41", 5, 41, "b", "a", "");
    needs_tree_of (f, 40, "a");
    expect (f, "full");
    f->host.release = &here;
    expect (f, "41 42");
    here = digest_of_text ("41 b");
    expect (f, "42");
    here = digest_of_text ("42 c");
    expect (f, "42");
}

static void
test_031_two_releases_of_one_number (Fixture *f, gconstpointer data)
{
    carries (f, "one", 1, 42, "a", "", "");
    carries (f, "other", 1, 42, "b", "", "");
    expect_failure (f, ERR_TRUST, "ALARM: 'one' and 'other'");
}

/* The same layers on top of others: a chain, not a set. */
static void
test_a_layer_under_another_parent_is_not_there (Fixture *f, gconstpointer data)
{
    has (f, "xb", TRUE);
    carries (f, "full", 100, 42, "ab", "", "");
    carries (f, "delta", 1, 42, "ab", "xb", "b");
    expect (f, "full");
}

/* What was pulled cannot be left out of a load there, but its files can be read. */
static void
test_pulled_images_of_the_containerd_store (Fixture *f, gconstpointer data)
{
    has (f, "ab", FALSE);
    carries (f, "full", 100, 42, "abx", "", "");
    carries (f, "leaves-out", 1, 42, "abx", "ab", "ab");
    expect (f, "full");
    carries (f, "reads", 50, 42, "abx", "ab", "");
    expect (f, "reads");
}

#define ADD(name, store, func)                                                                     \
    g_test_add ("/choose/" name, Fixture, GINT_TO_POINTER (store), set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("delta", STORE_GRAPHDRIVER, test_the_delta_where_its_base_is_and_the_full_one_elsewhere);
    ADD ("delta-podman", STORE_PODMAN, test_the_delta_where_its_base_is_and_the_full_one_elsewhere);
    ADD ("delta-containerd", STORE_CONTAINERD,
         test_the_delta_where_its_base_is_and_the_full_one_elsewhere);
    ADD ("smallest", STORE_GRAPHDRIVER, test_the_smallest_of_those_that_fit);
    ADD ("chain", STORE_GRAPHDRIVER, test_a_chain_where_no_single_one_fits);
    ADD ("chain-containerd", STORE_CONTAINERD, test_a_chain_where_no_single_one_fits);
    ADD ("stays", STORE_GRAPHDRIVER, test_what_was_brought_on_the_way_stays);
    ADD ("skipped", STORE_GRAPHDRIVER, test_skipped_versions_are_skipped);
    ADD ("up-only", STORE_GRAPHDRIVER, test_links_go_up_only);
    ADD ("nothing", STORE_GRAPHDRIVER, test_the_smallest_of_the_newest_where_nothing_fits);
    ADD ("installed", STORE_GRAPHDRIVER, test_an_installed_release_needs_no_base);
    ADD ("tree", STORE_GRAPHDRIVER, test_a_tree_is_there_or_brought_on_the_way);
    ADD ("031-one-number", STORE_GRAPHDRIVER, test_031_two_releases_of_one_number);
    ADD ("parent", STORE_GRAPHDRIVER, test_a_layer_under_another_parent_is_not_there);
    ADD ("pulled", STORE_CONTAINERD, test_pulled_images_of_the_containerd_store);
    return g_test_run ();
}
