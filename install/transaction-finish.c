/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/transaction.h"

#include "install/copy-in.h"
#include "install/prune.h"
#include "install/receipt.h"
#include "install/stored.h"
#include "install/work.h"
#include "manifest/error.h"

#include <string.h>

/* What a run leaves behind when it is over: state, log and receipt, and no more. */

static void
keep_channels (const State *old, State *state, const char *but)
{
    for (guint i = 0; old != NULL && i < old->channels->len; i++) {
        const StateChannel *entry = g_ptr_array_index (old->channels, i);

        if (g_strcmp0 (entry->channel, but) != 0)
            state_set_channel (state, entry);
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
keep_manifests (const State *old, State *state)
{
    for (guint i = 0; old != NULL && i < old->manifests->len; i++)
        add_manifest (state, &g_array_index (old->manifests, Digest, i));
}

void
transaction_set_engine (const Run *run, State *state)
{
    const EngineInfo *info = engine_info (run->engine);

    g_free (state->engine_id);
    g_free (state->engine_store);
    g_free (state->engine_root);
    state->engine_id = g_strdup (info->id);
    state->engine_store = g_strdup (engine_store_name (info->store));
    state->engine_root = g_strdup (info->data_root);
}

static void
record_steps (const Run *run, State *state)
{
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (!step_names_record (step, run, state->images) &&
            !step_configs_record (step, state->configs))
            step_files_record (step, state->files);
    }
}

State *
transaction_installed_state (const Run *run)
{
    const Release *release = run->release;
    State *state = state_new (release->product);
    const StateChannel channel = { .channel = release->channel,
                                   .epoch = release->epoch,
                                   .highest = release->release,
                                   .digest = run->digest };

    state->channel = g_strdup (release->channel);
    state->version = g_strdup (release->version);
    state->release = release->release;
    state->digest = run->digest;
    record_steps (run, state);
    keep_channels (run->state, state, release->channel);
    state_set_channel (state, &channel);
    keep_manifests (run->state, state);
    for (guint i = 0; i < state->images->len; i++)
        add_manifest (state, &((StateImage *)g_ptr_array_index (state->images, i))->manifest);
    return state;
}

/* Numbers that were committed stay the floor, also where an older release is current again or none
 * is. */
static State *
state_after_leaving (const Run *run, State *before)
{
    State *state = before != NULL ? before : state_new (run->release->product);

    g_ptr_array_set_size (state->channels, 0);
    keep_channels (run->state, state, NULL);
    keep_manifests (run->state, state);
    return state;
}

/* Of a rollback: what the release that is left had found, which was the state while the one that is
 * gone back to was current. */
static State *
next_state (Run *run, GError **error)
{
    guint64 from = journal_number (run->journal, "from");
    State *state, *before = NULL;

    if (run_is (run, "install"))
        state = transaction_installed_state (run);
    else if (run_is (run, "remove") || stored_state_to (run, from, &before, error))
        state = state_after_leaving (run, before);
    else
        return NULL;
    transaction_set_engine (run, state);
    return state;
}

/* Now current is what the run wanted; what is left over is worth a note, not a failure. */
static void
commit_steps (Run *run)
{
    g_autoptr (GError) copies = NULL;

    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);
        g_autoptr (GError) local = NULL;

        if (step->needed && step->kind->commit != NULL && !step->kind->commit (step, run, &local))
            run_note (run, "%s", local->message);
    }
    for (guint i = 0; i < run->links->len; i++) {
        g_autoptr (GString) troubles = g_string_new (NULL);

        transaction_undo_steps (g_ptr_array_index (run->links, i), troubles);
        if (troubles->len > 0)
            run_note (run, "this could not be removed:%s", troubles->str);
    }
    step_images_sweep (run);
    if (!copy_in_remove_all (run, &copies))
        run_note (run, "%s", copies->message);
}

static void
log_line (Run *run, const char *text)
{
    run_log_text (run->log, text);
    run_log_text (run->log, "\n");
}

/* All that was printed is in the log before the receipt takes its hash. */
static gboolean
write_receipt (Run *run, ErrorCode code, const char *message, GError **error)
{
    const ReceiptResult result = { .code = (int)code, .message = message, .notes = run->notes };

    for (guint i = 0; i < run->notes->len; i++)
        log_line (run, run->notes->pdata[i]);
    log_line (run, message != NULL ? message : "done");
    return run_log_close (g_steal_pointer (&run->log), error) &&
           receipt_write (run->host, run->journal, &result, error);
}

gboolean
transaction_end (Run *run, ErrorCode code, const char *message, GError **error)
{
    g_autofree char *kept = stored_path (journal_number (run->journal, "to"), JOURNAL_FILE);
    gboolean keep = code == 0 && run_is (run, "install") &&
                    journal_number (run->journal, "from") != journal_number (run->journal, "to");

    work_sweep (run);
    if (code != 0 && code != ERR_NEEDS_ATTENTION && run_is (run, "install") &&
        !stored_undo (run, error))
        return FALSE;
    if (!write_receipt (run, code, message, error) ||
        !journal_end (run->journal, run->host->state_fd, run->product_fd, keep ? kept : NULL,
                      error))
        return FALSE;
    g_clear_pointer (&run->journal, journal_free);
    return TRUE;
}

/* A product that is removed can only be installed anew. */
gboolean
transaction_end_removed (Run *run, GError **error)
{
    g_autoptr (GArray) numbers = stored_numbers (run, error);

    for (guint i = 0; numbers != NULL && i < numbers->len; i++)
        if (!stored_remove (run, g_array_index (numbers, guint64, i), error))
            return FALSE;
    if (numbers == NULL)
        return FALSE;
    prune_after (run, 0);
    return transaction_end (run, 0, NULL, error);
}

/* Behind a rollback the release that was left stays until something else is installed: who goes
 * back to look for a cause may want it again. */
static gboolean
end_done (Run *run, GError **error)
{
    if (run_is (run, "remove"))
        return journal_phase (run->journal, PHASE_REMOVED, NULL, error) &&
               transaction_end_removed (run, error);
    if (run_is (run, "install"))
        prune_after (run, journal_number (run->journal, "to"));
    return transaction_end (run, 0, NULL, error);
}

gboolean
transaction_finish (Run *run, GError **error)
{
    g_autoptr (GError) why = NULL;
    g_autoptr (State) state = next_state (run, &why);

    commit_steps (run);
    transaction_sync_engine (run);
    if (state == NULL || !state_write (run->product_fd, state, &why) || !end_done (run, &why))
        return fail (error, ERR_NEEDS_ATTENTION,
                     "all is done and healthy, but could not be written down: %s\nnext: remove the "
                     "cause, then type: handcarry recover",
                     why->message);
    return TRUE;
}

gboolean
transaction_give_up (Run *run, GError **error)
{
    /* The old content of paths is in rN/before, which stays until something is installed. */
    if (!transaction_point (run, journal_number (run->journal, "from"), error))
        return FALSE;
    commit_steps (run);
    return transaction_end (run, ERR_NEEDS_ATTENTION, "given up by a person", error);
}
