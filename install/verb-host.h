/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"
#include "install/tree-store.h"
#include "manifest/verb.h"

#include <glib.h>

/* What the verbs of the isolated side share. */

typedef struct {
    char *engine, *trust, *root;
    gboolean no_copy;
    char **configs;
    GPtrArray *choices; /* ConfigChoice: of configs */
    char *given;        /* the paths, for messages */
    TreeStore *trees;   /* of a verb that acts */
    char *by, *ref;     /* who, which verb_host_parse finds out, and why, or NULL */
    char *carry_back;   /* or NULL */
} HostOptions;

/* Those that a verb has. */
enum {
    HOST_ENGINE = 1 << 0,
    HOST_TRUST = 1 << 1,
    HOST_ROOT = 1 << 2,
    HOST_NO_COPY = 1 << 3,
    HOST_CONFIG = 1 << 4,
    HOST_RECORD = 1 << 5, /* --by, --ref, --carry-back */
};

/* What paths mean, for --help. */
#define VERB_HOST_PATHS                                                                            \
    "PATH is a bundle, or a folder with bundles of one product (NAME.tar.zst, NAME.tar.zst.001). " \
    "Of several, the newest release is installed, by the bundle or the chain of bundles that "     \
    "fits this host with the fewest bytes; of a chain, only the images of the earlier ones are "   \
    "used, and removed at the end."

void host_options_clear (HostOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HostOptions, host_options_clear)

/* Like verb_parse, with --json; reads the files that --config names; own (NULL-terminated, may be
 * NULL) come before those of which. */
gboolean verb_host_parse (int *argc, char ***argv, const char *synopsis, const char *description,
                          const GOptionEntry *own, guint which, HostOptions *options,
                          VerbOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The process as these verbs want it: a known umask, signals are read where it is
 * safe, the launcher is there, and the network is gone. acts: the options of a verb that changes
 * the host, which get a tree store; NULL for one that looks. Call before there are threads. */
Launcher *verb_host_begin (HostOptions *acts, NetworkBarrier *barrier,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ctrl-C at a question ends the program as usual. */
void verb_host_signals (gboolean hold);
/* ERR_FAILED where the answer is not yes. */
gboolean verb_host_confirm (const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends a run that did not end, without asking anybody: what it left is not what a plan should look
 * at. Call before the verb's own run is opened. */
gboolean verb_host_recover (const RunOptions *how, Launcher *launcher, NetworkBarrier barrier,
                            const VerbOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Output of playbooks goes to stdout, unless it is not wanted there. */
void verb_host_show_output (Run *run, const VerbOutput *output);
/* Prints run's notes from number first on as warnings. */
void verb_host_show_notes (const Run *run, const VerbOutput *output, guint first);
/* --root etc. and the paths (borrowed, NULL-terminated), as run.h wants them. */
RunOptions verb_host_run_options (HostOptions *options, char **paths, gboolean write);
