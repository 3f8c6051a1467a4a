/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-files.h"

#include "bundle/base.h"
#include "bundle/merged.h"

#include <string.h>

/* Features that must be shared, of eight, where neither path nor name say that files belong
 * together. */
#define LIKE_MIN_SHARED 4
/* Thousands of files may be called index.js. */
#define LOOK_MAX 256

/* An image of a base bundle, and what is seen in it. */
typedef struct {
    PackingBase *base; /* its layers: what all targets have of it */
    GArray *diffids;   /* of the whole image */
    GPtrArray *layers; /* UnpackedLayer */
    GHashTable *seen;  /* path → MergedEntry */
} BaseImage;

struct BaseFiles {
    GPtrArray *images; /* BaseImage */
    GPtrArray *bases;  /* PackingBase, beside images */
    GArray *files;     /* BaseContent */
    GHashTable *by_digest;
    GHashTable *by_path, *by_name, *by_feature; /* key → GArray of numbers */
};

static void
base_image_free (gpointer data)
{
    BaseImage *image = data;

    g_array_unref (image->diffids);
    g_ptr_array_unref (image->layers);
    g_hash_table_unref (image->seen);
    g_free (image);
}

void
base_files_free (BaseFiles *files)
{
    if (files == NULL)
        return;
    g_ptr_array_unref (files->images);
    g_ptr_array_unref (files->bases);
    g_array_unref (files->files);
    g_hash_table_unref (files->by_digest);
    g_hash_table_unref (files->by_path);
    g_hash_table_unref (files->by_name);
    g_hash_table_unref (files->by_feature);
    g_free (files);
}

guint
base_files_count (const BaseFiles *files)
{
    return files->files->len;
}

const BaseContent *
base_files_get (const BaseFiles *files, guint32 number)
{
    return &g_array_index (files->files, BaseContent, number);
}

GPtrArray *
base_files_bases (const BaseFiles *files)
{
    return files->bases;
}

static gboolean
is_known_image (const BaseFiles *files, const GArray *diffids)
{
    for (guint i = 0; i < files->images->len; i++) {
        const GArray *known = ((BaseImage *)files->images->pdata[i])->diffids;

        if (known->len == diffids->len && digests_common (known, diffids) == known->len)
            return TRUE;
    }
    return FALSE;
}

static void
add_image (BaseFiles *files, const BaseBundle *bundle, const StatementImage *from,
           const Targets *targets)
{
    g_autoptr (GArray) diffids = statement_image_diffids (from);
    g_autoptr (GPtrArray) layers = g_ptr_array_new ();
    BaseImage *image;
    PackingBase *base;

    for (guint i = 0; i < from->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (from->layers, StatementLayer, i);

        g_ptr_array_add (layers, (gpointer)base_bundle_find (bundle, &layer->diffid));
    }
    if (is_known_image (files, diffids))
        return;
    base = packing_base_new (from->name);
    g_array_append_vals (base->layers, diffids->data, targets_common (targets, diffids, FALSE));
    g_ptr_array_add (files->bases, base);
    image = g_new0 (BaseImage, 1);
    image->base = base;
    image->seen = merged_new (layers);
    image->diffids = g_steal_pointer (&diffids);
    image->layers = g_steal_pointer (&layers);
    g_ptr_array_add (files->images, image);
}

/* Export replaces some of these, and others are no files of the image. */
static gboolean
is_replaced (const char *path)
{
    static const char *const replaced[] = { "etc/hosts", "etc/hostname", "etc/resolv.conf",
                                            "etc/mtab",  ".dockerenv",   NULL };

    return g_strv_contains (replaced, path) || g_str_has_prefix (path, "dev/") ||
           g_str_has_prefix (path, "proc/") || g_str_has_prefix (path, "sys/");
}

/* Is the file of this layer seen in the image, too? */
static gboolean
is_seen_in (const BaseImage *other, const BaseImage *image, guint layer, const char *path)
{
    const MergedEntry *entry;

    if (digests_common (other->diffids, image->diffids) <= layer)
        return FALSE;
    entry = g_hash_table_lookup (other->seen, path);
    return entry != NULL && entry->layer == layer && !entry->doubtful;
}

/* A target that does not have the whole image must have another one that we know, with the same
 * lower layers, in which the file is seen: else an export would not have it. */
static gboolean
target_sees (const BaseFiles *files, const Targets *targets, guint t, const BaseImage *image,
             guint layer, const char *path)
{
    if (targets_has_image (targets, t, image->diffids))
        return TRUE;
    for (guint i = 0; i < files->images->len; i++) {
        const BaseImage *other = files->images->pdata[i];

        if (is_seen_in (other, image, layer, path) &&
            targets_has_image (targets, t, other->diffids))
            return TRUE;
    }
    return FALSE;
}

static void
add_to_list (GHashTable *lists, gpointer key, guint32 number)
{
    GArray *list = g_hash_table_lookup (lists, key);

    if (list == NULL) {
        list = g_array_new (FALSE, FALSE, sizeof (guint32));
        g_hash_table_insert (lists, key, list);
    }
    g_array_append_val (list, number);
}

/* Takes over the key. */
static void
add_named (GHashTable *lists, char *key, guint32 number)
{
    gpointer known;

    if (!g_hash_table_lookup_extended (lists, key, &known, NULL)) {
        add_to_list (lists, key, number);
        return;
    }
    add_to_list (lists, known, number);
    g_free (key);
}

/* Runs of digits are one: "libssl.so.3.0.15" and "libssl.so.3.0.16" are of one name. Caller
 * frees. */
