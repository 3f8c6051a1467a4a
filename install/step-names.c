/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/json-member.h"
#include "install/load.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <string.h>

/* Gives the proven images their real names, or takes names away. */

typedef struct {
    guint index;    /* of the image in the statement */
    gboolean takes; /* takes the name away: index does not count */
    char *full;     /* the name in full form */
    char *keeper;   /* what the image that loses the name is kept by; NULL: it is not kept */
    gboolean had;   /* did an image have the name? */
    Digest old;     /* that one's ID */
} NameStep;

static void
name_step_free (gpointer data)
{
    NameStep *step = data;

    g_free (step->full);
    g_free (step->keeper);
    g_free (step);
}

/* "docker.io/plant-hmi/server:1.5" → "handcarry.local/PRODUCT/server:r41-1.5". */
static char *
keeper_name (const Run *run, const char *full)
{
    const char *colon = strrchr (full, ':');
    g_autofree char *repo = g_strndup (full, (gsize)(colon - full));
    const char *last = strrchr (repo, '/');

    return g_strdup_printf ("handcarry.local/%s/%s:r%" G_GUINT64_FORMAT "-%.100s",
                            run->release->product, last != NULL ? last + 1 : repo,
                            run_old_release (run), colon + 1);
}

static const StatementImage *
image_of (const NameStep *step, const Run *run)
{
    return g_ptr_array_index (run->statement->images, step->index);
}

/* Which image has the name now? *there is FALSE where none has. */
static gboolean
look (const NameStep *step, Run *run, gboolean *there, Digest *id, GError **error)
{
    g_autoptr (EngineImage) found = NULL;

    if (!engine_inspect (run->engine, step->full, &found, error))
        return FALSE;
    *there = found != NULL;
    if (found != NULL)
        *id = found->id;
    return TRUE;
}

/* Since the image was proven the machine may have been down. */
static gboolean
prove_again (const NameStep *step, Run *run, const char *name, GError **error)
{
    return run->journal == NULL || run->journal->reached != PHASE_FORWARD ||
           load_prove (run->engine, image_of (step, run), name, error);
}

/* An image with two names loses its plain one to `docker image prune -a` even while it is in use,
 * so the temporary name goes as soon as the real one is set, and the keeper comes before. */
static gboolean
set (const NameStep *step, Run *run, GError **error)
{
    const StatementImage *image = image_of (step, run);
    g_autofree char *temporary = step_images_temporary (run, step->index);
    g_autofree char *old = digest_to_text (&step->old);

    if (!prove_again (step, run, temporary, error))
        return FALSE;
    return (!step->had || engine_tag (run->engine, old, step->keeper, error)) &&
           engine_tag (run->engine, temporary, step->full, error) &&
           load_check (run->engine, image, step->full, error) &&
           engine_remove_name (run->engine, temporary, NULL, error);
}

static gboolean
take (const NameStep *step, Run *run, GError **error)
{
    gboolean in_use = FALSE;

    if (!engine_remove_name (run->engine, step->full, &in_use, error))
        return FALSE;
    if (in_use)
        run_note (run, "image '%s' is used by a container and keeps its name", step->full);
    return TRUE;
}

static gboolean
apply (Step *base, Run *run, GError **error)
{
    const NameStep *step = base->data;
    gboolean there;
    Digest id;

    if (!look (step, run, &there, &id, error))
        return FALSE;
    if (step->takes)
        return !there || !digest_equal (&id, &step->old) || take (step, run, error);
    if (there && digest_equal (&id, load_image_id (run->engine, image_of (step, run)))) {
        g_autofree char *temporary = step_images_temporary (run, step->index);

        return prove_again (step, run, step->full, error) &&
               engine_remove_name (run->engine, temporary, NULL, error);
    }
    return set (step, run, error);
}

/* A name is not taken from an image that a container uses and that has no other: it gets the
 * temporary one again first. */
static gboolean
remove_new_name (const NameStep *step, Run *run, const char *temporary, GError **error)
{
    gboolean in_use;

    if (!engine_remove_name (run->engine, step->full, &in_use, error))
        return FALSE;
    if (!in_use)
        return TRUE;
    run_note (run, "image '%s' is used by a container and stays as '%s'", step->full, temporary);
    return engine_tag (run->engine, step->full, temporary, error) &&
           engine_remove_name (run->engine, step->full, NULL, error);
}

