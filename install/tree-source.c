/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-source.h"

#include "bundle/tree-base.h"
#include "install/base.h"
#include "install/held-tree.h"
#include "install/place.h"
#include "install/tree-objects.h"
#include "install/tree-store.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/size.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct TreeSource {
    TreeBase here;        /* the tree of the current release */
    char *path;           /* its folder, NULL where nothing is installed */
    int dirfd;            /* the same, or -1 */
    int fd;               /* of the file found last, or -1 */
    TreeObjects *objects; /* the same in the repository, or NULL */
    GPtrArray *links;     /* BundleTree of each bundle before the last */
};

static gboolean
begin (gpointer data, GError **error)
{
    return TRUE;
}

static gboolean
open_checkout (TreeSource *source, const char *path, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (source->dirfd < 0)
        return fail (error, ERR_BASE_MISSING, "the folder cannot be read");
    source->fd = file_open_below (source->dirfd, path, O_RDONLY | O_NONBLOCK, &local);
    return source->fd >= 0 || fail (error, ERR_BASE_MISSING, "%s", local->message);
}

/* The checkout may have been edited; what the repository has is read where it is there. */
static gboolean
find (gpointer data, const char *path, gboolean *executable, guint64 *size, GError **error)
{
    TreeSource *source = data;
    struct stat st;

    file_clear_fd (&source->fd);
    if (source->objects != NULL)
        source->fd = tree_objects_find (source->objects, path);
    if (source->fd < 0 && !open_checkout (source, path, error))
        return FALSE;
    if (fstat (source->fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail (error, ERR_BASE_MISSING, "it is not a plain file");
    *executable = (st.st_mode & 0111) != 0;
    *size = (guint64)st.st_size;
    return TRUE;
}

static gssize
read_bytes (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    TreeSource *source = data;
    ssize_t n;

    do
        n = read (source->fd, bytes, length);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        fail_errno (error, ERR_BASE_MISSING, errno, "cannot read it");
    return n;
}

/* A host that is at the release itself has its tree already, perhaps. */
static gboolean
serves (const Bundle *bundle, const Digest *release)
{
    return packing_is_from (bundle_packing (bundle), release) ||
           digest_equal (bundle_release_digest (bundle), release);
}

/* The bundle that comes last before this one and has what it leaves out, or the tree that is here.
 */
static const TreeBase *
choose (const Run *run, const Bundle *bundle, guint before)
{
    for (guint i = before; i > 0; i--) {
        const Run *link = run->links->pdata[i - 1];

        if (serves (bundle, bundle_release_digest (link->bundle)))
            return bundle_tree_base (run->tree_source->links->pdata[i - 1]);
    }
    return run->state != NULL && serves (bundle, &run->state->digest) ? &run->tree_source->here
                                                                      : NULL;
}

/* Of the release that is current. */
static void
open_here (Run *run, TreeSource *source)
{
    const char *product = run->release->product;
    Digest commit;

    if (run->state == NULL)
        return;
    source->dirfd = held_tree_open (run->host, product, run->state->release, &source->path);
    if (tree_store_find (run->host, product, run->state->release, &commit))
        source->objects = tree_objects_open (run->host, &commit);
}

static void
open_source (Run *run)
{
    TreeSource *source = g_new0 (TreeSource, 1);

    source->here = (TreeBase){ begin, find, read_bytes, source };
    source->fd = source->dirfd = -1;
    open_here (run, source);
    source->links = g_ptr_array_new_with_free_func ((GDestroyNotify)bundle_tree_free);
    run->tree_source = source;
    for (guint i = 0; i < run->links->len; i++) {
        Run *link = run->links->pdata[i];

        bundle_use_tree (link->bundle, choose (run, link->bundle, i));
        g_ptr_array_add (source->links, bundle_tree_new (link->bundle));
    }
    bundle_use_tree (run->bundle, choose (run, run->bundle, run->links->len));
}

void
tree_source_free (TreeSource *source)
{
    if (source == NULL)
        return;
    g_ptr_array_unref (source->links);
    file_clear_fd (&source->fd);
    file_clear_fd (&source->dirfd);
    g_clear_pointer (&source->objects, tree_objects_free);
    g_free (source->path);
    g_free (source);
}

/* The release that is here, for a host that none of the releases is at. */
static char *
describe_lack (const Run *run, const Bundle *bundle)
{
    const PackingTree *tree = &bundle_packing (bundle)->tree_left_out;
    g_autofree char *bytes = size_to_text (tree->bytes);
    g_autoptr (GString) text = g_string_new (NULL);

    message_append (text,
                    "the tree of that release: %" G_GUINT64_FORMAT
                    " files of it are needed, %s; installed here is ",
                    tree->files, bytes);
    if (run->state != NULL)
        message_append (text, "%s (release %" G_GUINT64_FORMAT ")", run->state->version,
                        run->state->release);
    else
        message_append (text, "%s", "nothing");
    return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
tree_source_read (Run *run, BundleTreeFunc func, gpointer data, GError **error)
{
    gboolean needed = bundle_packing (run->bundle)->tree_left_out.files > 0;
    g_autoptr (GError) problem = NULL;
    g_autofree char *line = NULL;

    if (needed && run->tree_source == NULL)
        open_source (run);
    if (needed && choose (run, run->bundle, run->links->len) == NULL) {
        line = describe_lack (run, run->bundle);
        return base_lack_fail (run, line, error);
    }
    if (bundle_read_tree (run->bundle, func, data, &problem))
        return TRUE;
    if (needed && g_error_matches (problem, HANDCARRY_ERROR, ERR_BASE_MISSING)) {
        const char *path = run->tree_source->path;

        line = message_printf ("%s%s%s", problem->message, path != NULL ? "\n  in " : "",
                               path != NULL ? path : "");
        return base_lack_fail (run, line, error);
    }
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
}

guint
tree_source_list (const Run *run, const char *folder, Digest *digest, guint64 *bytes)
{
    PlaceListing *listing = place_listing_new ();
    guint64 sum = 0;
    guint count = 0;
    GHashTableIter iter;
    gpointer path, value;

    g_hash_table_iter_init (&iter, run->tree);
    while (g_hash_table_iter_next (&iter, &path, &value)) {
        const RunFile *file = value;

        if (!g_str_has_prefix (path, folder))
            continue;
        place_listing_add (listing, (char *)path + strlen (folder), file->executable,
                           &file->digest);
        sum += file->bytes;
        count++;
    }
    place_listing_finish (listing, digest);
    if (bytes != NULL)
        *bytes = sum;
    return count;
}
