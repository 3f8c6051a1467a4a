/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/packing.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/limits.h"
#include "manifest/message.h"

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
packing_from_free (PackingFrom *from)
{
    g_free (from->version);
    g_free (from);
}

PackingBase *
packing_base_new (const char *name)
{
    PackingBase *base = g_new0 (PackingBase, 1);

    base->name = g_strdup (name);
    base->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    return base;
}

void
packing_base_free (PackingBase *base)
{
    g_free (base->name);
    g_array_unref (base->layers);
    g_free (base);
}

void
packing_init (Packing *packing)
{
    packing->from = g_ptr_array_new_with_free_func ((GDestroyNotify)packing_from_free);
    packing->bases = g_ptr_array_new_with_free_func ((GDestroyNotify)packing_base_free);
    packing->left_out = g_array_new (FALSE, FALSE, sizeof (Digest));
}

void
packing_clear (Packing *packing)
{
    g_clear_pointer (&packing->tool, g_free);
    g_clear_pointer (&packing->zstd, g_free);
    g_clear_pointer (&packing->from, g_ptr_array_unref);
    g_clear_pointer (&packing->hosts, g_strfreev);
    g_clear_pointer (&packing->bases, g_ptr_array_unref);
    g_clear_pointer (&packing->left_out, g_array_unref);
}

void
packing_free (Packing *packing)
{
    if (packing == NULL)
        return;
    packing_clear (packing);
    g_free (packing);
}

gboolean
packing_is_delta (const Packing *packing)
{
    return packing->bases->len > 0 || packing->tree_left_out.files > 0;
}

gboolean
packing_is_from (const Packing *packing, const Digest *release)
{
    for (guint i = 0; i < packing->from->len; i++)
        if (digest_equal (&((PackingFrom *)packing->from->pdata[i])->digest, release))
            return TRUE;
    return FALSE;
}

char *
packing_made_from (const Packing *packing)
{
    g_autoptr (GString) text = g_string_new (NULL);

    for (guint i = 0; i < packing->from->len; i++) {
        const PackingFrom *from = g_ptr_array_index (packing->from, i);

        message_append (text, "%s%s (release %" G_GUINT64_FORMAT ")", i > 0 ? ", " : "",
                        from->version, from->release);
    }
    for (guint i = 0; packing->hosts != NULL && packing->hosts[i] != NULL; i++)
        message_append (text, "%shost '%s'", text->len > 0 ? ", " : "", packing->hosts[i]);
    return g_string_free (g_steal_pointer (&text), FALSE);
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

static void
read_from (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "version", field_text, G_STRUCT_OFFSET (PackingFrom, version), FIELD_REQUIRED },
        { "release", field_number, G_STRUCT_OFFSET (PackingFrom, release), FIELD_REQUIRED },
        { "digest", field_digest, G_STRUCT_OFFSET (PackingFrom, digest), FIELD_REQUIRED },
        { NULL },
    };
    PackingFrom *from = g_new0 (PackingFrom, 1);

    field_read_map (reader, node, fields, from);
    g_ptr_array_add (target, from);
}

static void
read_froms (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_BASES, read_from, *(GPtrArray **)target);
}

static void
read_digest (FieldReader *reader, const YamlNode *node, gpointer target)
{
    Digest digest = { 0 };

    field_digest (reader, node, &digest);
    g_array_append_val ((GArray *)target, digest);
}

static void
read_base_layers (FieldReader *reader, const YamlNode *node, gpointer target)
{
    GArray *layers = *(GArray **)target;

    field_read_list (reader, node, LIMIT_LAYERS, read_digest, layers);
    if (layers->len == 0)
        field_problem (reader, node, "a base has at least one layer");
}

static void
read_base (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "name", field_text, G_STRUCT_OFFSET (PackingBase, name), FIELD_REQUIRED },
        { "layers", read_base_layers, G_STRUCT_OFFSET (PackingBase, layers), FIELD_REQUIRED },
        { NULL },
    };
    PackingBase *base = packing_base_new (NULL);

    field_read_map (reader, node, fields, base);
    g_ptr_array_add (target, base);
}

static void
read_bases (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_IMAGES, read_base, *(GPtrArray **)target);
}

static void
read_left_out (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_IMAGES * LIMIT_LAYERS, read_digest, *(GArray **)target);
}

static void
read_tree_left_out (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "files", field_number, G_STRUCT_OFFSET (PackingTree, files), FIELD_REQUIRED },
        { "bytes", field_number, G_STRUCT_OFFSET (PackingTree, bytes), FIELD_REQUIRED },
        { NULL },
    };
    PackingTree *tree = target;
    guint before = reader->problems->len;

    field_read_map (reader, node, fields, tree);
    if (reader->problems->len > before)
        return;
    if (tree->files == 0 || tree->files > LIMIT_TREE_FILES)
        field_problem (reader, node, "a tree leaves out 1 to %d files", LIMIT_TREE_FILES);
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
    { "from", read_froms, G_STRUCT_OFFSET (Packing, from), 0 },
    { "hosts", field_texts, G_STRUCT_OFFSET (Packing, hosts), 0 },
    { "bases", read_bases, G_STRUCT_OFFSET (Packing, bases), 0 },
    { "left-out", read_left_out, G_STRUCT_OFFSET (Packing, left_out), 0 },
    { "tree-left-out", read_tree_left_out, G_STRUCT_OFFSET (Packing, tree_left_out), 0 },
    { NULL },
};

