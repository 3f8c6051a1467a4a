/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/docker-manifest.h"
#include "bundle/source-image.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

/* docker and podman name members by their digest: "HEX.json", "blobs/sha256/HEX". TRUE where this
 * name is one of these. */
static gboolean
digest_of_name (const char *member, const char *suffix, Digest *digest)
{
    g_autofree char *base = g_path_get_basename (member);
    gsize length = strlen (base), tail = strlen (suffix);

    if (length != DIGEST_HEX_LENGTH + tail || !g_str_has_suffix (base, suffix))
        return FALSE;
    base[length - tail] = '\0';
    return digest_parse_hex (base, digest, NULL);
}

static SourceBuilder *
read_config (SourceTar *tar, const char *member, const SourceOptions *options, GError **error)
{
    g_autoptr (GBytes) config = source_tar_read (tar, member, error);
    gboolean named;
    Digest digest;

    if (config == NULL)
        return NULL;
    named = digest_of_name (member, ".json", &digest) || digest_of_name (member, "", &digest);
    return source_builder_new (config, named ? &digest : NULL, options, error);
}

static gboolean
add_layers (SourceTar *tar, const DockerImage *image, SourceBuilder *builder, GError **error)
{
    guint count = g_strv_length (image->layers);

    if (count != source_builder_layers (builder))
        return fail (error, ERR_FORMAT, "manifest.json lists %u layers, the image config %u", count,
                     source_builder_layers (builder));
    for (guint i = 0; i < count; i++) {
        const char *member = image->layers[i];
        g_autofree char *shown = error_quote (member);
        gboolean named;
        Digest blob;
        SourceRange range;

        /* Only the content-addressed form promises that the name is the digest of these bytes. */
        named = g_str_has_prefix (member, "blobs/sha256/") && digest_of_name (member, "", &blob);
        if (!source_tar_find (tar, member, &range, error))
            return FALSE;
        if (!source_builder_add (builder, &range, named ? &blob : NULL, NULL, error))
            return fail_prefix (error, "'%s'", shown);
    }
    return TRUE;
}

SourceImage *
source_docker_tar_read (SourceTar *tar, const char *wanted, const SourceOptions *options,
                        GError **error)
{
    g_autoptr (GBytes) text = NULL;
    g_autoptr (GPtrArray) images = NULL;
    g_autoptr (SourceBuilder) builder = NULL;
    const DockerImage *image;

    if (!source_tar_has (tar, "manifest.json"))
        return fail_null (error, ERR_FORMAT, "it has no manifest.json, so docker did not save it%s",
                          source_tar_has (tar, "oci-layout") ? "; 'oci-archive:' reads it" : "");
    text = source_tar_read (tar, "manifest.json", error);
    if (text == NULL)
        return NULL;
    images = docker_manifest_parse (text, error);
    image = images == NULL ? NULL : docker_manifest_find (images, wanted, error);
    if (image == NULL)
        return NULL;
    builder = read_config (tar, image->config, options, error);
    if (builder == NULL || !add_layers (tar, image, builder, error))
        return NULL;
    source_builder_own (builder, source_tar_steal_fd (tar));
    return source_builder_finish (builder, error);
}

SourceImage *
source_docker_archive_open (const char *where, const SourceOptions *options, GError **error)
{
    const char *wanted;
    g_autofree char *path = source_split_path (where, options, &wanted);
    g_autoptr (SourceTar) tar = NULL;
    int fd = file_open_given (path, error);

    if (fd < 0)
        return NULL;
    tar = source_tar_open (fd, path, options->tmpdir, options->progress, error);
    if (tar == NULL)
        return NULL;
    return source_docker_tar_read (tar, wanted, options, error);
}
