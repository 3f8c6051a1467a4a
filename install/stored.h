/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/place.h"
#include "install/run.h"

#include <glib.h>

/* What STATE/PRODUCT/rN keeps of release N, so that it can be gone back to, and left, without its
 * bundle:
 *
 *   statement.yaml      the signed bytes; their SHA-256 is the release digest
 *   tree/               its playbooks, configs and files
 *   before/state.yaml   the state that installing N found; none where it was the first
 *   before/DIGEST       what was at the path that has this SHA-256
 *   journal             how it was installed, and so what leaving it takes back
 */

#define STORED_BEFORE "before"
#define STORED_STATEMENT "statement.yaml"

/* "rN/NAME", or "rN" where name is NULL. Caller frees. */
char *stored_path (guint64 number, const char *name);
/* "rN" and the character that ends it; N may be 0, for what was there before all releases. */
gboolean stored_parse_number (const char *text, char end, guint64 *number);
/* A GCompareFunc of guint64. */
int stored_compare_numbers (gconstpointer a, gconstpointer b);
/* The signed bytes. product: its folder below dirfd, or NULL where dirfd is that one. */
GBytes *stored_statement_text (int dirfd, const char *product, guint64 number,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, parsed; NULL where the release is not kept, or not whole. */
Statement *stored_statement (int dirfd, const char *product, guint64 number);

/* Makes rN for the release of run, without its tree. What was begun earlier and never installed is
 * replaced; of the release that is current, only what is missing is added. */
gboolean stored_begin (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes that back: rN goes, unless it is the current release's. */
gboolean stored_undo (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes rN. Nothing there is no error. */
gboolean stored_remove (Run *run, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes run one of the stored release; run->product_fd is open. ERR_NOT_READY: it is not kept,
 * or not as the state knows it. */
gboolean stored_take (Run *run, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A run of another stored release of the same product, on the same host and engine, which it
 * borrows from like. */
Run *stored_open (Run *like, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens run->leaving: the release that the journal's run comes from; nothing to do for 0. */
gboolean stored_open_leaving (Run *run, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keeps what is at a path of the release that run installs, before it is replaced. Nothing to do
 * where the release is installed again. */
gboolean stored_keep (Run *run, const PlaceData *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where that is kept: a name in rN/before. Caller frees. */
char *stored_kept_name (const char *path);

/* How release number was installed. ERR_NOT_READY: that is not kept. */
Journal *stored_journal (const Run *run, guint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The state that installing release number found; *state is NULL where it was the first. */
gboolean stored_state_before (const Run *run, guint64 number, State **state,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, of a release that is gone back from; ERR_NOT_READY where there is none. */
gboolean stored_state_to (const Run *run, guint64 number, State **state,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is the signed text of run's release here, byte for byte, and does `current` name it? */
gboolean stored_is_current (const Run *run);
/* The releases that are kept (guint64), lowest first. */
GArray *stored_numbers (const Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
