/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "install/run.h"
#include "install/template.h"
#include "manifest/error.h"

#include <string.h>

/* Places configs three ways: the old side is what was last placed, so that an edit made on the host
 * is never lost. */

typedef enum {
    CONFIG_EQUAL,   /* is already so */
    CONFIG_PLACE,   /* nothing there, or what was last placed */
    CONFIG_LOCAL,   /* edited here, and this release changes nothing in it */
    CONFIG_BESIDE,  /* conflict: the edit stays, ours goes to .handcarry-new */
    CONFIG_REPLACE, /* conflict: the edit goes to .handcarry-old.rN */
} Decision;

typedef struct {
    const ReleaseConfig *config;
    GBytes *bytes; /* as they are to be placed */
    Digest digest;
    Decision decision;
    PlaceFound found; /* what the decision rests on */
    uid_t uid;
    gid_t gid;
    Placement *placement;
} ConfigStep;

static void
config_step_free (gpointer data)
{
    ConfigStep *step = data;

    g_clear_pointer (&step->placement, place_free);
    g_clear_pointer (&step->bytes, g_bytes_unref);
    g_free (step);
}

static char *
target_path (const ConfigStep *step)
{
    return step->decision == CONFIG_BESIDE ? g_strconcat (step->config->to, ".handcarry-new", NULL)
                                           : g_strdup (step->config->to);
}

static gboolean
prepare (Step *base, Run *run, GError **error)
{
    ConfigStep *step = base->data;
    g_autofree char *path = target_path (step);
    g_autofree char *tag = run_folder (run);

    step->placement = place_begin (path, tag, error);
    return step->placement != NULL &&
           place_write_file (step->placement, step->bytes, step->config->mode, step->uid, step->gid,
                             error);
}

/* Between plan and switch lie a confirmation and the loading of all images: time for an edit. */
static gboolean
is_as_planned (const ConfigStep *step, GError **error)
{
    PlaceFound found = { .kind = PLACE_NOTHING };

    if (step->decision == CONFIG_BESIDE)
        return TRUE;
    if (!place_look (step->config->to, &found, error))
        return FALSE;
    return (found.kind == step->found.kind &&
            (found.kind == PLACE_NOTHING || digest_equal (&found.digest, &step->found.digest))) ||
           fail (error, ERR_FAILED,
                 "config '%s' was changed on this host while the run went on; install again to "
                 "decide about it",
                 step->config->to);
}

static gboolean
apply (Step *base, Run *run, GError **error)
{
    ConfigStep *step = base->data;

    return is_as_planned (step, error) && place_switch (step->placement, error);
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    ConfigStep *step = base->data;

    if (step->placement != NULL && !place_undo (step->placement, error))
        return FALSE;
    g_clear_pointer (&step->placement, place_free);
    return TRUE;
}

static gboolean
commit (Step *base, Run *run, GError **error)
{
    ConfigStep *step = base->data;
    g_autofree char *name = g_path_get_basename (step->config->to);
    g_autofree char *folder = run_folder (run);
    g_autofree char *old = g_strdup_printf ("%s.handcarry-old.%s", name, folder);

    return place_commit (step->placement, step->decision == CONFIG_REPLACE ? old : NULL, error);
}

static const StepKind config_kind = { .name = "config",
                                      .prepare = prepare,
                                      .apply = apply,
                                      .undo = undo,
                                      .commit = commit,
                                      .free = config_step_free };

static gboolean
fill (Run *run, ConfigStep *step, GError **error)
{
    const RunFile *file = g_hash_table_lookup (run->tree, step->config->from);

    if (file == NULL || file->content == NULL)
        return fail (error, ERR_FORMAT, "config '%s' is not in the carried tree",
                     step->config->from);
    if (step->config->template)
        step->bytes = template_fill (file->content, run->values, step->config->from, error);
    else
        step->bytes = g_bytes_ref (file->content);
    if (step->bytes == NULL)
        return FALSE;
    step->digest = digest_of_bytes (step->bytes);
    return TRUE;
}

