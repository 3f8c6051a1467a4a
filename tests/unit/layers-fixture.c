/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "layers-fixture.h"

#include "bundle/member.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define N_FILES 8

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

void
world_set_up (World *world, guint seed)
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

void
world_clear (World *world)
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
Bundle *
world_pack (const World *world, guint64 spool, PackResult *result)
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
    if (world->apart)
        bundle_read_apart (bundle);
    return bundle;
}

GArray *
world_subset (const World *world, guint mask)
{
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (Digest));

    for (guint i = 0; i < N_LAYERS; i++)
        if (mask & 1u << i)
            g_array_append_val (layers, world->diffids[i]);
    return layers;
}

void
world_fixture_set_up (WorldFixture *fixture, gconstpointer data)
{
    fixture->world.apart = TRUE;
    world_set_up (&fixture->world, 1);
    fixture->bundle = world_pack (&fixture->world, 0, &fixture->result);
}

void
world_fixture_tear_down (WorldFixture *fixture, gconstpointer data)
{
    bundle_free (fixture->bundle);
    world_clear (&fixture->world);
    pack_result_clear (&fixture->result);
}
