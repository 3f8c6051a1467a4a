/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff-text.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

#include <sys/stat.h>

static void
begin (JsonBuilder *builder, const char *name)
{
    json_out_object (builder, name);
}

/* The length is left out where it is not known of all of them. */
static void
add_count (JsonBuilder *builder, const char *name, const DiffCount *count)
{
    begin (builder, name);
    json_out_number (builder, "layers", count->n);
    if (count->sized == count->n)
        json_out_number (builder, "bytes", count->bytes);
    json_builder_end_object (builder);
}

static void
add_layers (JsonBuilder *builder, const DiffLayers *layers)
{
    begin (builder, "layers");
    add_count (builder, "same", &layers->same);
    add_count (builder, "moved", &layers->moved);
    add_count (builder, "new", &layers->fresh);
    add_count (builder, "gone", &layers->gone);
    json_builder_end_object (builder);
}

static void
add_from (JsonBuilder *builder, gconstpointer item)
{
    const PackingFrom *from = item;

    json_out_text (builder, "version", from->version);
    json_out_number (builder, "release", from->release);
    json_out_digest (builder, "digest", &from->digest);
}

static void
add_side (JsonBuilder *builder, const Diff *diff, guint number)
{
    const DiffSide *side = &diff->sides[number];
    DiffCount carried, left_out;

    begin (builder, number == 0 ? "a" : "b");
    json_out_text (builder, "file", side->path);
    json_out_text (builder, "kind", side->have != NULL ? "have" : "bundle");
    if (side->have != NULL) {
        json_out_text (builder, "host", side->have->host);
        json_out_text (builder, "platform", side->have->platform);
        json_out_number (builder, "other-images", diff->others[number]);
    } else {
        const Packing *packing = bundle_packing (side->bundle);

        compare_count_carried (side->bundle, &carried, &left_out);
        json_out_flag (builder, "delta", packing_is_delta (packing));
        json_out_list (builder, "from", packing->from, add_from);
        json_out_texts (builder, "hosts", packing->hosts);
        json_out_number (builder, "file-bytes", bundle_file_bytes (side->bundle));
        add_count (builder, "carried", &carried);
        add_count (builder, "left-out", &left_out);
    }
    json_builder_end_object (builder);
}

static void
add_product (JsonBuilder *builder, const char *name, const DiffProduct *product)
{
    json_builder_set_member_name (builder, name);
    if (product == NULL) {
        json_builder_add_null_value (builder);
        return;
    }
    json_builder_begin_object (builder);
    json_out_text (builder, "product", product->product);
    json_out_text (builder, "channel", product->channel);
    json_out_text (builder, "version", product->version);
    json_out_number (builder, "release", product->release);
    json_out_digest (builder, "digest", product->digest);
    if (product->tree != NULL) {
        g_autofree char *commit = digest_to_hex (product->tree);

        json_out_text (builder, "tree", commit);
    }
    if (product->has_tree_size) {
        json_out_number (builder, "tree-files", product->tree_files);
        json_out_number (builder, "tree-bytes", product->tree_bytes);
    }
    json_builder_end_object (builder);
}

static void
add_release (JsonBuilder *builder, gconstpointer item)
{
    const DiffProduct *const *row = item;

    add_product (builder, "a", row[0]);
    add_product (builder, "b", row[1]);
    if (row[0] == NULL || row[1] == NULL)
        return;
    json_out_flag (builder, "same-release", digest_equal (row[0]->digest, row[1]->digest));
    if (row[0]->tree != NULL && row[1]->tree != NULL)
        json_out_flag (builder, "same-tree", digest_equal (row[0]->tree, row[1]->tree));
}

static void
add_image (JsonBuilder *builder, const char *name, const DiffImage *image)
{
    begin (builder, name);
    json_out_text (builder, "name", image->name);
    if (image->image != NULL)
        json_out_digest (builder, "config", &image->image->config);
    else if (image->held->has_config)
        json_out_digest (builder, "config", &image->held->config);
    json_builder_end_object (builder);
}

static void
add_package (JsonBuilder *builder, gconstpointer item)
{
    const DiffPackage *package = item;

    json_out_text (builder, "kind", package->kind);
    json_out_text (builder, "name", package->name);
    json_out_text (builder, "architecture", package_known (package->arch));
    json_out_text (builder, "change", package_change_name (package->change));
    json_out_text (builder, "from", package->from);
    json_out_text (builder, "to", package->to);
}

static void
add_packages (JsonBuilder *builder, const DiffPair *pair)
{
    begin (builder, "packages");
    json_out_flag (builder, "known", pair->packages != NULL);
    if (pair->packages == NULL) {
        json_out_text (builder, "why", "a have file does not list them");
    } else {
        json_out_flag (builder, "complete", (pair->unread[0] | pair->unread[1]) == 0);
        if (pair->a != NULL)
            json_out_number (builder, "a", pair->n_packages[0]);
        if (pair->b != NULL)
            json_out_number (builder, "b", pair->n_packages[1]);
        json_out_list (builder, "differ", pair->packages, add_package);
    }
    json_builder_end_object (builder);
}

static void
add_attributes (JsonBuilder *builder, const char *name, const ImageFile *file)
{
    g_autofree char *mode = NULL;

    if (file == NULL)
        return;
    mode = g_strdup_printf ("%06o", file->mode);
    begin (builder, name);
    json_out_text (builder, "mode", mode);
    json_out_number (builder, "uid", file->uid);
    json_out_number (builder, "gid", file->gid);
    if (S_ISREG (file->mode))
        json_out_number (builder, "bytes", file->size);
    if (S_ISREG (file->mode))
        json_out_digest (builder, "content", &file->content);
    json_builder_end_object (builder);
}

/* JSON has no byte strings. */
static void
add_file (JsonBuilder *builder, gconstpointer item)
{
    const DiffFile *file = item;
    g_autofree char *path = g_utf8_make_valid (file->path, -1);

    json_out_text (builder, "path", path);
    add_attributes (builder, "a", file->a);
    add_attributes (builder, "b", file->b);
}

static void
add_files (JsonBuilder *builder, const DiffPair *pair)
{
    if (pair->files == NULL && pair->no_files == NULL)
        return;
    begin (builder, "files");
    json_out_flag (builder, "known", pair->files != NULL);
    json_out_text (builder, "why", pair->no_files);
    if (pair->files != NULL)
        json_out_list (builder, "differ", pair->files, add_file);
    json_builder_end_object (builder);
}

static void
add_pair (JsonBuilder *builder, gconstpointer item)
{
    static const char *const states[] = { "same", "same-layers", "changed", "added", "removed" };
    const DiffPair *pair = item;

    json_out_text (builder, "state", states[pair->state]);
    if (pair->a != NULL)
        add_image (builder, "a", pair->a);
    if (pair->b != NULL)
        add_image (builder, "b", pair->b);
    add_layers (builder, &pair->layers);
    add_packages (builder, pair);
    add_files (builder, pair);
}

void
diff_print_json (const Diff *diff)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-diff-1");
    json_out_flag (builder, "verified", FALSE);
    add_side (builder, diff, 0);
    add_side (builder, diff, 1);
    json_out_list (builder, "releases", diff->releases, add_release);
    if (diff->tree != NULL)
        json_out_list (builder, "tree", diff->tree, add_file);
    if (diff->no_tree != NULL)
        json_out_text (builder, "no-tree", diff->no_tree);
    add_layers (builder, &diff->layers);
    json_out_list (builder, "images", diff->images, add_pair);
    json_builder_end_object (builder);
    verb_json_print (builder);
}
