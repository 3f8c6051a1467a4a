/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base-state.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* For tests and measurements: reads nothing in place. */
#define FORCE_VARIABLE "HANDCARRY_BASE"

#define SNAPSHOTS "io.containerd.snapshotter.v1.overlayfs/snapshots"
/* Of a containerd of its own; Docker's lies below Docker's data root. */
#define CONTAINERD_ROOT "/var/lib/containerd"

#define READ_BYTES (256 * 1024)
/* Files of one layer that are named when they differ. */
#define NAMED_FILES 10

/* Has the image the layers of the base up to this one? */
static gboolean
has_layer (const EngineImage *image, const BaseLayer *layer)
{
    return digests_common (image->layers, layer->base->layers) > layer->layer;
}

/* The data root may be named through symlinks; the engine names the directories without. */
static void
open_root (Bases *bases)
{
    const char *root = engine_info (bases->run->engine)->data_root;
    g_autofree char *link = NULL;
    char real[PATH_MAX];
    ssize_t n;

    if (bases->root_fd >= 0 || *root != '/')
        return;
    bases->root_fd = openat (AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bases->root_fd < 0)
        return;
    link = g_strdup_printf ("/proc/self/fd/%d", bases->root_fd);
    n = readlinkat (AT_FDCWD, link, real, sizeof real);
    bases->root = g_strndup (n > 0 ? real : root, n > 0 ? (gsize)n : strlen (root));
}

/* A directory that the engine names, as a path below its data root. NULL for one that is not below
 * it, or behind a symlink, or not seen: it is not believed. */
static char *
named_directory (const Bases *bases, const char *path)
{
    const char *const roots[] = { bases->root, engine_info (bases->run->engine)->data_root };

    for (gsize i = 0; bases->root_fd >= 0 && i < G_N_ELEMENTS (roots); i++) {
        gsize length = strlen (roots[i]);
        autofd int fd = -1;

        if (strncmp (path, roots[i], length) != 0 || path[length] != '/')
            continue;
        fd = file_open_below (bases->root_fd, path + length + 1, O_RDONLY | O_DIRECTORY, NULL);
        return fd >= 0 ? g_strdup (path + length + 1) : NULL;
    }
    return NULL;
}

static gboolean
has_size (const BaseLayer *layer, const BaseFile *file, GError **error)
{
    autofd int fd = base_open_file (layer, file, error);

    return fd >= 0;
}

/* Are all needed files of the layer there with their sizes? */
static gboolean
fits_by_size (const BaseLayer *layer)
{
    for (guint i = 0; i < layer->files->len; i++)
        if (!has_size (layer, g_ptr_array_index (layer->files, i), NULL))
            return FALSE;
    return TRUE;
}

static gboolean
has_checksum (const BaseLayer *layer, const BaseFile *file, guint8 *buffer)
{
    autofd int fd = base_open_file (layer, file, NULL);
    uLong sum = crc32 (0, NULL, 0);
    ssize_t n = 0;

    while (fd >= 0 && (n = read (fd, buffer, READ_BYTES)) > 0)
        sum = crc32 (sum, buffer, (uInt)n);
    return fd >= 0 && n == 0 && sum == file->checksum;
}

static gboolean
fits_by_checksum (const BaseLayer *layer)
{
    g_autofree guint8 *buffer = g_malloc (READ_BYTES);

    for (guint i = 0; i < layer->files->len; i++)
        if (!has_checksum (layer, g_ptr_array_index (layer->files, i), buffer))
            return FALSE;
    return TRUE;
}

static void
note_differences (Bases *bases, const BaseLayer *layer)
{
    guint n = 0;

    for (guint i = 0; i < layer->files->len; i++) {
        const BaseFile *file = g_ptr_array_index (layer->files, i);
        g_autoptr (GError) local = NULL;

        if (!has_size (layer, file, &local) && ++n <= NAMED_FILES)
            base_lack_file (bases, layer, file, local->message);
    }
    if (n > NAMED_FILES)
        g_ptr_array_add (bases->lacking,
                         message_printf ("  and %u more files of that layer", n - NAMED_FILES));
}

/* overlay2 and Podman: the engine says where a layer lies. */
static void
find_named (Bases *bases, BaseLayer *layer)
{
    for (guint i = 0; i < bases->images->len && layer->directory == NULL; i++) {
        const EngineImage *image = g_ptr_array_index (bases->images, i);

        if (image->directories->len > 0 && has_layer (image, layer))
            layer->directory =
                named_directory (bases, g_ptr_array_index (image->directories, layer->layer));
    }
    layer->root_fd = bases->root_fd;
    if (layer->directory != NULL)
        note_differences (bases, layer);
}

