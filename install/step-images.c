/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/strictjson.h"
#include "install/ansible-root.h"
#include "install/base.h"
#include "install/json-member.h"
#include "install/load.h"
#include "install/loader.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

/* Brings each image into the engine under a temporary name and proves it there. */

typedef struct {
    guint index;
    const StatementImage *image;
    char *temporary;
    GArray *missing; /* StatementLayer; NULL where the whole image is there */
    Loader *loader;  /* shared by all image steps, owned by the first */
    gboolean owns_loader;
    gboolean loads; /* something is missing, or was when the run began */
} ImageStep;

#define TEMPORARY "handcarry.local/tmp/%s:"

char *
step_images_temporary (const Run *run, guint index)
{
    return g_strdup_printf (TEMPORARY "r%" G_GUINT64_FORMAT "-%u", run->release->product,
                            run->release->release, index);
}

static void
image_step_free (gpointer data)
{
    ImageStep *step = data;

    if (step->owns_loader)
        loader_free (step->loader);
    g_clear_pointer (&step->missing, g_array_unref);
    g_free (step->temporary);
    g_free (step);
}

/* Also after a failed load the engine may have kept the name. An image that a container uses keeps
 * it: a forced removal would take the image from under the container. */
static gboolean
drop_temporary (Run *run, const char *name, GError **error)
{
    gboolean in_use;

    if (!engine_remove_name (run->engine, name, &in_use, error))
        return FALSE;
    if (in_use)
        run_note (run, "an image of this release is used by a container and stays as '%s'", name);
    return TRUE;
}

static gboolean
load_and_prove (ImageStep *step, Run *run, GArray *layers, GError **error)
{
    return loader_load (step->loader, step->image, step->temporary, layers, error) &&
           load_prove (run->engine, step->image, step->temporary, error);
}

static void
add_manifests (GHashTable *ours, const Statement *statement)
{
    for (guint i = 0; i < statement->images->len; i++) {
        StatementImage *image = g_ptr_array_index (statement->images, i);

        g_hash_table_add (ours, &image->manifest);
    }
}

static GHashTable *
our_manifests (const Run *run)
{
    GHashTable *ours = g_hash_table_new (digest_hash_key, digest_equal_key);

    add_manifests (ours, run->statement);
    for (guint i = 0; i < run->brought->len; i++)
        add_manifests (ours, g_ptr_array_index (run->brought, i));
    for (guint i = 0; run->state != NULL && i < run->state->manifests->len; i++)
        g_hash_table_add (ours, &g_array_index (run->state->manifests, Digest, i));
    for (guint k = 0; k < run->others->len; k++) {
        const State *other = g_ptr_array_index (run->others, k);

        for (guint i = 0; i < other->manifests->len; i++)
            g_hash_table_add (ours, &g_array_index (other->manifests, Digest, i));
    }
    return ours;
}

/* The engine said no to what a delta has of the image. Was what it leaves out removed meanwhile? */
static gboolean
cannot_send_all (ImageStep *step, Run *run, guint left_out, const GError *why, GError **error)
{
    g_autoptr (GHashTable) ours = our_manifests (run);
    g_autoptr (LoadPresent) present = load_present_new (run->engine, ours, error);
    g_autoptr (GArray) missing = NULL;

    if (present == NULL)
        return FALSE;
    missing = load_present_missing (present, step->image);
    bases_take_left_out (run->bases, step->image, missing);
    return bases_check (run->bases, error) &&
           fail (error, ERR_ENGINE,
                 "%s; it cannot be sent whole, for this delta leaves out %u of its %u layers: "
                 "install the full bundle of the same release",
                 why->message, left_out, step->image->layers->len);
}

