/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"
#include "install/load.h"
#include "manifest/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* Layers made in memory; a real engine is used where HANDCARRY_TEST_ENGINE names its socket. */

typedef struct {
    StatementImage *image;
    GBytes *config;
    GHashTable *layers; /* Digest → GBytes, borrowed from the fixture */
    GPtrArray *asked;   /* char *: hex of each layer asked for */
} Fixture;

static GBytes *
make_layer (const char *path, const char *text)
{
    struct archive *tar = archive_write_new ();
    struct archive_entry *entry = archive_entry_new ();
    guint8 *bytes = g_malloc (65536);
    size_t used = 0;

    archive_write_set_format_ustar (tar);
    archive_write_set_bytes_in_last_block (tar, 1);
    archive_write_open_memory (tar, bytes, 65536, &used);
    archive_entry_set_pathname (entry, path);
    archive_entry_set_size (entry, (la_int64_t)strlen (text));
    archive_entry_set_filetype (entry, AE_IFREG);
    archive_entry_set_perm (entry, 0644);
    g_assert_cmpint (archive_write_header (tar, entry), ==, ARCHIVE_OK);
    archive_write_data (tar, text, strlen (text));
    archive_write_close (tar);
    archive_write_free (tar);
    archive_entry_free (entry);
    return g_bytes_new_take (bytes, used);
}

static void
add_layer (Fixture *fixture, GString *diffids, const char *path, const char *text)
{
    GBytes *bytes = make_layer (path, text);
    StatementLayer layer = { digest_of_bytes (bytes), g_bytes_get_size (bytes) };
    g_autofree char *hex = digest_to_text (&layer.diffid);

    g_array_append_val (fixture->image->layers, layer);
    g_hash_table_insert (fixture->layers, g_memdup2 (&layer.diffid, sizeof (Digest)), bytes);
    g_string_append_printf (diffids, "%s\"%s\"", diffids->len ? "," : "", hex);
}

/* texts: one layer each. */
static Fixture *
fixture_new (const char *name, const char *const *texts)
{
    Fixture *fixture = g_new0 (Fixture, 1);
    g_autoptr (GString) diffids = g_string_new (NULL);
    g_autoptr (GBytes) manifest = NULL;
    char *config;

    fixture->image = g_new0 (StatementImage, 1);
    fixture->image->layers = g_array_new (FALSE, FALSE, sizeof (StatementLayer));
    fixture->image->name = g_strdup (name);
    fixture->image->platform = g_strdup ("linux/amd64");
    fixture->layers = g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free,
                                             (GDestroyNotify)g_bytes_unref);
    fixture->asked = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; texts[i] != NULL; i++)
        add_layer (fixture, diffids, "file", texts[i]);
    config = g_strdup_printf ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
                              "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                              diffids->str);
    fixture->config = g_bytes_new_take (config, strlen (config));
    fixture->image->config = digest_of_bytes (fixture->config);
    fixture->image->config_bytes = g_bytes_get_size (fixture->config);
    manifest = oci_manifest (fixture->image);
    fixture->image->manifest = digest_of_bytes (manifest);
    return fixture;
}

