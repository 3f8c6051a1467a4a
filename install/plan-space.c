/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base.h"
#include "install/load.h"
#include "install/plan.h"
#include "install/prune.h"
#include "install/space.h"
#include "install/step-place.h"
#include "manifest/error.h"
#include "manifest/size.h"
#include "manifest/message.h"

#include <string.h>

/* Room that must be left besides. */
#define RESERVE (64ULL * 1024 * 1024)

/* Of all images that are loaded. */
static void
add_images (const Run *run, guint64 *sum, guint64 *largest)
{
    for (guint i = 0; i < run->links->len; i++)
        add_images (g_ptr_array_index (run->links, i), sum, largest);
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (!step->needed || step->kind != &step_image_kind)
            continue;
        *sum += step->bytes;
        *largest = MAX (*largest, step->bytes);
    }
}

/* Layers stay once unpacked (and once as blobs on the containerd store); besides, Docker's
 * graphdriver store unpacks the archive of the image under way, and Podman keeps it twice. */
static guint64
engine_need (const Run *run)
{
    guint64 sum = 0, largest = 0;

    add_images (run, &sum, &largest);
    if (sum == 0)
        return 0;
    switch (engine_info (run->engine)->store) {
    case STORE_GRAPHDRIVER:
        return sum + largest + RESERVE;
    case STORE_CONTAINERD:
        return 2 * sum + RESERVE;
    case STORE_PODMAN:
        return sum + 2 * largest + RESERVE;
    }
    g_assert_not_reached ();
}

static guint64
medium_need (const Run *run)
{
    guint64 need = 0;

    for (guint i = 0; i < run->links->len; i++)
        need += medium_need (g_ptr_array_index (run->links, i));
    if (run->bases != NULL)
        need += bases_export_bytes (run->bases);
    if (run->cost != NULL)
        need += run->cost->spool_bytes + (run->options.no_copy ? 0 : run->cost->bundle_bytes);
    return need;
}

/* What is new lies beside its target until the switch, and a copy of what was there is kept in the
 * state, to be gone back to. */
static void
add_places (Run *run, OutlookSpace *state)
{
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);
        const StepPlace *place = step->data;

        if (!step->needed)
            continue;
        if (step->kind == &step_tree_kind || step->kind == &step_ansible_kind)
            outlook_need (state, "state", step->bytes);
        if (step->kind != &step_config_kind && step->kind != &step_files_kind)
            continue;
        outlook_need (outlook_find_space (run->outlook, place->place.path), "configs and files",
                      step->bytes);
        outlook_need (state, "state", place->place.found.bytes);
    }
}

static void
add_engine (Run *run)
{
    const char *root = engine_info (run->engine)->data_root;
    guint64 need = engine_need (run);
    OutlookSpace *space;

    if (space_is_seen (root)) {
        outlook_need (outlook_find_space (run->outlook, root), "engine", need);
        return;
    }
    run_note (run, "the engine's data root '%s' is not seen from here: its free space is not known",
              root);
    space = outlook_add_unseen (run->outlook);
    outlook_need (space, "engine", need);
}

/* What pruning would free. */
typedef struct {
    guint64 state, engine;
} Freed;

/* Of all products. What cannot be looked at frees nothing. */
static Freed
estimate_prune (Run *run, guint keep)
{
    g_autoptr (GPtrArray) states = g_ptr_array_new ();
    Freed freed = { 0 };

    g_ptr_array_extend (states, run->others, NULL, NULL);
    if (run->state != NULL)
        g_ptr_array_add (states, run->state);
    for (guint i = 0; i < states->len; i++) {
        const State *one = g_ptr_array_index (states, i);
        g_autoptr (Prune) prune = prune_estimate (run, one->product, one->release, keep, NULL);

        freed.state += prune != NULL ? prune->state_bytes : 0;
        freed.engine += prune != NULL ? prune->engine_bytes : 0;
    }
    return freed;
}

static guint64
freed_on (const Run *run, const OutlookSpace *space, const Freed *freed)
{
    const char *root = engine_info (run->engine)->data_root;
    gboolean has_state = space == outlook_find_space (run->outlook, run->host->state_path);
    gboolean has_engine = space_is_seen (root) && space == outlook_find_space (run->outlook, root);

    return (has_state ? freed->state : 0) + (has_engine ? freed->engine : 0);
}

static void
append_prune (const Run *run, const OutlookSpace *space, const Freed *by_default,
              const Freed *at_most, GString *text)
{
    guint64 usual = freed_on (run, space, by_default), all = freed_on (run, space, at_most);
    g_autofree char *usually = size_to_text (usual), *most = size_to_text (all);

    if (usual > 0)
        message_append (text, "; 'handcarry prune' frees about %s there", usually);
    if (all > usual)
        message_append (text,
                        "; 'handcarry prune --keep 1' frees about %s there, but then "
                        "nothing can be gone back to",
                        most);
    if (all == 0)
        message_append (text, "; 'handcarry prune' would free nothing there");
}

gboolean
plan_check_space (Run *run, GError **error)
{
    OutlookSpace *state = outlook_find_space (run->outlook, run->host->state_path);
    g_autoptr (GString) lacking = g_string_new (NULL);
    Freed by_default = { 0 }, at_most = { 0 };

    outlook_need (state, "state", RESERVE + medium_need (run));
    add_places (run, state);
    add_engine (run);
    for (guint i = 0; i < run->outlook->spaces->len; i++) {
        const OutlookSpace *space = g_ptr_array_index (run->outlook->spaces, i);
        g_autofree char *need = size_to_text (space->need), *have = size_to_text (space->have);

        if (space->path == NULL || space->need <= space->have)
            continue;
        if (lacking->len == 0) {
            by_default = estimate_prune (run, PRUNE_KEEP);
            at_most = estimate_prune (run, 1);
        }
        message_append (lacking, "\n  on the file system of '%s' (%s): needs %s, has %s",
                        space->path, space->use->str, need, have);
        append_prune (run, space, &by_default, &at_most, lacking);
    }
    return lacking->len == 0 || fail (error, ERR_SPACE, "not enough space%s", lacking->str);
}
