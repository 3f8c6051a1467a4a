/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/leave.h"

#include "install/ansible-root.h"
#include "install/playbook.h"
#include "install/run-open.h"
#include "install/step-place.h"
#include "install/stored.h"
#include "manifest/error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Is what is there what the release that is left has put there? */
static gboolean
is_ours (const Run *run, const StepPlace *then, const PlaceThing *found)
{
    const StateFile *tracked = state_find_placed (run->state, then->place.path);

    if (found->kind == PLACE_NOTHING)
        return TRUE; /* as for an install: what is gone holds no edit */
    return found->kind == then->place.wanted.kind &&
           (digest_equal (&found->digest, &then->place.wanted.digest) ||
            (tracked != NULL && digest_equal (&found->digest, &tracked->digest)));
}

/* Where the old thing lies. */
static void
take_kept (const Run *run, StepPlace *step)
{
    g_autofree char *before = stored_path (run->leaving->release->release, STORED_BEFORE);

    step->folder = g_build_filename (run->host->state_path, run->release->product, before, NULL);
    step->from = stored_kept_name (step->place.path);
    step->exact = TRUE;
}

/* Found now and not behind the switch. */
static gboolean
check_kept (const Run *run, const StepPlace *step, GError **error)
{
    g_autofree char *path = g_build_filename (step->folder, step->from, NULL);
    PlaceThing kept = { .kind = PLACE_NOTHING };

    return place_look (path, &kept, error) &&
           (place_same (&kept, &step->place.wanted) ||
            fail (error, ERR_NOT_READY,
                  "'%s' cannot be put back: what was there before release %" G_GUINT64_FORMAT
                  " is not in '%s' as it was kept; install a newer release instead",
                  step->place.path, run->leaving->release->release, path));
}

/* Puts back what a step of the installing run found; an edit made since is never lost. */
static gboolean
plan_back (Run *run, const Step *then, GError **error)
{
    const StepPlace *was = then->data;
    Step *base;
    StepPlace *step = step_place_add (run, then->kind, was->place.path, &base);
    const char *action;

    step->place.wanted = was->place.found;
    if (!place_plan (&step->place, error))
        return FALSE;
    if (place_equal (&step->place.found, &step->place.wanted))
        return TRUE;
    if (!is_ours (run, was, &step->place.found)) {
        step_set_action (base, "keep (changed here)");
        run_note (run, "'%s' was edited on this host and stays as it is", was->place.path);
        return TRUE;
    }
    action = step->place.wanted.kind == PLACE_NOTHING ? "remove it" : "put back";
    if (step->place.wanted.kind != PLACE_NOTHING) {
        take_kept (run, step);
        if (!check_kept (run, step, error))
            return FALSE;
    }
    step_place_need (run, base, action);
    return TRUE;
}

static gboolean
is_place (const Step *step)
{
    return step->kind == &step_config_kind || step->kind == &step_files_kind;
}

