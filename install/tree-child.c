/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-child.h"

#include "install/place-tree.h"
#include "install/tree-store.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <ostree.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Commits have owner 0:0, plain modes and no xattrs, which is what this mode keeps: any file system
 * can hold it, and a label that the host's policy gives to an object changes no checksum. What is
 * free on the disk is checked by plan. */
#define CONFIG "[core]\nrepo_version=1\nmode=bare-user-only\nmin-free-space-percent=0\n"

typedef struct {
    int socket, repo_fd, folder_fd;
    OstreeRepo *repo;
    OstreeMutableTree *root, *parent; /* of the tree under way; of the file under way, in root */
    OstreeContentWriter *writer;      /* of the file under way */
    char *name, *meta;                /* of that file; checksum of the folders' metadata */
    char *commit;                     /* not kept yet */
    guint64 left;                     /* bytes of the file that are to come */
    gboolean in_transaction;
    WireMessage message;
} Worker;

static gboolean
write_config (Worker *worker, GError **error)
{
    g_autoptr (GBytes) wanted = g_bytes_new_static (CONFIG, strlen (CONFIG));
    g_autoptr (GBytes) found = file_read_below (worker->repo_fd, "config", 65536, NULL);

    return (found != NULL && g_bytes_equal (found, wanted)) ||
           file_replace (worker->repo_fd, "config", wanted, 0644, error);
}

/* What a worker that was killed left: nothing there is of use, for one run has the lock. */
static gboolean
sweep (Worker *worker, GError **error)
{
    autofd int tmp = file_open_below (worker->repo_fd, "tmp", O_RDONLY | O_DIRECTORY, error);
    g_autoptr (GPtrArray) names = tmp >= 0 ? file_list (tmp, "tmp", error) : NULL;

    for (guint i = 0; names != NULL && i < names->len; i++)
        if (!place_remove_tree (tmp, names->pdata[i], error))
            return FALSE;
    return names != NULL;
}

/* Folders of a tree are all alike. */
static gboolean
begin_tree (Worker *worker, GError **error)
{
    g_autoptr (GFileInfo) info = g_file_info_new ();
    g_autoptr (GVariant) meta = NULL;
    g_autofree guchar *checksum = NULL;

    g_file_info_set_attribute_uint32 (info, "unix::uid", 0);
    g_file_info_set_attribute_uint32 (info, "unix::gid", 0);
    g_file_info_set_attribute_uint32 (info, "unix::mode", S_IFDIR | 0755);
    meta = g_variant_ref_sink (ostree_create_directory_metadata (info, NULL));
    if (!ostree_repo_prepare_transaction (worker->repo, NULL, NULL, error))
        return FALSE;
    worker->in_transaction = TRUE;
    if (!ostree_repo_write_metadata (worker->repo, OSTREE_OBJECT_TYPE_DIR_META, NULL, meta,
                                     &checksum, NULL, error))
        return FALSE;
    worker->meta = ostree_checksum_from_bytes (checksum);
    worker->root = ostree_mutable_tree_new ();
    ostree_mutable_tree_set_metadata_checksum (worker->root, worker->meta);
    return TRUE;
}

static gboolean
end_file (Worker *worker, GError **error)
{
    g_autofree char *checksum = ostree_content_writer_finish (worker->writer, NULL, error);

    g_clear_object (&worker->writer);
    return checksum != NULL &&
           ostree_mutable_tree_replace_file (worker->parent, worker->name, checksum, error);
}

static gboolean
serve_file (Worker *worker, WireHead *answer, GError **error)
{
    const WireHead *head = &worker->message.head;
    g_auto (GStrv) parts = g_strsplit (worker->message.bytes, "/", -1);
    g_autoptr (GPtrArray) split = g_ptr_array_new ();

    if (!worker->in_transaction && !begin_tree (worker, error))
        return FALSE;
    for (char **part = parts; *part != NULL; part++)
        g_ptr_array_add (split, *part);
    g_clear_object (&worker->parent);
    if (!ostree_mutable_tree_ensure_parent_dirs (worker->root, split, worker->meta, &worker->parent,
                                                 error))
        return FALSE;
    g_free (worker->name);
    worker->name = g_strdup (split->pdata[split->len - 1]);
    worker->left = head->size;
    worker->writer = ostree_repo_write_regfile (worker->repo, NULL, 0, 0,
                                                S_IFREG | (head->number != 0 ? 0755 : 0644),
                                                head->size, NULL, error);
    return worker->writer != NULL && (head->size > 0 || end_file (worker, error));
}

