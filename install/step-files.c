/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"
#include "install/run.h"
#include "install/step-place.h"
#include "install/tree-source.h"
#include "manifest/error.h"

#include <string.h>

/* Decides about files and folders that are replaced as a whole. */

/* What is carried, as place_look gives what is there. */
static gboolean
carried (const Run *run, const char *from, PlaceThing *wanted, guint64 *bytes, GError **error)
{
    const RunFile *single = g_hash_table_lookup (run->tree, from);

    if (single != NULL) {
        *bytes = single->bytes;
        *wanted = (PlaceThing){ .kind = PLACE_FILE,
                                .digest = single->digest,
                                .mode = single->executable ? 0755 : 0644 };
        return TRUE;
    }
    *wanted = (PlaceThing){ .kind = PLACE_FOLDER, .mode = 0755 };
    return (g_str_has_suffix (from, "/") &&
            tree_source_list (run, from, &wanted->digest, bytes) > 0) ||
           fail (error, ERR_FORMAT, "files '%s' are not in the carried tree", from);
}

static const char *
kind_name (PlaceKind kind)
{
    return kind == PLACE_FOLDER ? "folder" : "file";
}

/* Replacing as a whole takes everything that is there: only what a release placed may go. */
static gboolean
check_ours (const Run *run, const PlaceData *place, GError **error)
{
    const StateFile *last =
        run->state != NULL ? state_find_file (run->state->files, place->path) : NULL;

    if (place->found.kind != PLACE_NOTHING && place->found.kind != place->wanted.kind)
        return fail (error, ERR_NOT_READY, "'%s' is a %s on this host, the release brings a %s",
                     place->path, kind_name (place->found.kind), kind_name (place->wanted.kind));
    if (place->found.kind == PLACE_NOTHING || last != NULL ||
        place_same (&place->found, &place->wanted))
        return TRUE;
    return fail (error, ERR_NOT_READY,
                 "'%s' is on this host and was not placed by %s; it would be replaced as a whole: "
                 "move it away first",
                 place->path, run->release->product);
}

static gboolean
plan_one (Run *run, const ReleaseFiles *files, GError **error)
{
    Step *base;
    StepPlace *step = step_place_add (run, &step_files_kind, files->to, &base);
    PlaceData *place = &step->place;

    step->folder = run_tree_path (run);
    step->from = g_strdup (files->from);
    if (!host_check_place (run->host, files->to, error) ||
        !carried (run, files->from, &place->wanted, &base->bytes, error) ||
        !place_plan (place, error) ||
        !step_place_check_foreign (run, files->to, &place->wanted.digest, error) ||
        !check_ours (run, place, error))
        return FALSE;
    step->tracked = g_strdup (files->to);
    step->tracked_digest = place->wanted.digest;
    if (!place_same (&place->found, &place->wanted) || place->found.mode != place->wanted.mode ||
        place->found.uid != 0)
        step_place_need (run, base, place->found.kind == PLACE_NOTHING ? "place" : "replace");
    else
        step_set_action (base, "is there");
    return TRUE;
}

gboolean
step_files_plan (Run *run, GError **error)
{
    for (guint i = 0; i < run->release->files->len; i++) {
        const ReleaseFiles *files = g_ptr_array_index (run->release->files, i);
        GError *why = NULL;

        if (plan_one (run, files, &why))
            continue;
        (void)fail_prefix (&why, "files '%s'", files->from);
        if (!plan_defer (run, why, error))
            return FALSE;
    }
    return TRUE;
}
