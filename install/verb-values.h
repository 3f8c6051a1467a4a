/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/declared.h"
#include "install/values-store.h"
#include "install/verb-host.h"
#include "manifest/verb.h"

#include <glib.h>

/* The sub-verbs of "values", one per file. Only install/verb-values*.c include this. */

int verb_values_edit (int argc, char **argv, GError **error);
int verb_values_show (int argc, char **argv, GError **error);
int verb_values_set (int argc, char **argv, GError **error);

/* What they share. */
typedef struct {
    HostOptions host;
    VerbOutput output;
    Launcher *launcher;
    const char *product; /* argv[1] */
    Host *at;
    Declared *declared;
} Values;

void values_clear (Values *values);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, values_clear)

/* Parses, and leaves the network; argv[0] is the whole name. own may be NULL. */
gboolean values_parse (Values *values, int *argc, char ***argv, const char *synopsis,
                       const char *description, const GOptionEntry *own,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the host and finds out what is declared, by paths (NULL-terminated). */
gboolean values_open (Values *values, char **paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What changed, with what is still missing: never a secret. before and after: ValueGiven. */
void values_print_change (const Values *values, GPtrArray *before, GPtrArray *after);
/* Sentences (char *) on what is wrong with values that can be read: missing, not declared, or from
 * where nothing can come. */
GPtrArray *values_find_problems (const Values *values, GPtrArray *given);

/* What to run to edit a file: $VISUAL, $EDITOR, or the first that is there of a few. ERR_NOT_READY:
 * none, with what to do instead. *is_chosen: somebody chose it. */
char **values_find_editor (gboolean *is_chosen, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From now on no signal but SIGKILL ends this process before it has removed what is edited: they
 * can be read from the descriptor that this returns, or -1. */
int values_hold_signals (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those that came while an editor ran were its own. */
void values_forget_signals (int signals);
/* As verb_ask, but a signal is no answer. */
char *values_ask (int signals, const char *prompt, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Runs it on name in folder, on this terminal. ERR_FAILED where it does not end well. */
gboolean values_run_editor (Launcher *launcher, char **editor, const char *folder, const char *path,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
