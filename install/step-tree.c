/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree.h"
#include "install/held-tree.h"
#include "install/json-member.h"
#include "install/place-tree.h"
#include "install/run.h"
#include "install/tree-source.h"
#include "install/tree-store.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"
#include "manifest/size.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Brings the carried tree into the repository and lays it out at STATE/PRODUCT/rN/tree, for
 * playbooks to run from. libostree's word counts for nothing here: what is committed and what is
 * laid out are both hashed by this process and compared with what was signed. */

#define TREE "tree"
#define BLOCK 4096

typedef struct {
    gboolean had_tree, had_commit; /* before this run */
    gboolean leaving;              /* the tree of run->leaving */
} TreeStep;

static Run *
run_of (const TreeStep *step, Run *run)
{
    return step->leaving ? run->leaving : run;
}

/* Giving the files to the repository as the bundle has them. */
typedef struct {
    TreeStore *store;
    TreeChecksum *sum;
    gboolean in_file;
} Giver;

static gboolean
give_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    Giver *giver = data;

    if (!giver->in_file && (!path_check_relative (path, error) ||
                            !tree_checksum_begin (giver->sum, path, executable, size, error)))
        return FALSE;
    giver->in_file = !last;
    tree_checksum_add (giver->sum, piece, length);
    return tree_store_add (giver->store, path, executable, size, piece, length, last, error) &&
           (!last || tree_checksum_end (giver->sum, error));
}

static gboolean
check_commit (const Digest *found, const Digest *wanted, const char *what, ErrorCode code,
              GError **error)
{
    g_autofree char *found_hex = digest_to_hex (found);
    g_autofree char *wanted_hex = digest_to_hex (wanted);

    return digest_equal (found, wanted) ||
           fail (error, code, "%s has commit %s, signed is %s", what, found_hex, wanted_hex);
}

static gboolean
lacking (const Run *run, GError **error)
{
    return fail (error, ERR_NOT_READY,
                 "the tree of release %" G_GUINT64_FORMAT " is not here as it was signed, and the "
                 "repository does not have it; install a bundle of that content instead",
                 run->release->release);
}

static gboolean
commit_tree (Run *run, GError **error)
{
    TreeStore *store = run->options.trees;
    const Digest *wanted = &run->statement->tree_commit;
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    Giver giver = { store, sum, FALSE };
    g_autofree char *carried = NULL;
    Digest commit;

    if (run->bundle == NULL)
        return lacking (run, error);
    carried = message_printf ("the tree in '%s'", bundle_path (run->bundle));
    if (!tree_source_read (run, give_piece, &giver, error))
        return FALSE;
    tree_checksum_commit (sum, &commit);
    return check_commit (&commit, wanted, carried, ERR_FORMAT, error) &&
           tree_store_commit (store, &commit, error) &&
           check_commit (&commit, wanted, "what libostree made of the tree", ERR_FAILED, error) &&
           tree_store_keep (store, run->release->product, run->release->release, error);
}

