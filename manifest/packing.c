/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/packing.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/limits.h"

#include <string.h>

#define NAME "packing list"

static const char *const region_names[N_REGIONS] = { "tree",       "meta",  "literals", "control",
                                                     "difference", "extra", "data" };

const char *
packing_region_name (Region region)
{
    return region_names[region];
}

void
packing_free (Packing *packing)
{
    if (packing == NULL)
        return;
    g_free (packing->tool);
    g_free (packing->zstd);
    g_free (packing);
}

static void
read_region (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "frames", field_number, G_STRUCT_OFFSET (PackingRegion, frames), FIELD_REQUIRED },
        { "bytes", field_number, G_STRUCT_OFFSET (PackingRegion, bytes), FIELD_REQUIRED },
        { NULL },
    };
    PackingRegion *region = target;
    guint before = reader->problems->len;

    field_read_map (reader, node, fields, region);
    if (reader->problems->len > before)
        return;
    if (region->frames > LIMIT_FRAMES)
        field_problem (reader, node, "a bundle has at most %d frames", LIMIT_FRAMES);
    else if (region->frames == 0 && region->bytes > 0)
        field_problem (reader, node, "a region with bytes and without frames");
    else if (region->bytes > region->frames * LIMIT_FRAME_CONTENT)
        field_problem (reader, node, "more bytes than the frames of the region can hold");
}

static void
read_level (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint64 level = 0;

    field_number (reader, node, &level);
    if (level < 1 || level > 22)
        field_problem (reader, node, "a compression level is 1 to 22");
    *(guint64 *)target = level;
}

static void
read_spool (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_number (reader, node, target);
    if (*(guint64 *)target > LIMIT_SPOOL_BYTES)
        field_problem (reader, node,
                       "at most %" G_GUINT64_FORMAT " bytes may wait while rebuilding",
                       (guint64)LIMIT_SPOOL_BYTES);
}

#define REGION(n) G_STRUCT_OFFSET (Packing, regions) + (n) * sizeof (PackingRegion)

static void
read_regions (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "tree", read_region, REGION (REGION_TREE), FIELD_REQUIRED },
        { "meta", read_region, REGION (REGION_META), FIELD_REQUIRED },
        { "literals", read_region, REGION (REGION_LITERALS), FIELD_REQUIRED },
        { "control", read_region, REGION (REGION_CONTROL), FIELD_REQUIRED },
        { "difference", read_region, REGION (REGION_DIFFERENCE), FIELD_REQUIRED },
        { "extra", read_region, REGION (REGION_EXTRA), FIELD_REQUIRED },
        { "data", read_region, REGION (REGION_DATA), FIELD_REQUIRED },
        { NULL },
    };
    const Packing *packing = target;
    guint64 frames = 0;

    field_read_map (reader, node, fields, target);
    for (guint i = 0; i < N_REGIONS; i++)
        frames += MIN (packing->regions[i].frames, LIMIT_FRAMES + 1);
    if (frames > LIMIT_FRAMES)
        field_problem (reader, node, "a bundle has at most %d frames", LIMIT_FRAMES);
}

static const Field packing_fields[] = {
    { "handcarry-packing", field_ignore, 0, FIELD_REQUIRED },
    { "statement", field_digest, G_STRUCT_OFFSET (Packing, statement), FIELD_REQUIRED },
    { "tool", field_text, G_STRUCT_OFFSET (Packing, tool), FIELD_REQUIRED },
    { "zstd", field_text, G_STRUCT_OFFSET (Packing, zstd), FIELD_REQUIRED },
    { "level", read_level, G_STRUCT_OFFSET (Packing, level), FIELD_REQUIRED },
    { "spool", read_spool, G_STRUCT_OFFSET (Packing, spool), FIELD_REQUIRED },
    { "index", field_digest, G_STRUCT_OFFSET (Packing, index), FIELD_REQUIRED },
    { "regions", read_regions, 0, FIELD_REQUIRED },
    { NULL },
};

Packing *
packing_parse (GBytes *text, GError **error)
{
    g_autoptr (Packing) packing = g_new0 (Packing, 1);
    g_autoptr (YamlNode) map = NULL;
    g_auto (FieldReader) reader = { 0 };

    field_reader_init (&reader, NAME, TRUE);
    if (!field_check_type_line (text, PACKING_TYPE_LINE, NAME, error))
        return NULL;
    map = yaml_parse (text, NAME, error);
    if (map == NULL)
        return NULL;
    field_read_map (&reader, map, packing_fields, packing);
    if (!field_reader_finish (&reader, NULL, error))
        return NULL;
    return g_steal_pointer (&packing);
}

static void
write_digest (YamlWriter *writer, const char *key, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text);
}

static void
write_text (YamlWriter *writer, const char *key, const char *text)
{
    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text);
}

static void
write_number (YamlWriter *writer, const char *key, guint64 number)
{
    yaml_writer_key (writer, key);
    yaml_writer_number (writer, number);
}

GBytes *
packing_write (const Packing *packing)
{
    YamlWriter *writer = yaml_writer_new (PACKING_TYPE_LINE);

    write_digest (writer, "statement", &packing->statement);
    write_text (writer, "tool", packing->tool);
    write_text (writer, "zstd", packing->zstd);
    write_number (writer, "level", packing->level);
    write_number (writer, "spool", packing->spool);
    write_digest (writer, "index", &packing->index);
    yaml_writer_key (writer, "regions");
    yaml_writer_begin_map (writer);
    for (guint i = 0; i < N_REGIONS; i++) {
        yaml_writer_key (writer, region_names[i]);
        yaml_writer_begin_map (writer);
        write_number (writer, "frames", packing->regions[i].frames);
        write_number (writer, "bytes", packing->regions[i].bytes);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_map (writer);
    return yaml_writer_finish (writer);
}
