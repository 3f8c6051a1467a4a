/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step-place.h"

#include "install/run.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

static void
step_place_free (gpointer data)
{
    StepPlace *step = data;

    place_data_clear (&step->place);
    g_clear_pointer (&step->bytes, g_bytes_unref);
    g_free (step->folder);
    g_free (step->from);
    g_free (step->tracked);
    g_free (step->diff);
    g_free (step);
}

static gboolean
prepare (Step *base, Run *run, GError **error)
{
    StepPlace *step = base->data;
    autofd int dirfd = -1;

    if (run_is (run, "install") && !stored_keep (run, &step->place, error))
        return FALSE;
    if (step->place.wanted.kind == PLACE_NOTHING)
        return TRUE;
    if (step->bytes != NULL)
        return place_stage_file (&step->place, step->bytes, error);
    dirfd = file_open_dir_given (step->folder, error);
    return dirfd >= 0 && place_stage_copy (&step->place, dirfd, step->from, step->exact, error);
}

static gboolean
apply (Step *base, Run *run, GError **error)
{
    const StepPlace *step = base->data;

    return place_switch (&step->place, error);
}

/* Both ways an edit that was made meanwhile is kept. */
static gboolean
settle (const StepPlace *step, Run *run,
        gboolean (*how) (const PlaceData *place, char **kept, GError **error), GError **error)
{
    g_autofree char *kept = NULL;
    gboolean done = how (&step->place, &kept, error);

    if (kept != NULL)
        run_note (run, "'%s' was edited on this host; the edit is kept as '%s'", step->place.path,
                  kept);
    return done;
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    return settle (base->data, run, place_undo, error);
}

static gboolean
commit (Step *base, Run *run, GError **error)
{
    return settle (base->data, run, place_commit, error);
}

const StepKind step_config_kind = { .name = N_ ("config"),
                                    .prepare = prepare,
                                    .apply = apply,
                                    .undo = undo,
                                    .commit = commit,
                                    .write = step_place_write,
                                    .read = step_place_read,
                                    .free = step_place_free };

const StepKind step_files_kind = { .name = N_ ("files"),
                                   .prepare = prepare,
                                   .apply = apply,
                                   .undo = undo,
                                   .commit = commit,
                                   .write = step_place_write,
                                   .read = step_place_read,
                                   .free = step_place_free };

StepPlace *
step_place_add (Run *run, const StepKind *kind, const char *path, Step **step)
{
    StepPlace *place = g_new0 (StepPlace, 1);

    place->place.path = g_strdup (path);
    place->place.tag = run_folder (run);
    *step = step_add (run, kind, path, "not settled", place);
    return place;
}

void
step_place_need (Run *run, Step *step, const char *action)
{
    const PlaceData *place = &((const StepPlace *)step->data)->place;
    g_autofree char *extras = NULL;

    if (place->found.kind == PLACE_FILE && place->wanted.kind == PLACE_FILE)
        extras = place_extras (place->path);
    if (extras != NULL)
        run_note (run,
                  "'%s' has extended attributes (%s) that the new one will not have; where they "
                  "count, let a playbook set them",
                  place->path, extras);
    step->needed = TRUE;
    step_set_action (step, action);
    g_ptr_array_add (run->changed, g_strdup (place->path));
}

gboolean
step_place_check_foreign (const Run *run, const char *path, const Digest *digest, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);
        const StateFile *file = state_find_placed (other, path);

        if (file != NULL && !digest_equal (&file->digest, digest))
            return fail (error, ERR_POLICY, "'%s' belongs to product '%s' on this host", path,
                         other->product);
    }
    return TRUE;
}

static gboolean
record (const StepPlace *step, GPtrArray *files)
{
    StateFile *file;

    if (step->tracked == NULL)
        return TRUE;
    file = g_new0 (StateFile, 1);
    file->path = g_strdup (step->tracked);
    file->digest = step->tracked_digest;
    g_ptr_array_add (files, file);
    return TRUE;
}

gboolean
step_configs_record (const Step *step, GPtrArray *configs)
{
    return step->kind == &step_config_kind && record (step->data, configs);
}

gboolean
step_files_record (const Step *step, GPtrArray *files)
{
    return step->kind == &step_files_kind && record (step->data, files);
}