/* The engine said no to the thin archive although it is alive: it gets everything. */
static gboolean
load_full (ImageStep *step, Run *run, GError *why, GError **error)
{
    g_autoptr (GArray) all = load_all_layers (step->image);
    guint left_out = run->bases != NULL ? bases_count_left_out (run->bases, all) : 0;

    /* Plan found the file there; its bytes were not looked at before. */
    if (g_error_matches (why, HANDCARRY_ERROR, ERR_BASE_MISSING))
        return fail (error, ERR_BASE_MISSING,
                     "%s; install the full bundle of the same release, which does not need it",
                     why->message);

    if (run->stopped || !g_error_matches (why, HANDCARRY_ERROR, ERR_ENGINE) ||
        all->len == step->missing->len || !engine_ping (run->engine, NULL)) {
        g_propagate_error (error, g_error_copy (why));
        return FALSE;
    }
    if (left_out > 0)
        return cannot_send_all (step, run, left_out, why, error);
    run_note (run, "'%s' was sent whole, after this: %s", step->image->name, why->message);
    return drop_temporary (run, step->temporary, error) &&
           loader_copy_more (step->loader, all, error) && load_and_prove (step, run, all, error);
}

static gboolean
prepare (Step *base, Run *run, GError **error)
{
    ImageStep *step = base->data;
    g_autofree char *id = digest_to_text (load_image_id (run->engine, step->image));
    g_autoptr (GError) local = NULL;

    if (step->missing == NULL)
        return engine_tag (run->engine, id, step->temporary, error) &&
               load_prove (run->engine, step->image, step->temporary, error);
    if (load_and_prove (step, run, step->missing, &local))
        return TRUE;
    return load_full (step, run, local, error);
}

/* An engine that died after the load may have lost the name, and with it what the layers hold, for
 * it syncs neither (trust.md T16): the next load would take such an image for whole. It may not
 * even be able to inspect it, so it is looked for in the list. */
static gboolean
drop_nameless (const ImageStep *step, Run *run, GError **error)
{
    const Digest *wanted = load_image_id (run->engine, step->image);
    g_autofree char *id = digest_to_text (wanted);
    g_autoptr (GPtrArray) images = engine_list (run->engine, error);

    for (guint i = 0; images != NULL && i < images->len; i++) {
        const EngineImage *image = g_ptr_array_index (images, i);

        if (digest_equal (&image->id, wanted) && image->names->len == 0)
            return engine_remove_name (run->engine, id, NULL, error);
    }
    return images != NULL;
}

static gboolean
undo (Step *base, Run *run, GError **error)
{
    const ImageStep *step = base->data;

    /* An engine that is gone cannot be asked: the run stays open for that. */
    if (!engine_ping (run->engine, NULL))
        return TRUE;
    return drop_temporary (run, step->temporary, error) &&
           (!step->loads || drop_nameless (step, run, error));
}

static void
write_data (const Step *base, JsonObject *data)
{
    const ImageStep *step = base->data;

    json_object_set_int_member (data, "image", step->index);
    json_object_set_boolean_member (data, "loads", step->loads);
}

static gboolean
read_data (Step *base, Run *run, JsonObject *data, GError **error)
{
    ImageStep *step = base->data = g_new0 (ImageStep, 1);
    guint64 index;

    if (!strictjson_size (data, "image", "journal", &index, error))
        return FALSE;
    if (index >= run->statement->images->len)
        return fail (error, ERR_FORMAT, "the release has no such image");
    step->index = (guint)index;
    step->loads = json_member_boolean (data, "loads");
    step->image = g_ptr_array_index (run->statement->images, step->index);
    step->temporary = step_images_temporary (run, step->index);
    return TRUE;
}

const StepKind step_image_kind = {
    .name = N_ ("image"),
    .prepare = prepare,
    .undo = undo,
    .write = write_data,
    .read = read_data,
    .free = image_step_free,
};

/* Whole, as far as can be told without changing anything? found may be NULL. */
static gboolean
is_whole (Run *run, const StatementImage *image, const EngineImage *found)
{
    g_autoptr (GError) local = NULL;

    if (found == NULL || !digest_equal (&found->id, load_image_id (run->engine, image)))
        return FALSE;
    if (load_check_found (run->engine, image, found, &run->listed, &local))
        return TRUE;
    run_note (run, "'%s' is in the engine but not whole and is loaded again: %s", image->name,
              local->message);
    return FALSE;
}

