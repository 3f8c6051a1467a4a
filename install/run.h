/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "install/engine.h"
#include "install/host.h"
#include "install/launcher.h"
#include "install/network.h"
#include "install/outlook.h"
#include "install/run-trust.h"
#include "install/run-log.h"
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
    const char *by, *ref;     /* who, and why or NULL, for the receipt */
    const char *carry_back;   /* --carry-back, or NULL */
    gboolean no_copy;
    gboolean write;     /* take the lock, make folders */
    gboolean hold;      /* --on-failure stop: do not go back by itself */
    gboolean resume;    /* recovery of a run that is about to be repeated: copied frames stay */
    GPtrArray *choices; /* ConfigChoice: --config; borrowed, or NULL */
    struct TreeStore *trees; /* borrowed; NULL where no tree is laid out */
} RunOptions;

/* A file of the carried tree. */
typedef struct {
    guint64 bytes;
    gboolean executable;
    Digest digest;
    GBytes *content; /* only of inventories and what configs are made from */
} RunFile;

typedef struct Bases Bases;           /* install/base.h */
typedef struct TreeSource TreeSource; /* install/tree-source.h */

typedef struct Run Run;
struct Run {
    RunOptions options;
    GPtrArray *links;   /* Run: bundles of a chain before this one; only their images are used */
    gboolean borrows;   /* host, engine and states belong to another run */
    GPtrArray *brought; /* Statement: of the links before this bundle, borrowed */
    gboolean images_planned, foresee; /* foresee: plan as if those images were there already */
    Host *host;
    RunTrust *trust; /* NULL where there is no bundle */
    Engine *engine;
    VerifiedBundle *verified;
    Bundle *bundle;             /* of verified */
    const Statement *statement; /* of bundle */
    const Release *release;     /* of statement */
    Digest digest;              /* of the release */
    Statement *own_statement;   /* of a stored release: there is no bundle (install/stored.h) */
    Journal *journal;           /* from the moment on that the run changes the host */
    const char *verb;           /* "install", "rollback", "remove" */
    struct Run *leaving;        /* the stored release that this run comes from, where opened */
    VoteReport *votes;
    Launcher *launcher; /* borrowed */
    NetworkBarrier barrier;
    State *state;                /* NULL: never installed here */
    GPtrArray *others;           /* State of the other products */
    GPtrArray *values;           /* HostValue */
    GHashTable *tree;            /* path → RunFile */
    GPtrArray *steps;            /* Step */
    GPtrArray *named;            /* EngineImage, or NULL, that has the real name of each image */
    GPtrArray *listed;           /* EngineImage by engine_list, for one plan; NULL: not asked yet */
    GPtrArray *in_engine;        /* EngineImage: all; NULL where no image lacks */
    GPtrArray *notes;            /* char *: what a person should know, for plan and install */
    guint lasting_notes;         /* how many of them hold whichever bundle is chosen */
    Outlook *outlook;            /* what a plan found out for a person */
    Bases *bases;                /* NULL: no delta */
    TreeSource *tree_source;     /* NULL: not opened, or the bundle carries its whole tree */
    struct AnsibleRoot *ansible; /* NULL: not looked for, not there, or the host's own is used */
    RebuildCost *cost;           /* NULL: no layer is sent */
    GArray *layers;              /* Digest: all layers that are sent, statement order */
    gboolean already;            /* nothing to do */
    int product_fd;              /* STATE/PRODUCT; -1 in plan */
    Progress *progress;          /* borrowed */
    LauncherOutput output;       /* of playbooks, for the terminal; NULL: not shown */
    gpointer output_data;
    const char *shown;       /* what was printed before it began; borrowed, or NULL */
    RunLog *log;             /* NULL until the run begins to change the host */
    int stop_fd;             /* signalfd of SIGINT and SIGTERM, -1 where there is none */
    gboolean stopped, begun; /* begun: it had a journal, and so has or will have a receipt */
    guint64 back_from;       /* on a way back: the release that is left; else 0 */
    GPtrArray *changed;      /* char *: config paths that this run changes */
};

void run_free (Run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* Did a signal ask to stop? */
gboolean run_stopped (gpointer run);
/* After that: another signal since the last call? */
gboolean run_stopped_again (Run *run);
/* Also for the release that is left, whose playbooks belong to the same run; log may be NULL. */
void run_take_log (Run *run, RunLog *log);
gboolean run_check_stop (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_note (Run *run, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The host's values for the run's release (install/host.h); where some are missing, the message
 * says which `values edit` to type. */
GPtrArray *run_read_values (const Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "STATE/PRODUCT/rN/tree", and "rN". Caller frees. */
char *run_tree_path (const Run *run);
char *run_folder (const Run *run);
/* The release number of the current state, 0 before the first. */
guint64 run_old_release (const Run *run);
/* The number that will be current: 0 after remove. */
guint64 run_target (const Run *run);
gboolean run_is (const Run *run, const char *verb);
