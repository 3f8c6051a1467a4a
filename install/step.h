/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What an install does is a list of steps, made by looking only; apply.c is the one place that
 * carries them out. */

typedef struct Run Run;
typedef struct Step Step;

typedef struct {
    const char *name; /* "image", "tree", "config", "files", "name", "playbook", "health" */
    /* Makes ready what nobody sees yet. Any of these may be NULL. */
    gboolean (*prepare) (Step *step, Run *run, GError **error);
    /* Makes it seen. */
    gboolean (*apply) (Step *step, Run *run, GError **error);
    /* Takes back what prepare and apply did, whichever of them ran or failed. */
    gboolean (*undo) (Step *step, Run *run, GError **error);
    /* Everything went well: drops what undo would have needed. */
    gboolean (*commit) (Step *step, Run *run, GError **error);
    void (*free) (gpointer data);
} StepKind;

struct Step {
    const StepKind *kind;
    char *subject; /* image name, path, playbook, … */
    char *action;  /* what will happen: "load", "is there", "place", … */
    char *detail;  /* more for a person, or NULL */
    guint64 bytes; /* to the engine, or to disk */
    gboolean needed;
    gboolean begun; /* set by apply.c: undo is due */
    gpointer data;
};

/* Adds a step to run->steps; takes data. */
Step *step_add (Run *run, const StepKind *kind, const char *subject, const char *action,
                gpointer data);
void step_free (Step *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Step, step_free)

/* Each looks at the host and adds the steps of one kind. */
gboolean step_images_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Looks again, after what was foreseen has come true; the new steps take the place of the old. */
gboolean step_images_plan_again (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_tree_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_configs_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_files_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_names_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* due: something before them changes, or the release is not the current one. */
gboolean step_playbooks_plan (Run *run, gboolean due, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_health_plan (Run *run, gboolean due, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A config is read into memory, to be filled in and compared. */
#define STEP_CONFIG_BYTES (8 * 1024 * 1024)

/* "handcarry.local/tmp/PRODUCT:rN-K". Caller frees. */
char *step_images_temporary (const Run *run, guint index);

/* Removes temporary names that runs of this product left which were killed, but not those that a
 * container needs; what could not be removed becomes a note. */
void step_images_sweep (Run *run);

/* What a step leaves for the state, where it is of that kind; FALSE for others. */
gboolean step_configs_record (const Step *step, GPtrArray *configs);
gboolean step_files_record (const Step *step, GPtrArray *files);
gboolean step_names_record (const Step *step, const Run *run, GPtrArray *images);