static char *
without_digits (const char *name)
{
    GString *out = g_string_new (NULL);

    for (; *name != '\0'; name++)
        if (!g_ascii_isdigit (*name))
            g_string_append_c (out, *name);
        else if (out->len == 0 || out->str[out->len - 1] != '#')
            g_string_append_c (out, '#');
    return g_string_free (out, FALSE);
}

static const char *
base_name (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void
add_file (BaseFiles *files, guint image, guint layer, const LayerTar *tar, Extent *extent)
{
    BaseContent content = { image, layer, tar, extent };
    guint32 number = files->files->len;

    if (g_hash_table_contains (files->by_digest, &extent->digest))
        return;
    g_array_append_val (files->files, content);
    g_hash_table_insert (files->by_digest, &extent->digest, GUINT_TO_POINTER (number));
    add_named (files->by_path, g_strdup (extent->path), number);
    add_named (files->by_name, without_digits (extent->path), number);
    add_named (files->by_name, without_digits (base_name (extent->path)), number);
    for (guint i = 0; i < SKETCH_FEATURES && extent->sketch[0] != 0; i++)
        add_to_list (files->by_feature, GUINT_TO_POINTER (extent->sketch[i]), number);
}

/* In the order of layers and of their tars, so that the same bases give the same delta. */
static void
add_files (BaseFiles *files, guint i, const Targets *targets)
{
    const BaseImage *image = files->images->pdata[i];

    for (guint k = 0; k < image->base->layers->len; k++) {
        const UnpackedLayer *layer = image->layers->pdata[k];

        for (guint e = 0; e < layer->extents->len; e++) {
            Extent *extent = &g_array_index (layer->extents, Extent, e);
            const MergedEntry *entry =
                extent->path != NULL ? g_hash_table_lookup (image->seen, extent->path) : NULL;
            gboolean all = TRUE;

            if (entry == NULL || entry->layer != k || entry->extent != e || entry->doubtful ||
                is_replaced (extent->path))
                continue;
            for (guint t = 0; all && t < targets_count (targets); t++)
                all = target_sees (files, targets, t, image, k, extent->path);
            if (all)
                add_file (files, i, k, &layer->tar, extent);
        }
    }
}

BaseFiles *
base_files_new (GPtrArray *bundles, const Targets *targets)
{
    BaseFiles *files = g_new0 (BaseFiles, 1);
    GDestroyNotify drop = (GDestroyNotify)g_array_unref;

    files->images = g_ptr_array_new_with_free_func (base_image_free);
    files->bases = g_ptr_array_new_with_free_func ((GDestroyNotify)packing_base_free);
    files->files = g_array_new (FALSE, FALSE, sizeof (BaseContent));
    files->by_digest = g_hash_table_new (digest_hash_key, digest_equal_key);
    files->by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, drop);
    files->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, drop);
    files->by_feature = g_hash_table_new_full (NULL, NULL, NULL, drop);
    for (guint b = 0; b < bundles->len; b++) {
        const BaseBundle *bundle = bundles->pdata[b];
        const Statement *statement = bundle_statement (base_bundle_get (bundle));

        for (guint i = 0; i < statement->images->len; i++)
            add_image (files, bundle, statement->images->pdata[i], targets);
    }
    for (guint i = 0; i < files->images->len; i++)
        add_files (files, i, targets);
    return files;
}

guint32
base_files_find (const BaseFiles *files, const Digest *digest, guint64 length)
{
    gpointer found;

    if (!g_hash_table_lookup_extended (files->by_digest, digest, NULL, &found) ||
        base_files_get (files, GPOINTER_TO_UINT (found))->extent->length != length)
        return NO_BASE_FILE;
    return GPOINTER_TO_UINT (found);
}

/* The new file, and the best for it so far. */
typedef struct {
    guint64 length;
    const guint32 *sketch;
    guint32 best;
    guint shared;     /* features */
    guint64 distance; /* of lengths */
} Search;

static guint64
distance (guint64 a, guint64 b)
{
    return a > b ? a - b : b - a;
}

/* Of a list, the one that shares most features; of equals the one whose length is nearest; of
 * those the first. */
static void
look (const BaseFiles *files, const GArray *list, Search *search)
{
    for (guint i = 0; list != NULL && i < MIN (list->len, LOOK_MAX); i++) {
        guint32 number = g_array_index (list, guint32, i);
        const Extent *extent = base_files_get (files, number)->extent;
        guint shared = search->sketch[0] != 0 ? sketch_shared (search->sketch, extent->sketch) : 0;
        guint64 far = distance (search->length, extent->length);

        if (search->best != NO_BASE_FILE &&
            (shared < search->shared || (shared == search->shared && far >= search->distance)))
            continue;
        search->best = number;
        search->shared = shared;
        search->distance = far;
    }
}

guint32
base_files_like (const BaseFiles *files, const char *path, guint64 length, const guint32 *sketch,
                 guint *shared)
{
    Search named = { length, sketch, NO_BASE_FILE, 0, 0 };
    Search alike = named;

    if (path != NULL) {
        g_autofree char *plain = without_digits (path);
        g_autofree char *name = without_digits (base_name (path));

        look (files, g_hash_table_lookup (files->by_path, path), &named);
        if (named.best == NO_BASE_FILE)
            look (files, g_hash_table_lookup (files->by_name, plain), &named);
        if (named.best == NO_BASE_FILE)
            look (files, g_hash_table_lookup (files->by_name, name), &named);
    }
    for (guint i = 0; i < SKETCH_FEATURES && sketch[0] != 0; i++)
        look (files, g_hash_table_lookup (files->by_feature, GUINT_TO_POINTER (sketch[i])), &alike);
    if (alike.best != NO_BASE_FILE && alike.shared >= LIKE_MIN_SHARED &&
        alike.shared > named.shared)
        named = alike;
    *shared = named.shared;
    return named.best;
}
