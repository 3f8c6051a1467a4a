/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/inventory.h"

#include "install/held-tree.h"
#include "install/space.h"
#include "install/state.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

/* Names of images that a run under way, or one that was killed, has not named yet. */
#define TEMPORARY_PREFIX "handcarry.local/tmp/"

static char *
dup_or_null (const char *text)
{
    return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

static void
describe_engine (Have *have, const Host *host, const EngineInfo *info)
{
    g_autofree char *state = space_existing (host->state_path);

    have->platform = g_strdup (info->platform);
    have->engine.kind = g_strdup (info->kind == ENGINE_PODMAN ? "podman" : "docker");
    have->engine.version = g_strdup (info->version);
    have->engine.store = g_strdup (engine_store_name (info->store));
    have->engine.driver = dup_or_null (info->driver);
    have->engine.data_root = dup_or_null (info->data_root);
    have->has_engine_free = space_is_seen (info->data_root);
    if (have->has_engine_free)
        have->engine_free = space_free (info->data_root);
    have->state_free = space_free (state);
}

static void
add_products (Have *have, const Host *host, GPtrArray *states)
{
    for (guint i = 0; i < states->len; i++) {
        const State *state = g_ptr_array_index (states, i);
        HaveProduct *product;

        /* Taken away; only the highest number is remembered. */
        if (state->release == 0)
            continue;
        product = have_add_product (have);
        product->product = g_strdup (state->product);
        product->channel = g_strdup (state->channel);
        product->version = g_strdup (state->version);
        product->release = state->release;
        product->digest = state->digest;
        product->has_tree = held_tree_commit (host, state->product, state->release, &product->tree);
    }
}

/* On the containerd store an image is known by its manifest. */
static gboolean
is_ours (GPtrArray *states, const Digest *id)
{
    for (guint i = 0; i < states->len; i++) {
        const State *state = g_ptr_array_index (states, i);

        for (guint j = 0; j < state->manifests->len; j++)
            if (digest_equal (&g_array_index (state->manifests, Digest, j), id))
                return TRUE;
    }
    return FALSE;
}

static gboolean
find_config (GPtrArray *states, const Digest *manifest, Digest *config)
{
    for (guint i = 0; i < states->len; i++) {
        const State *state = g_ptr_array_index (states, i);

        for (guint j = 0; j < state->images->len; j++) {
            const StateImage *image = g_ptr_array_index (state->images, j);

            if (digest_equal (&image->manifest, manifest)) {
                *config = image->config;
                return TRUE;
            }
        }
    }
    return FALSE;
}

static void
add_names (HaveImage *image, const EngineImage *found, GHashTable *names)
{
    for (guint i = 0; i < found->names->len; i++) {
        const char *name = g_ptr_array_index (found->names, i);
        char *full;

        if (!path_check_image_name (name, NULL) || image->names->len == LIMIT_IMAGES)
            continue;
        full = path_normalize_image_name (name);
        if (g_hash_table_add (names, full))
            g_ptr_array_add (image->names, g_strdup (full));
    }
}

static gboolean
is_temporary (const EngineImage *image)
{
    for (guint i = 0; i < image->names->len; i++)
        if (!g_str_has_prefix (g_ptr_array_index (image->names, i), TEMPORARY_PREFIX))
            return FALSE;
    return image->names->len > 0;
}

static void
add_images (Have *have, GPtrArray *found, GPtrArray *states, EngineStore store)
{
    g_autoptr (GHashTable) ids = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < found->len; i++) {
        EngineImage *from = g_ptr_array_index (found, i);
        HaveImage *image;

        if (is_temporary (from) || !g_hash_table_add (ids, &from->id))
            continue;
        image = have_add_image (have);
        image->id = from->id;
        g_array_append_vals (image->layers, from->layers->data, from->layers->len);
        add_names (image, from, names);
        image->reusable = store != STORE_CONTAINERD || is_ours (states, &from->id);
        image->config = from->id;
        image->has_config =
            store != STORE_CONTAINERD || find_config (states, &from->id, &image->config);
    }
}

static int
named_first (gconstpointer a, gconstpointer b)
{
    const HaveImage *const *left = a, *const *right = b;

    return ((*left)->names->len == 0) - ((*right)->names->len == 0);
}

/* What is left out costs only bytes in the bundle; images without a name go first. */
static guint
fit (Have *have)
{
    guint before = have->images->len;

    for (guint drop = 0;; drop = MAX (1, have->images->len / 20)) {
        g_autoptr (GBytes) text = NULL;

        g_ptr_array_sort (have->images, named_first);
        g_ptr_array_set_size (have->images, (int)MIN (LIMIT_IMAGES, have->images->len - drop));
        text = have_write (have);
        if (g_bytes_get_size (text) <= LIMIT_YAML_BYTES || have->images->len == 0)
            return before - have->images->len;
    }
}

Have *
inventory_take (const Host *host, Engine *engine, guint *left_out, GError **error)
{
    g_autoptr (GPtrArray) states = state_read_all (host->state_fd, error);
    g_autoptr (GPtrArray) images = states != NULL ? engine_inspect_all (engine, error) : NULL;
    g_autoptr (Have) have = have_new ();

    have->host = images != NULL ? host_key_name (host, error) : NULL;
    if (have->host == NULL)
        return NULL;
    have->site = g_strdup (host->site);
    describe_engine (have, host, engine_info (engine));
    add_products (have, host, states);
    add_images (have, images, states, engine_info (engine)->store);
    *left_out = fit (have);
    return g_steal_pointer (&have);
}
