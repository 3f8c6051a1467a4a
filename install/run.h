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
    char **paths;             /* bundles, or folders of them; NULL-terminated */
    const char *given;        /* the same as a person typed them, for messages */
    const char *engine;       /* --engine, or NULL */
    const char *trust, *root; /* or NULL */
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

typedef struct Bases Bases;           /* install/base.h */
typedef struct TreeSource TreeSource; /* install/tree-source.h */

struct Run {
    RunOptions options;
    GPtrArray *links;   /* Run: bundles of a chain before this one; only their images are used */
    gboolean is_link;   /* host, engine and states belong to the run at the end of the chain */
    GPtrArray *brought; /* Statement: of the links before this bundle, borrowed */
    gboolean images_planned;
    gboolean foresee; /* plan as if those images were there already */
    Host *host;
    Engine *engine;
    VerifiedBundle *verified;
    Bundle *bundle;             /* of verified */
    const Statement *statement; /* of bundle */
    const Release *release;     /* of statement */
    VoteReport *votes;
    Launcher *launcher; /* borrowed */
    NetworkBarrier barrier;
    State *state;         /* NULL: never installed here */
    GPtrArray *others;    /* State of the other products */
    GPtrArray *values;    /* HostValue */
    GHashTable *tree;     /* path → RunFile */
    GPtrArray *steps;     /* Step */
    GPtrArray *named;     /* EngineImage, or NULL, that has the real name of each image now */
    GPtrArray *in_engine; /* EngineImage: all; NULL where no image lacks */
    GPtrArray *notes;     /* char *: what a person should know, for plan and install */
    RunSpace engine_space, state_space;
    Bases *bases;            /* NULL: no delta */
    TreeSource *tree_source; /* NULL: not opened, or the bundle carries its whole tree */
    RebuildCost *cost;       /* NULL: no layer is sent */
    GArray *layers;          /* Digest: all layers that are sent, statement order */
    gboolean already;        /* nothing to do */
    int product_fd;          /* STATE/PRODUCT; -1 in plan */
    Progress *progress;      /* borrowed */
    LauncherOutput output;   /* of playbooks, for the terminal; NULL: not shown */
    gpointer output_data;
    int stop_fd; /* signalfd of SIGINT and SIGTERM, -1 where there is none */
    gboolean stopped, playbook_ran;
    guint64 back_from;  /* on a way back: the release that is left; else 0 */
    GPtrArray *changed; /* char *: config paths that this run changes */
};
typedef struct Run Run;

/* Opens trust, bundle, host and engine, and checks policy: all that can be refused before a plan is
 * made. launcher was started before. */
Run *run_open (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_free (Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* Takes what was opened and believed; votes too. */
void run_take (Run *run, VerifiedBundle *verified, VoteReport *votes);
/* A run for a bundle that comes before run's in a chain; owned by run. */
void run_add_link (Run *run, VerifiedBundle *verified, VoteReport *votes);
/* Gives up what was taken, and what was planned of it. */
void run_drop_bundles (Run *run);
/* The states of this product and of the others. */
gboolean run_open_states (Run *run, const char *product, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May a release of this number follow what was installed here? Needs the states. */
gboolean run_check_number (const Run *run, const Bundle *bundle,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is this release for this host's site, name and platform? Needs the engine. */
gboolean run_check_target (const Run *run, const Statement *statement,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the bundles that the paths name, chooses among them, and takes what was chosen. */
gboolean run_choose (Run *run, const TrustRoot *trust, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Did a signal ask to stop? */
gboolean run_stopped (gpointer run);
/* After that: another signal since the last call? */
gboolean run_stopped_again (Run *run);
gboolean run_check_stop (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_note (Run *run, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "STATE/PRODUCT/rN/tree", and "rN". Caller frees. */
char *run_tree_path (const Run *run);
char *run_folder (const Run *run);
/* The release number of the current state, 0 before the first. */
guint64 run_old_release (const Run *run);
