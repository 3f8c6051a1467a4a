/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"
#include "install/run.h"
#include "install/step-place.h"
#include "manifest/error.h"

#include <string.h>

/* Decides about configs and files that an earlier release placed and this one no longer has: what
 * was edited stays, and is nobody's from then on. */

static gsize
bare_length (const char *path)
{
    gsize length = strlen (path);

    return length > 1 && path[length - 1] == '/' ? length - 1 : length;
}

/* Is one of the two the other, or below it? */
static gboolean
overlap (const char *a, const char *b)
{
    gsize left = bare_length (a), right = bare_length (b), both = MIN (left, right);

    if (strncmp (a, b, both) != 0)
        return FALSE;
    return left == right || (left < right ? b : a)[both] == '/';
}

static gboolean
is_claimed_by (GPtrArray *files, const char *path)
{
    for (guint i = 0; i < files->len; i++)
        if (overlap (((const StateFile *)g_ptr_array_index (files, i))->path, path))
            return TRUE;
    return FALSE;
}

/* Does this release, or another product, have something there? */
static gboolean
is_claimed (const Run *run, const char *path)
{
    const Release *release = run->release;

    for (guint i = 0; i < release->configs->len; i++)
        if (overlap (((const ReleaseConfig *)g_ptr_array_index (release->configs, i))->to, path))
            return TRUE;
    for (guint i = 0; i < release->files->len; i++)
        if (overlap (((const ReleaseFiles *)g_ptr_array_index (release->files, i))->to, path))
            return TRUE;
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);

        if (is_claimed_by (other->configs, path) || is_claimed_by (other->files, path))
            return TRUE;
    }
    return FALSE;
}

static gboolean
plan_one (Run *run, const StepKind *kind, const StateFile *last, GError **error)
{
    Step *base;
    StepPlace *step;

    if (is_claimed (run, last->path))
        return TRUE;
    step = step_place_add (run, kind, last->path, &base);
    if (!place_plan (&step->place, error))
        return FALSE;
    if (step->place.found.kind == PLACE_NOTHING)
        g_ptr_array_remove_index (run->steps, run->steps->len - 1);
    else if (digest_equal (&step->place.found.digest, &last->digest))
        step_place_need (run, base, "remove (not part of this release)");
    else
        step_set_action (base, "keep (changed here, not part of this release)");
    return TRUE;
}

static gboolean
plan_all (Run *run, const StepKind *kind, GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        GError *why = NULL;

        if (!plan_one (run, kind, g_ptr_array_index (files, i), &why) &&
            !plan_defer (run, why, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
step_dropped_plan (Run *run, GError **error)
{
    return run->state == NULL || (plan_all (run, &step_config_kind, run->state->configs, error) &&
                                  plan_all (run, &step_files_kind, run->state->files, error));
}
