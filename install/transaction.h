/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"
#include "manifest/error.h"

#include <glib.h>

/* The one place that changes a host. A run either ends as planned, or the host is as it was before
 * it, or a person is told what to type; a kill or power cut at any point leads to the same through
 * recover.h.
 *
 *   journal → prepare → SWITCH → apply → healthy → finish
 *               └ undo ┘  └──── back ────┘
 */

/* Carries out run->steps. ERR_ROLLED_BACK and ERR_NEEDS_ATTENTION, or with any other code nothing
 * was changed. */
gboolean transaction_run (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The parts, for recovery too: run->steps and run->journal were read then. All but finish return
 * FALSE, for the run did not end as planned; *error says how the host is now. */

/* Before the switch: takes everything back, in reverse. why: what stopped the run. */
gboolean transaction_undo (Run *run, const GError *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After it: applies what is left, and finishes, or goes back. */
gboolean transaction_forward (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves the new release for the one before it. */
gboolean transaction_back (Run *run, const GError *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The release is healthy: writes the records and drops what undo would have needed. */
gboolean transaction_finish (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends a run where it stands, for a person has decided so. */
gboolean transaction_give_up (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For recover --adopt: the state that installing run's release by run's steps leaves, and what it
 * says of the engine. */
State *transaction_installed_state (const Run *run);
void transaction_set_engine (const Run *run, State *state);

/* Between the files of the transaction. */

/* Engines sync neither what they load nor its names (trust.md T16), so this comes before each
 * record that says that they have them: switch, healthy, and the end. */
void transaction_sync_engine (Run *run);
/* Stops here until a person has looked: ERR_NEEDS_ATTENTION with the next command. The message is
 * in the journal too, for recover and status to show. */
gboolean transaction_stop (Run *run, const char *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Applies the steps that are needed; each start and end is recorded where the run has a journal. */
gboolean transaction_apply (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Points PRODUCT/current to rNUMBER, or removes it for 0. */
gboolean transaction_point (Run *run, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Undoes what was begun, in reverse, and goes on after a failure. What could not be taken back is
 * added to troubles. */
void transaction_undo_steps (Run *run, GString *troubles);
/* Writes the first record: from here on the run changes the host. */
gboolean transaction_begin (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what is stored of a product that is removed, and ends its run. Needs the
 * engine, and else what transaction_end needs. */
gboolean transaction_end_removed (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the records of a run that is over, and ends its journal; where it was taken back, what is
 * stored of its release goes. code 0: as planned. Needs no engine, and of run no more than host,
 * product folder, verb and journal. */
gboolean transaction_end (Run *run, ErrorCode code, const char *message,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
