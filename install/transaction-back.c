/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/transaction.h"

#include "install/compose.h"
#include "install/copy-in.h"
#include "install/playbook.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

/* The ways back: before the switch, and after it. */

void
transaction_undo_steps (Run *run, GString *troubles)
{
    for (guint i = run->steps->len; i > 0; i--) {
        Step *step = g_ptr_array_index (run->steps, i - 1);
        g_autoptr (GError) why = NULL;

        if (!step->begun || step->kind->undo == NULL || step->kind->undo (step, run, &why))
            continue;
        message_append (troubles, "\n  %s '%s': %s", step->kind->name, step->subject, why->message);
    }
}

/* All that a link brought has a temporary name and no other; of a run that was killed only the
 * names are known. */
static void
undo_brought (Run *run, GString *troubles)
{
    g_autoptr (GError) why = NULL;

    for (guint i = run->links->len; i > 0; i--)
        transaction_undo_steps (g_ptr_array_index (run->links, i - 1), troubles);
    if (engine_ping (run->engine, NULL))
        step_images_sweep (run);
    if (!copy_in_remove_all (run, &why))
        message_append (troubles, "\n  %s", why->message);
}

static void
write_attention (Run *run, const char *message)
{
    g_autoptr (GError) local = NULL;

    if (!journal_phase (run->journal, PHASE_ATTENTION, message, &local))
        run_note (run, "%s", local->message);
}

gboolean
transaction_stop (Run *run, const char *message, GError **error)
{
    write_attention (run, message);
    return fail (error, ERR_NEEDS_ATTENTION,
                 "%s\nnext: remove the cause, then type: handcarry recover", message);
}

/* Where the way back is closed, or was not wanted yet. */
static gboolean
stop_ahead (Run *run, const char *message, GError **error)
{
    write_attention (run, message);
    if (!run->options.hold)
        return fail (error, ERR_NEEDS_ATTENTION,
                     "%s\nnext: remove the cause, then type: handcarry recover --forward", message);
    return fail (error, ERR_NEEDS_ATTENTION,
                 "%s\nnothing was taken back, as --on-failure stop asked\n"
                 "next: remove the cause, then type: handcarry recover --forward\n"
                 "or, to go back: handcarry recover",
                 message);
}

/* From here on nothing of the release is needed, so its folder may go. */
static gboolean
end_back (Run *run, ErrorCode code, const char *message, GError **error)
{
    g_autoptr (GError) why = NULL;
    g_autofree char *text = NULL;

    transaction_sync_engine (run);
    if (journal_phase (run->journal, PHASE_UNDONE, message, &why) &&
        transaction_end (run, code, message, &why))
        return fail (error, code, "%s", message);
    text = message_printf ("%s\nbut that could not be written down: %s", message, why->message);
    return transaction_stop (run, text, error);
}

static gboolean
any_began (const Run *run, const StepKind *kind, JournalPart part)
{
    for (guint i = 0; i < run->steps->len; i++)
        if (((const Step *)g_ptr_array_index (run->steps, i))->kind == kind &&
            journal_step_begun (run->journal, i, part))
            return TRUE;
    return FALSE;
}

/* An engine that is gone cannot be asked for what it was given, so the run stays open. */
static gboolean
may_be_in_engine (const Run *run)
{
    return (any_began (run, &step_image_kind, PART_PREPARE) || run->links->len > 0) &&
           !engine_ping (run->engine, NULL);
}

gboolean
transaction_undo (Run *run, const GError *why, GError **error)
{
    g_autoptr (GString) troubles = g_string_new (NULL);
    g_autofree char *message = NULL;

    transaction_undo_steps (run, troubles);
    undo_brought (run, troubles);
    if (troubles->len > 0) {
        message =
            message_printf ("%s\nand this could not be taken back:%s", why->message, troubles->str);
        return transaction_stop (run, message, error);
    }
    if (may_be_in_engine (run))
        return fail (
            error, ERR_ENGINE,
            "%s; nothing was changed, but the engine may have kept images of this release "
            "under temporary names, which the next run takes back\nnext: start the engine, "
            "then type: handcarry recover",
            why->message);
    message = message_printf ("%s; nothing was changed", why->message);
    return end_back (run, (ErrorCode)error_exit_status (why), message, error);
}

/* Did anything run that changes what no step knows of? */
static gboolean
any_program_began (const Run *run)
{
    return any_began (run, &step_playbook_kind, PART_APPLY) ||
           any_began (run, &step_compose_kind, PART_APPLY) ||
           any_began (run, &step_compose_leave_kind, PART_APPLY);
}

static gboolean
check_data (Run *run, guint64 old, GError **error)
{
    const Release *release = run->release;

    if (old == 0 || release_may_go_back (release, old))
        return TRUE;
    return fail (error, ERR_NEEDS_ATTENTION,
                 "what release %" G_GUINT64_FORMAT " wrote can be read from release "
                 "%" G_GUINT64_FORMAT
                 " on (data: rollback-to), the one before is %" G_GUINT64_FORMAT
                 ", and there is no playbook with 'run: undo' that puts the data back",
                 release->release, release->rollback_to, old);
}

