/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare.h"

#include <string.h>

/* How well two images go together: by name, as the same image, by name without the tag. */
#define FIT_NAME G_MAXUINT
#define FIT_IMAGE (G_MAXUINT - 1)
#define FIT_REPOSITORY 1

static const Digest *
config_of (const DiffImage *image)
{
    if (image->image != NULL)
        return &image->image->config;
    return image->held->has_config ? &image->held->config : NULL;
}

/* Where a host does not tell the config, its id may be the digest of the OCI manifest. */
static gboolean
has_id (const DiffImage *image, const DiffImage *held)
{
    return image->image != NULL && held->held != NULL &&
           digest_equal (&image->image->manifest, &held->held->id);
}

static gboolean
is_same (const DiffImage *a, const DiffImage *b)
{
    const Digest *one = config_of (a), *other = config_of (b);

    if (one != NULL && other != NULL)
        return digest_equal (one, other);
    return has_id (a, b) || has_id (b, a) ||
           (a->held != NULL && b->held != NULL && digest_equal (&a->held->id, &b->held->id));
}

static guint
shared_chains (const DiffImage *a, const DiffImage *b)
{
    guint n = 0;

    while (
        n < a->chains->len && n < b->chains->len &&
        digest_equal (&g_array_index (a->chains, Digest, n), &g_array_index (b->chains, Digest, n)))
        n++;
    return n;
}

static gboolean
has_repository (const DiffImage *a, const DiffImage *b)
{
    const char *tag = strrchr (a->full, ':');
    gsize length = tag != NULL ? (gsize)(tag - a->full) : strlen (a->full);

    return strncmp (a->full, b->full, length + 1) == 0 &&
           strchr (b->full + length + 1, ':') == NULL;
}

/* How well two images go together; 0: not at all. Releases usually change the tag. */
static guint
fit (const DiffImage *a, const DiffImage *b)
{
    gboolean named = a->full != NULL && b->full != NULL;

    if (named && strcmp (a->full, b->full) == 0)
        return FIT_NAME;
    if (is_same (a, b))
        return FIT_IMAGE;
    return named && has_repository (a, b) ? FIT_REPOSITORY + shared_chains (a, b) : 0;
}

/* The image that goes best with this one, the first of equals; NULL where none is good enough. */
static DiffImage *
find_partner (const DiffSide *side, const DiffImage *image, guint enough)
{
    DiffImage *best = NULL;
    guint best_fit = enough - 1;

    for (guint i = 0; i < side->images->len; i++) {
        DiffImage *other = side->images->pdata[i];
        guint found = other->paired ? 0 : fit (other, image);

        if (found > best_fit) {
            best = other;
            best_fit = found;
        }
    }
    return best;
}

static void
pair_free (gpointer data)
{
    DiffPair *pair = data;

    g_clear_pointer (&pair->packages, g_ptr_array_unref);
    g_clear_pointer (&pair->files, g_ptr_array_unref);
    g_free (pair);
}

static gboolean
has_same_layers (const DiffImage *a, const DiffImage *b)
{
    return a->layers->len == b->layers->len && shared_chains (a, b) == a->layers->len;
}

static void
add_pair (Diff *diff, DiffImage *a, DiffImage *b)
{
    DiffPair *pair = g_new0 (DiffPair, 1);

    pair->a = a;
    pair->b = b;
    if (a == NULL)
        pair->state = DIFF_ADDED;
    else if (b == NULL)
        pair->state = DIFF_REMOVED;
    else if (is_same (a, b))
        pair->state = DIFF_SAME;
    else if ((config_of (a) == NULL || config_of (b) == NULL) && has_same_layers (a, b))
        pair->state = DIFF_SAME_LAYERS;
    else
        pair->state = DIFF_CHANGED;
    g_ptr_array_add (diff->images, pair);
}

/* Surer pairs are made first. partners: A's image beside each of B's. */
static void
find_partners (Diff *diff, DiffImage **partners)
{
    static const guint enough[] = { FIT_NAME, FIT_IMAGE, FIT_REPOSITORY };
    const GPtrArray *images = diff->sides[1].images;

    for (guint round = 0; round < G_N_ELEMENTS (enough); round++) {
        for (guint i = 0; i < images->len; i++) {
            DiffImage *image = images->pdata[i];

            if (!image->paired)
                partners[i] = find_partner (&diff->sides[0], image, enough[round]);
            if (!image->paired && partners[i] != NULL)
                image->paired = partners[i]->paired = TRUE;
        }
    }
}

/* What a host has beside a release is none of the release's business, and an image that lost its
 * name would be told as removed. */
static gboolean
is_told (const Diff *diff, const DiffImage *image)
{
    gboolean hosts = diff->sides[0].have != NULL && diff->sides[1].have != NULL;

    return image->image != NULL || image->paired || (hosts && image->name != NULL);
}

/* Images of a host of which no name is told. */
static guint
count_others (const Diff *diff, const DiffSide *side)
{
    g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);

    for (guint i = 0; i < side->images->len; i++) {
        const DiffImage *image = side->images->pdata[i];

        if (image->held != NULL && is_told (diff, image))
            g_hash_table_add (told, (gpointer)image->held);
    }
    return side->have != NULL ? side->have->images->len - g_hash_table_size (told) : 0;
}

void
compare_images (Diff *diff)
{
    const GPtrArray *a = diff->sides[0].images, *b = diff->sides[1].images;
    g_autofree DiffImage **partners = g_new0 (DiffImage *, b->len + 1);

    diff->images = g_ptr_array_new_with_free_func (pair_free);
    find_partners (diff, partners);
    for (guint i = 0; i < b->len; i++)
        if (is_told (diff, b->pdata[i]))
            add_pair (diff, partners[i], b->pdata[i]);
    for (guint i = 0; i < a->len; i++) {
        DiffImage *image = a->pdata[i];

        if (!image->paired && is_told (diff, image))
            add_pair (diff, image, NULL);
    }
    compare_layers (diff);
    for (guint i = 0; i < 2; i++)
        diff->others[i] = count_others (diff, &diff->sides[i]);
}
