/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/image-files.h"

#include "bundle/layer-archive.h"
#include "bundle/whiteout.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define READ_CHUNK (128 * 1024)

typedef struct {
    char *path; /* absolute, in shortest form; of a whiteout: what it is about */
    Whiteout whiteout;
    gboolean folder;
    char *link; /* of a hard link: the name it shares; else NULL */
    ImageFile file;
} Entry;

struct LayerFiles {
    GPtrArray *entries; /* Entry, in tar order */
};

static void
entry_free (gpointer data)
{
    Entry *entry = data;

    g_free (entry->path);
    g_free (entry->link);
    g_free (entry);
}

void
layer_files_free (LayerFiles *layer)
{
    if (layer == NULL)
        return;
    g_ptr_array_unref (layer->entries);
    g_free (layer);
}

gboolean
image_file_equal (const ImageFile *a, const ImageFile *b)
{
    return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->size == b->size &&
           digest_equal (&a->content, &b->content);
}

/* A layer goes through a pipe: rebuilding pushes bytes, libarchive pulls them. */
typedef struct {
    Rebuild *rebuild;
    const Digest *diffid;
    Progress *progress;
    int write_fd;
    GError *error;
} Feed;

static gboolean
feed_piece (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Feed *feed = data;

    progress_add (feed->progress, length);
    return file_write_all (feed->write_fd, "pipe", bytes, length, error);
}

static gpointer
run_feed (gpointer data)
{
    Feed *feed = data;
    gboolean ok = rebuild_layer (feed->rebuild, feed->diffid, feed_piece, feed, &feed->error);

    file_clear_fd (&feed->write_fd);
    return GINT_TO_POINTER (ok);
}

static gboolean
hash_content (struct archive *a, ImageFile *file)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *chunk = g_malloc (READ_CHUNK);
    la_ssize_t n;

    while ((n = archive_read_data (a, chunk, READ_CHUNK)) > 0)
        digest_stream_add (stream, chunk, (gsize)n);
    digest_stream_finish (stream, &file->content);
    return n == 0;
}

static gboolean
read_file (struct archive *a, struct archive_entry *entry, ImageFile *file)
{
    file->mode = archive_entry_mode (entry);
    file->uid = (guint64)archive_entry_uid (entry);
    file->gid = (guint64)archive_entry_gid (entry);
    if (S_ISLNK (file->mode)) {
        const char *target = archive_entry_symlink (entry);

        file->content = digest_of (target, target != NULL ? strlen (target) : 0);
    } else if (S_ISCHR (file->mode) || S_ISBLK (file->mode)) {
        guint64 numbers[] = { (guint64)archive_entry_rdevmajor (entry),
                              (guint64)archive_entry_rdevminor (entry) };

        file->content = digest_of (numbers, sizeof numbers);
    } else if (S_ISREG (file->mode)) {
        file->size = (guint64)archive_entry_size (entry);
        return hash_content (a, file);
    }
    return TRUE;
}

static gboolean
take_entry (LayerFiles *layer, struct archive *a, struct archive_entry *from)
{
    const char *name = archive_entry_pathname (from);
    const char *link = archive_entry_hardlink (from);
    g_autofree char *path = name != NULL ? g_canonicalize_filename (name, "/") : NULL;
    g_autofree char *target = NULL;
    Entry *entry;

    if (path == NULL)
        return FALSE;
    entry = g_new0 (Entry, 1);
    g_ptr_array_add (layer->entries, entry);
    entry->whiteout = whiteout_read (path, &target);
    entry->path = target != NULL ? g_steal_pointer (&target) : g_steal_pointer (&path);
    if (entry->whiteout != WHITEOUT_NONE)
        return TRUE;
    entry->folder = archive_entry_filetype (from) == AE_IFDIR;
    if (link != NULL)
        entry->link = g_canonicalize_filename (link, "/");
    return entry->folder || link != NULL || read_file (a, from, &entry->file);
}

static gboolean
read_entries (LayerFiles *layer, struct archive *a, GError **error)
{
    struct archive_entry *entry;
    int result;

    do {
        result = archive_read_next_header (a, &entry);
        if ((result == ARCHIVE_OK || result == ARCHIVE_WARN) && !take_entry (layer, a, entry))
            result = ARCHIVE_FATAL;
    } while (result == ARCHIVE_OK || result == ARCHIVE_WARN);
    return result == ARCHIVE_EOF ||
           fail (error, ERR_FAILED, "it cannot be read as a tar: %s",
                 archive_error_string (a) != NULL ? archive_error_string (a) : "a name is missing");
}

