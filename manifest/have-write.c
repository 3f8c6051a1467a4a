/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/have.h"
#include "manifest/yaml.h"

#include <string.h>

static void
write_engine (YamlWriter *writer, const HaveEngine *engine)
{
    yaml_writer_key (writer, "engine");
    yaml_writer_begin_map (writer);
    yaml_writer_pair (writer, "kind", engine->kind);
    yaml_writer_pair (writer, "version", engine->version);
    yaml_writer_pair (writer, "store", engine->store);
    yaml_writer_pair (writer, "driver", engine->driver);
    yaml_writer_pair (writer, "data-root", engine->data_root);
    yaml_writer_end_map (writer);
}

static void
write_free (YamlWriter *writer, const Have *have)
{
    yaml_writer_key (writer, "free");
    yaml_writer_begin_map (writer);
    if (have->has_engine_free)
        yaml_writer_number_pair (writer, "engine", have->engine_free);
    yaml_writer_number_pair (writer, "state", have->state_free);
    yaml_writer_end_map (writer);
}

static void
write_product (YamlWriter *writer, const HaveProduct *product)
{
    g_autofree char *tree = product->has_tree ? digest_to_hex (&product->tree) : NULL;

    yaml_writer_begin_map (writer);
    yaml_writer_pair (writer, "product", product->product);
    yaml_writer_pair (writer, "channel", product->channel);
    yaml_writer_pair (writer, "version", product->version);
    yaml_writer_number_pair (writer, "release", product->release);
    yaml_writer_digest_pair (writer, "digest", &product->digest);
    yaml_writer_pair (writer, "tree", tree);
    yaml_writer_end_map (writer);
}

static void
write_image (YamlWriter *writer, const HaveImage *image)
{
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "names");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < image->names->len; i++)
        yaml_writer_text (writer, image->names->pdata[i]);
    yaml_writer_end_list (writer);
    yaml_writer_digest_pair (writer, "id", &image->id);
    if (image->has_config)
        yaml_writer_digest_pair (writer, "config", &image->config);
    yaml_writer_key (writer, "reusable");
    yaml_writer_word (writer, image->reusable ? "true" : "false");
    yaml_writer_key (writer, "layers");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < image->layers->len; i++) {
        g_autofree char *text = digest_to_text (&g_array_index (image->layers, Digest, i));

        yaml_writer_text (writer, text);
    }
    yaml_writer_end_list (writer);
    yaml_writer_end_map (writer);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
    return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static int
by_product (gconstpointer a, gconstpointer b)
{
    const HaveProduct *const *left = a, *const *right = b;

    return strcmp ((*left)->product, (*right)->product);
}

static int
by_id (gconstpointer a, gconstpointer b)
{
    const HaveImage *const *left = a, *const *right = b;

    return memcmp ((*left)->id.b, (*right)->id.b, DIGEST_BYTES);
}

GBytes *
have_write (Have *have)
{
    YamlWriter *writer = yaml_writer_new (HAVE_TYPE_LINE);

    g_ptr_array_sort (have->products, by_product);
    g_ptr_array_sort (have->images, by_id);
    yaml_writer_pair (writer, "host", have->host);
    yaml_writer_pair (writer, "site", have->site);
    yaml_writer_pair (writer, "platform", have->platform);
    write_engine (writer, &have->engine);
    write_free (writer, have);
    yaml_writer_key (writer, "products");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < have->products->len; i++)
        write_product (writer, have->products->pdata[i]);
    yaml_writer_end_list (writer);
    yaml_writer_key (writer, "images");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < have->images->len; i++) {
        HaveImage *image = have->images->pdata[i];

        g_ptr_array_sort (image->names, by_name);
        write_image (writer, image);
    }
    yaml_writer_end_list (writer);
    return yaml_writer_finish (writer);
}