static void
fixture_free (Fixture *fixture)
{
    g_array_unref (fixture->image->layers);
    g_free (fixture->image->name);
    g_free (fixture->image->platform);
    g_free (fixture->image);
    g_bytes_unref (fixture->config);
    g_hash_table_unref (fixture->layers);
    g_ptr_array_unref (fixture->asked);
    g_free (fixture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)

static gboolean
give_layer (const Digest *diffid, RebuildSink sink, gpointer sink_data, gpointer data,
            GError **error)
{
    Fixture *fixture = data;
    GBytes *bytes = g_hash_table_lookup (fixture->layers, diffid);
    gsize length;
    const guint8 *at = g_bytes_get_data (bytes, &length);

    g_ptr_array_add (fixture->asked, digest_to_hex (diffid));
    return sink (at, length / 2, sink_data, error) &&
           sink (at + length / 2, length - length / 2, sink_data, error);
}

static Thin
thin_of (Fixture *fixture, GArray *layers, const char *name)
{
    return (Thin){ fixture->image, fixture->config, name, layers, give_layer, fixture };
}

static gboolean
append (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    g_byte_array_append (data, bytes, (guint)length);
    return TRUE;
}

static void
test_the_same_image_makes_the_same_archive (void)
{
    static const char *const texts[] = { "one", "two", NULL };
    g_autoptr (Fixture) fixture = fixture_new ("x/y:1", texts);
    g_autoptr (GArray) layers = load_all_layers (fixture->image);
    g_autoptr (GByteArray) a = g_byte_array_new (), b = g_byte_array_new ();
    Thin thin = thin_of (fixture, layers, "handcarry.local/tmp/x:r1-0");

    g_assert_true (thin_write (&thin, append, a, NULL));
    g_assert_true (thin_write (&thin, append, b, NULL));
    g_assert_cmpmem (a->data, a->len, b->data, b->len);
}

/* A stream that is cut must register nothing, so what names the image comes last. */
static void
test_layers_come_first_and_names_last (void)
{
    static const char *const texts[] = { "one", "two", NULL };
    g_autoptr (Fixture) fixture = fixture_new ("x/y:1", texts);
    g_autoptr (GArray) layers = load_all_layers (fixture->image);
    g_autoptr (GByteArray) all = g_byte_array_new ();
    g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
    Thin thin = thin_of (fixture, layers, "handcarry.local/tmp/x:r1-0");
    g_autofree char *first = NULL;
    struct archive *tar = archive_read_new ();
    struct archive_entry *entry;

    g_assert_true (thin_write (&thin, append, all, NULL));
    archive_read_support_format_tar (tar);
    g_assert_cmpint (archive_read_open_memory (tar, all->data, all->len), ==, ARCHIVE_OK);
    while (archive_read_next_header (tar, &entry) == ARCHIVE_OK)
        g_ptr_array_add (paths, g_strdup (archive_entry_pathname (entry)));
    archive_read_free (tar);
    first = g_strconcat ("blobs/sha256/", g_ptr_array_index (fixture->asked, 0), NULL);
    g_assert_cmpuint (paths->len, ==, 7);
    g_assert_cmpstr (g_ptr_array_index (paths, 0), ==, first);
    g_assert_cmpstr (g_ptr_array_index (paths, 4), ==, "index.json");
    g_assert_cmpstr (g_ptr_array_index (paths, 5), ==, "manifest.json");
    g_assert_cmpstr (g_ptr_array_index (paths, 6), ==, "oci-layout");
}

static gboolean
give_too_much (const Digest *diffid, RebuildSink sink, gpointer sink_data, gpointer data,
               GError **error)
{
    return give_layer (diffid, sink, sink_data, data, error) &&
           sink ((const guint8 *)"more", 4, sink_data, error);
}

static void
test_a_layer_longer_than_signed_is_refused (void)
{
    static const char *const texts[] = { "one", NULL };
    g_autoptr (Fixture) fixture = fixture_new ("x/y:1", texts);
    g_autoptr (GArray) layers = load_all_layers (fixture->image);
    g_autoptr (GByteArray) all = g_byte_array_new ();
    g_autoptr (GError) error = NULL;
    Thin thin = thin_of (fixture, layers, "handcarry.local/tmp/x:r1-0");

    thin.layer = give_too_much;
    g_assert_false (thin_write (&thin, append, all, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    /* Such a stream has no end that an engine could take it by. */
    g_assert_cmpuint (all->len, ==, 0);
}

static gboolean
refuse (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    return fail (error, ERR_ENGINE, "gave up");
}

static void
test_the_error_of_the_sink_comes_through (void)
{
    g_autofree char *long_text = g_strnfill (60000, 'x');
    const char *const texts[] = { "one", NULL }, *const long_texts[] = { long_text, "b", NULL };

    /* At the end of a stream, and in the middle of one. */
    for (guint i = 0; i < 2; i++) {
        g_autoptr (Fixture) fixture = fixture_new ("x/y:1", i == 0 ? texts : long_texts);
        g_autoptr (GArray) layers = load_all_layers (fixture->image);
        g_autoptr (GError) error = NULL;
        Thin thin = thin_of (fixture, layers, "handcarry.local/tmp/x:r1-0");

        g_assert_false (thin_write (&thin, refuse, NULL, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
        g_assert_cmpuint (fixture->asked->len, ==, i + 1);
    }
}

static Engine *
open_engine (void)
{
    g_autoptr (GError) error = NULL;
    const char *url = g_getenv ("HANDCARRY_TEST_ENGINE");
    Engine *engine;

    if (url == NULL) {
        g_test_skip ("HANDCARRY_TEST_ENGINE names no engine");
        return NULL;
    }
    engine = engine_open (url, &error);
    g_assert_no_error (error);
    return engine;
}

static void
load_and_prove (Engine *engine, Fixture *fixture, GArray *layers, const char *name)
{
    g_autoptr (GError) error = NULL;
    Thin thin = thin_of (fixture, layers, name);

    g_assert_true (load_image (engine, &thin, NULL, NULL, NULL, &error) || error != NULL);
    g_assert_no_error (error);
    g_assert_true (load_prove (engine, fixture->image, name, &error) || error != NULL);
    g_assert_no_error (error);
}

static void
test_engine_takes_a_thin_load (void)
{
    static const char *const one[] = { "base", "first", NULL };
    static const char *const two[] = { "base", "second", NULL };
    g_autoptr (Engine) engine = open_engine ();
    g_autoptr (Fixture) a = fixture_new ("x/y:1", one), b = fixture_new ("x/y:2", two);
    g_autoptr (GArray) all = load_all_layers (a->image), few = NULL;
    g_autoptr (GHashTable) ours = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (LoadPresent) present = NULL;
    gboolean in_use;

    if (engine == NULL)
        return;
    load_and_prove (engine, a, all, "handcarry.local/tmp/x:r1-0");
    g_hash_table_add (ours, &a->image->manifest);
    present = load_present_new (engine, ours, NULL);
    few = load_present_missing (present, b->image);
    g_assert_cmpuint (few->len, ==, 1);
    load_and_prove (engine, b, few, "handcarry.local/tmp/x:r2-0");
    g_assert_true (engine_tag (engine, "handcarry.local/tmp/x:r2-0", "docker.io/x/y:2", NULL));
    g_assert_true (load_prove (engine, b->image, "docker.io/x/y:2", NULL));
    g_assert_true (engine_remove_name (engine, "handcarry.local/tmp/x:r2-0", &in_use, NULL));
    g_assert_true (engine_remove_name (engine, "handcarry.local/tmp/x:r1-0", &in_use, NULL));
    g_assert_true (engine_remove_name (engine, "docker.io/x/y:2", &in_use, NULL));
    g_assert_true (engine_remove_name (engine, "docker.io/x/y:2", &in_use, NULL));
}

static void
test_engine_refuses_a_thin_load_without_its_base (void)
{
    static const char *const texts[] = { "nowhere", "second", NULL };
    g_autoptr (Engine) engine = open_engine ();
    g_autoptr (Fixture) fixture = fixture_new ("x/z:1", texts);
    g_autoptr (GArray) layers = load_all_layers (fixture->image);
    g_autoptr (GError) error = NULL;
    const char *name = "handcarry.local/tmp/z:r1-0";
    Thin thin = thin_of (fixture, layers, name);

    if (engine == NULL)
        return;
    g_array_remove_index (layers, 0);
    if (load_image (engine, &thin, NULL, NULL, NULL, &error))
        g_assert_false (load_prove (engine, fixture->image, name, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
    g_assert_true (engine_remove_name (engine, name, NULL, NULL));
}

static gboolean
fail_layer (const Digest *diffid, RebuildSink sink, gpointer sink_data, gpointer data,
            GError **error)
{
    return fail (error, ERR_FORMAT, "frame 3 is damaged");
}

/* A damaged frame in the middle of the stream must leave no image and keep its own class. */
static void
test_engine_registers_nothing_of_a_cut_stream (void)
{
    static const char *const texts[] = { "cut", NULL };
    g_autoptr (Engine) engine = open_engine ();
    g_autoptr (Fixture) fixture = fixture_new ("x/c:1", texts);
    g_autoptr (GArray) layers = load_all_layers (fixture->image);
    g_autoptr (GError) error = NULL;
    g_autoptr (EngineImage) image = NULL;
    Thin thin = thin_of (fixture, layers, "handcarry.local/tmp/c:r1-0");

    if (engine == NULL)
        return;
    thin.layer = fail_layer;
    g_assert_false (load_image (engine, &thin, NULL, NULL, NULL, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_true (engine_inspect (engine, "handcarry.local/tmp/c:r1-0", &image, NULL));
    g_assert_null (image);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/load/same-archive", test_the_same_image_makes_the_same_archive);
    g_test_add_func ("/load/layers-first", test_layers_come_first_and_names_last);
    g_test_add_func ("/load/longer-than-signed", test_a_layer_longer_than_signed_is_refused);
    g_test_add_func ("/load/error-of-the-sink", test_the_error_of_the_sink_comes_through);
    g_test_add_func ("/load/engine-thin", test_engine_takes_a_thin_load);
    g_test_add_func ("/load/engine-no-base", test_engine_refuses_a_thin_load_without_its_base);
    g_test_add_func ("/load/engine-cut", test_engine_registers_nothing_of_a_cut_stream);
    return g_test_run ();
}
