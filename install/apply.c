/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/apply.h"

#include "install/base.h"
#include "install/copy-in.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How far a run got decides what its failure means. */
typedef enum { PHASE_PREPARE, PHASE_APPLY } Phase;

static gboolean
prepare_all (Run *run, GError **error)
{
    if (run->layers->len > 0 && !copy_in_frames (run, run->layers, error))
        return FALSE;
    if (run->bases != NULL && !bases_prepare (run->bases, error))
        return FALSE;
    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);

        if (!step->needed)
            continue;
        if (!run_check_stop (run, error))
            return FALSE;
        step->begun = TRUE;
        if (step->kind->prepare != NULL && !step->kind->prepare (step, run, error))
            return FALSE;
    }
    return TRUE;
}

/* The copy of a link has served when its images are there. */
static gboolean
prepare_link (Run *run, Run *link, GError **error)
{
    gboolean done;

    link->progress = run->progress;
    done = (link->brought->len == 0 || step_images_plan_again (link, error)) &&
           prepare_all (link, error);
    run->stopped = run->stopped || link->stopped;
    if (!done)
        return fail_prefix (error, "images of release %" G_GUINT64_FORMAT, link->release->release);
    bundle_drop_copy (link->bundle);
    return copy_in_remove (link, error);
}

/* Images of the links first; only then can be seen where those of the last bundle rest on them. */
static gboolean
prepare_chain (Run *run, GError **error)
{
    for (guint i = 0; i < run->links->len; i++)
        if (!prepare_link (run, g_ptr_array_index (run->links, i), error))
            return FALSE;
    if (run->links->len > 0 && !step_images_plan_again (run, error))
        return FALSE;
    return prepare_all (run, error);
}

static gboolean
apply_all (Run *run, GError **error)
{
    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);

        if (!step->needed)
            continue;
        if (!run_check_stop (run, error))
            return FALSE;
        step->begun = TRUE;
        if (step->kind->apply != NULL && !step->kind->apply (step, run, error))
            return FALSE;
    }
    return TRUE;
}

/* Takes back whatever was begun, in reverse, and goes on after a failure: the more is as it was,
 * the better. What could not be taken back is collected in troubles. */
static void
undo_all (Run *run, GString *troubles)
{
    for (guint i = run->steps->len; i > 0; i--) {
        Step *step = g_ptr_array_index (run->steps, i - 1);
        g_autoptr (GError) local = NULL;

        if (!step->begun || step->kind->undo == NULL)
            continue;
        if (!step->kind->undo (step, run, &local))
            g_string_append_printf (troubles, "\n  %s '%s': %s", step->kind->name, step->subject,
                                    local->message);
    }
}

/* All that a link brought has a temporary name and no other. */
static void
undo_links (Run *run, GString *troubles)
{
    for (guint i = run->links->len; i > 0; i--) {
        Run *link = g_ptr_array_index (run->links, i - 1);
        g_autoptr (GError) leftover = NULL;

        undo_all (link, troubles);
        if (!copy_in_remove (link, &leftover))
            run_note (run, "%s", leftover->message);
    }
}

static gboolean
back_out (Run *run, Phase phase, const GError *why, GError **error)
{
    g_autoptr (GString) troubles = g_string_new (NULL);
    g_autoptr (GError) leftover = NULL;

    undo_all (run, troubles);
    undo_links (run, troubles);
    if (!copy_in_remove (run, &leftover))
        run_note (run, "%s", leftover->message);
    if (troubles->len > 0)
        return fail (error, ERR_NEEDS_ATTENTION,
                     "%s\nand this could not be put back:%s\nnext: repair it, then type: handcarry "
                     "install %s",
                     why->message, troubles->str, run->options.given);
    if (run->playbook_ran)
        return fail (error, ERR_NEEDS_ATTENTION,
                     "%s\nnames, configs and files are as they were; what the playbook changed is "
                     "not\nnext: remove the cause, then type: handcarry install %s",
                     why->message, run->options.given);
    if (phase == PHASE_APPLY)
        return fail (error, ERR_ROLLED_BACK, "%s; everything is as it was", why->message);
    return fail (error, (ErrorCode)error_exit_status (why), "%s; nothing was changed",
                 why->message);
}

