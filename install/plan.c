/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"

#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

char *
plan_engine_change (const State *state, const EngineInfo *info)
{
    const char *store = engine_store_name (info->store);

    if (strcmp (state->engine_store, store) != 0)
        return message_printf ("store was %s, now %s: images of before are invisible, volumes are "
                               "kept",
                               state->engine_store, store);
    if (strcmp (state->engine_id, info->id) != 0 ||
        strcmp (state->engine_root, info->data_root) != 0)
        return message_printf ("the engine is another one than at the last install (data root was "
                               "'%s', now '%s')",
                               state->engine_root, info->data_root);
    return NULL;
}

/* It explains everything that is missing, so it is said first. */
static void
note_engine_change (Run *run)
{
    g_autofree char *change = run_old_release (run) > 0
                                  ? plan_engine_change (run->state, engine_info (run->engine))
                                  : NULL;

    if (change != NULL)
        run_note (run, "%s", change);
}

static void
note_environment (Run *run)
{
    if (g_getenv ("DOCKER_HOST") != NULL)
        run_note (run, "DOCKER_HOST is set and ignored; name a socket with --engine");
    if (run->barrier == NETWORK_FILTER)
        run_note (run, "no network namespace here (no privilege): a socket filter refuses the "
                       "network");
    if (run->journal != NULL && !run->options.write)
        run_note (run, "an earlier run did not end: install first takes it back or finishes it, "
                       "and the plan may be another one then; see 'handcarry status'");
}

static gboolean
any_needed (const Run *run)
{
    for (guint i = 0; i < run->steps->len; i++)
        if (((const Step *)g_ptr_array_index (run->steps, i))->needed)
            return TRUE;
    return FALSE;
}

/* What the host keeps of the release is needed to leave it; a person may have cleared it away. */
static gboolean
is_current (Run *run)
{
    if (run->state == NULL ||
        !digest_equal (&run->state->digest, bundle_release_digest (run->bundle)))
        return FALSE;
    if (stored_is_current (run))
        return TRUE;
    run_note (run,
              "what this host keeps of release %" G_GUINT64_FORMAT " was removed or changed "
              "by hand and is made anew",
              run->release->release);
    return FALSE;
}

gboolean
plan_defer (Run *run, GError *why, GError **error)
{
    if (!g_error_matches (why, HANDCARRY_ERROR, ERR_NOT_READY)) {
        g_propagate_error (error, why);
        return FALSE;
    }
    g_ptr_array_add (run->outlook->problems, g_strdup (why->message));
    g_error_free (why);
    return TRUE;
}

gboolean
plan_images (Run *run, const char **culprit, GError **error)
{
    if (run->images_planned)
        return TRUE;
    run->images_planned = TRUE;
    for (guint i = 0; i < run->links->len; i++) {
        Run *link = g_ptr_array_index (run->links, i);

        *culprit = bundle_path (link->bundle);
        if (!step_images_plan (link, error))
            return FALSE;
    }
    *culprit = bundle_path (run->bundle);
    return step_images_plan (run, error);
}

/* On the way back the steps that place are undone before those they rest on. */
static gboolean
plan_steps (Run *run, GError **error)
{
    const char *culprit;
    gboolean due;

    if (!plan_images (run, &culprit, error) || !step_tree_plan (run, error) ||
        !step_configs_plan (run, error) || !step_files_plan (run, error) ||
        !step_dropped_plan (run, error) || !step_names_plan (run, error))
        return FALSE;
    step_ansible_plan (run);
    due = !is_current (run) || any_needed (run);
    run->already = !due;
    if (!step_playbooks_plan (run, due, error) || !step_health_plan (run, due, error))
        return FALSE;
    steps_sort (run);
    return TRUE;
}

/* Whoever has to settle something on the host does it once. */
static gboolean
check_problems (const Run *run, GError **error)
{
    g_autoptr (GString) all = g_string_new (NULL);

    if (run->outlook->problems->len == 0)
        return TRUE;
    if (run->outlook->problems->len == 1)
        return fail (error, ERR_NOT_READY, "%s",
                     (char *)g_ptr_array_index (run->outlook->problems, 0));
    for (guint i = 0; i < run->outlook->problems->len; i++)
        g_string_append_printf (all, "\n%u. %s", i + 1,
                                (char *)g_ptr_array_index (run->outlook->problems, i));
    return fail (error, ERR_NOT_READY, "%u things must be settled on this host first:%s",
                 run->outlook->problems->len, all->str);
}

static gboolean
read_values (Run *run, GError **error)
{
    GError *why = NULL;

    run->values = run_read_values (run, &why);
    return run->values != NULL || plan_defer (run, why, error);
}

gboolean
plan_make (Run *run, GError **error)
{
    note_environment (run);
    note_engine_change (run);
    if (!plan_check_upgrade (run, error) || !read_values (run, error) || !plan_steps (run, error))
        return FALSE;
    if (run->already)
        return check_problems (run, error);
    return plan_look_ahead (run, error) && plan_check_requires (run, error) &&
           check_problems (run, error) && plan_check_space (run, error);
}

guint64
plan_engine_bytes (const Run *run)
{
    guint64 bytes = 0;

    for (guint i = 0; i < run->links->len; i++)
        bytes += plan_engine_bytes (g_ptr_array_index (run->links, i));
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (step->needed && step->kind == &step_image_kind)
            bytes += step->bytes;
    }
    return bytes;
}
