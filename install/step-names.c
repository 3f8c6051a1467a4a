/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/load.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/path.h"

#include <string.h>

/* Gives the proven images their real names. */

typedef struct {
    const StatementImage *image;
    char *full;      /* the name in full form */
    char *temporary; /* set by the image step */
    char *keeper;    /* what the image that loses the name is kept by */
    gboolean had;    /* did another image have the name? */
    Digest old;
    gboolean moved;
} NameStep;

static void
name_step_free (gpointer data)
{
    NameStep *step = data;

    g_free (step->full);
    g_free (step->temporary);
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

/* An image with two names loses its plain one to `docker image prune -a` even while it is in use,
 * so the temporary name goes as soon as the real one is set, and the keeper comes before. */
static gboolean
apply (Step *base, Run *run, GError **error)
{
    NameStep *step = base->data;
    g_autofree char *old = digest_to_text (&step->old);

    if (step->had && !engine_tag (run->engine, old, step->keeper, error))
        return FALSE;
    step->moved = TRUE;
    return engine_tag (run->engine, step->temporary, step->full, error) &&
           load_check (run->engine, step->image, step->full, error) &&
           engine_remove_name (run->engine, step->temporary, NULL, error);
}

/* A name is not taken from an image that a container uses and that has no other: it gets the
 * temporary one again first. */
static gboolean
remove_new_name (NameStep *step, Run *run, GError **error)
{
    gboolean in_use;

    if (!engine_remove_name (run->engine, step->full, &in_use, error))
        return FALSE;
    if (!in_use)
        return TRUE;
    run_note (run, "image '%s' is used by a container and stays as '%s'", step->image->name,
              step->temporary);
    return engine_tag (run->engine, step->full, step->temporary, error) &&
           engine_remove_name (run->engine, step->full, NULL, error);
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    NameStep *step = base->data;
    g_autofree char *old = digest_to_text (&step->old);
    g_autofree char *new = digest_to_text (load_image_id (run->engine, step->image));

    if (!step->moved)
        return TRUE;
    if (!step->had)
        return remove_new_name (step, run, error);
    /* Its one name moves away: the new image is held until the image step drops it. */
    return engine_tag (run->engine, new, step->temporary, error) &&
           engine_tag (run->engine, old, step->full, error) &&
           engine_remove_name (run->engine, step->keeper, NULL, error);
}

static const StepKind name_kind = {
    .name = "name", .apply = apply, .undo = undo, .free = name_step_free
};

static gboolean
check_foreign (const Run *run, const NameStep *step, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *other = g_ptr_array_index (run->others, i);
        const StateImage *image = state_find_image (other, step->full);

        if (image != NULL && !digest_equal (&image->config, &step->image->config))
            return fail (error, ERR_POLICY, "the name '%s' belongs to product '%s' on this host",
                         step->image->name, other->product);
    }
    return TRUE;
}

static gboolean
plan_one (Run *run, guint index, GError **error)
{
    NameStep *step = g_new0 (NameStep, 1);
    const StatementImage *image = g_ptr_array_index (run->statement->images, index);
    Step *base = step_add (run, &name_kind, image->name, "is set", step);
    const EngineImage *found = g_ptr_array_index (run->named, index);

    step->image = image;
    step->full = path_normalize_image_name (image->name);
    step->temporary = step_images_temporary (run, index);
    step->keeper = keeper_name (run, step->full);
    if (!check_foreign (run, step, error))
        return FALSE;
    base->needed = found == NULL || !digest_equal (&found->id, load_image_id (run->engine, image));
    if (!base->needed)
        return TRUE;
    step->had = found != NULL;
    if (step->had) {
        step->old = found->id;
        base->detail = g_strdup_printf ("the image that has it is kept as %s", step->keeper);
    }
    base->action = (g_free (base->action), g_strdup (step->had ? "move" : "set"));
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

gboolean
step_names_record (const Step *base, const Run *run, GPtrArray *images)
{
    const NameStep *step = base->data;
    StateImage *image;

    if (base->kind != &name_kind)
        return FALSE;
    image = g_new0 (StateImage, 1);
    image->name = g_strdup (step->full);
    image->id = *load_image_id (run->engine, step->image);
    image->config = step->image->config;
    image->manifest = step->image->manifest;
    g_ptr_array_add (images, image);
    return TRUE;
}
