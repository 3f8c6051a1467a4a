/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run.h"
#include "install/step-place.h"
#include "install/template.h"
#include "manifest/error.h"

#include <string.h>

/* Decides about configs three ways: the old side is what was last placed, so that an edit made on
 * the host is never lost. */

typedef enum {
    CONFIG_EQUAL,   /* is already so */
    CONFIG_PLACE,   /* nothing there, or what was last placed */
    CONFIG_LOCAL,   /* edited here, and this release changes nothing in it */
    CONFIG_BESIDE,  /* conflict: the edit stays, ours goes to .handcarry-new */
    CONFIG_REPLACE, /* conflict: the edit goes to .handcarry-old.rN */
} Decision;

/* The bytes as they are to be placed. Caller unrefs. */
static GBytes *
fill (Run *run, const ReleaseConfig *config, GError **error)
{
    const RunFile *file = g_hash_table_lookup (run->tree, config->from);

    if (file == NULL || file->content == NULL)
        return fail_null (error, ERR_FORMAT, "config '%s' is not in the carried tree",
                          config->from);
    if (config->template)
        return template_fill (file->content, run->values, config->from, error);
    return g_bytes_ref (file->content);
}

static gboolean
decide_conflict (const ReleaseConfig *config, Decision *decision, GError **error)
{
    switch (config->on_conflict) {
    case CONFLICT_KEEP:
        *decision = CONFIG_BESIDE;
        return TRUE;
    case CONFLICT_REPLACE:
        *decision = CONFIG_REPLACE;
        return TRUE;
    case CONFLICT_FAIL:
        break;
    }
    return fail (
        error, ERR_NOT_READY,
        "config '%s' was changed on this host and also by this release, which asks to stop "
        "then (on-conflict: fail); put the file back or move it away",
        config->to);
}

static gboolean
decide (const Run *run, const ReleaseConfig *config, const PlaceData *place, Decision *decision,
        GError **error)
{
    const PlaceThing *found = &place->found, *wanted = &place->wanted;
    const StateFile *last =
        run->state != NULL ? state_find_file (run->state->configs, config->to) : NULL;

    if (found->kind == PLACE_FOLDER)
        return fail (error, ERR_NOT_READY, "'%s' is a folder, a config file goes there",
                     config->to);
    if (place_same (found, wanted))
        *decision =
            found->mode == wanted->mode && found->uid == wanted->uid && found->gid == wanted->gid
                ? CONFIG_EQUAL
                : CONFIG_PLACE;
    else if (found->kind == PLACE_NOTHING ||
             (last != NULL && digest_equal (&last->digest, &found->digest)))
        *decision = CONFIG_PLACE;
    else if (last != NULL && digest_equal (&last->digest, &wanted->digest))
        *decision = CONFIG_LOCAL;
    else
        return decide_conflict (config, decision, error);
    return TRUE;
}

static const char *
describe (Decision decision)
{
    static const char *const words[] = {
        [CONFIG_EQUAL] = "is there",
        [CONFIG_PLACE] = "place",
        [CONFIG_LOCAL] = "keep (changed here, not by this release)",
        [CONFIG_BESIDE] = "keep (changed here), new one beside it as .handcarry-new",
        [CONFIG_REPLACE] = "replace (changed here), old one kept as .handcarry-old",
    };

    return words[decision];
}

/* What was decided becomes what is done. */
static gboolean
carry_out (Run *run, Step *base, Decision decision, GError **error)
{
    StepPlace *step = base->data;
    PlaceData *place = &step->place;
    g_autofree char *name = g_path_get_basename (place->path);

    if (decision == CONFIG_REPLACE)
        place->keep_as = g_strdup_printf ("%s.handcarry-old.%s", name, place->tag);
    if (decision == CONFIG_BESIDE) {
        g_autofree char *path = g_strconcat (place->path, ".handcarry-new", NULL);

        g_free (place->path);
        place->path = g_steal_pointer (&path);
        if (!place_plan (place, error))
            return FALSE;
    }
    base->action = (g_free (base->action), g_strdup (describe (decision)));
    if (decision != CONFIG_EQUAL && decision != CONFIG_LOCAL)
        step_place_need (run, base, describe (decision));
    return TRUE;
}

static gboolean
plan_one (Run *run, const ReleaseConfig *config, GError **error)
{
    Step *base;
    StepPlace *step = step_place_add (run, &step_config_kind, config->to, &base);
    PlaceThing *wanted = &step->place.wanted;
    Decision decision = CONFIG_EQUAL;

    step->bytes = fill (run, config, error);
    if (step->bytes == NULL)
        return fail_prefix (error, "config '%s'", config->from);
    wanted->kind = PLACE_FILE;
    wanted->mode = config->mode;
    wanted->digest = digest_of_bytes (step->bytes);
    base->bytes = g_bytes_get_size (step->bytes);
    step->tracked = g_strdup (config->to);
    /* Of what was offered, also where an edit was kept: the next release compares with it. */
    step->tracked_digest = wanted->digest;
    if (!host_check_place (run->host, config->to, error) ||
        !place_parse_owner (config->owner, &wanted->uid, &wanted->gid, error) ||
        !place_plan (&step->place, error) ||
        !step_place_check_foreign (run, config->to, &wanted->digest, error) ||
        !decide (run, config, &step->place, &decision, error) ||
        !carry_out (run, base, decision, error))
        return fail_prefix (error, "config '%s'", config->from);
    return TRUE;
}

gboolean
step_configs_plan (Run *run, GError **error)
{
    for (guint i = 0; i < run->release->configs->len; i++)
        if (!plan_one (run, g_ptr_array_index (run->release->configs, i), error))
            return FALSE;
    return TRUE;
}
