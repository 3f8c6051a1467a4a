/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/have.h"
#include "manifest/yaml.h"

#include <string.h>

static void
write_text (YamlWriter *writer, const char *key, const char *text)
{
    if (text == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text);
}

static void
write_number (YamlWriter *writer, const char *key, guint64 number)
{
    yaml_writer_key (writer, key);
    yaml_writer_number (writer, number);
}

static void
write_digest (YamlWriter *writer, const char *key, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    write_text (writer, key, text);
}

static void
write_engine (YamlWriter *writer, const HaveEngine *engine)
{
    yaml_writer_key (writer, "engine");
    yaml_writer_begin_map (writer);
    write_text (writer, "kind", engine->kind);
    write_text (writer, "version", engine->version);
    write_text (writer, "store", engine->store);
    write_text (writer, "driver", engine->driver);
    write_text (writer, "data-root", engine->data_root);
    yaml_writer_end_map (writer);
}

static void
write_free (YamlWriter *writer, const Have *have)
{
    yaml_writer_key (writer, "free");
    yaml_writer_begin_map (writer);
    if (have->has_engine_free)
        write_number (writer, "engine", have->engine_free);
    write_number (writer, "state", have->state_free);
    yaml_writer_end_map (writer);
}

static void
write_product (YamlWriter *writer, const HaveProduct *product)
{
    g_autofree char *tree = product->has_tree ? digest_to_hex (&product->tree) : NULL;

    yaml_writer_begin_map (writer);
    write_text (writer, "product", product->product);
    write_text (writer, "channel", product->channel);
    write_text (writer, "version", product->version);
    write_number (writer, "release", product->release);
    write_digest (writer, "digest", &product->digest);
    write_text (writer, "tree", tree);
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
    write_digest (writer, "id", &image->id);
    if (image->has_config)
        write_digest (writer, "config", &image->config);
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
    write_text (writer, "host", have->host);
    write_text (writer, "site", have->site);
    write_text (writer, "platform", have->platform);
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