static gboolean
serve_data (Worker *worker, WireHead *answer, GError **error)
{
    gsize length = worker->message.length;

    if (worker->writer == NULL || length > worker->left)
        return fail (error, ERR_FAILED, "'%s' has more bytes than announced", worker->name);
    if (!g_output_stream_write_all (G_OUTPUT_STREAM (worker->writer), worker->message.bytes, length,
                                    NULL, NULL, error))
        return FALSE;
    worker->left -= length;
    return worker->left > 0 || end_file (worker, error);
}

static gboolean
serve_commit (Worker *worker, WireHead *answer, GError **error)
{
    g_autoptr (GFile) root = NULL;

    if (!worker->in_transaction && !begin_tree (worker, error))
        return FALSE;
    return ostree_repo_write_mtree (worker->repo, worker->root, &root, NULL, error) &&
           ostree_repo_write_commit_with_time (worker->repo, NULL, NULL, NULL, NULL,
                                               OSTREE_REPO_FILE (root), 0, &worker->commit, NULL,
                                               error);
}

static gboolean
serve_keep (Worker *worker, WireHead *answer, GError **error)
{
    ostree_repo_transaction_set_ref (worker->repo, NULL, worker->message.bytes, worker->commit);
    worker->in_transaction = FALSE;
    return ostree_repo_commit_transaction (worker->repo, NULL, NULL, error);
}

/* Copies, for who edits a hard link edits the repository. Where the file system can share the
 * blocks of two files, it does. */
static gboolean
serve_checkout (Worker *worker, WireHead *answer, GError **error)
{
    OstreeRepoCheckoutAtOptions options = { .mode = OSTREE_REPO_CHECKOUT_MODE_USER,
                                            .force_copy = TRUE };

    return ostree_repo_checkout_at (worker->repo, &options, worker->folder_fd, TREE_STORE_FRESH,
                                    worker->message.bytes, NULL, error);
}

