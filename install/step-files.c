/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

/* Places files and folders that are replaced as a whole. */

typedef struct {
    const ReleaseFiles *files;
    gboolean folder;
    Digest digest;
    Placement *placement;
} FilesStep;

static void
files_step_free (gpointer data)
{
    FilesStep *step = data;

    g_clear_pointer (&step->placement, place_free);
    g_free (step);
}

static gboolean
prepare (Step *base, Run *run, GError **error)
{
    FilesStep *step = base->data;
    g_autofree char *tree = run_tree_path (run);
    g_autofree char *tag = run_folder (run);
    autofd int dirfd = file_open_dir_given (tree, error);

    if (dirfd < 0)
        return FALSE;
    step->placement = place_begin (step->files->to, tag, error);
    return step->placement != NULL &&
           place_copy (step->placement, dirfd, step->files->from, step->folder, error);
}

static gboolean
apply (Step *base, Run *run, GError **error)
{
    FilesStep *step = base->data;

    return place_switch (step->placement, error);
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    FilesStep *step = base->data;

    if (step->placement != NULL && !place_undo (step->placement, error))
        return FALSE;
    g_clear_pointer (&step->placement, place_free);
    return TRUE;
}

static gboolean
commit (Step *base, Run *run, GError **error)
{
    FilesStep *step = base->data;

    return place_commit (step->placement, NULL, error);
}

static const StepKind files_kind = { .name = "files",
                                     .prepare = prepare,
                                     .apply = apply,
                                     .undo = undo,
                                     .commit = commit,
                                     .free = files_step_free };

/* The digest of what is carried, as place_look gives it of what is there. */
static gboolean
carried (const Run *run, FilesStep *step, guint64 *bytes, mode_t *mode, GError **error)
{
    const char *from = step->files->from;
    const RunFile *single = g_hash_table_lookup (run->tree, from);
    PlaceListing *listing;
    GHashTableIter iter;
    gpointer path, value;
    guint count = 0;

    *mode = single != NULL && single->executable ? 0755 : 0644;
    *bytes = single != NULL ? single->bytes : 0;
    if (single != NULL) {
        step->digest = single->digest;
        return TRUE;
    }
    step->folder = TRUE;
    *mode = 0755;
    listing = place_listing_new ();
    g_hash_table_iter_init (&iter, run->tree);
    while (g_hash_table_iter_next (&iter, &path, &value)) {
        const RunFile *file = value;

        if (!g_str_has_suffix (from, "/") || !g_str_has_prefix (path, from))
            continue;
        place_listing_add (listing, (char *)path + strlen (from), file->executable, &file->digest);
        *bytes += file->bytes;
        count++;
    }
    place_listing_finish (listing, &step->digest);
    if (count == 0)
        return fail (error, ERR_FORMAT, "files '%s' are not in the carried tree", from);
    return TRUE;
}

/* Replacing as a whole takes everything that is there: only what a release placed may go. */
static gboolean
check_ours (const Run *run, const FilesStep *step, const PlaceFound *found, GError **error)
{
    const StateFile *last =
        run->state != NULL ? state_find_file (run->state->files, step->files->to) : NULL;

    if (found->kind != PLACE_NOTHING && found->kind != (step->folder ? PLACE_FOLDER : PLACE_FILE))
        return fail (error, ERR_NOT_READY, "'%s' is a %s on this host, the release brings a %s",
                     step->files->to, found->kind == PLACE_FOLDER ? "folder" : "file",
                     step->folder ? "folder" : "file");
    if (found->kind == PLACE_NOTHING || last != NULL ||
        digest_equal (&found->digest, &step->digest))
        return TRUE;
    return fail (error, ERR_NOT_READY,
                 "'%s' is on this host and was not placed by %s; it would be replaced as a whole: "
                 "move it away first",
                 step->files->to, run->release->product);
}

static gboolean
check_foreign (const Run *run, const FilesStep *step, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);
        const StateFile *file = state_find_file (other->files, step->files->to);

        if (file == NULL)
            file = state_find_file (other->configs, step->files->to);
        if (file != NULL && !digest_equal (&file->digest, &step->digest))
            return fail (error, ERR_POLICY, "'%s' belongs to product '%s' on this host",
                         step->files->to, other->product);
    }
    return TRUE;
}

static gboolean
plan_one (Run *run, const ReleaseFiles *files, GError **error)
{
    FilesStep *step = g_new0 (FilesStep, 1);
    Step *base = step_add (run, &files_kind, files->to, "is there", step);
    PlaceFound found = { .kind = PLACE_NOTHING };
    mode_t mode;

    step->files = files;
    if (!host_check_place (run->host, files->to, error) ||
        !carried (run, step, &base->bytes, &mode, error) ||
        !place_look (files->to, &found, error) || !check_foreign (run, step, error) ||
        !check_ours (run, step, &found, error))
        return fail_prefix (error, "files '%s'", files->from);
    base->needed = found.kind == PLACE_NOTHING || !digest_equal (&found.digest, &step->digest) ||
                   found.mode != mode || found.uid != 0;
    if (base->needed) {
        base->action =
            (g_free (base->action), g_strdup (found.kind == PLACE_NOTHING ? "place" : "replace"));
        g_ptr_array_add (run->changed, g_strdup (files->to));
    }
    return TRUE;
}

gboolean
step_files_plan (Run *run, GError **error)
{
    for (guint i = 0; i < run->release->files->len; i++)
        if (!plan_one (run, g_ptr_array_index (run->release->files, i), error))
            return FALSE;
    return TRUE;
}

gboolean
step_files_record (const Step *base, GPtrArray *files)
{
    const FilesStep *step = base->data;
    StateFile *file;

    if (base->kind != &files_kind)
        return FALSE;
    file = g_new0 (StateFile, 1);
    file->path = g_strdup (step->files->to);
    file->digest = step->digest;
    g_ptr_array_add (files, file);
    return TRUE;
}
