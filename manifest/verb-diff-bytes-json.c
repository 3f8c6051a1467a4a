/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/json-out.h"
#include "manifest/verb-diff-bytes.h"
#include "manifest/verb-json.h"

static const char *const sides[] = { "a", "b" };

static void
add_side (JsonBuilder *builder, const BytesDiff *diff, guint side)
{
    const Cmp *found = &diff->found;

    json_out_object (builder, sides[side]);
    json_out_text (builder, "file", diff->path[side]);
    json_out_number (builder, "file-bytes", bundle_file_bytes (diff->bundle[side]));
    json_out_digest (builder, "release-digest", bundle_release_digest (diff->bundle[side]));
    json_out_flag (builder, "damaged", found->bytes.damaged[side]);
    json_out_number (builder, "votes-on-statement", found->votes[side][0]);
    json_out_number (builder, "votes-on-packing", found->votes[side][1]);
    json_out_number (builder, "votes-only-here", found->alone[side][0] + found->alone[side][1]);
    json_builder_end_object (builder);
}

static void
add_key (JsonBuilder *builder, gconstpointer item)
{
    const BytesKey *key = item;

    json_out_text (builder, "key", key->key);
    json_out_text (builder, "a", key->value[0]);
    json_out_text (builder, "b", key->value[1]);
}

static void
add_place (JsonBuilder *builder, const BytesDiff *diff, Region region)
{
    const CmpPlace *place = &diff->found.regions[region].place;

    json_out_number (builder, "byte", place->at);
    for (guint side = 0; side < 2; side++) {
        const char *member = place->member[side];
        g_autofree char *what = NULL;

        if (member == NULL)
            continue;
        what = bytes_describe_member (diff->bundle[side], region, member);
        json_out_object (builder, sides[side]);
        json_out_text (builder, "member", member);
        json_out_text (builder, "what", what);
        if (region <= REGION_META && place->inside[side] != LOCATE_HEADER)
            json_out_number (builder, "byte", place->inside[side]);
        json_builder_end_object (builder);
    }
}

static void
add_region (JsonBuilder *builder, const BytesDiff *diff, Region region)
{
    const CmpRegion *found = &diff->found.regions[region];

    json_builder_begin_object (builder);
    json_out_text (builder, "region", packing_region_name (region));
    json_out_number (builder, "frames-a", found->frames[0]);
    json_out_number (builder, "frames-b", found->frames[1]);
    json_out_number (builder, "differ", found->differ);
    json_out_flag (builder, "same-content", found->same_content);
    if (found->only_provenance)
        json_out_flag (builder, "only-provenance", TRUE);
    if (found->differ > 0)
        json_out_number (builder, "first-frame", found->first);
    if (!found->same_content)
        add_place (builder, diff, region);
    json_builder_end_object (builder);
}

static void
add_statement (JsonBuilder *builder, const BytesDiff *diff)
{
    json_out_flag (builder, "same-release", diff->same_statement);
    json_out_text (builder, "statement", diff->statement);
    json_out_text (builder, "no-statement", diff->why);
}

void
bytes_print_json (const BytesDiff *diff)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-diff-bytes-1");
    json_out_flag (builder, "verified", FALSE);
    json_out_flag (builder, "same", diff->found.bytes.same);
    json_out_text (builder, "verdict", diff->verdict);
    add_side (builder, diff, 0);
    add_side (builder, diff, 1);
    if (!diff->found.bytes.same)
        json_out_number (builder, "first-byte", diff->found.bytes.at);
    add_statement (builder, diff);
    json_out_list (builder, "packing", diff->packing, add_key);
    json_out_list (builder, "provenance", diff->provenance, add_key);
    json_builder_set_member_name (builder, "regions");
    json_builder_begin_array (builder);
    for (Region region = 0; region < N_REGIONS; region++)
        add_region (builder, diff, region);
    json_builder_end_array (builder);
    json_out_flag (builder, "same-votes", diff->found.same_votes);
    json_out_flag (builder, "same-roots", diff->found.same_roots);
    json_builder_end_object (builder);
    verb_json_print (builder);
}
