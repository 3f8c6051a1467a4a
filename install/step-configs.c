/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/config-choice.h"
#include "install/plan-diff.h"
#include "install/plan.h"
#include "install/run.h"
#include "install/step-place.h"
#include "install/template.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

/* Decides about configs three ways: the old side is what was last placed, so that an edit made on
 * the host is never lost. */

typedef enum {
    CONFIG_EQUAL,   /* is already so */
    CONFIG_PLACE,   /* nothing is there */
    CONFIG_UPDATE,  /* what was last placed is there, or the mode or owner is another */
    CONFIG_LOCAL,   /* edited here, and this release changes nothing in it */
    CONFIG_BESIDE,  /* conflict: the edit stays, ours goes to .handcarry-new */
    CONFIG_OPEN,    /* conflict: the operator is asked */
    CONFIG_REPLACE, /* conflict: the edit goes to .handcarry-old.rN */
} Decision;

/* The bytes that the release brings. Caller unrefs. */
static GBytes *
fill (Run *run, const ReleaseConfig *config, GError **error)
{
    const RunFile *file = g_hash_table_lookup (run->tree, config->from);

    if (file == NULL || file->content == NULL)
        return fail_null (error, ERR_FORMAT, "config '%s' is not in the carried tree",
                          config->from);
    if (!config->template)
        return g_bytes_ref (file->content);
    return template_fill (file->content, run->values, config->from, error);
}

/* Changed here and by the release. */
static Decision
decide_conflict (const ReleaseConfig *config, ConfigChoiceKind choice)
{
    if (choice == CHOICE_KEEP)
        return CONFIG_BESIDE;
    switch (config->on_conflict) {
    case CONFLICT_KEEP:
        return CONFIG_BESIDE;
    case CONFLICT_REPLACE:
        return CONFIG_REPLACE;
    case CONFLICT_FAIL:
        return CONFIG_OPEN;
    }
    g_assert_not_reached ();
}

/* What the release offers is tracked; it is not what is wanted where the operator gave a file. */
static Decision
decide (const Run *run, const ReleaseConfig *config, const StepPlace *step, ConfigChoiceKind choice)
{
    const PlaceThing *found = &step->place.found, *wanted = &step->place.wanted;
    const StateFile *last =
        run->state != NULL ? state_find_file (run->state->configs, config->to) : NULL;

    if (found->kind == PLACE_NOTHING)
        return CONFIG_PLACE;
    if (place_same (found, wanted))
        return place_equal (found, wanted) ? CONFIG_EQUAL : CONFIG_UPDATE;
    if (last != NULL && digest_equal (&last->digest, &found->digest))
        return CONFIG_UPDATE;
    if (choice == CHOICE_NEW || choice == CHOICE_FILE)
        return CONFIG_REPLACE;
    if (last != NULL && digest_equal (&last->digest, &step->tracked_digest))
        return CONFIG_LOCAL;
    return decide_conflict (config, choice);
}

static const char *
describe (Decision decision)
{
    static const char *const words[] = {
        [CONFIG_EQUAL] = "is there",
        [CONFIG_PLACE] = N_ ("place"),
        [CONFIG_UPDATE] = N_ ("update"),
        [CONFIG_LOCAL] = "keep (changed here, not by this release)",
        [CONFIG_BESIDE] = "keep (changed here), new one beside it as .handcarry-new",
        [CONFIG_OPEN] = "to be decided (changed here and by this release)",
        [CONFIG_REPLACE] = "replace (changed here), old one kept as .handcarry-old",
    };

    return words[decision];
}

/* An earlier offer that someone worked on is not lost either. */
static gboolean
place_beside (Run *run, PlaceData *place, const char *to, GError **error)
{
    const StateFile *last = run->state != NULL ? state_find_file (run->state->configs, to) : NULL;

    g_free (place->path);
    place->path = g_strconcat (to, ".handcarry-new", NULL);
    if (!place_plan (place, error))
        return FALSE;
    if (place->found.kind == PLACE_FOLDER)
        return fail (error, ERR_NOT_READY, "'%s' is a folder, a config file goes there",
                     place->path);
    if (place->found.kind == PLACE_FILE && !place_same (&place->found, &place->wanted) &&
        (last == NULL || !digest_equal (&last->digest, &place->found.digest)))
        place_keep_old (place);
    return TRUE;
}

/* What was decided becomes what is done. */
static gboolean
carry_out (Run *run, Step *base, Decision decision, GError **error)
{
    StepPlace *step = base->data;

    step_set_action (base, describe (decision));
    if (decision == CONFIG_REPLACE)
        place_keep_old (&step->place);
    if (decision == CONFIG_BESIDE && !place_beside (run, &step->place, base->subject, error))
        return FALSE;
    if (decision != CONFIG_EQUAL && decision != CONFIG_LOCAL && decision != CONFIG_OPEN)
        step_place_need (run, base, describe (decision));
    return TRUE;
}

