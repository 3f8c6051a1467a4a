/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/verb-bundle.h"
#include "manifest/size.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

#define FAT32_MAX 4294967295ull

static void
add_release (JsonBuilder *builder, const Bundle *base)
{
    json_builder_begin_object (builder);
    json_out_number (builder, "release", bundle_statement (base)->release->release);
    json_out_digest (builder, "release_digest", bundle_release_digest (base));
    json_builder_end_object (builder);
}

static void
add_host (JsonBuilder *builder, const Have *have)
{
    json_builder_begin_object (builder);
    json_out_text (builder, "host", have->host);
    json_builder_end_object (builder);
}

void
verb_bundle_json (const char *file, const PackOptions *options, const PackResult *result)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-bundle-1");
    json_out_flag (builder, "changed", TRUE);
    json_out_text (builder, "file", file);
    json_out_number (builder, "parts", result->parts);
    json_out_number (builder, "bytes", result->bytes);
    json_out_text (builder, "release_digest", result->release_digest);
    json_out_lines (builder, "warnings", options->warnings);
    json_out_number (builder, "uncompressed_bytes", result->uncompressed);
    json_out_number (builder, "repeated_bytes", result->repeated);
    json_out_number (builder, "patched_bytes", result->patched);
    json_out_number (builder, "from_bases_bytes", result->from_bases);
    json_out_number (builder, "left_out_bytes", result->left_out);
    json_out_number (builder, "tree_left_out_bytes", result->tree_left_out);
    verb_bundle_images_json (builder, result);
    json_builder_set_member_name (builder, "applies_to");
    json_builder_begin_array (builder);
    for (guint i = 0; i < options->bases->len && options->haves->len == 0 && result->delta; i++)
        add_release (builder, base_bundle_get (options->bases->pdata[i]));
    for (guint i = 0; i < options->haves->len && result->delta; i++)
        add_host (builder, options->haves->pdata[i]);
    json_builder_end_array (builder);
    json_builder_end_object (builder);
    verb_json_print (builder);
}

/* What hosts have of it. */
static void
print_left_out (const VerbOutput *output, const PackResult *result)
{
    g_autofree char *from = size_to_text (result->from_bases);
    g_autofree char *left_out = size_to_text (result->left_out);
    g_autofree char *tree = size_to_text (result->tree_left_out);

    if (result->from_bases > 0)
        verb_print (output, "          %s of it in files that hosts have\n", from);
    if (result->left_out > 0)
        verb_print (output, "left out  %s of layers that hosts have\n", left_out);
    if (result->tree_left_out > 0)
        verb_print (output, "%s%s of tree files that hosts have\n",
                    result->left_out > 0 ? "          " : "left out  ", tree);
}

/* Which hosts can take it. */
static void
print_hosts (const VerbOutput *output, const PackOptions *options, const PackResult *result)
{
    if (!result->delta) {
        verb_print (output, "applies   to every host: it is a full bundle%s\n",
                    options->bases->len + options->haves->len > 0
                        ? " (the hosts have nothing in common with it)"
                        : "");
        return;
    }
    for (guint i = 0; options->haves->len == 0 && i < options->bases->len; i++) {
        const Release *base =
            bundle_statement (base_bundle_get (options->bases->pdata[i]))->release;

        verb_print (output, "%sto hosts at %s %s (release number %" G_GUINT64_FORMAT ")\n",
                    i == 0 ? "applies   " : "          ", base->product, base->version,
                    base->release);
    }
    for (guint i = 0; i < options->haves->len; i++)
        verb_print (output, "%sto host %s\n", i == 0 ? "applies   " : "          ",
                    ((Have *)options->haves->pdata[i])->host);
}

void
verb_bundle_text (const VerbOutput *output, const Release *release, const char *file,
                  const PackOptions *options, const PackResult *result)
{
    g_autofree char *bytes = size_to_text (result->bytes);
    g_autofree char *whole = size_to_text (result->uncompressed);
    g_autofree char *repeated = size_to_text (result->repeated);
    g_autofree char *patched = size_to_text (result->patched);

    verb_print (output, "bundle    %s%s\n", file, result->parts > 1 ? ".001 …" : "");
    verb_print (output, "release   %s %s, release number %" G_GUINT64_FORMAT "\n", release->product,
                release->version, release->release);
    verb_print (output, "digest    %s\n", result->release_digest);
    if (release->images->len == 0) {
        verb_print (output, "size      %s, no images\n", bytes);
    } else {
        verb_print (output, "size      %s from %s of layers\n", bytes, whole);
        if (result->repeated > 0)
            verb_print (output, "          %s of it repeated\n", repeated);
        if (result->patched > 0)
            verb_print (output, "          %s of it as patches\n", patched);
    }
    print_left_out (output, result);
    verb_bundle_images_text (output, result);
    print_hosts (output, options, result);
    if (result->parts > 1)
        verb_print (output, "parts     %" G_GUINT64_FORMAT "; 'cat' joins them\n", result->parts);
    else
        verb_print (output, "FAT32     %s\n",
                    result->bytes <= FAT32_MAX ? "fits" : "does not fit: use --split 4000M");
    verb_print (output, "checksum  %s.sha256\n", file);
    for (guint i = 0; i < options->warnings->len; i++)
        verb_print (output, "warning   %s\n", (const char *)options->warnings->pdata[i]);
    if (options->keys->len == 0)
        verb_print (output, "signed    NO: handcarry sign %s --key release.key\n", file);
}
