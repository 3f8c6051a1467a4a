/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-tree.h"

#include "bundle/member.h"
#include "bundle/tree.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define COPY_CHUNK (256 * 1024)

/* What ansible-playbook looks for beside a playbook or an inventory. */
static const char *const playbook_folders[] = {
    "roles",        "collections",    "group_vars",     "host_vars",      "files",
    "templates",    "vars",           "tasks",          "handlers",       "library",
    "module_utils", "action_plugins", "filter_plugins", "lookup_plugins", "test_plugins",
};
static const char *const inventory_folders[] = { "group_vars", "host_vars" };

typedef struct {
    int dirfd;
    GHashTable *paths; /* set of char * */
    guint depth;
} Walk;

static gboolean add_path (Walk *walk, const char *path, GError **error);

static gboolean
add_folder (Walk *walk, const char *path, int fd, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (fd, path, error);

    if (names == NULL)
        return FALSE;
    if (++walk->depth > LIMIT_TREE_DEPTH)
        return fail (error, ERR_FORMAT, "folder '%s' lies too deep", path);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *child = g_build_filename (path, names->pdata[i], NULL);

        if (!add_path (walk, child, error))
            return FALSE;
    }
    walk->depth--;
    return TRUE;
}

static gboolean
add_path (Walk *walk, const char *path, GError **error)
{
    autofd int fd = -1;
    struct stat st;

    if (!path_check_relative (path, error))
        return FALSE;
    fd = file_open_below (walk->dirfd, path, O_RDONLY | O_NONBLOCK, error);
    if (fd < 0)
        return FALSE;
    if (fstat (fd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", path);
    if (S_ISDIR (st.st_mode))
        return add_folder (walk, path, fd, error);
    if (!S_ISREG (st.st_mode))
        return fail (error, ERR_FORMAT,
                     "'%s' is neither a regular file nor a folder, and nothing else is carried",
                     path);
    g_hash_table_add (walk->paths, g_strdup (path));
    if (g_hash_table_size (walk->paths) > LIMIT_TREE_FILES)
        return fail (error, ERR_FORMAT, "the tree has more than %d files", LIMIT_TREE_FILES);
    return TRUE;
}

/* "extra/" and "extra" name the same folder. */
static gboolean
add_given (Walk *walk, const char *path, GError **error)
{
    g_autofree char *plain = g_strdup (path);

    if (g_str_has_suffix (plain, "/"))
        plain[strlen (plain) - 1] = '\0';
    return add_path (walk, plain, error);
}

static gboolean
add_beside (Walk *walk, const char *path, const char *const *names, gsize n, GError **error)
{
    g_autofree char *dir = g_path_get_dirname (path);

    for (gsize i = 0; i < n; i++) {
        g_autofree char *beside =
            strcmp (dir, ".") == 0 ? g_strdup (names[i]) : g_build_filename (dir, names[i], NULL);
        struct stat st;

        if (fstatat (walk->dirfd, beside, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!add_path (walk, beside, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
list_paths (Walk *walk, const Release *release, GError **error)
{
    for (guint i = 0; i < release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = release->playbooks->pdata[i];

        if (!add_path (walk, playbook->path, error) ||
            !add_beside (walk, playbook->path, playbook_folders, G_N_ELEMENTS (playbook_folders),
                         error))
            return FALSE;
        if (playbook->inventory == NULL)
            continue;
        if (!add_path (walk, playbook->inventory, error) ||
            !add_beside (walk, playbook->inventory, inventory_folders,
                         G_N_ELEMENTS (inventory_folders), error))
            return FALSE;
    }
    for (guint i = 0; i < release->compose->len; i++)
        if (!add_path (walk, ((ReleaseCompose *)release->compose->pdata[i])->path, error))
            return FALSE;
    for (guint i = 0; i < release->configs->len; i++)
        if (!add_path (walk, ((ReleaseConfig *)release->configs->pdata[i])->from, error))
            return FALSE;
    for (guint i = 0; i < release->files->len; i++)
        if (!add_given (walk, ((ReleaseFiles *)release->files->pdata[i])->from, error))
            return FALSE;
    return TRUE;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
    return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* By bytes, so that neither locale nor the order in a folder matters. */
static GPtrArray *
sort_paths (GHashTable *paths, GError **error)
{
    g_autoptr (GPtrArray) sorted = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GHashTable) folds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init (&iter, paths);
    while (g_hash_table_iter_next (&iter, &path, NULL))
        g_ptr_array_add (sorted, g_strdup (path));
    g_ptr_array_sort (sorted, compare_paths);
    for (guint i = 0; i < sorted->len; i++) {
        char *fold = path_fold (sorted->pdata[i]);
        const char *twin = g_hash_table_lookup (folds, fold);

        if (twin != NULL) {
            g_free (fold);
            return fail_null (
                error, ERR_FORMAT,
                "'%s' and '%s' differ only in case or accents: some file systems take "
                "them for one",
                twin, (char *)sorted->pdata[i]);
        }
        g_hash_table_insert (folds, fold, sorted->pdata[i]);
    }
    return g_steal_pointer (&sorted);
}

GPtrArray *
collect_tree_paths (const Release *release, int dirfd, GError **error)
{
    g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = { .dirfd = dirfd, .paths = paths };

    return list_paths (&walk, release, error) ? sort_paths (paths, error) : NULL;
}

typedef struct {
    CollectedTree *tree;
    TreeChecksum *sum;
    guint8 *chunk;
} TreeWriter;

static gboolean
append (TreeWriter *writer, const guint8 *bytes, gsize length, GError **error)
{
    if (!file_pwrite_all (writer->tree->fd, "tree", bytes, length, writer->tree->bytes, error))
        return FALSE;
    writer->tree->bytes += length;
    return TRUE;
}

/* Exactly size bytes, and then the end: a file that changes meanwhile is refused. */
static gboolean
copy_content (TreeWriter *writer, int fd, const char *path, guint64 size, guint32 *checksum,
              GError **error)
{
    guint64 left = size;
    uLong sum = crc32 (0, NULL, 0);

    for (;;) {
        ssize_t n = read (fd, writer->chunk, COPY_CHUNK);

        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path);
        if ((n == 0) != (left == 0) || (guint64)n > left)
            return fail (error, ERR_FAILED, "'%s' changed while it was read", path);
        if (n == 0)
            break;
        left -= (guint64)n;
        sum = crc32_z (sum, writer->chunk, (gsize)n);
        tree_checksum_add (writer->sum, writer->chunk, (gsize)n);
        if (!append (writer, writer->chunk, (gsize)n, error))
            return FALSE;
    }
    *checksum = (guint32)sum;
    return TRUE;
}

static CollectedFile *
new_file (CollectedTree *tree, const char *path, const struct stat *st)
{
    CollectedFile one = { .file = { .path = g_strdup (path),
                                    .length = (guint64)st->st_size,
                                    .executable = (st->st_mode & S_IXUSR) != 0 },
                          .at = tree->bytes };

    g_array_append_val (tree->list, one);
    return &g_array_index (tree->list, CollectedFile, tree->list->len - 1);
}

static gboolean
add_file (TreeWriter *writer, int dirfd, const char *path, GError **error)
{
    static const guint8 zeros[512];
    g_autofree char *name = g_strconcat ("tree/", path, NULL);
    autofd int fd = file_open_below (dirfd, path, O_RDONLY | O_NONBLOCK, error);
    g_autoptr (GBytes) header = NULL;
    CollectedFile *one;
    struct stat st;
    gsize length;
    const guint8 *bytes;

    if (fd < 0)
        return FALSE;
    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail (error, ERR_FAILED, "'%s' changed while it was read", path);
    one = new_file (writer->tree, path, &st);
    header = member_header (name, one->file.length, one->file.executable);
    bytes = g_bytes_get_data (header, &length);
    if (!tree_checksum_begin (writer->sum, path, one->file.executable, one->file.length, error) ||
        !append (writer, bytes, length, error) ||
        !copy_content (writer, fd, path, one->file.length, &one->file.checksum, error) ||
        !append (writer, zeros, member_padding (one->file.length), error) ||
        !tree_checksum_end (writer->sum, error))
        return FALSE;
    tree_checksum_file (writer->sum, &one->digest);
    one->bytes = writer->tree->bytes - one->at;
    writer->tree->files++;
    writer->tree->content_bytes += one->file.length;
    return TRUE;
}

static void
clear_file (gpointer data)
{
    g_free (((CollectedFile *)data)->file.path);
}

CollectedTree *
collect_tree (const Release *release, int dirfd, const char *tmpdir, GError **error)
{
    g_autoptr (CollectedTree) tree = g_new0 (CollectedTree, 1);
    g_autoptr (GPtrArray) sorted = NULL;
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    g_autofree guint8 *chunk = g_malloc (COPY_CHUNK);
    TreeWriter writer = { tree, sum, chunk };

    tree->list = g_array_new (FALSE, FALSE, sizeof (CollectedFile));
    g_array_set_clear_func (tree->list, clear_file);
    tree->fd = file_temporary (tmpdir, error);
    sorted = tree->fd >= 0 ? collect_tree_paths (release, dirfd, error) : NULL;
    if (sorted == NULL)
        return NULL;
    for (guint i = 0; i < sorted->len; i++)
        if (!add_file (&writer, dirfd, sorted->pdata[i], error))
            return NULL;
    tree_checksum_commit (sum, &tree->commit);
    return g_steal_pointer (&tree);
}

void
collected_tree_free (CollectedTree *tree)
{
    if (tree == NULL)
        return;
    file_clear_fd (&tree->fd);
    g_clear_pointer (&tree->list, g_array_unref);
    g_free (tree);
}