/* What is to be placed, and what the state remembers as offered. */
static gboolean
take_bytes (Run *run, const ReleaseConfig *config, Step *base, const ConfigChoice *choice,
            GError **error)
{
    StepPlace *step = base->data;
    g_autoptr (GBytes) offered = fill (run, config, error);

    if (offered == NULL)
        return FALSE;
    step->tracked = g_strdup (config->to);
    /* Also where an edit is kept: the next release compares with it. */
    step->tracked_digest = digest_of_bytes (offered);
    step->bytes = g_bytes_ref (choice != NULL && choice->bytes != NULL ? choice->bytes : offered);
    step->place.wanted.digest = digest_of_bytes (step->bytes);
    base->bytes = g_bytes_get_size (step->bytes);
    if (choice != NULL)
        base->detail = choice->file != NULL
                           ? message_printf ("as --config says, from '%s'", choice->file)
                           : message_printf ("as --config says");
    return TRUE;
}

/* Between what is at config->to and what is to be placed there, or is offered beside it. */
static gboolean
compare (const Run *run, const ReleaseConfig *config, StepPlace *step, GError **error)
{
    const RunFile *file = g_hash_table_lookup (run->tree, config->from);
    g_autoptr (GBytes) old = NULL;
    g_autoptr (GError) why = NULL;

    old = place_read (config->to, STEP_CONFIG_BYTES, &why);
    if (old != NULL)
        step->diff = plan_diff (old, step->bytes, config->template ? file->content : NULL,
                                run->values, &step->dark);
    else if (g_error_matches (why, HANDCARRY_ERROR, ERR_FORMAT))
        step->dark = "too long";
    else
        g_propagate_error (error, g_steal_pointer (&why));
    return old != NULL || step->dark != NULL;
}

static gboolean
look (const Run *run, const ReleaseConfig *config, StepPlace *step, GError **error)
{
    PlaceThing *wanted = &step->place.wanted;

    wanted->kind = PLACE_FILE;
    wanted->mode = config->mode;
    if (!host_check_place (run->host, config->to, error) ||
        !place_parse_owner (config->owner, &wanted->uid, &wanted->gid, error) ||
        !place_plan (&step->place, error))
        return FALSE;
    return step->place.found.kind != PLACE_FOLDER ||
           fail (error, ERR_NOT_READY, "'%s' is a folder, a config file goes there", config->to);
}

static gboolean
check_decided (const ReleaseConfig *config, Decision decision, GError **error)
{
    return decision != CONFIG_OPEN ||
           fail (error, ERR_NOT_READY,
                 "'%s' was changed on this host and also by this release, which asks to stop then "
                 "(on-conflict: fail); decide by --config %s=keep (the new one goes beside it), "
                 "=new (the edit is kept beside it) or =FILE",
                 config->to, config->to);
}

static gboolean
plan_one (Run *run, const ReleaseConfig *config, GError **error)
{
    const ConfigChoice *choice = config_choice_find (run->options.choices, config->to);
    Step *base;
    StepPlace *step = step_place_add (run, &step_config_kind, config->to, &base);
    gboolean differs;
    Decision decision;

    if (!look (run, config, step, error))
        return FALSE;
    /* What it would become is not known, and that values are missing was said. */
    if (config->template && run->values == NULL)
        return TRUE;
    if (!take_bytes (run, config, base, choice, error) ||
        !step_place_check_foreign (run, config->to, &step->tracked_digest, error))
        return FALSE;
    decision = decide (run, config, step, choice != NULL ? choice->kind : CHOICE_NONE);
    differs = decision != CONFIG_EQUAL && decision != CONFIG_LOCAL && decision != CONFIG_PLACE;
    return (!differs || compare (run, config, step, error)) &&
           carry_out (run, base, decision, error) && check_decided (config, decision, error);
}

static gboolean
check_choices (const Run *run, GError **error)
{
    const GPtrArray *choices = run->options.choices, *configs = run->release->configs;
    g_autoptr (GString) known = g_string_new (NULL);

    for (guint i = 0; i < configs->len; i++)
        g_string_append_printf (known, "%s%s", i > 0 ? ", " : "",
                                ((const ReleaseConfig *)g_ptr_array_index (configs, i))->to);
    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const ConfigChoice *choice = g_ptr_array_index (choices, i);
        gboolean found = FALSE;

        for (guint k = 0; k < configs->len && !found; k++)
            found = strcmp (((const ReleaseConfig *)g_ptr_array_index (configs, k))->to,
                            choice->path) == 0;
        if (!found)
            return fail (error, ERR_USAGE, "--config: %s %s has no config '%s'; it has: %s",
                         run->release->product, run->release->version, choice->path,
                         known->len > 0 ? known->str : "none");
    }
    return TRUE;
}

gboolean
step_configs_plan (Run *run, GError **error)
{
    if (!check_choices (run, error))
        return FALSE;
    for (guint i = 0; i < run->release->configs->len; i++) {
        const ReleaseConfig *config = g_ptr_array_index (run->release->configs, i);
        GError *why = NULL;

        if (plan_one (run, config, &why))
            continue;
        (void)fail_prefix (&why, "config '%s'", config->from);
        if (!plan_defer (run, why, error))
            return FALSE;
    }
    return TRUE;
}
