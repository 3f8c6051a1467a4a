/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/verb-diff-bytes.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 16
#define HEX_DIGITS 64

static const StatementImage *
find_config (const Statement *statement, const Digest *config)
{
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];

        if (digest_equal (&image->config, config))
            return image;
    }
    return NULL;
}

static char *
describe_layer (const Statement *statement, const Digest *diffid)
{
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++)
            if (digest_equal (&g_array_index (image->layers, StatementLayer, k).diffid, diffid))
                return message_printf ("layer %u of image '%s'", k + 1, image->name);
    }
    return NULL;
}

/* The reader of the content is not believed: names that say nothing are shown as they are. */
char *
bytes_describe_member (const Bundle *bundle, Region region, const char *member)
{
    static const struct {
        const char *folder, *what;
    } kinds[] = { { "images/", N_ ("config") },
                  { "packages/", "package list" },
                  { "sbom/", "SBOM" } };
    const Statement *statement = bundle_statement (bundle);
    const char *slash = strchr (member, '/');
    g_autofree char *hex = slash != NULL ? g_strndup (slash + 1, HEX_DIGITS) : NULL;
    const StatementImage *image;
    Digest digest;

    if (region == REGION_TREE || hex == NULL || !digest_parse_hex (hex, &digest, NULL))
        return error_quote (member);
    if (g_str_has_prefix (member, "layers/")) {
        g_autofree char *layer = describe_layer (statement, &digest);

        if (layer != NULL)
            return region == REGION_META ? message_printf ("the recipe of %s", layer)
                                         : g_steal_pointer (&layer);
    }
    image = find_config (statement, &digest);
    for (guint i = 0; image != NULL && i < G_N_ELEMENTS (kinds); i++)
        if (g_str_has_prefix (member, kinds[i].folder))
            return message_printf ("the %s of image '%s'", kinds[i].what, image->name);
    return error_quote (member);
}

static void
print_sides (const BytesDiff *diff)
{
    for (guint side = 0; side < 2; side++) {
        g_autofree char *path = error_quote (diff->path[side]);

        say ("%c               %s, %" G_GUINT64_FORMAT " bytes\n", side == 0 ? 'A' : 'B', path,
             bundle_file_bytes (diff->bundle[side]));
    }
}

static void
print_first_byte (const BytesDiff *diff)
{
    const CmpBytes *bytes = &diff->found.bytes;

    if (bytes->same)
        return;
    say ("%-*s%" G_GUINT64_FORMAT "%s\n", LABEL_COLUMNS, "first byte", bytes->at,
         bytes->ended ? ", where one ends" : "");
    for (guint side = 0; side < 2; side++) {
        g_autofree char *where = cmp_describe_byte (diff->bundle[side], bytes->at);
        g_autofree char *shown = where != NULL ? error_clean (where) : NULL;

        say ("%*s%c: %s%s\n", LABEL_COLUMNS, "", side == 0 ? 'A' : 'B',
             shown != NULL ? shown : "behind its frames",
             bytes->damaged[side] ? "; not what its index says" : "");
    }
}

static void
print_statement (const BytesDiff *diff)
{
    g_autofree char *digest = digest_to_text (bundle_release_digest (diff->bundle[0]));
    g_autofree char *other = digest_to_text (bundle_release_digest (diff->bundle[1]));

    if (diff->same_statement) {
        say ("release digest  the same\n  %s\n", digest);
        return;
    }
    say ("release digest  not the same\n  %s\n  %s\n", digest, other);
    if (diff->statement != NULL)
        say ("statement\n%s", diff->statement);
    else
        say ("%-*snot compared by lines: %s\n", LABEL_COLUMNS, "statement", diff->why);
}

static void
print_keys (const GPtrArray *keys)
{
    for (guint i = 0; i < keys->len; i++) {
        const BytesKey *key = keys->pdata[i];
        g_autofree char *a = error_quote (key->value[0]);
        g_autofree char *b = error_quote (key->value[1]);

        say ("  %-*s%s | %s\n", LABEL_COLUMNS - 2, key->key, a, b);
    }
}

static void
print_packing (const BytesDiff *diff)
{
    say ("%-*s%s\n", LABEL_COLUMNS, "packing list",
         diff->packing->len > 0 ? "differs"
         : diff->same_frames    ? "the same"
                                : "made in the same way");
    print_keys (diff->packing);
    if (diff->provenance->len > 0)
        say ("%-*sdiffers\n", LABEL_COLUMNS, "provenance");
    print_keys (diff->provenance);
}

static void
print_place (const BytesDiff *diff, Region region, const CmpPlace *place)
{
    say ("  its content differs%s at byte %" G_GUINT64_FORMAT "\n",
         diff->found.regions[region].only_provenance ? " in the provenance alone," : "", place->at);
    for (guint side = 0; side < 2; side++) {
        const char *member = place->member[side];
        g_autofree char *what =
            member != NULL ? bytes_describe_member (diff->bundle[side], region, member) : NULL;

        say ("    %c: ", side == 0 ? 'A' : 'B');
        if (what == NULL)
            say ("ends there\n");
        else if (region > REGION_META)
            say ("in what %s takes\n", what);
        else if (place->inside[side] == LOCATE_HEADER)
            say ("%s, around its bytes\n", what);
        else
            say ("%s, byte %" G_GUINT64_FORMAT "\n", what, place->inside[side]);
    }
}

static void
print_region (const BytesDiff *diff, Region region)
{
    const CmpRegion *found = &diff->found.regions[region];
    guint a = found->frames[0], b = found->frames[1];

    if (found->differ == 0)
        return;
    say ("%-*s", LABEL_COLUMNS, packing_region_name (region));
    if (a != b)
        say ("%u frames | %u frames; ", a, b);
    say ("frames that differ: %u of %u, first %u%s\n", found->differ, MAX (a, b), found->first,
         found->same_content ? "; the content is the same" : "");
    if (!found->same_content)
        print_place (diff, region, &found->place);
}

static void
print_votes (const Cmp *found)
{
    static const char *const on[] = { N_ ("statement"), "packing list" };

    say ("%-*s%s\n", LABEL_COLUMNS, "votes", found->same_votes ? "the same" : "differ");
    for (guint text = 0; !found->same_votes && text < 2; text++)
        say ("  on the %s: A has %u, B %u; only in A %u, only in B %u\n", on[text],
             found->votes[0][text], found->votes[1][text], found->alone[0][text],
             found->alone[1][text]);
    say ("%-*s%s\n", LABEL_COLUMNS, "trust roots", found->same_roots ? "the same" : "differ");
}

void
bytes_print_text (const BytesDiff *diff)
{
    say ("NOT VERIFIED: no signature was checked; 'handcarry verify' does that.\n\n");
    print_sides (diff);
    print_first_byte (diff);
    print_statement (diff);
    print_packing (diff);
    for (Region region = 0; region < N_REGIONS; region++)
        print_region (diff, region);
    print_votes (&diff->found);
    say ("\n%s\n", diff->verdict);
}
