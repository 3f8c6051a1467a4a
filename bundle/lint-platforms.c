/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/lint-platforms.h"

#include "bundle/docker-manifest.h"
#include "bundle/oci-index.h"
#include "bundle/oci.h"
#include "bundle/source-image.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <string.h>
#include <sys/stat.h>

#define NESTING_MAX 4

/* Where an image lies, and the platforms that are found of it. */
typedef struct {
    int dirfd;      /* -1: in the tar */
    SourceTar *tar; /* NULL: in the directory */
    GPtrArray *platforms;
} Place;

static GBytes *
read_member (const Place *place, const char *path)
{
    return place->tar != NULL ? source_tar_read (place->tar, path, NULL)
                              : file_read_below (place->dirfd, path, LIMIT_JSON_BYTES, NULL);
}

static GBytes *
read_blob (const Place *place, const OciDescriptor *blob)
{
    g_autofree char *hex = digest_to_hex (&blob->digest);
    g_autofree char *path = g_strconcat ("blobs/sha256/", hex, NULL);

    return read_member (place, path);
}

static void
add_platform (Place *place, const char *platform)
{
    if (!g_ptr_array_find_with_equal_func (place->platforms, platform, g_str_equal, NULL))
        g_ptr_array_add (place->platforms, g_strdup (platform));
}

static void
add_config (Place *place, GBytes *config)
{
    g_autofree char *platform = NULL;
    g_autoptr (GArray) diffids = NULL;

    if (config != NULL && oci_config_parse (config, &platform, &diffids, NULL))
        add_platform (place, platform);
}

static void
add_manifest (Place *place, const OciDescriptor *descriptor)
{
    g_autoptr (GBytes) text = read_blob (place, descriptor);
    g_autoptr (GPtrArray) parts =
        text != NULL ? oci_manifest_parse (text, descriptor->type, NULL) : NULL;
    g_autoptr (GBytes) config = parts != NULL ? read_blob (place, parts->pdata[0]) : NULL;

    add_config (place, config);
}

static void
add_index (Place *place, GBytes *text, const char *type, const char *tag, guint depth)
{
    g_autoptr (GPtrArray) list = oci_index_parse (text, type, NULL);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        const OciDescriptor *found = list->pdata[i];
        g_autoptr (GBytes) below = NULL;

        if (tag != NULL && g_strcmp0 (found->name, tag) != 0 &&
            g_strcmp0 (found->full_name, tag) != 0)
            continue;
        if (found->platform != NULL) {
            add_platform (place, found->platform);
        } else if (found->kind == OCI_MANIFEST) {
            add_manifest (place, found);
        } else if (depth < NESTING_MAX) {
            below = read_blob (place, found);
            if (below != NULL)
                add_index (place, below, found->type, NULL, depth + 1);
        }
    }
}

static void
look_at_layout (Place *place, const char *tag)
{
    g_autoptr (GBytes) text = read_member (place, "index.json");

    if (text != NULL)
        add_index (place, text, NULL, tag, 0);
}

static void
look_at_docker_tar (Place *place, const char *wanted)
{
    g_autoptr (GBytes) text = read_member (place, "manifest.json");
    g_autoptr (GPtrArray) images = text != NULL ? docker_manifest_parse (text, NULL) : NULL;
    const DockerImage *image = images != NULL ? docker_manifest_find (images, wanted, NULL) : NULL;
    g_autoptr (GBytes) config = image != NULL ? read_member (place, image->config) : NULL;

    add_config (place, config);
}

/* NULL where it would have to be unpacked first. */
static SourceTar *
open_tar (const char *path)
{
    autofd int fd = file_open_given (path, NULL);
    SourcePacking packing;
    SourceRange range;
    struct stat st;

    if (fd < 0 || fstat (fd, &st) < 0)
        return NULL;
    range = (SourceRange){ fd, 0, (guint64)st.st_size };
    if (!source_range_packing (&range, path, &packing, NULL) || packing != PACKING_NONE)
        return NULL;
    return source_tar_open (file_steal_fd (&fd), path, NULL, NULL, NULL);
}

static void
look_at_source (GPtrArray *platforms, const char *from, const char *dir)
{
    const SourceOptions options = { .dir = dir };
    const char *where = strchr (from, ':') != NULL ? strchr (from, ':') + 1 : from, *rest;
    g_autofree char *path = source_split_path (where, &options, &rest);
    gboolean folder = g_str_has_prefix (from, "oci:");
    gboolean docker = g_str_has_prefix (from, "docker-archive:");
    g_autoptr (SourceTar) tar = NULL;
    autofd int dirfd = -1;
    Place place;

    if (!folder && !docker && !g_str_has_prefix (from, "oci-archive:"))
        return;
    dirfd = folder ? file_open_dir_given (path, NULL) : -1;
    tar = folder ? NULL : open_tar (path);
    place = (Place){ dirfd, tar, platforms };
    if (dirfd < 0 && tar == NULL)
        return;
    if (docker)
        look_at_docker_tar (&place, rest);
    else
        look_at_layout (&place, rest);
}

/* It may still be made; so this is no failure. */
static void
note_missing (Lint *lint, const LintPlace *place, const char *from, const char *dir)
{
    const SourceOptions options = { .dir = dir };
    const char *where = strchr (from, ':') != NULL ? strchr (from, ':') + 1 : from, *rest;
    g_autofree char *path = source_split_path (where, &options, &rest);
    g_autofree char *shown = error_quote (path);

    if ((g_str_has_prefix (from, "oci:") || g_str_has_prefix (from, "oci-archive:") ||
         g_str_has_prefix (from, "docker-archive:")) &&
        !g_file_test (path, G_FILE_TEST_EXISTS))
        lint_note (lint, place, "'%s' is not there, and 'bundle' needs it", shown);
}

static gboolean
one_fits (const GPtrArray *found, char **wanted)
{
    for (guint i = 0; i < found->len; i++)
        for (char **one = wanted; one != NULL && *one != NULL; one++)
            if (oci_platform_fits (found->pdata[i], *one))
                return TRUE;
    return found->len == 0;
}

void
lint_platforms (Lint *lint)
{
    g_autofree char *dir = g_path_get_dirname (lint->release->file);
    g_autofree char *declared =
        lint->release->platforms != NULL ? g_strjoinv (", ", lint->release->platforms) : NULL;

    for (guint i = 0; declared != NULL && i < lint->release->images->len; i++) {
        const ReleaseImage *image = lint->release->images->pdata[i];
        g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
        g_autofree char *list = NULL, *shown = NULL;
        const LintPlace place = lint_place (lint, "images", i, "from");

        note_missing (lint, &place, image->from, dir);
        look_at_source (found, image->from, dir);
        if (one_fits (found, lint->release->platforms))
            continue;
        g_ptr_array_add (found, NULL);
        list = g_strjoinv (", ", (char **)found->pdata);
        shown = error_quote (list);
        lint_add (lint, LINT_PLATFORM, &place, "the image '%s' is for %s, and the release for %s",
                  image->name, shown, declared);
    }
}
