/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "bundle/member.h"
#include "bundle/pack.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Layers that share files in every way; a bundle of them is made by pack() itself. */
#define N_LAYERS 6
#define FILE_BYTES 40000
#define N_FILES 8

typedef struct {
    char *dir, *path;
    GByteArray *layers[N_LAYERS];
    Digest diffids[N_LAYERS];
} World;

static void
append (GByteArray *to, const char *name, const guint8 *content, gsize length)
{
    static const guint8 zeros[512];
    g_autoptr (GBytes) header = member_header (name, length, FALSE);

    g_byte_array_append (to, g_bytes_get_data (header, NULL), (guint)g_bytes_get_size (header));
    g_byte_array_append (to, content, (guint)length);
    g_byte_array_append (to, zeros, (guint)member_padding (length));
}

/* File n of a world, or one that differs from it in a few bytes. */
static guint8 *
make_file (guint n, guint variant)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (n);
    guint8 *bytes = g_malloc (FILE_BYTES);

    for (guint i = 0; i < FILE_BYTES; i++)
        bytes[i] = (guint8)g_rand_int (rand);
    for (guint i = 0; i < variant; i++)
        bytes[i * 1000 + n] ^= 0x55;
    return bytes;
}

/* Each layer draws files and variants; later layers use what earlier ones had. */
static GByteArray *
make_layer (GRand *rand, guint number)
{
    GByteArray *layer = g_byte_array_new ();
    static const guint8 end[1024];

    for (gint k = g_rand_int_range (rand, 2, 7); k > 0; k--) {
        g_autofree guint8 *bytes = make_file ((guint)g_rand_int_range (rand, 0, N_FILES),
                                              (guint)g_rand_int_range (rand, 0, 3));
        g_autofree char *name = g_strdup_printf ("layer%u/file%d", number, k);

        append (layer, name, bytes, FILE_BYTES - (gsize)k);
        append (layer, "whole", bytes, FILE_BYTES);
    }
    g_byte_array_append (layer, end, sizeof end);
    return layer;
}

static void
append_image (GByteArray *archive, GString *manifest, const World *world, const char *name,
              const guint *layers, guint n)
{
    g_autoptr (GString) ids = g_string_new (NULL);
    g_autoptr (GString) names = g_string_new (NULL);
    g_autofree char *config = NULL;
    g_autofree char *file = g_strdup_printf ("%s.json", name);

    for (guint i = 0; i < n; i++) {
        g_autofree char *id = digest_to_text (&world->diffids[layers[i]]);

        g_string_append_printf (ids, "%s\"%s\"", i > 0 ? "," : "", id);
        g_string_append_printf (names, "%s\"%u/layer.tar\"", i > 0 ? "," : "", layers[i]);
    }
    config = g_strdup_printf ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
                              "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                              ids->str);
    append (archive, file, (const guint8 *)config, strlen (config));
    g_string_append_printf (manifest,
                            "%s{\"Config\":\"%s\",\"RepoTags\":[\"%s:1\"],\"Layers\":[%s]}",
                            manifest->len > 1 ? "," : "", file, name, names->str);
}

/* Two images; layer 2 is in both, under other parents. */
static void
write_archive (World *world)
{
    static const guint one[] = { 0, 1, 2, 3 }, two[] = { 4, 2, 5 };
    g_autoptr (GByteArray) archive = g_byte_array_new ();
    g_autoptr (GString) manifest = g_string_new ("[");
    g_autofree char *path = g_build_filename (world->dir, "images.tar", NULL);
    static const guint8 end[1024];

    for (guint i = 0; i < N_LAYERS; i++) {
        g_autofree char *name = g_strdup_printf ("%u/layer.tar", i);

        append (archive, name, world->layers[i]->data, world->layers[i]->len);
    }
    append_image (archive, manifest, world, "one", one, G_N_ELEMENTS (one));
    append_image (archive, manifest, world, "two", two, G_N_ELEMENTS (two));
    g_string_append_c (manifest, ']');
    append (archive, "manifest.json", (const guint8 *)manifest->str, manifest->len);
    g_byte_array_append (archive, end, sizeof end);
    g_assert_true (g_file_set_contents (path, (char *)archive->data, archive->len, NULL));
}