static guint64
layer_bytes (GArray *layers)
{
    guint64 bytes = 0;

    for (guint i = 0; i < layers->len; i++)
        bytes += g_array_index (layers, StatementLayer, i).bytes;
    return bytes;
}

/* Of a chain: the images that the bundles before this one bring. */
static void
add_foreseen (Run *run)
{
    for (guint i = 0; run->foresee && i < run->brought->len; i++) {
        const Statement *statement = g_ptr_array_index (run->brought, i);

        for (guint k = 0; k < statement->images->len; k++) {
            const StatementImage *from = g_ptr_array_index (statement->images, k);
            g_autoptr (GArray) layers = statement_image_diffids (from);
            EngineImage *image = engine_image_new ();

            image->id = *load_image_id (run->engine, from);
            g_array_append_vals (image->layers, layers->data, layers->len);
            image->foreseen = TRUE;
            g_ptr_array_add (run->in_engine, image);
        }
    }
}

/* What to send for an image that is not there; its layers count as there for those after it. */
static gboolean
plan_missing (Run *run, ImageStep *step, LoadPresent **present, GError **error)
{
    g_autoptr (GArray) diffids = statement_image_diffids (step->image);
    guint lacking = 0;

    if (*present == NULL) {
        g_autoptr (GHashTable) ours = our_manifests (run);

        run->in_engine = engine_inspect_all (run->engine, error);
        if (run->in_engine == NULL)
            return FALSE;
        add_foreseen (run);
        *present = load_present_of (engine_info (run->engine)->store, run->in_engine, ours);
    }
    step->missing = load_present_missing (*present, step->image);
    step->loads = TRUE;
    if (run->bases != NULL)
        lacking = bases_take_left_out (run->bases, step->image, step->missing);
    loader_plan (step->loader, step->missing);
    if (lacking == 0)
        load_present_add (*present, diffids);
    return TRUE;
}

static gboolean
plan_load (Run *run, Step *base, LoadPresent **present, GError **error)
{
    ImageStep *step = base->data;

    if (!plan_missing (run, step, present, error))
        return FALSE;
    base->bytes = layer_bytes (step->missing);
    step_set_action (base, "load");
    base->detail = message_printf ("%u of %u layers", step->missing->len, step->image->layers->len);
    return TRUE;
}

/* Its files are here already, and nothing else of it is needed. */
static gboolean
is_copied_out (Run *run, const StatementImage *image)
{
    if (!image->ansible)
        return FALSE;
    if (run->ansible == NULL)
        run->ansible = ansible_root_find (run);
    return run->ansible != NULL;
}

/* One question to the engine where all is as it should be: Podman takes 30 ms for each. */
static gboolean
plan_image (Run *run, Step *base, LoadPresent **present, GError **error)
{
    ImageStep *step = base->data;
    g_autofree char *full = path_normalize_image_name (step->image->name);
    g_autofree char *id = digest_to_text (load_image_id (run->engine, step->image));
    g_autoptr (EngineImage) found = NULL;
    EngineImage *named = NULL;

    if (!engine_inspect (run->engine, full, &named, error))
        return FALSE;
    g_ptr_array_add (run->named, named);
    if (is_whole (run, step->image, named))
        return TRUE;
    base->needed = TRUE;
    if (!engine_inspect (run->engine, id, &found, error))
        return FALSE;
    /* There, but without its name it may be pruned while the run goes on. */
    if (is_whole (run, step->image, found))
        return TRUE;
    if (named == NULL && is_copied_out (run, step->image)) {
        step_set_action (base, "is copied out");
        base->needed = FALSE;
        return TRUE;
    }
    return plan_load (run, base, present, error);
}

static ImageStep *
add_step (Run *run, guint index, Step **base)
{
    ImageStep *step = g_new0 (ImageStep, 1);

    step->index = index;
    step->image = g_ptr_array_index (run->statement->images, index);
    step->temporary = step_images_temporary (run, index);
    *base = step_add (run, &step_image_kind, step->image->name, "is there", step);
    (*base)->early = step->image->ansible;
    return step;
}