static void
keep_channels (const State *old, State *state, const char *channel)
{
    for (guint i = 0; old != NULL && i < old->channels->len; i++) {
        const StateChannel *entry = g_ptr_array_index (old->channels, i);
        StateChannel *copy;

        if (strcmp (entry->channel, channel) == 0)
            continue;
        copy = g_new0 (StateChannel, 1);
        *copy = *entry;
        copy->channel = g_strdup (entry->channel);
        g_ptr_array_add (state->channels, copy);
    }
}

static void
add_manifest (State *state, const Digest *manifest)
{
    for (guint i = 0; i < state->manifests->len; i++)
        if (digest_equal (&g_array_index (state->manifests, Digest, i), manifest))
            return;
    g_array_append_val (state->manifests, *manifest);
}

static void
add_engine (const Run *run, State *state)
{
    const EngineInfo *info = engine_info (run->engine);

    state->engine_id = g_strdup (info->id);
    state->engine_store = g_strdup (engine_store_name (info->store));
    state->engine_root = g_strdup (info->data_root);
}

static State *
next_state (const Run *run)
{
    const Release *release = run->release;
    State *state = state_new (release->product);
    StateChannel *channel = g_new0 (StateChannel, 1);

    state->channel = g_strdup (release->channel);
    state->version = g_strdup (release->version);
    state->release = release->release;
    state->digest = *bundle_release_digest (run->bundle);
    add_engine (run, state);
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (!step_names_record (step, run, state->images) &&
            !step_configs_record (step, state->configs))
            step_files_record (step, state->files);
    }
    keep_channels (run->state, state, release->channel);
    channel->channel = g_strdup (release->channel);
    channel->highest = release->release;
    channel->digest = state->digest;
    g_ptr_array_add (state->channels, channel);
    for (guint i = 0; run->state != NULL && i < run->state->manifests->len; i++)
        add_manifest (state, &g_array_index (run->state->manifests, Digest, i));
    for (guint i = 0; i < state->images->len; i++)
        add_manifest (state, &((StateImage *)g_ptr_array_index (state->images, i))->manifest);
    return state;
}

/* The release is current; what is left over is worth a note, not a failure. */
static void
commit_all (Run *run)
{
    g_autoptr (GString) troubles = g_string_new (NULL);
    g_autoptr (GError) leftover = NULL;

    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);
        g_autoptr (GError) local = NULL;

        if (step->begun && step->kind->commit != NULL && !step->kind->commit (step, run, &local))
            run_note (run, "%s", local->message);
    }
    undo_links (run, troubles);
    if (troubles->len > 0)
        run_note (run, "this could not be removed:%s", troubles->str);
    step_images_sweep (run);
    if (!copy_in_remove (run, &leftover))
        run_note (run, "%s", leftover->message);
}

/* Engines do not sync what they load (trust.md T16): a power cut after the switch would leave names
 * without layers. */
static void
sync_engine (Run *run)
{
    const char *root = engine_info (run->engine)->data_root;
    autofd int fd = -1;

    if (run->layers->len == 0)
        return;
    fd = openat (AT_FDCWD, *root == '/' ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs (fd) < 0)
        run_note (run, "what was loaded could not be synced: '%s' is not seen from here", root);
}

gboolean
apply_run (Run *run, GError **error)
{
    g_autoptr (State) state = next_state (run);
    g_autoptr (GError) why = NULL, leftover = NULL;

    if (!prepare_chain (run, &why))
        return back_out (run, PHASE_PREPARE, why, error);
    sync_engine (run);
    if (!apply_all (run, &why) || !state_write (run->product_fd, state, &why))
        return back_out (run, PHASE_APPLY, why, error);
    commit_all (run);
    return TRUE;
}