/* Leaves the new release: undo, or for the first one remove. */
static gboolean
leave (Run *run, guint64 old, GError **error)
{
    if (run->journal->reached == PHASE_LEFT)
        return TRUE;
    return playbooks_run_kind (run, old == 0 ? PLAYBOOK_REMOVE : PLAYBOOK_UNDO, error) &&
           compose_down (run, error) && journal_phase (run->journal, PHASE_LEFT, NULL, error);
}

/* What the release before does to be itself again. */
static gboolean
arrive (Run *run, guint64 old, GError **error)
{
    Run *before;

    if (!stored_open_leaving (run, old, error) || run->leaving == NULL)
        return run->leaving != NULL || old == 0;
    before = run->leaving;
    before->back_from = run->back_from;
    g_ptr_array_set_size (before->steps, 0);
    for (guint i = 0; i < run->changed->len; i++)
        g_ptr_array_add (before->changed, g_strdup (g_ptr_array_index (run->changed, i)));
    return step_tree_restore (before, error) && step_playbooks_plan (before, TRUE, error) &&
           step_health_plan (before, TRUE, error) && transaction_apply (before, error);
}

static gboolean
go_back (Run *run, guint64 old, GError **error)
{
    gboolean ran = any_program_began (run);
    g_autoptr (GString) troubles = g_string_new (NULL);

    if (ran && !leave (run, old, error))
        return fail_prefix (error, "leaving release %" G_GUINT64_FORMAT, run->release->release);
    transaction_undo_steps (run, troubles);
    undo_brought (run, troubles);
    if (troubles->len > 0)
        return fail (error, ERR_NEEDS_ATTENTION, "this could not be put back:%s", troubles->str);
    if (!transaction_point (run, old, error))
        return FALSE;
    return !ran || arrive (run, old, error) ||
           fail_prefix (error, "back at release %" G_GUINT64_FORMAT, old);
}

/* Only what is known is said to be as it was. What a program said last is more than one line. */
static char *
describe_back (const Run *run, guint64 old, const GError *why)
{
    PlaybookRun kind = old == 0 ? PLAYBOOK_REMOVE : PLAYBOOK_UNDO;
    g_autoptr (GString) text = g_string_new (why->message);

    message_append (text, "%s", strchr (why->message, '\n') != NULL ? "\n" : "; ");
    if (old > 0)
        message_append (text, "back at release %" G_GUINT64_FORMAT ": ", old);
    if (!any_program_began (run))
        message_append (text, "everything is as it was");
    else if (old > 0)
        message_append (text, "names, configs and files are as they were, its playbooks ran "
                              "again, and it is healthy");
    else
        message_append (text, "names, configs and files are as they were");
    if (any_began (run, &step_playbook_kind, PART_APPLY) &&
        !release_has_playbook (run->release, kind))
        message_append (text,
                        "\nrelease %" G_GUINT64_FORMAT " brings no playbook with 'run: "
                        "%s': what else its playbooks changed is not taken back",
                        run->release->release, old == 0 ? "remove" : "undo");
    if (run->bundle != NULL)
        message_append (text, "\nnext: remove the cause, then type: handcarry install %s",
                        run->options.given);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
transaction_back (Run *run, const GError *why, GError **error)
{
    guint64 old = journal_number (run->journal, "from");
    g_autoptr (GError) trouble = NULL;
    g_autofree char *message = NULL;

    if (!run_is (run, "install"))
        return transaction_stop (run, why->message, error);
    if (run->options.hold)
        return stop_ahead (run, why->message, error);
    run->stopped = FALSE; /* what was asked for is what happens now */
    run->back_from = run->release->release;
    /* Nothing is taken back yet, so the way forward stays open. */
    if (any_program_began (run) && !check_data (run, old, &trouble)) {
        message =
            message_printf ("%s\nand there is no way back: %s", why->message, trouble->message);
        return stop_ahead (run, message, error);
    }
    /* Recovery would go forward again over what is taken back here, if it did not know. */
    if (!journal_phase (run->journal, run->journal->reached == PHASE_LEFT ? PHASE_LEFT : PHASE_BACK,
                        why->message, &trouble)) {
        message = message_printf ("%s\nand the way back cannot begin: %s", why->message,
                                  trouble->message);
        return transaction_stop (run, message, error);
    }
    if (!go_back (run, old, &trouble)) {
        message =
            message_printf ("%s\nand the way back failed: %s", why->message, trouble->message);
        return transaction_stop (run, message, error);
    }
    message = describe_back (run, old, why);
    return end_back (run, ERR_ROLLED_BACK, message, error);
}
