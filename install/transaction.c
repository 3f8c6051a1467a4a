/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/transaction.h"

#include "install/base.h"
#include "install/copy-in.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The way forward. */

typedef gboolean (*StepFunc) (Step *step, Run *run, GError **error);

static StepFunc
part_func (const Step *step, JournalPart part)
{
    return part == PART_PREPARE ? step->kind->prepare : step->kind->apply;
}

/* What the step found out is on the medium before the next one begins. Links of a chain and the
 * release that is gone back to have no journal: nothing of theirs has to be known. */
static gboolean
record (Run *run, guint index, JournalPart part, const char *event, const char *message,
        GError **error)
{
    const Step *step = g_ptr_array_index (run->steps, index);
    g_autoptr (JsonObject) data = NULL;

    if (run->journal == NULL)
        return TRUE;
    data = step_write (step);
    if (step->report != NULL)
        json_object_set_object_member (data, "report", json_object_ref (step->report));
    return journal_step (run->journal, index, part, event, message, data, error);
}

/* What was begun and not ended has to be taken back, whatever the host looks like. */
static gboolean
do_part (Run *run, guint index, JournalPart part, GError **error)
{
    Step *step = g_ptr_array_index (run->steps, index);
    StepFunc func = part_func (step, part);
    g_autoptr (GError) why = NULL;

    if (func == NULL)
        return TRUE;
    if (!record (run, index, part, "start", NULL, error))
        return FALSE;
    step->begun = TRUE;
    if (func (step, run, &why))
        return record (run, index, part, "done", NULL, error);
    if (!record (run, index, part, "failed", why->message, NULL))
        g_debug ("the failure of step %u is not in the journal", index);
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
}

static gboolean
do_steps (Run *run, JournalPart part, GError **error)
{
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (!step->needed)
            continue;
        if (!run_check_stop (run, error) || !do_part (run, i, part, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
transaction_apply (Run *run, GError **error)
{
    return do_steps (run, PART_APPLY, error);
}

static gboolean
prepare_one (Run *run, GError **error)
{
    if (run->layers->len > 0 && !copy_in_frames (run, run->layers, error))
        return FALSE;
    if (run->bases != NULL && !bases_prepare (run->bases, error))
        return FALSE;
    return do_steps (run, PART_PREPARE, error);
}

/* The copy of a link has served when its images are there. */
static gboolean
prepare_link (Run *run, Run *link, GError **error)
{
    gboolean done;

    link->progress = run->progress;
    done = (link->brought->len == 0 || step_images_plan_again (link, error)) &&
           prepare_one (link, error);
    run->stopped = run->stopped || link->stopped;
    if (!done)
        return fail_prefix (error, "images of release %" G_GUINT64_FORMAT, link->release->release);
    bundle_drop_copy (link->bundle);
    return copy_in_remove (link, error);
}

/* Images of the links first; only then can be seen where those of the last bundle rest on them. */
static gboolean
prepare (Run *run, GError **error)
{
    if (run->bundle != NULL && !stored_begin (run, error))
        return FALSE;
    for (guint i = 0; i < run->links->len; i++)
        if (!prepare_link (run, g_ptr_array_index (run->links, i), error))
            return FALSE;
    if (run->links->len > 0 && !step_images_plan_again (run, error))
        return FALSE;
    return prepare_one (run, error);
}

void
transaction_sync_engine (Run *run)
{
    const char *root = engine_info (run->engine)->data_root;
    autofd int fd =
        openat (AT_FDCWD, *root == '/' ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if ((fd < 0 || syncfs (fd) < 0) && run->journal->reached == PHASE_PREPARE)
        run_note (run, "what was loaded could not be synced: '%s' is not seen from here", root);
}

gboolean
transaction_point (Run *run, guint64 number, GError **error)
{
    g_autofree char *name = stored_path (number, NULL);

    if (unlinkat (run->product_fd, ".current", 0) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '.current'");
    if (number == 0) {
        if (unlinkat (run->product_fd, "current", 0) < 0 && errno != ENOENT)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove 'current'");
    } else if (symlinkat (name, run->product_fd, ".current") < 0 ||
               renameat (run->product_fd, ".current", run->product_fd, "current") < 0) {
        return fail_errno (error, ERR_FAILED, errno, "cannot point 'current' to '%s'", name);
    }
    return file_fsync_dir (run->product_fd, run->release->product, error);
}

/* A signal during the last playbook was told that the run stops when it ends. A rollback or removal
 * has no way back, so there is nothing to stop for. */
static gboolean
check_last_stop (Run *run, GError **error)
{
    return !run_is (run, "install") || run_check_stop (run, error);
}

gboolean
transaction_forward (Run *run, GError **error)
{
    guint64 to = journal_number (run->journal, "to");
    g_autoptr (GError) why = NULL;

    if (!transaction_point (run, to, &why) || !transaction_apply (run, &why) ||
        !check_last_stop (run, &why))
        return transaction_back (run, why, error);
    transaction_sync_engine (run);
    if (!journal_phase (run->journal, PHASE_HEALTHY, NULL, &why))
        return transaction_back (run, why, error);
    return transaction_finish (run, error);
}

gboolean
transaction_run (Run *run, GError **error)
{
    g_autoptr (GError) why = NULL;

    if (!transaction_begin (run, error))
        return FALSE;
    if (!prepare (run, &why))
        return transaction_undo (run, why, error);
    transaction_sync_engine (run);
    if (!run_check_stop (run, &why))
        return transaction_undo (run, why, error);
    /* The record may be there although its sync failed, and recovery would go forward over what
     * was taken back here. */
    if (!journal_phase (run->journal, PHASE_SWITCH, NULL, &why))
        return transaction_stop (run, why->message, error);
    return transaction_forward (run, error);
}