/* Puts a snapshot's directory below root_fd into the layer, where its files fit. */
static gboolean
try_snapshot (BaseLayer *layer, int root_fd, const char *directory)
{
    g_free (layer->directory);
    layer->directory = g_strdup (directory);
    layer->root_fd = root_fd;
    return fits_by_size (layer);
}

typedef struct {
    int root_fd;
    char *directory;
} Snapshot;

static void
clear_snapshot (gpointer data)
{
    g_free (((Snapshot *)data)->directory);
}

static void
list_snapshots (int root_fd, const char *folder, GArray *snapshots)
{
    autofd int fd = file_open_below (root_fd, folder, O_RDONLY | O_DIRECTORY, NULL);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, folder, NULL) : NULL;

    for (guint i = 0; names != NULL && i < names->len; i++) {
        char *directory = g_build_filename (folder, g_ptr_array_index (names, i), "fs", NULL);
        Snapshot snapshot = { root_fd, directory };

        g_array_append_val (snapshots, snapshot);
    }
}

/* Every directory that containerd may keep a layer in. */
static GArray *
all_snapshots (Bases *bases)
{
    GArray *snapshots = g_array_new (FALSE, FALSE, sizeof (Snapshot));

    g_array_set_clear_func (snapshots, clear_snapshot);
    if (bases->containerd_fd < 0)
        bases->containerd_fd = openat (AT_FDCWD, CONTAINERD_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bases->root_fd >= 0)
        list_snapshots (bases->root_fd, "containerd/daemon/" SNAPSHOTS, snapshots);
    if (bases->containerd_fd >= 0)
        list_snapshots (bases->containerd_fd, SNAPSHOTS, snapshots);
    return snapshots;
}

/* The containerd store: nothing says where a layer lies, so its files must tell. Sizes decide where
 * they fit one snapshot only; checksums where they fit several. */
static void
find_snapshot (BaseLayer *layer, const GArray *snapshots)
{
    g_autoptr (GArray) fitting = g_array_new (FALSE, FALSE, sizeof (guint));

    for (guint i = 0; i < snapshots->len; i++) {
        const Snapshot *snapshot = &g_array_index (snapshots, Snapshot, i);

        if (try_snapshot (layer, snapshot->root_fd, snapshot->directory))
            g_array_append_val (fitting, i);
    }
    for (guint k = 0; k < fitting->len; k++) {
        const Snapshot *snapshot =
            &g_array_index (snapshots, Snapshot, g_array_index (fitting, guint, k));

        if (try_snapshot (layer, snapshot->root_fd, snapshot->directory) &&
            (fitting->len == 1 || fits_by_checksum (layer)))
            return;
    }
    g_clear_pointer (&layer->directory, g_free);
}

/* Does an image have the layer? Where it lies is another question. */
static BaseWay
look_for (const Bases *bases, const BaseLayer *layer)
{
    BaseWay way = BASE_NOWHERE;

    for (guint i = 0; i < bases->images->len; i++) {
        const EngineImage *image = g_ptr_array_index (bases->images, i);

        if (!has_layer (image, layer))
            continue;
        if (!image->foreseen)
            return BASE_EXPORT;
        way = BASE_FORESEEN;
    }
    return way;
}

static void
find_layer (Bases *bases, BaseLayer *layer, GArray *snapshots)
{
    layer->way = look_for (bases, layer);
    if (layer->way == BASE_NOWHERE)
        base_lack_layer (bases, layer);
    if (layer->way != BASE_EXPORT)
        return;
    if (g_strcmp0 (g_getenv (FORCE_VARIABLE), "export") == 0)
        return;
    if (snapshots != NULL)
        find_snapshot (layer, snapshots);
    else
        find_named (bases, layer);
    if (layer->directory != NULL)
        layer->way = BASE_IN_PLACE;
}

void
bases_find (Bases *bases, GPtrArray *images)
{
    g_autoptr (GArray) snapshots = NULL;

    g_clear_pointer (&bases->images, g_ptr_array_unref);
    bases->images = g_ptr_array_ref (images);
    open_root (bases);
    if (engine_info (bases->run->engine)->store == STORE_CONTAINERD)
        snapshots = all_snapshots (bases);
    for (guint i = 0; i < bases->layers->len; i++) {
        BaseLayer *layer = g_ptr_array_index (bases->layers, i);

        if (layer->way == BASE_NOWHERE)
            find_layer (bases, layer, snapshots);
    }
    bundle_use_bases (bases->run->bundle, &bases->reader);
}
