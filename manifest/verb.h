/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/message.h"
#include "manifest/progress.h"

#include <glib.h>

/* What every verb shares: its shape, its common options and how it prints. Only verb files and
 * main include this. */

/* argv[0] is the verb's name. Returns an exit status; where it is not 0, *error may hold the
 * message that main prints. */
typedef int (*VerbFunc) (int argc, char **argv, GError **error);

/* Options that every verb has. */
typedef struct {
    gboolean quiet;
    gboolean json;
} VerbOutput;

/* Alone behind a verb, for manifest/completion: prints what may follow, members separated by tabs:
 * first the synopsis, then a line "--LONG -S VALUE TEXT" for each option that --help shows. */
#define VERB_LIST_OPTIONS "--list-options"

/* Parses argv with GOption. synopsis is what follows the verb in the usage line ("RELEASE.yaml"),
 * description says what it does; both are wrapped. To the verb's entries (or NULL) it adds --quiet,
 * --help, and --json where has_json. What is left after options stays in argv (argc is updated).
 * --help prints to stdout and ends the program with 0. Unknown options are ERR_USAGE. */
gboolean verb_parse (int *argc, char ***argv, const char *synopsis, const char *description,
                     const GOptionEntry *entries, VerbOutput *output, gboolean has_json,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* stdout, for what the verb was asked for. Not printed with --quiet. */
void verb_print (const VerbOutput *output, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same, always, and as it is: what is not the program's own is clean already. Returns how many
 * columns it takes. */
int say (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same to stderr. */
void say_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* stderr, always: "handcarry: warning: …". */
void verb_warn (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* A bar with bytes, rate and ETA on a terminal (stderr), plain lines otherwise, nothing with
 * --quiet or --json. Never NULL-safe surprises: the result may be NULL, which Progress takes. */
Progress *verb_progress_new (const VerbOutput *output);
void verb_progress_free (Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Progress, verb_progress_free)

/* Asks on the terminal for a line. NULL with ERR_USAGE where stdin is no terminal. Caller
 * frees. */
char *verb_ask (const char *prompt, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without echo. The answer is ordinary memory. */
char *verb_ask_secret (const char *prompt, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a verb ended: prints error, where there is one, and what the user can do. Returns status. */
int verb_end (int status, const char *verb, const GError *error);

/* A verb of a verb: "trust import". */
typedef struct {
    const char *name, *summary; /* NULL: the table's end */
    VerbFunc func;              /* NULL: of the connected side, which is not built in */
    gboolean alone; /* starts no program and reads what came on a medium (install/isolate.h) */
} VerbSub;

/* The one that argv[1] names; *name is then its whole name, which takes the place of argv[1]:
 * caller frees it when that is not used any more. NULL without an error: --help was printed, with
 * about. */
const VerbSub *verb_find_sub (int argc, char **argv, const char *about, const VerbSub *subs,
                              char **name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The verbs, one per file. */
int verb_lint (int argc, char **argv, GError **error);
int verb_show (int argc, char **argv, GError **error);
int verb_diff (int argc, char **argv, GError **error);
int verb_keygen (int argc, char **argv, GError **error);
int verb_sign (int argc, char **argv, GError **error);
int verb_trust (int argc, char **argv, GError **error);
int verb_bundle (int argc, char **argv, GError **error);
int verb_verify (int argc, char **argv, GError **error);
int verb_extract (int argc, char **argv, GError **error);
int verb_kit (int argc, char **argv, GError **error);
int verb_report (int argc, char **argv, GError **error);
int verb_install (int argc, char **argv, GError **error);
int verb_plan (int argc, char **argv, GError **error);
int verb_history (int argc, char **argv, GError **error);
int verb_log (int argc, char **argv, GError **error);
int verb_have (int argc, char **argv, GError **error);
int verb_prune (int argc, char **argv, GError **error);
int verb_recover (int argc, char **argv, GError **error);
int verb_remove (int argc, char **argv, GError **error);
int verb_rollback (int argc, char **argv, GError **error);
int verb_status (int argc, char **argv, GError **error);
int verb_values (int argc, char **argv, GError **error);
