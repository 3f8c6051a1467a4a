/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/state.h"

#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/yaml.h"

#include <string.h>

/* One key of a map in the file: where its text goes. Exactly one of the targets is set. */
typedef struct {
    const char *key;
    char **text;
    guint64 *number;
    Digest *digest;
    GPtrArray *list; /* of maps, read by item */
    gboolean (*item) (const YamlNode *node, const char *name, GPtrArray *list, GError **error);
    GArray *digests;
    gboolean seen; /* set in a table: the key may be missing */
} Key;

static gboolean
read_number (const YamlNode *node, const char *name, guint64 *number, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (!g_ascii_string_to_unsigned (node->text, 10, 0, G_MAXUINT64, number, &local))
        return yaml_fail (node, name, error, "not a number");
    return TRUE;
}

static gboolean
read_digest (const YamlNode *node, const char *name, Digest *digest, GError **error)
{
    if (node->kind != YAML_NODE_SCALAR || !digest_parse (node->text, digest, NULL))
        return yaml_fail (node, name, error, "expected sha256: and 64 digits");
    return TRUE;
}

static gboolean
read_list (const YamlNode *node, const char *name, Key *key, GError **error)
{
    if (node->kind != YAML_NODE_LIST)
        return yaml_fail (node, name, error, "'%s' must be a list", key->key);
    for (guint i = 0; i < node->values->len; i++) {
        const YamlNode *item = g_ptr_array_index (node->values, i);
        Digest digest;

        if (key->list != NULL && !key->item (item, name, key->list, error))
            return FALSE;
        if (key->digests != NULL && !read_digest (item, name, &digest, error))
            return FALSE;
        if (key->digests != NULL)
            g_array_append_val (key->digests, digest);
    }
    return TRUE;
}

static gboolean
read_key (const YamlNode *node, const char *name, Key *key, GError **error)
{
    key->seen = TRUE;
    if (key->list != NULL || key->digests != NULL)
        return read_list (node, name, key, error);
    if (node->kind != YAML_NODE_SCALAR)
        return yaml_fail (node, name, error, "'%s' must be a text", key->key);
    if (key->number != NULL)
        return read_number (node, name, key->number, error);
    if (key->digest != NULL)
        return read_digest (node, name, key->digest, error);
    *key->text = g_strdup (node->text);
    return TRUE;
}

/* keys ends with a key NULL; all of them must be there that may not be missing, and no other. */
static gboolean
read_map (const YamlNode *node, const char *name, Key *keys, GError **error)
{
    if (node->kind != YAML_NODE_MAP)
        return yaml_fail (node, name, error, "expected a map");
    for (guint i = 0; i < node->keys->len; i++) {
        const YamlNode *found = g_ptr_array_index (node->keys, i);
        Key *key = keys;

        while (key->key != NULL && strcmp (key->key, found->text) != 0)
            key++;
        if (key->key == NULL)
            return yaml_fail (found, name, error, "unknown key");
        if (!read_key (g_ptr_array_index (node->values, i), name, key, error))
            return FALSE;
    }
    for (const Key *key = keys; key->key != NULL; key++)
        if (!key->seen)
            return yaml_fail (node, name, error, "'%s' is missing", key->key);
    return TRUE;
}

static gboolean
read_image (const YamlNode *node, const char *name, GPtrArray *list, GError **error)
{
    StateImage *image = g_new0 (StateImage, 1);
    Key keys[] = {
        { "name", .text = &image->name },
        { "id", .digest = &image->id },
        { "config", .digest = &image->config },
        { "manifest", .digest = &image->manifest },
        { NULL },
    };

    g_ptr_array_add (list, image);
    if (!read_map (node, name, keys, error))
        return FALSE;
    return path_check_image_name (image->name, error) || fail_prefix (error, "%s", name);
}

static gboolean
read_file (const YamlNode *node, const char *name, GPtrArray *list, GError **error)
{
    StateFile *file = g_new0 (StateFile, 1);
    Key keys[] = { { "path", .text = &file->path },
                   { "digest", .digest = &file->digest },
                   { NULL } };

    g_ptr_array_add (list, file);
    return read_map (node, name, keys, error);
}

