/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

static void
image_free (gpointer data)
{
    DiffImage *image = data;

    g_free (image->name);
    g_free (image->full);
    g_array_unref (image->layers);
    g_array_unref (image->chains);
    g_free (image);
}

void
compare_side_clear (DiffSide *side)
{
    g_clear_pointer (&side->chains, g_hash_table_unref);
    g_clear_pointer (&side->layers, g_hash_table_unref);
    g_clear_pointer (&side->images, g_ptr_array_unref);
    g_clear_pointer (&side->products, g_ptr_array_unref);
    if (!side->borrowed)
        bundle_free (side->bundle);
    side->bundle = NULL;
    g_clear_pointer (&side->have, have_free);
    g_clear_pointer (&side->statement, statement_free);
}

static DiffImage *
add_image (DiffSide *side, const char *name)
{
    DiffImage *image = g_new0 (DiffImage, 1);

    image->name = g_strdup (name);
    image->full = name != NULL ? path_normalize_image_name (name) : NULL;
    image->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    image->chains = g_array_new (FALSE, FALSE, sizeof (Digest));
    g_ptr_array_add (side->images, image);
    return image;
}

static void
add_layer (DiffImage *image, const Digest *diffid)
{
    guint n = image->chains->len;
    Digest chain =
        digest_chain (n > 0 ? &g_array_index (image->chains, Digest, n - 1) : NULL, diffid);

    g_array_append_val (image->layers, *diffid);
    g_array_append_val (image->chains, chain);
}

/* The arrays are complete by now, so that pointers into them stay. */
static void
index_layers (DiffSide *side)
{
    side->chains = g_hash_table_new (digest_hash_key, digest_equal_key);
    side->layers = g_hash_table_new (digest_hash_key, digest_equal_key);
    for (guint i = 0; i < side->images->len; i++) {
        DiffImage *image = side->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++) {
            g_hash_table_add (side->chains, &g_array_index (image->chains, Digest, k));
            g_hash_table_add (side->layers, &g_array_index (image->layers, Digest, k));
        }
    }
}

static void
read_statement (DiffSide *side, const Statement *statement, const Digest *digest)
{
    DiffProduct *product = g_new0 (DiffProduct, 1);

    *product = (DiffProduct){ .product = statement->release->product,
                              .channel = statement->release->channel,
                              .version = statement->release->version,
                              .release = statement->release->release,
                              .digest = digest,
                              .tree = &statement->tree_commit,
                              .tree_files = statement->tree_files,
                              .tree_bytes = statement->tree_bytes,
                              .has_tree_size = TRUE };
    g_ptr_array_add (side->products, product);
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *from = statement->images->pdata[i];
        DiffImage *image = add_image (side, from->name);

        image->image = from;
        for (guint k = 0; k < from->layers->len; k++)
            add_layer (image, &g_array_index (from->layers, StatementLayer, k).diffid);
    }
}

static void
add_held (DiffSide *side, const HaveImage *from, const char *name)
{
    DiffImage *image = add_image (side, name);

    image->held = from;
    for (guint k = 0; k < from->layers->len; k++)
        add_layer (image, &g_array_index (from->layers, Digest, k));
}

static void
read_have (DiffSide *side)
{
    for (guint i = 0; i < side->have->products->len; i++) {
        const HaveProduct *from = side->have->products->pdata[i];
        DiffProduct *product = g_new0 (DiffProduct, 1);

        *product = (DiffProduct){ .product = from->product,
                                  .channel = from->channel,
                                  .version = from->version,
                                  .release = from->release,
                                  .digest = &from->digest,
                                  .tree = from->has_tree ? &from->tree : NULL };
        g_ptr_array_add (side->products, product);
    }
    for (guint i = 0; i < side->have->images->len; i++) {
        const HaveImage *from = side->have->images->pdata[i];

        for (guint k = 0; k < from->names->len; k++)
            add_held (side, from, from->names->pdata[k]);
        if (from->names->len == 0)
            add_held (side, from, NULL);
    }
}

/* By its name or by its first line: whoever renames a have file still has one. */
static gboolean
is_have_file (const char *path)
{
    static const char begin[] = "handcarry-have:";
    char found[sizeof begin - 1];
    autofd int fd = -1;

    if (g_str_has_suffix (path, ".have"))
        return TRUE;
    fd = file_open_given (path, NULL);
    return fd >= 0 && file_pread_all (fd, path, found, sizeof found, 0, NULL) &&
           memcmp (found, begin, sizeof found) == 0;
}

static gboolean
open_have (DiffSide *side, GError **error)
{
    g_autoptr (GBytes) text = file_read_given (side->path, LIMIT_YAML_BYTES, error);

    side->have = text != NULL ? have_parse (text, error) : NULL;
    return side->have != NULL || fail_prefix (error, "'%s'", side->path);
}

static void
begin_side (DiffSide *side, const char *path)
{
    side->path = path;
    side->products = g_ptr_array_new_with_free_func (g_free);
    side->images = g_ptr_array_new_with_free_func (image_free);
}

gboolean
compare_side_open_statement (DiffSide *side, const char *path, GBytes *text, GError **error)
{
    begin_side (side, path);
    side->statement = statement_parse (text, error);
    if (side->statement == NULL)
        return fail_prefix (error, "'%s'", path);
    side->digest = digest_of_bytes (text);
    read_statement (side, side->statement, &side->digest);
    index_layers (side);
    return TRUE;
}

void
compare_side_use (DiffSide *side, Bundle *bundle)
{
    begin_side (side, bundle_path (bundle));
    side->bundle = bundle;
    side->borrowed = TRUE;
    read_statement (side, bundle_statement (bundle), bundle_release_digest (bundle));
    index_layers (side);
}

gboolean
compare_side_open (DiffSide *side, const char *path, GError **error)
{
    begin_side (side, path);
    if (is_have_file (path)) {
        if (!open_have (side, error))
            return FALSE;
        read_have (side);
    } else {
        side->bundle = bundle_open (path, error);
        if (side->bundle == NULL)
            return FALSE;
        bundle_read_apart (side->bundle);
        read_statement (side, bundle_statement (side->bundle),
                        bundle_release_digest (side->bundle));
    }
    index_layers (side);
    return TRUE;
}
