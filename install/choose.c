/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/choose.h"

#include "install/load.h"
#include "manifest/error.h"

#include <string.h>

/* A way from the host as it is to a release. Releases are found in the order of their bytes, so the
 * first way to one is the best (Dijkstra); what a release brings stays until the end of the chain,
 * so all releases on the way count as there. */
typedef struct {
    GPtrArray *links; /* ChooseBundle; empty: the host as it is */
    guint64 bytes;
    gboolean done;
} Way;

static void
way_free (gpointer data)
{
    Way *way = data;

    g_ptr_array_unref (way->links);
    g_free (way);
}

static Way *
way_new (void)
{
    Way *way = g_new0 (Way, 1);

    way->links = g_ptr_array_new ();
    return way;
}

static const ChooseBundle *
last_of (const Way *way)
{
    return way->links->len > 0 ? way->links->pdata[way->links->len - 1] : NULL;
}

/* What is there at the end of a way. */
typedef struct {
    LoadPresent *reusable; /* a load can leave it out */
    LoadPresent *readable; /* by chain: files of it can be read */
    GPtrArray *trees;      /* Digest: releases whose tree can be read */
} There;

static void
there_clear (There *there)
{
    load_present_free (there->reusable);
    load_present_free (there->readable);
    g_ptr_array_unref (there->trees);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (There, there_clear)

static There
there_after (const ChooseHost *host, const Way *way)
{
    There there = { load_present_of (host->store, host->images, host->ours),
                    load_present_of (STORE_GRAPHDRIVER, host->images, NULL), g_ptr_array_new () };

    if (host->release != NULL)
        g_ptr_array_add (there.trees, (gpointer)host->release);
    for (guint i = 0; i < way->links->len; i++) {
        const ChooseBundle *link = way->links->pdata[i];

        g_ptr_array_add (there.trees, (gpointer)link->release);
        for (guint k = 0; k < link->statement->images->len; k++) {
            g_autoptr (GArray) layers = statement_image_diffids (link->statement->images->pdata[k]);

            load_present_add (there.reusable, layers);
            load_present_add (there.readable, layers);
        }
    }
    return there;
}

static gboolean
is_left_out (const Packing *packing, const Digest *diffid)
{
    for (guint i = 0; i < packing->left_out->len; i++)
        if (digest_equal (&g_array_index (packing->left_out, Digest, i), diffid))
            return TRUE;
    return FALSE;
}

/* Does a load of this image need a layer that is not in the bundle? *sends: does it need one that
 * is? */
static gboolean
has_gap (const ChooseBundle *bundle, const StatementImage *image, const There *there,
         gboolean *sends)
{
    g_autoptr (GArray) missing = load_present_missing (there->reusable, image);

    for (guint i = 0; i < missing->len; i++)
        if (is_left_out (bundle->packing, &g_array_index (missing, StatementLayer, i).diffid))
            return TRUE;
    *sends = *sends || missing->len > 0;
    return FALSE;
}

/* Is a tree there that has the files which the bundle leaves out of its own? */
static gboolean
has_tree (const ChooseBundle *bundle, const There *there)
{
    for (guint i = 0; i < there->trees->len; i++)
        if (packing_is_from (bundle->packing, there->trees->pdata[i]) ||
            digest_equal (bundle->release, there->trees->pdata[i]))
            return TRUE;
    return bundle->packing->tree_left_out.files == 0;
}

/* Does the bundle bring its release where this is there? A little stricter than what an install
 * finds: it may not need all bases. */
static gboolean
applies (const ChooseBundle *bundle, const There *there)
{
    gboolean sends = FALSE;

    if (!has_tree (bundle, there))
        return FALSE;
    for (guint i = 0; i < bundle->statement->images->len; i++)
        if (has_gap (bundle, bundle->statement->images->pdata[i], there, &sends))
            return FALSE;
    for (guint i = 0; sends && i < bundle->packing->bases->len; i++) {
        const PackingBase *base = bundle->packing->bases->pdata[i];

        if (!load_present_has (there->readable, base->layers))
            return FALSE;
    }
    return TRUE;
}

gboolean
choose_newest (GPtrArray *bundles, const ChooseBundle **newest, GError **error)
{
    *newest = NULL;
    for (guint i = 0; i < bundles->len; i++) {
        const ChooseBundle *one = bundles->pdata[i];

        for (guint k = 0; k < i; k++) {
            const ChooseBundle *other = bundles->pdata[k];

            if (one->statement->release->release == other->statement->release->release &&
                !digest_equal (one->release, other->release))
                return fail (error, ERR_TRUST,
                             "ALARM: '%s' and '%s' are two releases of %s, both signed as number "
                             "%" G_GUINT64_FORMAT "; ask who signed the second one",
                             other->path, one->path, one->statement->release->product,
                             one->statement->release->release);
        }
        if (*newest == NULL ||
            one->statement->release->release > (*newest)->statement->release->release)
            *newest = one;
    }
    return TRUE;
}

/* The way to a release found so far, or NULL. */
static Way *
find_way (GPtrArray *ways, const Digest *release)
{
    for (guint i = 0; i < ways->len; i++) {
        const ChooseBundle *last = last_of (ways->pdata[i]);

        if (last != NULL && digest_equal (last->release, release))
            return ways->pdata[i];
    }
    return NULL;
}

static Way *
next_way (GPtrArray *ways)
{
    Way *best = NULL;

    for (guint i = 0; i < ways->len; i++) {
        Way *way = ways->pdata[i];

        if (!way->done && (best == NULL || way->bytes < best->bytes ||
                           (way->bytes == best->bytes && way->links->len < best->links->len)))
            best = way;
    }
    return best;
}

/* Goes on from way with bundle, where that is better than what is known. */
static void
go_on (GPtrArray *ways, const Way *way, const ChooseBundle *bundle)
{
    guint64 bytes = way->bytes + bundle->bytes;
    Way *known = find_way (ways, bundle->release);

    if (known != NULL && (known->bytes < bytes ||
                          (known->bytes == bytes && known->links->len <= way->links->len + 1)))
        return;
    if (known == NULL) {
        known = way_new ();
        g_ptr_array_add (ways, known);
    }
    known->bytes = bytes;
    g_ptr_array_set_size (known->links, 0);
    g_ptr_array_extend (known->links, way->links, NULL, NULL);
    g_ptr_array_add (known->links, (gpointer)bundle);
}

static void
go_everywhere (GPtrArray *bundles, const ChooseHost *host, GPtrArray *ways, const Way *way)
{
    g_auto (There) there = there_after (host, way);
    const ChooseBundle *last = last_of (way);

    for (guint i = 0; i < bundles->len; i++) {
        const ChooseBundle *bundle = bundles->pdata[i];

        if (last != NULL &&
            bundle->statement->release->release <= last->statement->release->release)
            continue;
        if (applies (bundle, &there))
            go_on (ways, way, bundle);
    }
}

static GPtrArray *
smallest_of (GPtrArray *bundles, const Digest *release)
{
    GPtrArray *alone = g_ptr_array_new ();
    ChooseBundle *smallest = NULL;

    for (guint i = 0; i < bundles->len; i++) {
        ChooseBundle *bundle = bundles->pdata[i];

        if (digest_equal (bundle->release, release) &&
            (smallest == NULL || bundle->bytes < smallest->bytes))
            smallest = bundle;
    }
    g_ptr_array_add (alone, smallest);
    return alone;
}

GPtrArray *
choose_chain (GPtrArray *bundles, const ChooseHost *host, GError **error)
{
    g_autoptr (GPtrArray) ways = g_ptr_array_new_with_free_func (way_free);
    const ChooseBundle *newest;
    Way *way;

    if (!choose_newest (bundles, &newest, error))
        return NULL;
    g_assert (newest != NULL);
    g_ptr_array_add (ways, way_new ());
    while ((way = next_way (ways)) != NULL) {
        const ChooseBundle *last = last_of (way);

        if (last != NULL && digest_equal (last->release, newest->release))
            return g_ptr_array_ref (way->links);
        way->done = TRUE;
        go_everywhere (bundles, host, ways, way);
    }
    return smallest_of (bundles, newest->release);
}