gboolean
step_images_plan (Run *run, GError **error)
{
    g_autoptr (LoadPresent) present = NULL;
    Loader *loader = NULL;

    run->bases = bases_new (run);
    for (guint i = 0; i < run->statement->images->len; i++) {
        Step *base;
        ImageStep *step = add_step (run, i, &base);

        step->owns_loader = loader == NULL;
        if (loader == NULL)
            loader = loader_new (run);
        step->loader = loader;
        if (!plan_image (run, base, &present, error))
            return FALSE;
    }
    if (run->layers->len > 0) {
        run->cost = g_new0 (RebuildCost, 1);
        if (!loader_cost (loader, run->cost, error))
            return FALSE;
    }
    if (run->bases == NULL || run->in_engine == NULL)
        return TRUE;
    bases_find (run->bases, run->in_engine);
    return bases_check (run->bases, error);
}

static gboolean
plan_kept (Run *run, guint index, GError **error)
{
    Step *base;
    const StatementImage *image = add_step (run, index, &base)->image;
    g_autofree char *full = path_normalize_image_name (image->name);
    g_autofree char *id = digest_to_text (load_image_id (run->engine, image));
    g_autoptr (EngineImage) found = NULL;
    EngineImage *named = NULL;

    if (!engine_inspect (run->engine, full, &named, error))
        return FALSE;
    g_ptr_array_add (run->named, named);
    base->needed = !is_whole (run, image, named);
    if (!base->needed)
        return TRUE;
    if (!engine_inspect (run->engine, id, &found, error))
        return FALSE;
    if (found == NULL && named == NULL && is_copied_out (run, image)) {
        step_set_action (base, "is copied out");
        base->needed = FALSE;
        return TRUE;
    }
    return is_whole (run, image, found) ||
           fail (error, ERR_NOT_READY,
                 "image '%s' of release %" G_GUINT64_FORMAT " is not in the engine any more (was "
                 "it pruned?); install a bundle of that content instead",
                 image->name, run->release->release);
}

gboolean
step_images_plan_kept (Run *run, GError **error)
{
    for (guint i = 0; i < run->statement->images->len; i++)
        if (!plan_kept (run, i, error))
            return FALSE;
    return TRUE;
}

gboolean
step_images_plan_again (Run *run, GError **error)
{
    g_autoptr (GPtrArray) rest = g_steal_pointer (&run->steps);
    gboolean done;

    run->steps = g_ptr_array_new_with_free_func ((GDestroyNotify)step_free);
    for (guint i = rest->len; i > 0; i--)
        if (((Step *)g_ptr_array_index (rest, i - 1))->kind == &step_image_kind)
            g_ptr_array_remove_index (rest, i - 1);
    g_ptr_array_set_size (run->named, 0);
    g_array_set_size (run->layers, 0);
    g_clear_pointer (&run->bases, bases_free);
    g_clear_pointer (&run->in_engine, g_ptr_array_unref);
    g_clear_pointer (&run->listed, g_ptr_array_unref);
    g_clear_pointer (&run->cost, g_free);
    run->foresee = FALSE;
    done = step_images_plan (run, error);
    while (rest->len > 0)
        g_ptr_array_add (run->steps, g_ptr_array_steal_index (rest, 0));
    steps_sort (run);
    return done;
}

void
step_images_sweep (Run *run)
{
    g_autofree char *prefix = g_strdup_printf (TEMPORARY, run->release->product);
    g_autoptr (GError) local = NULL;
    g_autoptr (GPtrArray) images = engine_list (run->engine, &local);

    for (guint i = 0; images != NULL && i < images->len; i++) {
        const EngineImage *image = g_ptr_array_index (images, i);

        for (guint k = 0; local == NULL && k < image->names->len; k++) {
            const char *name = g_ptr_array_index (image->names, k);

            if (g_str_has_prefix (name, prefix) && !drop_temporary (run, name, &local))
                break;
        }
    }
    if (local != NULL)
        run_note (run, "temporary names were left: %s", local->message);
}
