/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "layers-fixture.h"

#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <unistd.h>

static gboolean
collect (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    g_byte_array_append (data, bytes, (guint)length);
    return TRUE;
}

static void
rebuild_subset (const World *world, Bundle *bundle, guint mask)
{
    g_autoptr (GArray) layers = world_subset (world, mask);
    g_autoptr (GError) error = NULL;
    g_autoptr (Rebuild) rebuild = rebuild_new (bundle, layers, NULL, &error);

    g_assert_no_error (error);
    for (guint i = 0; i < N_LAYERS; i++) {
        g_autoptr (GByteArray) made = g_byte_array_new ();

        if ((mask & 1u << i) == 0)
            continue;
        g_assert_true (rebuild_layer (rebuild, &world->diffids[i], collect, made, &error));
        g_assert_cmpmem (made->data, made->len, world->layers[i]->data, world->layers[i]->len);
    }
    if (mask == (1u << N_LAYERS) - 1)
        g_assert_true (rebuild_check_complete (rebuild, &error));
}

/* Whatever is skipped, what later layers need of it is there; with no room to keep anything, with
 * a little, and with enough. */
static void
test_every_subset (gconstpointer data)
{
    static const guint64 spools[] = { 1, 50000, 130000, 0 };

    for (guint seed = 1; seed <= 3; seed++) {
        g_auto (World) world = { .apart = data != NULL };

        world_set_up (&world, seed);
        for (guint s = 0; s < G_N_ELEMENTS (spools); s++) {
            PackResult result = { 0 };
            g_autoptr (Bundle) bundle = world_pack (&world, spools[s], &result);

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
test_budget_repeats (gconstpointer data)
{
    g_auto (World) world = { .apart = data != NULL };
    PackResult none = { 0 }, all = { 0 };
    g_autoptr (Bundle) small = NULL;
    g_autoptr (Bundle) large = NULL;
    guint64 bytes;

    world_set_up (&world, 1);
    small = world_pack (&world, 1, &none);
    large = world_pack (&world, 0, &all);
    bytes = bundle_packing (large)->regions[REGION_DATA].bytes;
    g_assert_cmpuint (bundle_packing (small)->regions[REGION_DATA].bytes, >, bytes + FILE_BYTES);
    g_assert_cmpuint (bundle_packing (small)->spool, ==, 0);
    g_assert_cmpuint (none.repeated, ==, 0);
    g_assert_cmpuint (none.patched, ==, 0);
    g_assert_cmpuint (all.repeated, >, FILE_BYTES);
    g_assert_cmpuint (all.patched, >, 0);
    pack_result_clear (&none);
    pack_result_clear (&all);
}

static void
test_wrong_order (gconstpointer data)
{
    g_auto (World) world = { .apart = data != NULL };
    PackResult result = { 0 };
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GByteArray) made = g_byte_array_new ();
    g_autoptr (GError) error = NULL;
    Digest foreign = digest_of ("x", 1);

    world_set_up (&world, 1);
    bundle = world_pack (&world, 0, &result);
    layers = world_subset (&world, 3);
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
test_sink_fails (gconstpointer data)
{
    g_auto (World) world = { .apart = data != NULL };
    PackResult result = { 0 };
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GError) error = NULL;

    world_set_up (&world, 1);
    bundle = world_pack (&world, 0, &result);
    layers = world_subset (&world, 63);
    rebuild = rebuild_new (bundle, layers, NULL, &error);
    g_assert_false (rebuild_layer (rebuild, &world.diffids[0], full, NULL, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_SPACE);
    pack_result_clear (&result);
}

/* The copy holds every frame that the layers take, and a second run finds them there: the bundle's
 * own file may be gone by then. */
static void
test_054_055_copy_in (gconstpointer data)
{
    g_auto (World) world = { .apart = data != NULL };
    PackResult result = { 0 };
    g_autoptr (GError) error = NULL;
    int dirfd;

    world_set_up (&world, 2);
    bundle_free (world_pack (&world, 0, &result));
    dirfd = open (world.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (guint mask = 1; mask < 1u << N_LAYERS; mask += 9) {
        g_autoptr (GArray) layers = world_subset (&world, mask);
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
        bundle_free (world_pack (&world, 0, &result));
    }
    close (dirfd);
    pack_result_clear (&result);
}

static const struct {
    const char *name;
    GTestDataFunc func;
} tests[] = {
    { "every-subset", test_every_subset },       { "budget-repeats", test_budget_repeats },
    { "wrong-order", test_wrong_order },         { "sink-fails", test_sink_fails },
    { "054-055-copy-in", test_054_055_copy_in },
};

/* Each in this process, and with a process of its own that reads. */
int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
        g_autofree char *here = g_strdup_printf ("/rebuild/here/%s", tests[i].name);
        g_autofree char *apart = g_strdup_printf ("/rebuild/apart/%s", tests[i].name);

        g_test_add_data_func (here, NULL, tests[i].func);
        g_test_add_data_func (apart, "apart", tests[i].func);
    }
    return g_test_run ();
}