/* Its one name moves away: the new image is held until the image step drops it. */
static gboolean
give_back (const NameStep *step, Run *run, const char *temporary, GError **error)
{
    g_autofree char *old = digest_to_text (&step->old);

    return engine_tag (run->engine, step->full, temporary, error) &&
           engine_tag (run->engine, old, step->full, error) &&
           engine_remove_name (run->engine, step->keeper, NULL, error);
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    const NameStep *step = base->data;
    g_autofree char *temporary = NULL;
    gboolean there;
    Digest id;

    if (step->takes)
        return TRUE;
    if (!look (step, run, &there, &id, error))
        return FALSE;
    temporary = step_images_temporary (run, step->index);
    if (there && digest_equal (&id, load_image_id (run->engine, image_of (step, run))))
        return step->had ? give_back (step, run, temporary, error)
                         : remove_new_name (step, run, temporary, error);
    if (step->had && there && digest_equal (&id, &step->old))
        return engine_remove_name (run->engine, step->keeper, NULL, error);
    if (there)
        run_note (run, "the name '%s' was given to another image meanwhile, and stays there",
                  step->full);
    return !step->had || there ||
           fail (error, ERR_ENGINE, "the image that had the name is not there any more");
}

static void
write_data (const Step *base, JsonObject *data)
{
    const NameStep *step = base->data;

    json_object_set_string_member (data, "name", step->full);
    if (!step->takes)
        json_object_set_int_member (data, "image", step->index);
    json_member_set_text (data, "keeper", step->keeper);
    if (step->had)
        json_member_set_digest (data, "old", &step->old);
}

static gboolean
read_data (Step *base, Run *run, JsonObject *data, GError **error)
{
    NameStep *step = base->data = g_new0 (NameStep, 1);
    const char *old = json_member_string (data, "old");

    step->full = g_strdup (json_member_string (data, "name"));
    step->keeper = g_strdup (json_member_string (data, "keeper"));
    step->takes = !json_object_has_member (data, "image");
    step->index = (guint)json_member_count (data, "image");
    step->had = old != NULL;
    if (step->full == NULL || (step->had && !digest_parse (old, &step->old, NULL)) ||
        (step->had && !step->takes && step->keeper == NULL))
        return fail (error, ERR_FORMAT, "it does not say which name, or what had it");
    return step->takes || step->index < run->statement->images->len ||
           fail (error, ERR_FORMAT, "the release has no such image");
}

const StepKind step_name_kind = {
    .name = N_ ("name"),
    .apply = apply,
    .undo = undo,
    .write = write_data,
    .read = read_data,
    .free = name_step_free,
};

static gboolean
check_foreign (const Run *run, const char *full, const StatementImage *image, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);
        const StateImage *theirs = state_find_image (other, full);

        if (theirs != NULL && !digest_equal (&theirs->config, &image->config))
            return fail (error, ERR_POLICY, "the name '%s' belongs to product '%s' on this host",
                         image->name, other->product);
    }
    return TRUE;
}

/* An image that carries Ansible and is in the engine no more needs no name there. */
static gboolean
is_not_loaded (const Run *run, guint index)
{
    const StatementImage *image = g_ptr_array_index (run->statement->images, index);

    for (guint i = 0; image->ansible && i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (step->kind == &step_image_kind && strcmp (step->subject, image->name) == 0)
            return !step->needed;
    }
    return FALSE;
}

static gboolean
plan_one (Run *run, guint index, GError **error)
{
    NameStep *step = g_new0 (NameStep, 1);
    const StatementImage *image = g_ptr_array_index (run->statement->images, index);
    Step *base = step_add (run, &step_name_kind, image->name, "is set", step);
    const EngineImage *found = g_ptr_array_index (run->named, index);

    step->index = index;
    step->full = path_normalize_image_name (image->name);
    step->keeper = keeper_name (run, step->full);
    if (!check_foreign (run, step->full, image, error))
        return FALSE;
    if (found == NULL && is_not_loaded (run, index)) {
        step_set_action (base, "not needed");
        return TRUE;
    }
    base->needed = found == NULL || !digest_equal (&found->id, load_image_id (run->engine, image));
    if (!base->needed)
        return TRUE;
    step->had = found != NULL;
    if (step->had) {
        step->old = found->id;
        base->detail = message_printf ("the image that has it is kept as %s", step->keeper);
    }
    step_set_action (base, step->had ? "move" : "set");
    return TRUE;
}

gboolean
step_names_plan (Run *run, GError **error)
{
    for (guint i = 0; i < run->statement->images->len; i++)
        if (!plan_one (run, i, error))
            return FALSE;
    return TRUE;
}

void
step_names_plan_take (Run *run, const StateImage *image)
{
    NameStep *step = g_new0 (NameStep, 1);
    Step *base =
        step_add (run, &step_name_kind, path_short_image_name (image->name), "take away", step);

    step->takes = step->had = TRUE;
    step->full = g_strdup (image->name);
    step->old = image->id;
    base->needed = TRUE;
}

gboolean
step_names_record (const Step *base, const Run *run, GPtrArray *images)
{
    const NameStep *step = base->data;
    const StatementImage *from;
    StateImage *image;

    if (base->kind != &step_name_kind)
        return FALSE;
    if (step->takes)
        return TRUE;
    from = image_of (step, run);
    image = g_new0 (StateImage, 1);
    image->name = g_strdup (step->full);
    image->id = *load_image_id (run->engine, from);
    image->config = from->config;
    image->manifest = from->manifest;
    g_ptr_array_add (images, image);
    return TRUE;
}
