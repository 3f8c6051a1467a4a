/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "install/engine.h"
#include "install/host.h"
#include "install/launcher.h"
#include "install/network.h"
#include "install/state.h"
#include "install/step.h"
#include "manifest/progress.h"

#include <glib.h>

/* One run of install or plan: what was opened, what was found, and the steps that follow. */

typedef struct {
    const char *path;   /* of the bundle */
    const char *engine; /* --engine, or NULL */
    const char *trust;  /* --trust, or NULL */
    const char *root;   /* --root, or NULL */
    gboolean no_copy;
    gboolean write; /* install: take the lock, make folders */
} RunOptions;

/* A file of the carried tree. */
typedef struct {
    guint64 bytes;
    gboolean executable;
    Digest digest;
    GBytes *content; /* only of files that configs are made from */
} RunFile;

/* Bytes wanted and free on one file system. */
typedef struct {
    char *path; /* NULL where it cannot be seen from here */
    guint64 need, have;
} RunSpace;

struct Run {
    RunOptions options;
    Host *host;
    Engine *engine;
    VerifiedBundle *verified;
    Bundle *bundle;             /* of verified */
    const Statement *statement; /* of bundle */
    const Release *release;     /* of statement */
    VoteReport *votes;
    Launcher *launcher; /* borrowed */
    NetworkBarrier barrier;
    State *state;      /* NULL: never installed here */
    GPtrArray *others; /* State of the other products */
    GPtrArray *values; /* HostValue */
    GHashTable *tree;  /* path → RunFile */
    GPtrArray *steps;  /* Step */
    GPtrArray *named;  /* EngineImage, or NULL, that has the real name of each image now */
    GPtrArray *notes;  /* char *: what a person should know, for plan and install */
    RunSpace engine_space, state_space;
    RebuildCost *cost;     /* NULL: no layer is sent */
    GArray *layers;        /* Digest: all layers that are sent, statement order */
    gboolean already;      /* nothing to do */
    int product_fd;        /* STATE/PRODUCT; -1 in plan */
    Progress *progress;    /* borrowed */
    LauncherOutput output; /* of playbooks, for the terminal; NULL: not shown */
    gpointer output_data;
    int stop_fd; /* signalfd of SIGINT and SIGTERM, -1 where there is none */
    gboolean stopped;
    gboolean playbook_ran;
    GPtrArray *changed; /* char *: config paths that this run changes */
};
typedef struct Run Run;

/* Opens trust, bundle, host and engine, and checks policy: all that can be refused before a plan is
 * made. launcher was started before. */
Run *run_open (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_free (Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* Did a signal ask to stop? */
gboolean run_stopped (gpointer run);
/* After that: another signal since the last call? */
gboolean run_stopped_again (Run *run);
gboolean run_check_stop (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_note (Run *run, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "STATE/PRODUCT/rN/tree". Caller frees. */
char *run_tree_path (const Run *run);
/* "rN". Caller frees. */
char *run_folder (const Run *run);
/* The release number of the current state, 0 before the first. */
guint64 run_old_release (const Run *run);
