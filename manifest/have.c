/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/have.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

#define NAME "have file"

static void
product_free (gpointer data)
{
    HaveProduct *product = data;

    g_free (product->product);
    g_free (product->channel);
    g_free (product->version);
    g_free (product);
}

static void
image_free (gpointer data)
{
    HaveImage *image = data;

    g_ptr_array_unref (image->names);
    g_array_unref (image->layers);
    g_free (image);
}

Have *
have_new (void)
{
    Have *have = g_new0 (Have, 1);

    have->products = g_ptr_array_new_with_free_func (product_free);
    have->images = g_ptr_array_new_with_free_func (image_free);
    return have;
}

HaveProduct *
have_add_product (Have *have)
{
    HaveProduct *product = g_new0 (HaveProduct, 1);

    g_ptr_array_add (have->products, product);
    return product;
}

HaveImage *
have_add_image (Have *have)
{
    HaveImage *image = g_new0 (HaveImage, 1);

    image->names = g_ptr_array_new_with_free_func (g_free);
    image->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    g_ptr_array_add (have->images, image);
    return image;
}

void
have_free (Have *have)
{
    if (have == NULL)
        return;
    g_free (have->host);
    g_free (have->site);
    g_free (have->platform);
    g_free (have->engine.kind);
    g_free (have->engine.version);
    g_free (have->engine.store);
    g_free (have->engine.driver);
    g_free (have->engine.data_root);
    g_ptr_array_unref (have->products);
    g_ptr_array_unref (have->images);
    g_free (have);
}

static void
read_release (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint before = reader->problems->len;

    field_number (reader, node, target);
    if (reader->problems->len == before && *(guint64 *)target == 0)
        field_problem (reader, node, "release numbers begin with 1");
}

static void
read_engine (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "kind", field_text, G_STRUCT_OFFSET (HaveEngine, kind), FIELD_REQUIRED },
        { "version", field_text, G_STRUCT_OFFSET (HaveEngine, version), FIELD_REQUIRED },
        { "store", field_text, G_STRUCT_OFFSET (HaveEngine, store), FIELD_REQUIRED },
        { "driver", field_text, G_STRUCT_OFFSET (HaveEngine, driver) },
        { "data-root", field_text, G_STRUCT_OFFSET (HaveEngine, data_root) },
        { NULL },
    };

    field_read_map (reader, node, fields, target);
}

static void
read_free (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "engine", field_number, G_STRUCT_OFFSET (Have, engine_free) },
        { "state", field_number, G_STRUCT_OFFSET (Have, state_free), FIELD_REQUIRED },
        { NULL },
    };
    Have *have = target;

    field_read_map (reader, node, fields, have);
    have->has_engine_free = field_find (node, "engine") != NULL;
}

static void
read_tree (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    HaveProduct *product = target;
    g_autoptr (GError) error = NULL;

    product->has_tree = TRUE;
    if (text != NULL && !digest_parse_hex (text, &product->tree, &error))
        field_problem (reader, node, "%s", error->message);
}

static void
read_product (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "product", field_product, G_STRUCT_OFFSET (HaveProduct, product), FIELD_REQUIRED },
        { "channel", field_product, G_STRUCT_OFFSET (HaveProduct, channel), FIELD_REQUIRED },
        { "version", field_version, G_STRUCT_OFFSET (HaveProduct, version), FIELD_REQUIRED },
        { "release", read_release, G_STRUCT_OFFSET (HaveProduct, release), FIELD_REQUIRED },
        { "digest", field_digest, G_STRUCT_OFFSET (HaveProduct, digest), FIELD_REQUIRED },
        { "tree", read_tree, 0 },
        { NULL },
    };
    Have *have = target;
    HaveProduct *product = have_add_product (have);

    field_read_map (reader, node, fields, product);
    for (guint i = 0; i + 1 < have->products->len; i++)
        if (g_strcmp0 (((HaveProduct *)have->products->pdata[i])->product, product->product) == 0)
            field_problem (reader, node, "the product appears twice");
}

static void
read_products (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_HAVE_PRODUCTS, read_product, target);
}

static void
read_image_name (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, path_check_image_name))
        g_ptr_array_add (target, g_strdup (text));
}

static void
read_image_names (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_IMAGES, read_image_name, *(GPtrArray **)target);
}

static void
read_layer (FieldReader *reader, const YamlNode *node, gpointer target)
{
    Digest diffid = { 0 };

    field_digest (reader, node, &diffid);
    g_array_append_val ((GArray *)target, diffid);
}

static void
read_layers (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_LAYERS, read_layer, *(GArray **)target);
}

static void
read_image (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "names", read_image_names, G_STRUCT_OFFSET (HaveImage, names), FIELD_REQUIRED },
        { "id", field_digest, G_STRUCT_OFFSET (HaveImage, id), FIELD_REQUIRED },
        { "config", field_digest, G_STRUCT_OFFSET (HaveImage, config) },
        { "reusable", field_flag, G_STRUCT_OFFSET (HaveImage, reusable), FIELD_REQUIRED },
        { "layers", read_layers, G_STRUCT_OFFSET (HaveImage, layers), FIELD_REQUIRED },
        { NULL },
    };
    HaveImage *image = have_add_image (target);

    field_read_map (reader, node, fields, image);
    image->has_config = field_find (node, "config") != NULL;
}

/* An engine gives an id, and a name, to one image. */
static void
check_images (FieldReader *reader, const YamlNode *list, const Have *have)
{
    g_autoptr (GHashTable) ids = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

    for (guint i = 0; i < have->images->len; i++) {
        const HaveImage *image = have->images->pdata[i];

        if (!g_hash_table_add (ids, (gpointer)&image->id))
            field_problem (reader, list->values->pdata[i], "the image id appears twice");
        for (guint j = 0; j < image->names->len; j++)
            if (!g_hash_table_add (names, image->names->pdata[j]))
                field_problem (reader, list->values->pdata[i], "the image name '%s' appears twice",
                               (const char *)image->names->pdata[j]);
    }
}

static void
read_images (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint before = reader->problems->len;

    field_read_list (reader, node, LIMIT_IMAGES, read_image, target);
    if (reader->problems->len == before)
        check_images (reader, node, target);
}

static const Field have_fields[] = {
    { "handcarry-have", field_ignore, 0, FIELD_REQUIRED },
    { "host", field_product, G_STRUCT_OFFSET (Have, host), FIELD_REQUIRED },
    { "site", field_text, G_STRUCT_OFFSET (Have, site) },
    { "platform", field_text, G_STRUCT_OFFSET (Have, platform), FIELD_REQUIRED },
    { "engine", read_engine, G_STRUCT_OFFSET (Have, engine), FIELD_REQUIRED },
    { "free", read_free, 0, FIELD_REQUIRED },
    { "products", read_products, 0, FIELD_REQUIRED },
    { "images", read_images, 0, FIELD_REQUIRED },
    { NULL },
};

Have *
have_parse (GBytes *text, GError **error)
{
    g_autoptr (Have) have = have_new ();
    g_autoptr (YamlNode) map = NULL;
    g_auto (FieldReader) reader = { 0 };

    field_reader_init (&reader, NAME, TRUE);
    if (!field_check_type_line (text, HAVE_TYPE_LINE, NAME, error))
        return NULL;
    map = yaml_parse (text, NAME, error);
    if (map == NULL)
        return NULL;
    field_read_map (&reader, map, have_fields, have);
    if (!field_reader_finish (&reader, NULL, error))
        return NULL;
    return g_steal_pointer (&have);
}
