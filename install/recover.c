/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/recover.h"

#include "install/json-member.h"
#include "install/receipt.h"
#include "install/run-open.h"
#include "install/stored.h"
#include "install/transaction.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* After so many tries of the way forward where there is no way back, a person has to look: a
 * playbook that takes the machine down would do so for ever. */
#define FORWARD_TRIES 3

static const char *const verbs[] = { "install", "rollback", "remove", NULL };

static const char *
last_message (const Journal *journal)
{
    const char *message = NULL;

    for (guint i = 0; i < journal->records->len; i++) {
        const char *one = json_member_string (g_ptr_array_index (journal->records, i), "message");

        message = one != NULL ? one : message;
    }
    return message != NULL ? message : "";
}

/* The exit code of a run that was taken back. */
static ErrorCode
outcome (const Journal *journal)
{
    for (guint i = 0; i < journal->records->len; i++)
        if (g_strcmp0 (json_member_string (g_ptr_array_index (journal->records, i), "phase"),
                       journal_phases[PHASE_SWITCH]) == 0)
            return ERR_ROLLED_BACK;
    return ERR_FAILED;
}

static gboolean
take_verb (Run *run, GError **error)
{
    const char *product = journal_text (run->journal, "product");

    if (strcmp (journal_text (run->journal, "verb"), "adopt") == 0)
        return fail (
            error, ERR_NEEDS_ATTENTION,
            "what this host knows of '%s' was being rebuilt\nnext: type it again: handcarry "
            "recover --adopt %s --floor N",
            product, product);
    for (guint i = 0; verbs[i] != NULL; i++)
        if (strcmp (journal_text (run->journal, "verb"), verbs[i]) == 0)
            run->verb = verbs[i];
    return (run->verb != NULL && path_check_product (product, NULL)) ||
           fail (error, ERR_FORMAT,
                 "the journal is of a run that this handcarry does not know; use a newer one");
}

static gboolean
open_log (Run *run, GError **error)
{
    const char *name = journal_text (run->journal, "run");

    if (receipt_is_written (run->host, name))
        return TRUE;
    run_take_log (run, run_log_open (run->host, name, run->values, error));
    if (run->log == NULL)
        return FALSE;
    run_log_text (run->log, "-- the run was interrupted here; handcarry recover goes on --\n");
    return TRUE;
}

/* What the rest of a run needs, read again from what the journal names. */
static gboolean
take_up (Run *run, GError **error)
{
    const Journal *journal = run->journal;
    const char *product = journal_text (journal, "product");
    guint64 to = journal_number (journal, "to"), from = journal_number (journal, "from");
    JsonArray *changed = json_member_array (journal->begin, "changed");

    for (guint i = 0; changed != NULL && i < json_array_get_length (changed); i++)
        g_ptr_array_add (run->changed, g_strdup (json_member_string_at (changed, i)));
    if (!run_open_product (run, product, error) ||
        !stored_take (run, run_is (run, "remove") ? from : to, error) ||
        (!run_is (run, "install") && !stored_open_leaving (run, from, error)))
        return FALSE;
    if (run_is (run, "rollback"))
        run->back_from = run->leaving->back_from = from;
    return steps_read (run, journal, error) && open_log (run, error);
}

/* Nothing but what is stored of the release is left to remove: the run was killed before its
 * statement was written, which comes before all else, or after everything was taken back. */
static gboolean
abandon (Run *run, char **said, GError **error)
{
    gboolean undone = run->journal->reached == PHASE_UNDONE;
    const char *text = undone ? last_message (run->journal)
                              : "the run was interrupted as it began; nothing was changed";

    *said = g_strdup (text);
    run->product_fd = host_open_product (run->host, journal_text (run->journal, "product"), error);
    return run->product_fd >= 0 && transaction_end (run, outcome (run->journal), *said, error);
}

/* The statements of the product are gone, or will be. */
static gboolean
end_removed (Run *run, char **said, GError **error)
{
    const char *product = journal_text (run->journal, "product");

    *said = message_printf ("%s is removed", product);
    return run_open_product (run, product, error) && transaction_end_removed (run, error);
}

static gboolean
is_unborn (const Run *run)
{
    return run->journal->reached == PHASE_PREPARE && run->journal->records->len == 0 &&
           run_is (run, "install");
}

/* A run that was taken back is what recovery wanted: no failure. */
static gboolean
settle (GError *why, char **said, GError **error)
{
    if (g_error_matches (why, HANDCARRY_ERROR, ERR_NEEDS_ATTENTION)) {
        g_propagate_error (error, why);
        return FALSE;
    }
    *said = g_strdup (why->message);
    g_error_free (why);
    return TRUE;
}

static char *
describe (const Run *run)
{
    guint64 to = journal_number (run->journal, "to");

    if (to == 0)
        return message_printf ("%s is removed", run->release->product);
    return message_printf ("%s %s, release %" G_GUINT64_FORMAT ", is installed",
                           run->release->product, run->release->version, to);
}

/* The older programs may have been started, and have written to what an undo playbook would put
 * back a second time. */
static void
skip_left (Run *run)
{
    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);

        if (step->kind == &step_leave_kind && journal_step_done (run->journal, i, PART_APPLY))
            step->needed = FALSE;
    }
}