static gboolean
same_place (const ConfigStep *step, const PlaceFound *found)
{
    return digest_equal (&found->digest, &step->digest) && found->mode == step->config->mode &&
           found->uid == step->uid && found->gid == step->gid;
}

static gboolean
decide_conflict (ConfigStep *step, GError **error)
{
    switch (step->config->on_conflict) {
    case CONFLICT_KEEP:
        step->decision = CONFIG_BESIDE;
        return TRUE;
    case CONFLICT_REPLACE:
        step->decision = CONFIG_REPLACE;
        return TRUE;
    case CONFLICT_FAIL:
        break;
    }
    return fail (
        error, ERR_NOT_READY,
        "config '%s' was changed on this host and also by this release, which asks to stop "
        "then (on-conflict: fail); put the file back or move it away",
        step->config->to);
}

static gboolean
decide (const Run *run, ConfigStep *step, const PlaceFound *found, GError **error)
{
    const StateFile *last =
        run->state != NULL ? state_find_file (run->state->configs, step->config->to) : NULL;
    gboolean bytes_equal = digest_equal (&found->digest, &step->digest);

    if (found->kind == PLACE_FOLDER)
        return fail (error, ERR_NOT_READY, "'%s' is a folder, a config file goes there",
                     step->config->to);
    if (found->kind == PLACE_NOTHING || bytes_equal)
        step->decision =
            found->kind == PLACE_FILE && same_place (step, found) ? CONFIG_EQUAL : CONFIG_PLACE;
    else if (last != NULL && digest_equal (&last->digest, &found->digest))
        step->decision = CONFIG_PLACE;
    else if (last != NULL && digest_equal (&last->digest, &step->digest))
        step->decision = CONFIG_LOCAL;
    else
        return decide_conflict (step, error);
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

/* A path belongs to the product that placed it. */
static gboolean
check_foreign (const Run *run, const char *path, const Digest *digest, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);
        const StateFile *config = state_find_file (other->configs, path);
        const StateFile *file = state_find_file (other->files, path);

        if (config == NULL)
            config = file;
        if (config != NULL && !digest_equal (&config->digest, digest))
            return fail (error, ERR_POLICY, "'%s' belongs to product '%s' on this host", path,
                         other->product);
    }
    return TRUE;
}

static gboolean
plan_one (Run *run, const ReleaseConfig *config, GError **error)
{
    ConfigStep *step = g_new0 (ConfigStep, 1);
    Step *base = step_add (run, &config_kind, config->to, "", step);
    PlaceFound found = { .kind = PLACE_NOTHING };

    step->config = config;
    if (!fill (run, step, error) || !host_check_place (run->host, config->to, error) ||
        !place_parse_owner (config->owner, &step->uid, &step->gid, error) ||
        !place_look (config->to, &found, error) ||
        !check_foreign (run, config->to, &step->digest, error) ||
        !decide (run, step, &found, error))
        return fail_prefix (error, "config '%s'", config->from);
    step->found = found;
    base->action = (g_free (base->action), g_strdup (describe (step->decision)));
    base->needed = step->decision != CONFIG_EQUAL && step->decision != CONFIG_LOCAL;
    base->bytes = g_bytes_get_size (step->bytes);
    if (base->needed)
        g_ptr_array_add (run->changed, target_path (step));
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

gboolean
step_configs_record (const Step *base, GPtrArray *configs)
{
    const ConfigStep *step = base->data;
    StateFile *file;

    if (base->kind != &config_kind)
        return FALSE;
    file = g_new0 (StateFile, 1);
    file->path = g_strdup (step->config->to);
    /* Of what was offered, also where an edit was kept: the next release compares with it. */
    file->digest = step->digest;
    g_ptr_array_add (configs, file);
    return TRUE;
}