/* What installing the release changed, in a run that is only read. */
static gboolean
plan_places (Run *run, GError **error)
{
    guint64 number = run->leaving->release->release;
    g_autoptr (Journal) journal = stored_journal (run, number, error);

    if (journal == NULL || !steps_read (run->leaving, journal, error))
        return FALSE;
    for (guint i = 0; i < run->leaving->steps->len; i++) {
        const Step *then = g_ptr_array_index (run->leaving->steps, i);

        if (is_place (then) && then->needed && !plan_back (run, then, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_data (const Run *run, GError **error)
{
    const Release *left = run->leaving->release;

    return release_may_go_back (left, run->release->release) ||
           fail (error, ERR_POLICY,
                 "what release %" G_GUINT64_FORMAT " wrote can be read from release "
                 "%" G_GUINT64_FORMAT " on (data: rollback-to), and it brings no playbook with "
                 "'run: undo' that puts the data back; install a newer release instead",
                 left->release, left->rollback_to);
}

static gboolean
take_before (Run *run, GError **error)
{
    guint64 number = run_old_release (run);
    g_autoptr (Journal) journal = stored_journal (run, number, error);
    g_autoptr (State) then = NULL;
    guint64 before;

    if (journal == NULL)
        return FALSE;
    before = journal_number (journal, "from");
    if (before == 0)
        return fail (error, ERR_NOT_READY,
                     "release %" G_GUINT64_FORMAT
                     " is the first one here, there is none to go back "
                     "to; 'handcarry remove %s' takes it away",
                     number, run->state->product);
    return stored_state_to (run, number, &then, error) && stored_take (run, before, error) &&
           stored_open_leaving (run, number, error);
}

/* What it is left by runs from its tree. */
static gboolean
plan_leaving (Run *run, PlaybookRun kind, GError **error)
{
    const Release *left = run->leaving->release;

    if (release_has_playbook (left, kind) && !ansible_root_check (run->leaving, error))
        return FALSE;
    step_leave_plan (run, kind);
    return (!release_has_playbook (left, kind) && left->compose->len == 0) ||
           step_tree_plan_kept (run, TRUE, error);
}

gboolean
leave_plan_rollback (Run *run, GError **error)
{
    run->verb = "rollback";
    if (!take_before (run, error) || !check_data (run, error) ||
        !step_tree_plan_kept (run, FALSE, error) || !step_images_plan_kept (run, error) ||
        !plan_places (run, error) || !step_names_plan (run, error) ||
        !step_playbooks_plan (run, TRUE, error) || !step_health_plan (run, TRUE, error) ||
        !plan_leaving (run, PLAYBOOK_UNDO, error))
        return FALSE;
    run->leaving->back_from = run->leaving->release->release;
    run->back_from = run->leaving->back_from;
    steps_sort (run);
    return TRUE;
}

static gboolean
plan_away (Run *run, const StepKind *kind, const StateFile *file, GError **error)
{
    Step *base;
    StepPlace *step = step_place_add (run, kind, file->path, &base);

    if (!place_plan (&step->place, error))
        return FALSE;
    if (step->place.found.kind == PLACE_NOTHING)
        return TRUE;
    if (digest_equal (&step->place.found.digest, &file->digest)) {
        step_place_need (run, base, "remove it");
        return TRUE;
    }
    step_set_action (base, "keep (changed here)");
    run_note (run, "'%s' was edited on this host and stays", file->path);
    return TRUE;
}

static gboolean
plan_all_away (Run *run, const StepKind *kind, GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++)
        if (!plan_away (run, kind, g_ptr_array_index (files, i), error))
            return FALSE;
    return TRUE;
}

static void
note_volumes (Run *run)
{
    for (char **volume = run->release->volumes; volume != NULL && *volume != NULL; volume++)
        run_note (run, "the volume '%s' stays", *volume);
}

/* Passwords may be in it, and it may be wanted for the next install. */
static void
note_values (Run *run)
{
    g_autofree char *file = g_strconcat (run->state->product, ".yaml", NULL);
    g_autofree char *path = g_build_filename (run->host->etc_path, "values", file, NULL);
    struct stat st;

    if (fstatat (AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
        run_note (run, "the values of this host in '%s' stay; remove it if nobody needs them",
                  path);
}

gboolean
leave_plan_remove (Run *run, GError **error)
{
    guint64 number = run_old_release (run);

    run->verb = "remove";
    if (!stored_take (run, number, error) || !stored_open_leaving (run, number, error) ||
        !plan_all_away (run, &step_config_kind, run->state->configs, error) ||
        !plan_all_away (run, &step_files_kind, run->state->files, error))
        return FALSE;
    for (guint i = 0; i < run->state->images->len; i++)
        step_names_plan_take (run, g_ptr_array_index (run->state->images, i));
    if (!plan_leaving (run, PLAYBOOK_REMOVE, error))
        return FALSE;
    note_volumes (run);
    note_values (run);
    if (!release_has_playbook (run->release, PLAYBOOK_REMOVE) && run->release->compose->len == 0)
        run_note (run, "the release brings no playbook with 'run: remove': containers it started "
                       "go on, and keep their images");
    steps_sort (run);
    return TRUE;
}
