/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-lock.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define REGISTRY "docker://"

static void
image_free (gpointer data)
{
    LockedImage *image = data;

    g_free (image->name);
    g_free (image->from);
    g_free (image->platform);
    g_free (image);
}

ReleaseLock *
release_lock_new (void)
{
    ReleaseLock *lock = g_new0 (ReleaseLock, 1);

    lock->images = g_ptr_array_new_with_free_func (image_free);
    return lock;
}

LockedImage *
release_lock_add (ReleaseLock *lock)
{
    LockedImage *image = g_new0 (LockedImage, 1);

    g_ptr_array_add (lock->images, image);
    return image;
}

void
release_lock_free (ReleaseLock *lock)
{
    if (lock == NULL)
        return;
    g_ptr_array_unref (lock->images);
    g_free (lock);
}

static void
read_name (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, path_check_image_name))
        *(char **)target = g_strdup (text);
}

/* What a registry gave has a manifest; of other sources only the config says what they were. */
static void
check_image (FieldReader *reader, const YamlNode *node, const LockedImage *image)
{
    gboolean registry = image->from != NULL && g_str_has_prefix (image->from, REGISTRY);

    if (image->from == NULL)
        return;
    if (registry && !image->has_manifest)
        field_problem (reader, node, "an image from a registry lacks 'manifest'");
    if (!registry && (image->has_manifest || image->has_index))
        field_problem (reader, node, "'%s' belongs to images from registries only",
                       image->has_index ? "index" : "manifest");
}

static void
read_image (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "name", read_name, G_STRUCT_OFFSET (LockedImage, name), FIELD_REQUIRED },
        { "from", field_text, G_STRUCT_OFFSET (LockedImage, from), FIELD_REQUIRED },
        { "platform", field_text, G_STRUCT_OFFSET (LockedImage, platform), FIELD_REQUIRED },
        { "index", field_digest, G_STRUCT_OFFSET (LockedImage, index) },
        { "manifest", field_digest, G_STRUCT_OFFSET (LockedImage, manifest) },
        { "config", field_digest, G_STRUCT_OFFSET (LockedImage, config), FIELD_REQUIRED },
        { NULL },
    };
    ReleaseLock *lock = target;
    LockedImage *image = release_lock_add (lock);

    field_read_map (reader, node, fields, image);
    if (node->kind != YAML_NODE_MAP)
        return;
    image->has_index = field_find (node, "index") != NULL;
    image->has_manifest = field_find (node, "manifest") != NULL;
    check_image (reader, node, image);
    if (image->name != NULL && image->platform != NULL &&
        release_lock_find (lock, image->name, image->platform) != image)
        field_problem (reader, node, "the image appears twice for this platform");
}

static void
read_images (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_IMAGES, read_image, target);
}

ReleaseLock *
release_lock_parse (GBytes *text, const char *name, GError **error)
{
    static const Field fields[] = {
        { "handcarry-lock", field_ignore, 0, FIELD_REQUIRED },
        { "images", read_images, 0, FIELD_REQUIRED },
        { NULL },
    };
    g_autoptr (ReleaseLock) lock = release_lock_new ();
    g_autoptr (YamlNode) map = NULL;
    g_auto (FieldReader) reader = { 0 };

    field_reader_init (&reader, name, TRUE);
    if (!field_check_type_line (text, RELEASE_LOCK_TYPE_LINE, name, error))
        return NULL;
    map = yaml_parse (text, name, error);
    if (map == NULL)
        return NULL;
    field_read_map (&reader, map, fields, lock);
    if (!field_reader_finish (&reader, NULL, error))
        return NULL;
    return g_steal_pointer (&lock);
}

static void
write_image (YamlWriter *writer, const LockedImage *image)
{
    yaml_writer_begin_map (writer);
    yaml_writer_pair (writer, "name", image->name);
    yaml_writer_pair (writer, "from", image->from);
    yaml_writer_pair (writer, "platform", image->platform);
    if (image->has_index)
        yaml_writer_digest_pair (writer, "index", &image->index);
    if (image->has_manifest)
        yaml_writer_digest_pair (writer, "manifest", &image->manifest);
    yaml_writer_digest_pair (writer, "config", &image->config);
    yaml_writer_end_map (writer);
}

GBytes *
release_lock_write (const ReleaseLock *lock)
{
    YamlWriter *writer = yaml_writer_new (RELEASE_LOCK_TYPE_LINE);

    yaml_writer_key (writer, "images");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < lock->images->len; i++)
        write_image (writer, lock->images->pdata[i]);
    yaml_writer_end_list (writer);
    return yaml_writer_finish (writer);
}

Digest
release_lock_digest (const ReleaseLock *lock)
{
    g_autoptr (GBytes) text = release_lock_write (lock);

    return digest_of_bytes (text);
}

const LockedImage *
release_lock_find (const ReleaseLock *lock, const char *name, const char *platform)
{
    for (guint i = 0; i < lock->images->len; i++) {
        const LockedImage *image = lock->images->pdata[i];

        if (g_strcmp0 (image->name, name) == 0 && g_strcmp0 (image->platform, platform) == 0)
            return image;
    }
    return NULL;
}

char *
release_lock_file_name (const char *release_file)
{
    g_autofree char *name = g_path_get_basename (release_file);

    if (g_str_has_suffix (name, ".yaml") || g_str_has_suffix (name, ".yml"))
        *strrchr (name, '.') = '\0';
    return g_strconcat (name, ".lock.yaml", NULL);
}

gboolean
release_lock_read (int dirfd, const char *release_file, ReleaseLock **lock, GBytes **text,
                   GError **error)
{
    g_autofree char *name = release_lock_file_name (release_file);
    g_autoptr (GBytes) bytes = NULL;
    struct stat st;

    *lock = NULL;
    if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return TRUE;
    bytes = file_read_below (dirfd, name, LIMIT_YAML_BYTES, error);
    if (bytes == NULL)
        return FALSE;
    *lock = release_lock_parse (bytes, name, error);
    if (*lock != NULL && text != NULL)
        *text = g_steal_pointer (&bytes);
    return *lock != NULL;
}