static gboolean
read_channel (const YamlNode *node, const char *name, GPtrArray *list, GError **error)
{
    StateChannel *channel = g_new0 (StateChannel, 1);
    Key keys[] = { { "channel", .text = &channel->channel },
                   { "epoch", .number = &channel->epoch, .seen = TRUE },
                   { "highest", .number = &channel->highest },
                   { "digest", .digest = &channel->digest },
                   { NULL } };

    g_ptr_array_add (list, channel);
    return read_map (node, name, keys, error);
}

State *
state_parse (GBytes *text, const char *name, GError **error)
{
    g_autoptr (YamlNode) node = yaml_parse (text, name, error);
    g_autoptr (State) state = state_new (NULL);
    guint64 version = 0;
    Key keys[] = {
        { "handcarry-state", .number = &version },
        { "generation", .number = &state->generation },
        { "product", .text = &state->product },
        { "channel", .text = &state->channel },
        { "version", .text = &state->version },
        { "release", .number = &state->release },
        { "digest", .digest = &state->digest },
        { "engine-id", .text = &state->engine_id },
        { "engine-store", .text = &state->engine_store },
        { "engine-root", .text = &state->engine_root },
        { "images", .list = state->images, .item = read_image },
        { "configs", .list = state->configs, .item = read_file },
        { "files", .list = state->files, .item = read_file },
        { "channels", .list = state->channels, .item = read_channel },
        { "manifests", .digests = state->manifests },
        { NULL },
    };

    if (node == NULL || !read_map (node, name, keys, error))
        return NULL;
    if (version != 1)
        return fail_null (error, ERR_FORMAT,
                          "'%s' has version %" G_GUINT64_FORMAT
                          ", this handcarry knows version 1; use a newer one",
                          name, version);
    return g_steal_pointer (&state);
}

static void
write_text (YamlWriter *writer, const char *key, const char *text)
{
    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text != NULL ? text : "");
}

static void
write_images (YamlWriter *writer, GPtrArray *images)
{
    yaml_writer_key (writer, "images");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < images->len; i++) {
        const StateImage *image = g_ptr_array_index (images, i);

        yaml_writer_begin_map (writer);
        write_text (writer, "name", image->name);
        yaml_writer_digest_pair (writer, "id", &image->id);
        yaml_writer_digest_pair (writer, "config", &image->config);
        yaml_writer_digest_pair (writer, "manifest", &image->manifest);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
}

static void
write_files (YamlWriter *writer, const char *key, GPtrArray *files)
{
    yaml_writer_key (writer, key);
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < files->len; i++) {
        const StateFile *file = g_ptr_array_index (files, i);

        yaml_writer_begin_map (writer);
        write_text (writer, "path", file->path);
        yaml_writer_digest_pair (writer, "digest", &file->digest);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
}

static void
write_channels (YamlWriter *writer, GPtrArray *channels)
{
    yaml_writer_key (writer, "channels");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < channels->len; i++) {
        const StateChannel *channel = g_ptr_array_index (channels, i);

        yaml_writer_begin_map (writer);
        write_text (writer, "channel", channel->channel);
        if (channel->epoch != 0)
            yaml_writer_number_pair (writer, "epoch", channel->epoch);
        yaml_writer_number_pair (writer, "highest", channel->highest);
        yaml_writer_digest_pair (writer, "digest", &channel->digest);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
}

static void
write_manifests (YamlWriter *writer, GArray *manifests)
{
    yaml_writer_key (writer, "manifests");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < manifests->len; i++) {
        g_autofree char *text = digest_to_text (&g_array_index (manifests, Digest, i));

        yaml_writer_text (writer, text);
    }
    yaml_writer_end_list (writer);
}

GBytes *
state_to_text (const State *state)
{
    YamlWriter *writer = yaml_writer_new (STATE_TYPE_LINE);

    yaml_writer_number_pair (writer, "generation", state->generation);
    write_text (writer, "product", state->product);
    write_text (writer, "channel", state->channel);
    write_text (writer, "version", state->version);
    yaml_writer_number_pair (writer, "release", state->release);
    yaml_writer_digest_pair (writer, "digest", &state->digest);
    write_text (writer, "engine-id", state->engine_id);
    write_text (writer, "engine-store", state->engine_store);
    write_text (writer, "engine-root", state->engine_root);
    write_images (writer, state->images);
    write_files (writer, "configs", state->configs);
    write_files (writer, "files", state->files);
    write_channels (writer, state->channels);
    write_manifests (writer, state->manifests);
    return yaml_writer_finish (writer);
}