static void
set_up (World *world, guint seed)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

    world->dir = g_dir_make_tmp ("rebuild-XXXXXX", NULL);
    world->path = g_build_filename (world->dir, "b.tar.zst", NULL);
    for (guint i = 0; i < N_LAYERS; i++) {
        world->layers[i] = make_layer (rand, i);
        world->diffids[i] = digest_of (world->layers[i]->data, world->layers[i]->len);
    }
    write_archive (world);
}

static void
clear (World *world)
{
    g_autoptr (GDir) dir = g_dir_open (world->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (world->dir, name, NULL);
        g_unlink (path);
    }
    g_rmdir (world->dir);
    for (guint i = 0; i < N_LAYERS; i++)
        g_byte_array_unref (world->layers[i]);
    g_free (world->dir);
    g_free (world->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, clear)

static Bundle *
pack_world (const World *world, guint64 spool, PackResult *result)
{
    static const char text[] = "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
                               "platforms: [linux/amd64]\nimages:\n"
                               "  - {name: \"one:1\", from: \"docker-archive:images.tar:one:1\"}\n"
                               "  - {name: \"two:1\", from: \"docker-archive:images.tar:two:1\"}\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    ReleaseOverrides overrides = { 0 };
    PackOptions options = { .level = 1, .jobs = 2, .spool = spool };
    g_autoptr (Release) release = NULL;
    g_autoptr (GError) error = NULL;
    Bundle *bundle;

    release = release_parse_authored (bytes, "release.yaml", &overrides, NULL, &error);
    g_assert_no_error (error);
    g_unlink (world->path);
    g_assert_true (pack (release, world->dir, world->path, &options, result, &error));
    bundle = bundle_open (world->path, &error);
    g_assert_no_error (error);
    return bundle;
}

/* The statement's order: layer 2 comes where image one has it. */
static const guint order[N_LAYERS] = { 0, 1, 2, 3, 4, 5 };

static gboolean
collect (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    g_byte_array_append (data, bytes, (guint)length);
    return TRUE;
}

static GArray *
subset (const World *world, guint mask)
{
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (Digest));

    for (guint i = 0; i < N_LAYERS; i++)
        if (mask & 1u << i)
            g_array_append_val (layers, world->diffids[order[i]]);
    return layers;
}

static void
rebuild_subset (const World *world, Bundle *bundle, guint mask)
{
    g_autoptr (GArray) layers = subset (world, mask);
    g_autoptr (GError) error = NULL;
    g_autoptr (Rebuild) rebuild = rebuild_new (bundle, layers, NULL, &error);

    g_assert_no_error (error);
    for (guint i = 0; i < N_LAYERS; i++) {
        g_autoptr (GByteArray) made = g_byte_array_new ();

        if ((mask & 1u << i) == 0)
            continue;
        g_assert_true (rebuild_layer (rebuild, &world->diffids[order[i]], collect, made, &error));
        g_assert_cmpmem (made->data, made->len, world->layers[order[i]]->data,
                         world->layers[order[i]]->len);
    }
    if (mask == (1u << N_LAYERS) - 1)
        g_assert_true (rebuild_check_complete (rebuild, &error));
}

/* Whatever is skipped, what later layers need of it is there; with no room to keep anything, with
 * a little, and with enough. */
static void
test_every_subset (void)
{
    static const guint64 spools[] = { 1, 50000, 130000, 0 };

    for (guint seed = 1; seed <= 3; seed++) {
        g_auto (World) world = { 0 };

        set_up (&world, seed);
        for (guint s = 0; s < G_N_ELEMENTS (spools); s++) {
            PackResult result = { 0 };
            g_autoptr (Bundle) bundle = pack_world (&world, spools[s], &result);

            g_assert_cmpuint (bundle_packing (bundle)->spool, <=,
                              spools[s] > 0 ? spools[s] : LIMIT_SPOOL_BYTES);
            for (guint mask = 0; mask < 1u << N_LAYERS; mask++)
                rebuild_subset (&world, bundle, mask);
            pack_result_clear (&result);
        }
    }
}

