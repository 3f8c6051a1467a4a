/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/statement.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

#define NAME "statement"

StatementImage *
statement_image_new (void)
{
    StatementImage *image = g_new0 (StatementImage, 1);

    image->layers = g_array_new (FALSE, FALSE, sizeof (StatementLayer));
    return image;
}

void
statement_image_free (StatementImage *image)
{
    if (image == NULL)
        return;
    g_free (image->name);
    g_free (image->platform);
    g_array_unref (image->layers);
    g_free (image);
}

GArray *
statement_image_diffids (const StatementImage *image)
{
    GArray *diffids = g_array_new (FALSE, FALSE, sizeof (Digest));

    for (guint i = 0; i < image->layers->len; i++)
        g_array_append_val (diffids, g_array_index (image->layers, StatementLayer, i).diffid);
    return diffids;
}

void
statement_free (Statement *statement)
{
    if (statement == NULL)
        return;
    release_free (statement->release);
    g_clear_pointer (&statement->images, g_ptr_array_unref);
    g_free (statement);
}

static void
read_layer (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "diffid", field_digest, G_STRUCT_OFFSET (StatementLayer, diffid), FIELD_REQUIRED },
        { "bytes", field_number, G_STRUCT_OFFSET (StatementLayer, bytes), FIELD_REQUIRED },
        { NULL },
    };
    StatementLayer layer = { 0 };

    field_read_map (reader, node, fields, &layer);
    if (layer.bytes % 512 != 0)
        field_problem (reader, node, "%" G_GUINT64_FORMAT " bytes are no length of a tar",
                       layer.bytes);
    g_array_append_val ((GArray *)target, layer);
}

static void
read_layers (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_LAYERS, read_layer, *(GArray **)target);
}

static void
read_name (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, path_check_image_name))
        *(char **)target = g_strdup (text);
}

static void
read_config_bytes (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint64 bytes = 0;

    field_number (reader, node, &bytes);
    if (bytes == 0 || bytes > LIMIT_JSON_BYTES)
        field_problem (reader, node, "an image config has 1 to %d bytes", LIMIT_JSON_BYTES);
    *(guint64 *)target = bytes;
}

static void
read_image (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "name", read_name, G_STRUCT_OFFSET (StatementImage, name), FIELD_REQUIRED },
        { "platform", field_text, G_STRUCT_OFFSET (StatementImage, platform), FIELD_REQUIRED },
        { "config", field_digest, G_STRUCT_OFFSET (StatementImage, config), FIELD_REQUIRED },
        { "config-bytes", read_config_bytes, G_STRUCT_OFFSET (StatementImage, config_bytes),
          FIELD_REQUIRED },
        { "manifest", field_digest, G_STRUCT_OFFSET (StatementImage, manifest), FIELD_REQUIRED },
        { "layers", read_layers, G_STRUCT_OFFSET (StatementImage, layers), FIELD_REQUIRED },
        { "ansible", field_flag, G_STRUCT_OFFSET (StatementImage, ansible) },
        { NULL },
    };
    StatementImage *image = statement_image_new ();

    field_read_map (reader, node, fields, image);
    g_ptr_array_add (target, image);
}

static void
read_commit (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    g_autoptr (GError) error = NULL;

    if (text != NULL && !digest_parse_hex (text, target, &error))
        field_problem (reader, node, "%s", error->message);
}

static void
read_tree_files (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint64 files = 0;

    field_number (reader, node, &files);
    if (files > LIMIT_TREE_FILES)
        field_problem (reader, node, "the tree has more than %d files", LIMIT_TREE_FILES);
    *(guint64 *)target = files;
}

static void
read_tree (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "commit", read_commit, G_STRUCT_OFFSET (Statement, tree_commit), FIELD_REQUIRED },
        { "files", read_tree_files, G_STRUCT_OFFSET (Statement, tree_files), FIELD_REQUIRED },
        { "bytes", field_number, G_STRUCT_OFFSET (Statement, tree_bytes), FIELD_REQUIRED },
        { NULL },
    };

    field_read_map (reader, node, fields, target);
}

/* A layer may come several times, also in one image; its length is then the same. */
static void
check_layers (FieldReader *reader, const YamlNode *node, const StatementImage *image,
              GHashTable *seen)
{
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);
        const StatementLayer *before = g_hash_table_lookup (seen, &layer->diffid);

        if (before != NULL && before->bytes != layer->bytes)
            field_problem (reader, node, "a layer has two different lengths");
        g_hash_table_insert (seen, (gpointer)&layer->diffid, (gpointer)layer);
    }
}