/* The keys of a delta come together: layers need a base, files of the tree a release. Each layer is
 * left out once. */
static void
check_delta (FieldReader *reader, const YamlNode *map, const Packing *packing)
{
    enum { N_KEYS_OF_BOTH = 2 };
    static const char *const keys[] = { "from", "hosts", "bases", "left-out" };
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);

    gboolean tree = field_find (map, "tree-left-out") != NULL;

    for (guint i = 0; packing->bases->len == 0 && i < G_N_ELEMENTS (keys); i++)
        if (field_find (map, keys[i]) != NULL && !(tree && i < N_KEYS_OF_BOTH))
            field_problem (reader, map, "a delta without bases");
    if (tree && packing->from->len == 0)
        field_problem (reader, map, "files of the tree are left out, and no release has them");
    for (guint i = 0; i < packing->left_out->len; i++)
        if (!g_hash_table_add (seen, &g_array_index (packing->left_out, Digest, i)))
            field_problem (reader, map, "a layer is left out twice");
}

Packing *
packing_parse (GBytes *text, GError **error)
{
    g_autoptr (Packing) packing = g_new0 (Packing, 1);
    g_autoptr (YamlNode) map = NULL;
    g_auto (FieldReader) reader = { 0 };

    packing_init (packing);
    field_reader_init (&reader, NAME, TRUE);
    if (!field_check_type_line (text, PACKING_TYPE_LINE, NAME, error))
        return NULL;
    map = yaml_parse (text, NAME, error);
    if (map == NULL)
        return NULL;
    field_read_map (&reader, map, packing_fields, packing);
    check_delta (&reader, map, packing);
    if (!field_reader_finish (&reader, NULL, error))
        return NULL;
    return g_steal_pointer (&packing);
}

static void
write_digests (YamlWriter *writer, const char *key, const GArray *digests)
{
    yaml_writer_key (writer, key);
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < digests->len; i++) {
        g_autofree char *text = digest_to_text (&g_array_index (digests, Digest, i));

        yaml_writer_text (writer, text);
    }
    yaml_writer_end_list (writer);
}

static void
write_from (YamlWriter *writer, const PackingFrom *from)
{
    yaml_writer_begin_map (writer);
    yaml_writer_pair (writer, "version", from->version);
    yaml_writer_number_pair (writer, "release", from->release);
    yaml_writer_digest_pair (writer, "digest", &from->digest);
    yaml_writer_end_map (writer);
}

static void
write_bases (YamlWriter *writer, const Packing *packing)
{
    yaml_writer_key (writer, "bases");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < packing->bases->len; i++) {
        const PackingBase *base = packing->bases->pdata[i];

        yaml_writer_begin_map (writer);
        yaml_writer_pair (writer, "name", base->name);
        write_digests (writer, "layers", base->layers);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
    write_digests (writer, "left-out", packing->left_out);
}

static void
write_delta (YamlWriter *writer, const Packing *packing)
{
    yaml_writer_key (writer, "from");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < packing->from->len; i++)
        write_from (writer, packing->from->pdata[i]);
    yaml_writer_end_list (writer);
    if (packing->hosts != NULL) {
        yaml_writer_key (writer, "hosts");
        yaml_writer_begin_list (writer);
        for (char **host = packing->hosts; *host != NULL; host++)
            yaml_writer_text (writer, *host);
        yaml_writer_end_list (writer);
    }
    if (packing->bases->len > 0)
        write_bases (writer, packing);
    if (packing->tree_left_out.files == 0)
        return;
    yaml_writer_key (writer, "tree-left-out");
    yaml_writer_begin_map (writer);
    yaml_writer_number_pair (writer, "files", packing->tree_left_out.files);
    yaml_writer_number_pair (writer, "bytes", packing->tree_left_out.bytes);
    yaml_writer_end_map (writer);
}

GBytes *
packing_write (const Packing *packing)
{
    YamlWriter *writer = yaml_writer_new (PACKING_TYPE_LINE);

    yaml_writer_digest_pair (writer, "statement", &packing->statement);
    yaml_writer_pair (writer, "tool", packing->tool);
    yaml_writer_pair (writer, "zstd", packing->zstd);
    yaml_writer_number_pair (writer, "level", packing->level);
    yaml_writer_number_pair (writer, "spool", packing->spool);
    yaml_writer_digest_pair (writer, "index", &packing->index);
    yaml_writer_key (writer, "regions");
    yaml_writer_begin_map (writer);
    for (guint i = 0; i < N_REGIONS; i++) {
        yaml_writer_key (writer, region_names[i]);
        yaml_writer_begin_map (writer);
        yaml_writer_number_pair (writer, "frames", packing->regions[i].frames);
        yaml_writer_number_pair (writer, "bytes", packing->regions[i].bytes);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_map (writer);
    if (packing_is_delta (packing))
        write_delta (writer, packing);
    return yaml_writer_finish (writer);
}
