/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"

#include "bundle/strictjson.h"
#include "manifest/path.h"

#define TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"

/* The documents are written by hand: no white space and keys in the order of the specification, so
 * that the bytes, and with them the image's id, do not change with a JSON library. */

static void
append_descriptor (GString *out, const char *type, const Digest *digest, guint64 bytes)
{
    g_autofree char *text = digest_to_text (digest);

    g_string_append_printf (out,
                            "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" G_GUINT64_FORMAT,
                            type, text, bytes);
}

GBytes *
oci_manifest (const StatementImage *image)
{
    GString *out = g_string_new ("{\"schemaVersion\":2,\"mediaType\":\"" TYPE_MANIFEST "\","
                                 "\"config\":");

    append_descriptor (out, TYPE_CONFIG, &image->config, image->config_bytes);
    g_string_append (out, "},\"layers\":[");
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);

        if (i > 0)
            g_string_append_c (out, ',');
        append_descriptor (out, TYPE_LAYER, &layer->diffid, layer->bytes);
        g_string_append_c (out, '}');
    }
    g_string_append (out, "]}");
    return g_string_free_to_bytes (out);
}

static void
append_named (GString *out, const StatementImage *image, const char *name)
{
    g_autoptr (GBytes) manifest = oci_manifest (image);
    g_autofree char *full = path_normalize_image_name (name);
    Digest digest = digest_of_bytes (manifest);

    append_descriptor (out, TYPE_MANIFEST, &digest, g_bytes_get_size (manifest));
    g_string_append (out, ",\"annotations\":{\"io.containerd.image.name\":");
    strictjson_append (out, full);
    g_string_append (out, ",\"org.opencontainers.image.ref.name\":");
    strictjson_append (out, name);
    g_string_append (out, "}}");
}

static GString *
index_begin (void)
{
    return g_string_new ("{\"schemaVersion\":2,\"mediaType\":\"" TYPE_INDEX "\",\"manifests\":[");
}

static GBytes *
index_end (GString *out)
{
    g_string_append (out, "]}");
    return g_string_free_to_bytes (out);
}

GBytes *
oci_index (const StatementImage *image, const char *name)
{
    GString *out = index_begin ();

    append_named (out, image, name);
    return index_end (out);
}

GBytes *
oci_index_all (GPtrArray *images)
{
    GString *out = index_begin ();

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *image = g_ptr_array_index (images, i);

        if (i > 0)
            g_string_append_c (out, ',');
        append_named (out, image, image->name);
    }
    return index_end (out);
}

GBytes *
oci_docker_manifest (const StatementImage *image, const char *name)
{
    g_autofree char *config = digest_to_hex (&image->config);
    GString *out = g_string_new (NULL);

    g_string_append_printf (out, "[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":[", config);
    strictjson_append (out, name);
    g_string_append (out, "],\"Layers\":[");
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);
        g_autofree char *hex = digest_to_hex (&layer->diffid);

        g_string_append_printf (out, "%s\"blobs/sha256/%s\"", i > 0 ? "," : "", hex);
    }
    g_string_append (out, "]}]");
    return g_string_free_to_bytes (out);
}

GBytes *
oci_layout (void)
{
    static const char text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

    return g_bytes_new_static (text, sizeof text - 1);
}
