/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-bundle.h"
#include "manifest/json-out.h"
#include "manifest/size.h"

/* What `bundle` says of where the images came from. */

static void
add_image (JsonBuilder *builder, gconstpointer item)
{
    const LockedImage *image = item;

    json_out_text (builder, "name", image->name);
    json_out_text (builder, "from", image->from);
    json_out_text (builder, "platform", image->platform);
    if (image->has_index)
        json_out_digest (builder, "index", &image->index);
    if (image->has_manifest)
        json_out_digest (builder, "manifest", &image->manifest);
    json_out_digest (builder, "config", &image->config);
}

static void
add_moved (JsonBuilder *builder, gconstpointer item)
{
    const PackMoved *moved = item;

    json_out_text (builder, "name", moved->name);
    json_out_digest (builder, "before", &moved->before);
    json_out_digest (builder, "after", &moved->after);
}

void
verb_bundle_images_json (JsonBuilder *builder, const PackResult *result)
{
    json_out_list (builder, "images", result->lock->images, add_image);
    json_out_list (builder, "moved", result->moved, add_moved);
    json_out_text (builder, "lock_written", result->lock_file);
    json_out_number (builder, "pulled_blobs", result->pull.pulled_blobs);
    json_out_number (builder, "pulled_bytes", result->pull.pulled_bytes);
    json_out_number (builder, "cached_blobs", result->pull.cached_blobs);
    json_out_number (builder, "cached_bytes", result->pull.cached_bytes);
}

static void
print_moved (const VerbOutput *output, const PackMoved *moved)
{
    g_autofree char *before = digest_to_text (&moved->before);
    g_autofree char *after = digest_to_text (&moved->after);

    verb_print (output, "moved     %s\n          %s\n       to %s\n", moved->name, before, after);
}

void
verb_bundle_images_text (const VerbOutput *output, const PackResult *result)
{
    const PullCount *pull = &result->pull;
    g_autofree char *pulled = size_to_text (pull->pulled_bytes);
    g_autofree char *cached = size_to_text (pull->cached_bytes);

    if (pull->pulled_blobs + pull->cached_blobs > 0)
        verb_print (output,
                    "pulled    %s in %" G_GUINT64_FORMAT " blobs, %s in %" G_GUINT64_FORMAT
                    " were in the cache\n",
                    pulled, pull->pulled_blobs, cached, pull->cached_blobs);
    for (guint i = 0; i < result->moved->len; i++)
        print_moved (output, result->moved->pdata[i]);
    if (result->lock_file != NULL)
        verb_print (output, "lock      %s was written: keep it with the sources\n",
                    result->lock_file);
}