static gboolean
serve_drop (Worker *worker, WireHead *answer, GError **error)
{
    g_autofree char *path = g_build_filename ("refs/heads", worker->message.bytes, NULL);
    g_autofree char *folder = g_path_get_dirname (path);

    if (!ostree_repo_set_ref_immediate (worker->repo, NULL, worker->message.bytes, NULL, NULL,
                                        error))
        return FALSE;
    if (unlinkat (worker->repo_fd, folder, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
        errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", folder);
    return TRUE;
}

/* What no ref leads to goes, and the folders that are empty then: a repository that lost a release
 * is as it was before it had it. */
static gboolean
prune (Worker *worker, guint64 *freed, GError **error)
{
    int total, pruned;

    if (!ostree_repo_prune (worker->repo, OSTREE_REPO_PRUNE_FLAGS_REFS_ONLY, -1, &total, &pruned,
                            freed, NULL, error))
        return FALSE;
    for (guint i = 0; i < 256; i++) {
        g_autofree char *folder = g_strdup_printf ("objects/%02x", i);

        if (unlinkat (worker->repo_fd, folder, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
            errno != ENOENT)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", folder);
    }
    return TRUE;
}

static gboolean
serve_prune (Worker *worker, WireHead *answer, GError **error)
{
    return prune (worker, &answer->size, error);
}

static gboolean
is_whole (Worker *worker, const char *commit, GHashTable *objects)
{
    g_autoptr (GHashTable) reached = NULL;
    GHashTableIter iter;
    gpointer name;

    if (!ostree_repo_traverse_commit (worker->repo, commit, -1, &reached, NULL, NULL))
        return FALSE;
    g_hash_table_iter_init (&iter, reached);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        if (!g_hash_table_contains (objects, name))
            return FALSE;
    return TRUE;
}

/* A release that has lost an object is not in the repository: its ref goes too. */
static gboolean
drop_broken_refs (Worker *worker, GHashTable *objects, GError **error)
{
    g_autoptr (GHashTable) refs = NULL;
    gboolean dropped = FALSE;
    GHashTableIter iter;
    gpointer name, commit;
    guint64 freed;

    if (!ostree_repo_list_refs (worker->repo, NULL, &refs, NULL, error))
        return FALSE;
    g_hash_table_iter_init (&iter, refs);
    while (g_hash_table_iter_next (&iter, &name, &commit)) {
        if (is_whole (worker, commit, objects))
            continue;
        if (!ostree_repo_set_ref_immediate (worker->repo, NULL, name, NULL, NULL, error))
            return FALSE;
        dropped = TRUE;
    }
    return !dropped || prune (worker, &freed, error);
}

/* Removes objects that are not what their names say: libostree takes one that is there for whole,
 * and aborts on folders and commits that were cut off. */
static gboolean
mend (Worker *worker, gboolean content, guint64 *removed, GError **error)
{
    g_autoptr (GHashTable) objects = NULL;
    GHashTableIter iter;
    gpointer key;

    if (!ostree_repo_list_objects (
            worker->repo, OSTREE_REPO_LIST_OBJECTS_LOOSE | OSTREE_REPO_LIST_OBJECTS_NO_PARENTS,
            &objects, NULL, error))
        return FALSE;
    g_hash_table_iter_init (&iter, objects);
    while (g_hash_table_iter_next (&iter, &key, NULL)) {
        const char *checksum;
        OstreeObjectType type;

        ostree_object_name_deserialize (key, &checksum, &type);
        if ((type == OSTREE_OBJECT_TYPE_FILE && !content) ||
            ostree_repo_fsck_object (worker->repo, type, checksum, NULL, NULL))
            continue;
        ++*removed;
        if (!ostree_repo_delete_object (worker->repo, type, checksum, NULL, error))
            return FALSE;
        g_hash_table_iter_remove (&iter);
    }
    return drop_broken_refs (worker, objects, error);
}

static gboolean
serve_mend (Worker *worker, WireHead *answer, GError **error)
{
    return mend (worker, TRUE, &answer->size, error);
}

static gboolean
serve_open (Worker *worker, WireHead *answer, GError **error)
{
    int lock;

    worker->repo_fd = worker->message.fds[0];
    worker->folder_fd = worker->message.fds[1];
    if (!tree_confine (worker->message.fds, error))
        return FALSE;
    /* The worker of a run that was killed may not be dead yet: its lock ends with it. */
    lock = openat (worker->repo_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock (lock, LOCK_EX) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot lock it");
    if (!write_config (worker, error))
        return FALSE;
    worker->repo = ostree_repo_create_at (worker->repo_fd, ".", OSTREE_REPO_MODE_BARE_USER_ONLY,
                                          NULL, NULL, error);
    return worker->repo != NULL && sweep (worker, error) &&
           mend (worker, FALSE, &answer->size, error);
}

/* Fails with an error; fills in what it answers. */
typedef gboolean (*Serve) (Worker *worker, WireHead *answer, GError **error);

static const Serve serve[] = {
    [TREE_OPEN] = serve_open,     [TREE_FILE] = serve_file,   [TREE_DATA] = serve_data,
    [TREE_COMMIT] = serve_commit, [TREE_KEEP] = serve_keep,   [TREE_CHECKOUT] = serve_checkout,
    [TREE_DROP] = serve_drop,     [TREE_PRUNE] = serve_prune, [TREE_MEND] = serve_mend,
};

static gboolean
reply (Worker *worker, WireHead *answer, const char *result, const GError *failed)
{
    const char *text = failed != NULL ? failed->message : result;
    gboolean space = failed != NULL && (g_error_matches (failed, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ||
                                        g_error_matches (failed, HANDCARRY_ERROR, ERR_SPACE));

    answer->kind = failed == NULL ? TREE_DONE : TREE_FAILED;
    answer->number = space ? ERR_SPACE : ERR_FAILED;
    g_autoptr (GBytes) message = message_pack (text);
    gsize length;
    const char *bytes = g_bytes_get_data (message, &length);

    if (failed == NULL)
        length = strlen (result);
    return wire_send (worker->socket, answer, bytes, MIN (length, WIRE_PIECE), NULL);
}

void
tree_child (int socket)
{
    Worker *worker = g_new0 (Worker, 1);
    g_autoptr (GError) failed = NULL;

    prctl (PR_SET_NAME, "tree-worker", 0, 0, 0);
    worker->socket = socket;
    worker->repo_fd = worker->folder_fd = -1;
    while (wire_receive (socket, &worker->message)) {
        guint kind = worker->message.head.kind;
        WireHead answer = { 0 };

        if (kind >= G_N_ELEMENTS (serve) || serve[kind] == NULL ||
            (worker->repo == NULL) != (kind == TREE_OPEN))
            break;
        /* What follows a failed file is read and dropped: the commit's answer tells. */
        /* cppcheck-suppress duplicateExpression; it is set between the two */
        if (failed == NULL && !serve[kind](worker, &answer, &failed) && failed == NULL)
            break;
        if (kind == TREE_FILE || kind == TREE_DATA)
            continue;
        if (!reply (worker, &answer, kind == TREE_COMMIT ? worker->commit : "", failed))
            break;
        g_clear_error (&failed);
    }
    if (worker->in_transaction)
        ostree_repo_abort_transaction (worker->repo, NULL, NULL);
    _exit (0); /* lint: allow-exit: the child of a fork */
}