/* Contents are repeated where they may not wait. */
static void
test_budget_repeats (void)
{
    g_auto (World) world = { 0 };
    PackResult none = { 0 }, all = { 0 };
    g_autoptr (Bundle) small = NULL;
    g_autoptr (Bundle) large = NULL;
    guint64 data;

    set_up (&world, 1);
    small = pack_world (&world, 1, &none);
    large = pack_world (&world, 0, &all);
    data = bundle_packing (large)->regions[REGION_DATA].bytes;
    g_assert_cmpuint (bundle_packing (small)->regions[REGION_DATA].bytes, >, data + FILE_BYTES);
    g_assert_cmpuint (bundle_packing (small)->spool, ==, 0);
    g_assert_cmpuint (none.repeated, ==, 0);
    g_assert_cmpuint (none.patched, ==, 0);
    g_assert_cmpuint (all.repeated, >, FILE_BYTES);
    g_assert_cmpuint (all.patched, >, 0);
    pack_result_clear (&none);
    pack_result_clear (&all);
}

static void
test_wrong_order (void)
{
    g_auto (World) world = { 0 };
    PackResult result = { 0 };
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GByteArray) made = g_byte_array_new ();
    g_autoptr (GError) error = NULL;
    Digest foreign = digest_of ("x", 1);

    set_up (&world, 1);
    bundle = pack_world (&world, 0, &result);
    layers = subset (&world, 3);
    rebuild = rebuild_new (bundle, layers, NULL, &error);
    g_assert_false (rebuild_layer (rebuild, &world.diffids[1], collect, made, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_clear_error (&error);
    g_array_prepend_val (layers, foreign);
    g_assert_null (rebuild_new (bundle, layers, NULL, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    pack_result_clear (&result);
}

static gboolean
full (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    return fail (error, ERR_SPACE, "the engine is full");
}

static void
test_sink_fails (void)
{
    g_auto (World) world = { 0 };
    PackResult result = { 0 };
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GError) error = NULL;

    set_up (&world, 1);
    bundle = pack_world (&world, 0, &result);
    layers = subset (&world, 63);
    rebuild = rebuild_new (bundle, layers, NULL, &error);
    g_assert_false (rebuild_layer (rebuild, &world.diffids[0], full, NULL, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_SPACE);
    pack_result_clear (&result);
}

/* The copy holds every frame that the layers take, and a second run finds them there: the bundle's
 * own file may be gone by then. */
static void
test_054_055_copy_in (void)
{
    g_auto (World) world = { 0 };
    PackResult result = { 0 };
    g_autoptr (GError) error = NULL;
    int dirfd;

    set_up (&world, 2);
    bundle_free (pack_world (&world, 0, &result));
    dirfd = open (world.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (guint mask = 1; mask < 1u << N_LAYERS; mask += 9) {
        g_autoptr (GArray) layers = subset (&world, mask);
        g_autoptr (Bundle) bundle = bundle_open (world.path, &error);
        g_autoptr (Bundle) second = bundle_open (world.path, &error);

        g_assert_no_error (error);
        g_assert_true (bundle_copy_in (bundle, dirfd, "copy", layers, NULL, &error));
        g_assert_true (bundle_copy_in (second, dirfd, "copy", layers, NULL, &error));
        g_assert_cmpint (truncate (world.path, 0), ==, 0);
        rebuild_subset (&world, bundle, mask);
        rebuild_subset (&world, second, mask);
        unlinkat (dirfd, "copy", 0);
        pack_result_clear (&result);
        bundle_free (pack_world (&world, 0, &result));
    }
    close (dirfd);
    pack_result_clear (&result);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/rebuild/every-subset", test_every_subset);
    g_test_add_func ("/rebuild/budget-repeats", test_budget_repeats);
    g_test_add_func ("/rebuild/wrong-order", test_wrong_order);
    g_test_add_func ("/rebuild/sink-fails", test_sink_fails);
    g_test_add_func ("/rebuild/054-055-copy-in", test_054_055_copy_in);
    return g_test_run ();
}