static LayerFiles *
layer_files_new (void)
{
    LayerFiles *layer = g_new0 (LayerFiles, 1);

    layer->entries = g_ptr_array_new_with_free_func (entry_free);
    return layer;
}

LayerFiles *
layer_files_read (const LayerTar *tar, GError **error)
{
    g_autoptr (LayerFiles) layer = layer_files_new ();
    g_autoptr (LayerArchive) archive = layer_archive_new (tar);
    g_autoptr (GError) problem = NULL;
    gboolean ok = read_entries (layer, layer_archive_get (archive), &problem);
    g_autofree char *text = digest_to_text (&tar->diffid);

    if (!layer_archive_check (archive, error))
        return NULL;
    if (ok)
        return g_steal_pointer (&layer);
    g_propagate_error (error, g_steal_pointer (&problem));
    return (void)fail_prefix (error, "layer %s", text), NULL;
}

/* The other end must never write to a pipe that nobody reads. */
static void
drain (int fd)
{
    g_autofree guint8 *chunk = g_malloc (READ_CHUNK);
    gssize n;

    do
        n = read (fd, chunk, READ_CHUNK);
    while (n > 0 || (n < 0 && errno == EINTR));
}

LayerFiles *
layer_files_rebuild (Rebuild *rebuild, const Digest *diffid, Progress *progress, GError **error)
{
    g_autoptr (LayerFiles) layer = layer_files_new ();
    g_autofree char *text = digest_to_text (diffid);
    Feed feed = { .rebuild = rebuild, .diffid = diffid, .progress = progress };
    autofd int read_fd = -1;
    struct archive *a;
    GThread *thread;
    gboolean ok;
    int fds[2];

    if (pipe2 (fds, O_CLOEXEC) < 0)
        return (void)fail_errno (error, ERR_FAILED, errno, "cannot make a pipe"), NULL;
    read_fd = fds[0];
    feed.write_fd = fds[1];
    thread = g_thread_new ("rebuild", run_feed, &feed);
    a = archive_read_new ();
    archive_read_support_filter_none (a);
    archive_read_support_format_tar (a);
    archive_read_support_format_empty (a);
    archive_read_open_fd (a, read_fd, READ_CHUNK);
    ok = read_entries (layer, a, error);
    archive_read_free (a);
    drain (read_fd);
    if (!GPOINTER_TO_INT (g_thread_join (thread))) {
        g_clear_error (error);
        g_propagate_error (error, feed.error);
        return NULL;
    }
    if (!ok)
        return (void)fail_prefix (error, "layer %s", text), NULL;
    return g_steal_pointer (&layer);
}

/* Removes all names inside a folder, and with itself its own. */
static void
remove_below (GTree *names, const char *folder, gboolean itself)
{
    g_autofree char *prefix = g_strconcat (strcmp (folder, "/") == 0 ? "" : folder, "/", NULL);
    g_autoptr (GPtrArray) gone = g_ptr_array_new ();

    for (GTreeNode *node = g_tree_lower_bound (names, prefix);
         node != NULL && g_str_has_prefix (g_tree_node_key (node), prefix);
         node = g_tree_node_next (node))
        g_ptr_array_add (gone, g_tree_node_key (node));
    for (guint i = 0; i < gone->len; i++)
        g_tree_remove (names, gone->pdata[i]);
    if (itself)
        g_tree_remove (names, folder);
}

/* A hard link to a name that is not there stands for itself. */
static void
put_name (GTree *names, Entry *entry)
{
    ImageFile *file = entry->link != NULL ? g_tree_lookup (names, entry->link) : NULL;

    if (entry->folder) {
        g_tree_remove (names, entry->path);
        return;
    }
    remove_below (names, entry->path, FALSE);
    g_tree_replace (names, entry->path, file != NULL ? file : &entry->file);
}

static int
compare_paths (gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp (a, b);
}

/* Whiteouts are about what lies below the layer, wherever they stand in its tar. */
GTree *
image_files_merge (GPtrArray *layers)
{
    GTree *names = g_tree_new_full (compare_paths, NULL, NULL, NULL);

    for (guint i = 0; i < layers->len; i++) {
        const GPtrArray *entries = ((LayerFiles *)layers->pdata[i])->entries;

        for (guint k = 0; k < entries->len; k++) {
            const Entry *entry = entries->pdata[k];

            if (entry->whiteout == WHITEOUT_NAME || entry->whiteout == WHITEOUT_OPAQUE)
                remove_below (names, entry->path, entry->whiteout == WHITEOUT_NAME);
        }
        for (guint k = 0; k < entries->len; k++) {
            Entry *entry = entries->pdata[k];

            if (entry->whiteout == WHITEOUT_NONE)
                put_name (names, entry);
        }
    }
    return names;
}