static gboolean
close_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
            GError **error)
{
    if (fchmodat (dirfd, name, st->st_mode & 0111 ? 0555 : 0444, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", path);
    return TRUE;
}

static gboolean
close_folder (int dirfd, const char *name, const char *path, gpointer data, GError **error)
{
    if (fchmodat (dirfd, name, 0555, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", path);
    return TRUE;
}

/* A copy for reading: an editor says so before the next install finds the edit and repairs it. */
static gboolean
check_out (Run *run, int folder, GError **error)
{
    static const PlaceWalk calls = { .file = close_file, .leave = close_folder };
    const Digest *wanted = &run->statement->tree_commit;
    autofd int fresh = -1;
    Digest found;

    if (!place_remove_tree (folder, TREE_STORE_FRESH, error) ||
        !tree_store_check_out (run->options.trees, wanted, error))
        return FALSE;
    fresh = file_open_below (folder, TREE_STORE_FRESH, O_RDONLY | O_DIRECTORY, error);
    if (fresh < 0 || !held_tree_hash (fresh, &found, error) ||
        !check_commit (&found, wanted, "what was checked out", ERR_FAILED, error) ||
        !place_walk (fresh, &calls, NULL, error))
        return FALSE;
    if (fchmod (fresh, 0555) < 0 || syncfs (fresh) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync the tree");
    /* A tree of this release that was there is damaged, else this step were not needed. */
    if (!place_remove_tree (folder, TREE, error))
        return FALSE;
    if (renameat (folder, TREE_STORE_FRESH, folder, TREE) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot put the tree in place");
    return file_fsync_dir (folder, TREE, error);
}

static gboolean
has_commit (const Run *run)
{
    Digest commit;

    return tree_store_find (run->host, run->release->product, run->release->release, &commit) &&
           digest_equal (&commit, &run->statement->tree_commit);
}

static gboolean
bring (Run *run, int folder, gboolean mend, GError **error)
{
    TreeStore *store = run->options.trees;
    gboolean done = tree_store_open (store, run->host, folder, error) &&
                    (!mend || tree_store_mend (store, NULL, error)) &&
                    ((!mend && has_commit (run)) || commit_tree (run, error)) &&
                    check_out (run, folder, error);

    tree_store_close (store);
    if (tree_store_damaged (store) > 0)
        run_note (run,
                  "the tree repository was damaged: %" G_GUINT64_FORMAT
                  " folders and commits were removed, and releases that needed them; their "
                  "checkouts stay. Is the disk in order?",
                  tree_store_damaged (store));
    return done;
}

static int
open_folder (Run *run, GError **error)
{
    g_autofree char *name = run_folder (run);
    int fd = file_make_below (run->product_fd, NULL, name, 0755, error);

    if (fd >= 0 && fchmod (fd, 0755) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot open '%s' to readers", name);
        file_clear_fd (&fd);
    }
    return fd;
}

/* Objects that were damaged on the disk look as if they were there, so one failure may be theirs.
 */
static gboolean
lay_out (Run *run, GError **error)
{
    autofd int folder = open_folder (run, error);
    g_autoptr (GError) why = NULL;

    if (folder < 0)
        return FALSE;
    if (bring (run, folder, FALSE, &why))
        return TRUE;
    if (tree_store_is_lost (run->options.trees) || run->stopped || run->bundle == NULL ||
        !g_error_matches (why, HANDCARRY_ERROR, ERR_FAILED)) {
        g_propagate_error (error, g_steal_pointer (&why));
        return FALSE;
    }
    run_note (run, "the tree repository was looked through for damage, after this: %s",
              why->message);
    return bring (run, folder, TRUE, error);
}

static gboolean
prepare (Step *step, Run *run, GError **error)
{
    return lay_out (run_of (step->data, run), error);
}

/* What cannot be forgotten now is found by prune: nothing refers to it. */
static gboolean
forget_commit (Run *run, GError **error)
{
    TreeStore *store = run->options.trees;
    gboolean done = tree_store_open (store, run->host, -1, error) &&
                    tree_store_drop (store, run->release->product, run->release->release, error) &&
                    tree_store_prune (store, NULL, error);

    tree_store_close (store);
    return done && tree_store_remove_empty (run->host, error);
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    const TreeStep *step = base->data;
    g_autofree char *name = run_folder (run_of (step, run));
    autofd int folder = file_open_below (run->product_fd, name, O_RDONLY | O_DIRECTORY, NULL);
    g_autoptr (GError) local = NULL;

    if (!step->had_commit && !forget_commit (run, &local))
        run_note (run, "the tree stays in the repository until the next prune: %s", local->message);
    return folder < 0 || (place_remove_tree (folder, TREE_STORE_FRESH, error) &&
                          (step->had_tree || place_remove_tree (folder, TREE, error)));
}

static void
write_data (const Step *base, JsonObject *data)
{
    const TreeStep *step = base->data;

    json_object_set_boolean_member (data, "had-tree", step->had_tree);
    json_object_set_boolean_member (data, "had-commit", step->had_commit);
    json_object_set_boolean_member (data, "leaving", step->leaving);
}

static gboolean
read_data (Step *base, Run *run, JsonObject *data, GError **error)
{
    TreeStep *step = g_new0 (TreeStep, 1);

    step->had_tree = json_member_boolean (data, "had-tree");
    step->had_commit = json_member_boolean (data, "had-commit");
    step->leaving = json_member_boolean (data, "leaving");
    base->data = step;
    return !step->leaving || run->leaving != NULL ||
           fail (error, ERR_FORMAT, "the run leaves no release");
}

const StepKind step_tree_kind = { .name = N_ ("tree"),
                                  .prepare = prepare,
                                  .undo = undo,
                                  .write = write_data,
                                  .read = read_data,
                                  .free = g_free };

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
is_inventory (const Run *run, const char *path)
{
    for (guint i = 0; i < run->release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = g_ptr_array_index (run->release->playbooks, i);

        if (g_strcmp0 (playbook->inventory, path) == 0)
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

    if (reader->content == NULL &&
        (is_config (reader->run, path) ||
         (is_inventory (reader->run, path) && size <= STEP_CONFIG_BYTES)))
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

/* Once in the repository and once laid out, each file in whole blocks. */
static guint64
disk_bytes (const Run *run)
{
    GHashTableIter iter;
    gpointer value;
    guint64 bytes = 0;

    g_hash_table_iter_init (&iter, run->tree);
    while (g_hash_table_iter_next (&iter, NULL, &value))
        bytes += 2 * ((((const RunFile *)value)->bytes + BLOCK - 1) / BLOCK * BLOCK);
    return bytes;
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
    TreeStep *data;
    Digest wanted;
    Step *step;

    g_clear_pointer (&reader.content, g_byte_array_unref);
    if (!done || !place_look (path, &found, error))
        return FALSE;
    tree_source_list (run, "", &wanted, NULL);
    data = g_new0 (TreeStep, 1);
    /* Of a release that was left, rN is emptied when the run begins. */
    data->had_tree = found.kind != PLACE_NOTHING && run_old_release (run) == run->release->release;
    data->had_commit = has_commit (run);
    step = step_add (run, &step_tree_kind, path, "is there", data);
    step->bytes = disk_bytes (run);
    step->detail = describe_left_out (run);
    step->needed = !data->had_commit || !data->had_tree || found.kind != PLACE_FOLDER ||
                   !digest_equal (&found.digest, &wanted);
    if (step->needed)
        step_set_action (step, "lay out");
    return TRUE;
}

static gboolean
is_as_signed (const Run *run)
{
    Digest found;

    return held_tree_commit (run->host, run->release->product, run->release->release, &found) &&
           digest_equal (&found, &run->statement->tree_commit);
}

gboolean
step_tree_plan_kept (Run *run, gboolean leaving, GError **error)
{
    TreeStep *data = g_new0 (TreeStep, 1);
    Run *of = leaving ? run->leaving : run;
    g_autofree char *path = run_tree_path (of);
    Step *step = step_add (run, &step_tree_kind, path, "is there", data);

    data->had_tree = data->had_commit = TRUE;
    data->leaving = leaving;
    step->needed = !is_as_signed (of);
    if (!step->needed)
        return TRUE;
    step->bytes = of->statement->tree_bytes;
    step_set_action (step, "lay out");
    return has_commit (of) || lacking (of, error);
}

gboolean
step_tree_restore (Run *run, GError **error)
{
    return is_as_signed (run) || lay_out (run, error);
}
