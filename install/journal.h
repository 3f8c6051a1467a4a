/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* STATE/journal: what the one run that changes this host means to do, and how far it got, so that
 * whoever finds it can undo, go on or finish with nothing else in hand (install/FORMAT.md). */

#define JOURNAL_FILE "journal"
#define JOURNAL_SCHEMA "handcarry.journal/1"
/* Above this a journal is not read. */
#define JOURNAL_BYTES (64 * 1024 * 1024)

typedef enum {
    PHASE_PREPARE,   /* nothing can be seen yet: undo */
    PHASE_SWITCH,    /* the new release is the current one: go forward, once more */
    PHASE_FORWARD,   /* recovery went forward: the next time it goes back */
    PHASE_HEALTHY,   /* finish */
    PHASE_BACK,      /* going back: go on with that */
    PHASE_LEFT,      /* the new release's undo playbooks are done: never run them again */
    PHASE_UNDONE,    /* all is taken back: only what is stored of the release is left */
    PHASE_REMOVED,   /* the state says so: only what is stored of the product is left */
    PHASE_ATTENTION, /* a person decides */
} JournalPhase;

typedef enum { PART_PREPARE, PART_APPLY } JournalPart;

/* Record types, phases, parts and events as they stand in the journal. */
extern const char *const journal_phases[];
extern const char *const journal_parts[];

typedef struct {
    JsonObject *begin;    /* the first record */
    GPtrArray *records;   /* JsonObject: those after it, in order */
    JournalPhase phase;   /* the last one that was recorded */
    JournalPhase reached; /* the last one but attention */
    guint tries;          /* how often that one was recorded */
    gboolean torn;        /* the last line was not whole and is not counted */
    struct JournalFile *file;
} Journal;

/* Writes the first record; what is in begin (verb, product, from, to, steps, …) is the caller's.
 * Room for the rest is reserved: a run whose records have no room does not begin. */
Journal *journal_begin (int state_fd, JsonObject *begin, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* *journal is NULL where no run is open. One that is not whole is ERR_NEEDS_ATTENTION. With write
 * it can be added to. */
gboolean journal_open (int state_fd, gboolean write, Journal **journal,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of a finished journal that was kept, name relative to dirfd. */
Journal *journal_read (int dirfd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the parser's tests. */
Journal *journal_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void journal_free (Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Journal, journal_free)

/* Each record is on the medium when these return. message may be NULL. */
gboolean journal_phase (Journal *journal, JournalPhase phase, const char *message,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* event: "start", "done" or "failed". data (borrowed, may be NULL): what the step knows now. */
gboolean journal_step (Journal *journal, guint step, JournalPart part, const char *event,
                       const char *message, JsonObject *data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Was this part of the step begun? */
gboolean journal_step_begun (const Journal *journal, guint step, JournalPart part);
/* Did it end well, at least once? */
gboolean journal_step_done (const Journal *journal, guint step, JournalPart part);
/* The newest data of a step: of its records, else of the first one. Borrowed. */
JsonObject *journal_step_data (const Journal *journal, guint step);
/* Members of the first record; "" and 0 where they are not there. Borrowed. */
const char *journal_text (const Journal *journal, const char *name);
guint64 journal_number (const Journal *journal, const char *name);

/* Ends the run by one rename: to dirfd/name where a name is given, else the file goes. */
gboolean journal_end (Journal *journal, int state_fd, int dirfd, const char *name,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