static gboolean
forward (Run *run, char **said, GError **error)
{
    g_autofree char *text = describe (run);
    GError *why = NULL;

    skip_left (run);
    if (!journal_phase (run->journal, PHASE_FORWARD, NULL, error))
        return FALSE;
    if (!transaction_forward (run, &why))
        return settle (why, said, error);
    *said = g_steal_pointer (&text);
    return TRUE;
}

static gboolean
finish (Run *run, char **said, GError **error)
{
    g_autofree char *text = describe (run);

    if (!transaction_finish (run, error))
        return FALSE;
    *said = g_steal_pointer (&text);
    return TRUE;
}

/* Why the way back began the first time, or NULL: each try that fails says of itself what went
 * wrong there. */
static const char *
first_cause (const Journal *journal)
{
    for (guint i = 0; i < journal->records->len; i++) {
        JsonObject *record = g_ptr_array_index (journal->records, i);

        if (g_strcmp0 (json_member_string (record, "phase"), journal_phases[PHASE_BACK]) == 0)
            return json_member_string (record, "message");
    }
    return NULL;
}

/* Why the run is taken back now. */
static GError *
cause (const Run *run)
{
    gboolean looked = run->journal->phase == PHASE_ATTENTION;
    const char *first = first_cause (run->journal);
    GError *why = NULL;

    if (first == NULL)
        first = looked ? last_message (run->journal) : "the run was interrupted";
    fail (&why, ERR_FAILED, "%s", first);
    return why;
}

static gboolean
back (Run *run, char **said, GError **error)
{
    g_autoptr (GError) why = cause (run);
    GError *result = NULL;

    if (transaction_back (run, why, &result))
        return TRUE;
    return settle (result, said, error);
}

static gboolean
undo (Run *run, char **said, GError **error)
{
    g_autoptr (GError) why = cause (run);
    GError *result = NULL;

    if (transaction_undo (run, why, &result))
        return TRUE;
    return settle (result, said, error);
}

/* Going forward may be what brought the machine down, so it is tried once more and no oftener where
 * there is a way back. */
static gboolean
forward_or_back (Run *run, char **said, GError **error)
{
    gboolean install = run_is (run, "install");

    if (run->journal->reached == PHASE_FORWARD && install)
        return back (run, said, error);
    if (run->journal->reached == PHASE_FORWARD && run->journal->tries >= FORWARD_TRIES &&
        run->journal->phase != PHASE_ATTENTION)
        return back (run, said, error);
    return forward (run, said, error);
}

static gboolean
go_on (Run *run, char **said, GError **error)
{
    switch (run->journal->reached) {
    case PHASE_PREPARE:
        return undo (run, said, error);
    case PHASE_SWITCH:
    case PHASE_FORWARD:
        /* What was held, or has failed, is to be left. */
        if (run->journal->phase == PHASE_ATTENTION && run_is (run, "install"))
            return back (run, said, error);
        return forward_or_back (run, said, error);
    case PHASE_HEALTHY:
        return finish (run, said, error);
    case PHASE_BACK:
    case PHASE_LEFT:
        return back (run, said, error);
    case PHASE_UNDONE:
    case PHASE_REMOVED:
    case PHASE_ATTENTION:
        break;
    }
    g_assert_not_reached ();
}

static gboolean
give_up (Run *run, char **said, GError **error)
{
    if (!transaction_give_up (run, error))
        return FALSE;
    *said = message_printf ("the run is ended where it stood; compare with 'handcarry status'");
    return TRUE;
}

gboolean
recover_run (Run *run, RecoverWay way, char **said, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (run->journal->phase == PHASE_ATTENTION && way == RECOVER_ALONE)
        return fail (error, ERR_NEEDS_ATTENTION,
                     "an earlier run of %s has to be looked at: %s\nnext: remove the cause, then "
                     "type: handcarry recover",
                     journal_text (run->journal, "product"), last_message (run->journal));
    if (!take_verb (run, error))
        return FALSE;
    if (run->journal->reached == PHASE_UNDONE)
        return abandon (run, said, error);
    if (run->journal->reached == PHASE_REMOVED)
        return end_removed (run, said, error);
    if (!take_up (run, &local)) {
        if (is_unborn (run) && run->own_statement == NULL)
            return abandon (run, said, error);
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (way == RECOVER_GIVE_UP)
        return give_up (run, said, error);
    if (way != RECOVER_FORWARD)
        return go_on (run, said, error);
    if (run->journal->reached != PHASE_SWITCH && run->journal->reached != PHASE_FORWARD)
        return fail (error, ERR_USAGE, "the run %s; type: handcarry recover",
                     run->journal->reached == PHASE_PREPARE
                         ? "did not come to its switch, so it can only be taken back"
                         : "is past the point where it could go forward");
    return forward (run, said, error);
}

gboolean
recover_set_aside (const char *root, char **said, GError **error)
{
    g_autoptr (Host) host = host_open (root, FALSE, error);

    if (host == NULL || !host_lock (host, error))
        return FALSE;
    if (renameat (host->state_fd, JOURNAL_FILE, host->state_fd, JOURNAL_FILE ".damaged") < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot set the journal aside");
    *said = g_strdup_printf ("the journal is now '%s/" JOURNAL_FILE ".damaged'; compare the host "
                             "with 'handcarry status', and install again",
                             host->state_path);
    return file_fsync_dir (host->state_fd, JOURNAL_FILE, error);
}
