/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place-tree.h"
#include "install/run.h"
#include "install/tree-source.h"
#include "bundle/tree.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"
#include "manifest/size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Lays out the carried tree at STATE/PRODUCT/rN/tree, for playbooks to run from. */

#define FRESH "tree.new"

/* Writing the files as the bundle gives them. */
typedef struct {
    int dirfd; /* of tree.new */
    int fd;    /* of the file under way, or -1 */
    TreeChecksum *sum;
} Writer;

static gboolean
make_parents (int dirfd, const char *path, GError **error)
{
    for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/')) {
        g_autofree char *parent = g_strndup (path, (gsize)(slash - path));

        if (mkdirat (dirfd, parent, 0755) < 0 && errno != EEXIST)
            return fail_errno (error, ERR_FAILED, errno, "cannot make folder '%s'", parent);
    }
    return TRUE;
}

static gboolean
begin_file (Writer *writer, const char *path, gboolean executable, guint64 size, GError **error)
{
    if (!path_check_relative (path, error) ||
        !tree_checksum_begin (writer->sum, path, executable, size, error) ||
        !make_parents (writer->dirfd, path, error))
        return FALSE;
    writer->fd = file_open_below (writer->dirfd, path, O_WRONLY | O_CREAT | O_EXCL, error);
    if (writer->fd < 0)
        return FALSE;
    if (fchmod (writer->fd, executable ? 0755 : 0644) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", path);
    return TRUE;
}

static gboolean
write_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
             gboolean last, gpointer data, GError **error)
{
    Writer *writer = data;

    if (writer->fd < 0 && !begin_file (writer, path, executable, size, error))
        return FALSE;
    tree_checksum_add (writer->sum, piece, length);
    if (!file_write_all (writer->fd, path, piece, length, error))
        return FALSE;
    if (!last)
        return TRUE;
    file_clear_fd (&writer->fd);
    return tree_checksum_end (writer->sum, error);
}

static gboolean
write_tree (Run *run, int dirfd, GError **error)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    Writer writer = { dirfd, -1, sum };
    gboolean done = tree_source_read (run, write_piece, &writer, error);
    Digest commit;

    file_clear_fd (&writer.fd);
    if (!done)
        return FALSE;
    tree_checksum_commit (sum, &commit);
    if (!digest_equal (&commit, &run->statement->tree_commit)) {
        g_autofree char *found = digest_to_hex (&commit);
        g_autofree char *expected = digest_to_hex (&run->statement->tree_commit);

        return fail (error, ERR_FORMAT, "the tree in '%s' has commit %s, signed is %s",
                     bundle_path (run->bundle), found, expected);
    }
    return TRUE;
}

static int
open_folder (Run *run, GError **error)
{
    g_autofree char *name = run_folder (run);
    int fd;

    if (mkdirat (run->product_fd, name, 0755) < 0 && errno != EEXIST) {
        fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s'", name);
        return -1;
    }
    fd = file_open_below (run->product_fd, name, O_RDONLY | O_DIRECTORY, error);
    if (fd >= 0 && fchmod (fd, 0755) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot open '%s' to readers", name);
        file_clear_fd (&fd);
    }
    return fd;
}

static gboolean
prepare (Step *step, Run *run, GError **error)
{
    autofd int folder = open_folder (run, error);
    autofd int fresh = -1;

    if (folder < 0 || !place_remove_tree (folder, FRESH, error))
        return FALSE;
    if (mkdirat (folder, FRESH, 0700) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder for the tree");
    fresh = file_open_below (folder, FRESH, O_RDONLY | O_DIRECTORY, error);
    if (fresh < 0 || !write_tree (run, fresh, error))
        return FALSE;
    if (syncfs (fresh) < 0 || fchmod (fresh, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync the tree");
    /* A tree of this release that was there is damaged, else this step were not needed. */
    if (!place_remove_tree (folder, "tree", error))
        return FALSE;
    if (renameat (folder, FRESH, folder, "tree") < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot put the tree in place");
    return TRUE;
}

static gboolean
undo (Step *step, Run *run, GError **error)
{
    g_autofree char *name = run_folder (run);

    if (run_old_release (run) == run->release->release)
        return TRUE;
    return place_remove_tree (run->product_fd, name, error);
}

const StepKind step_tree_kind = { .name = "tree", .prepare = prepare, .undo = undo };

/* What plan must know of each file: its digest, and the bytes of those that become configs. */
typedef struct {
    Run *run;
    DigestStream *stream;
    GByteArray *content; /* of the file under way, where it is wanted */
} Reader;

static gboolean
is_config (const Run *run, const char *path)
{
    for (guint i = 0; i < run->release->configs->len; i++) {
        const ReleaseConfig *config = g_ptr_array_index (run->release->configs, i);

        if (strcmp (config->from, path) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
note_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    Reader *reader = data;
    RunFile *file;

    if (reader->content == NULL && is_config (reader->run, path))
        reader->content = g_byte_array_new ();
    if (reader->content != NULL && size > STEP_CONFIG_BYTES)
        return fail (error, ERR_FORMAT, "config '%s' is longer than %d bytes", path,
                     STEP_CONFIG_BYTES);
    if (reader->content != NULL)
        g_byte_array_append (reader->content, piece, (guint)length);
    digest_stream_add (reader->stream, piece, length);
    if (!last)
        return TRUE;
    file = g_new0 (RunFile, 1);
    file->bytes = size;
    file->executable = executable;
    digest_stream_finish (reader->stream, &file->digest);
    if (reader->content != NULL)
        file->content = g_byte_array_free_to_bytes (g_steal_pointer (&reader->content));
    g_hash_table_replace (reader->run->tree, g_strdup (path), file);
    return TRUE;
}

static void
list_tree (const Run *run, Digest *digest)
{
    PlaceListing *listing = place_listing_new ();
    GHashTableIter iter;
    gpointer path, value;

    g_hash_table_iter_init (&iter, run->tree);
    while (g_hash_table_iter_next (&iter, &path, &value)) {
        const RunFile *file = value;

        place_listing_add (listing, path, file->executable, &file->digest);
    }
    place_listing_finish (listing, digest);
}

/* What comes from where it lies; NULL where the bundle carries everything. */
static char *
describe_left_out (const Run *run)
{
    const PackingTree *tree = &bundle_packing (run->bundle)->tree_left_out;
    g_autofree char *bytes = size_to_text (tree->bytes);

    if (tree->files == 0)
        return NULL;
    return g_strdup_printf ("%" G_GUINT64_FORMAT " files, %s, are here", tree->files, bytes);
}

gboolean
step_tree_plan (Run *run, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    Reader reader = { run, stream, NULL };
    g_autofree char *path = run_tree_path (run);
    PlaceThing found = { .kind = PLACE_NOTHING };
    gboolean done = tree_source_read (run, note_piece, &reader, error);
    Digest wanted;
    Step *step;

    g_clear_pointer (&reader.content, g_byte_array_unref);
    if (!done || !place_look (path, &found, error))
        return FALSE;
    list_tree (run, &wanted);
    step = step_add (run, &step_tree_kind, path, "is there", NULL);
    step->bytes = run->statement->tree_bytes;
    step->detail = describe_left_out (run);
    step->needed = found.kind != PLACE_FOLDER || !digest_equal (&found.digest, &wanted);
    if (step->needed)
        step->action = (g_free (step->action), g_strdup ("lay out"));
    return TRUE;
}