static void
check_images (FieldReader *reader, const YamlNode *list, const Statement *statement)
{
    g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (GHashTable) layers = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];
        const YamlNode *node = list->values->pdata[i];

        if (image->name != NULL &&
            !g_hash_table_add (names, path_normalize_image_name (image->name)))
            field_problem (reader, node, "the image '%s' appears twice", image->name);
        if (image->platform != NULL &&
            !g_strv_contains ((const char *const *)statement->release->platforms, image->platform))
            field_problem (reader, node, "the image is for a platform that the release is not for");
        check_layers (reader, node, image, layers);
    }
}

/* What runs as root is never a guess: one image, and the release says that there is one. */
static void
check_ansible (FieldReader *reader, const YamlNode *list, const Statement *statement)
{
    guint found = 0;

    for (guint i = 0; i < statement->images->len; i++)
        found += ((const StatementImage *)statement->images->pdata[i])->ansible ? 1 : 0;
    if (found != (release_carries_ansible (statement->release) ? 1 : 0))
        field_problem (reader, list,
                       "%u images carry Ansible, and 'ansible-core: bundled' stands for one",
                       found);
}

const StatementImage *
statement_find_ansible (const Statement *statement)
{
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];

        if (image->ansible)
            return image;
    }
    return NULL;
}

static void
read_own_keys (FieldReader *reader, const YamlNode *map, Statement *statement)
{
    const YamlNode *images = field_find (map, "images");
    const YamlNode *tree = field_find (map, "tree");

    if (tree != NULL)
        read_tree (reader, tree, statement);
    if (images == NULL)
        return;
    field_read_list (reader, images, LIMIT_IMAGES, read_image, statement->images);
    if (images->kind == YAML_NODE_LIST && statement->images->len == images->values->len)
        check_images (reader, images, statement);
    check_ansible (reader, images, statement);
}

/* The names once more where a reader of the release looks for them. */
static void
name_images (Statement *statement)
{
    for (guint i = 0; i < statement->images->len; i++) {
        ReleaseImage *image = g_new0 (ReleaseImage, 1);

        image->name = g_strdup (((StatementImage *)statement->images->pdata[i])->name);
        image->ansible = ((StatementImage *)statement->images->pdata[i])->ansible;
        g_ptr_array_add (statement->release->images, image);
    }
}

Statement *
statement_parse (GBytes *text, GError **error)
{
    g_autoptr (Statement) statement = g_new0 (Statement, 1);
    g_autoptr (YamlNode) map = NULL;
    g_auto (FieldReader) reader = { 0 };

    field_reader_init (&reader, NAME, TRUE);
    if (!field_check_type_line (text, STATEMENT_TYPE_LINE, NAME, error))
        return NULL;
    map = yaml_parse (text, NAME, error);
    if (map == NULL)
        return NULL;
    statement->images = g_ptr_array_new_with_free_func ((GDestroyNotify)statement_image_free);
    statement->release = release_parse_sealed (map, NAME, error);
    if (statement->release == NULL)
        return NULL;
    read_own_keys (&reader, map, statement);
    if (!field_reader_finish (&reader, NULL, error))
        return NULL;
    name_images (statement);
    return g_steal_pointer (&statement);
}

static void
write_layers (YamlWriter *writer, const GArray *layers)
{
    yaml_writer_key (writer, "layers");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < layers->len; i++) {
        const StatementLayer *layer = &g_array_index (layers, StatementLayer, i);

        yaml_writer_begin_map (writer);
        yaml_writer_digest_pair (writer, "diffid", &layer->diffid);
        yaml_writer_number_pair (writer, "bytes", layer->bytes);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
}

static void
write_image (YamlWriter *writer, const StatementImage *image)
{
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "name");
    yaml_writer_text (writer, image->name);
    yaml_writer_key (writer, "platform");
    yaml_writer_text (writer, image->platform);
    yaml_writer_digest_pair (writer, "config", &image->config);
    yaml_writer_number_pair (writer, "config-bytes", image->config_bytes);
    yaml_writer_digest_pair (writer, "manifest", &image->manifest);
    write_layers (writer, image->layers);
    if (image->ansible) {
        yaml_writer_key (writer, "ansible");
        yaml_writer_word (writer, "true");
    }
    yaml_writer_end_map (writer);
}

static void
write_tree (YamlWriter *writer, const Statement *statement)
{
    g_autofree char *commit = digest_to_hex (&statement->tree_commit);

    yaml_writer_key (writer, "tree");
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "commit");
    yaml_writer_text (writer, commit);
    yaml_writer_number_pair (writer, "files", statement->tree_files);
    yaml_writer_number_pair (writer, "bytes", statement->tree_bytes);
    yaml_writer_end_map (writer);
}

GBytes *
statement_write (const Statement *statement)
{
    YamlWriter *writer = yaml_writer_new (STATEMENT_TYPE_LINE);

    release_write (statement->release, writer);
    yaml_writer_key (writer, "images");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < statement->images->len; i++)
        write_image (writer, statement->images->pdata[i]);
    yaml_writer_end_list (writer);
    write_tree (writer, statement);
    return yaml_writer_finish (writer);
}
