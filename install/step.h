/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/journal.h"
#include "install/state.h"
#include "manifest/release.h"

#include <glib.h>

/* What a run does is a list of steps, made by looking only; transaction.c is the one place that
 * carries them out. A step is data: the journal holds it, and whoever reads it there can go on. So
 * prepare, apply, undo and commit may each run again after a kill at any point of an earlier try,
 * and find out from the host how far that got. After prepare no step needs the bundle. */

typedef struct Run Run;
typedef struct Step Step;

typedef struct {
    const char *name; /* "tree", "before", "image", "config", "files", "name", "playbook", … */
    /* Makes ready what nobody sees yet. Any of these may be NULL. */
    gboolean (*prepare) (Step *step, Run *run, GError **error);
    /* Makes it seen. */
    gboolean (*apply) (Step *step, Run *run, GError **error);
    /* Takes back what prepare and apply did, whichever of them ran or failed. */
    gboolean (*undo) (Step *step, Run *run, GError **error);
    /* Everything went well: drops what undo would have needed. */
    gboolean (*commit) (Step *step, Run *run, GError **error);
    /* What the step knows, as members of data, and back. Written when the run begins and after each
     * part, so that what prepare finds out (an inode, a name) is known to recovery. */
    void (*write) (const Step *step, JsonObject *data);
    gboolean (*read) (Step *step, Run *run, JsonObject *data, GError **error);
    void (*free) (gpointer data);
} StepKind;

struct Step {
    const StepKind *kind;
    char *subject; /* image name, path, playbook, … */
    char *action;  /* what will happen: "load", "is there", "place", … */
    char *detail;  /* more for a person, or NULL */
    guint64 bytes; /* to the engine, or to disk */
    gboolean needed;
    gboolean early;     /* an image that is needed before the playbooks `before` */
    gboolean begun;     /* set by transaction.c: undo is due */
    JsonObject *report; /* set by the step: what its record carries for the receipt; or NULL */
    gpointer data;
};

/* Adds a step to run->steps; takes data. */
Step *step_add (Run *run, const StepKind *kind, const char *subject, const char *action,
                gpointer data);
void step_set_action (Step *step, const char *action);
void step_free (Step *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Step, step_free)

/* Puts the steps into the order in which they are carried out (step_order). */
void steps_sort (Run *run);
/* The step as the journal holds it, and its data alone. Caller unrefs. */
JsonObject *step_to_json (const Step *step);
JsonObject *step_write (const Step *step);
/* Makes run->steps of the journal's. */
gboolean steps_read (Run *run, const Journal *journal, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The kinds there are, in the order in which a run carries them out. */
extern const StepKind step_tree_kind, step_before_kind, step_image_kind, step_config_kind,
    step_files_kind, step_name_kind, step_playbook_kind, step_health_kind, step_leave_kind,
    step_compose_kind, step_compose_leave_kind, step_ansible_kind;

/* Each looks at the host and adds the steps of one kind. */
gboolean step_images_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a stored release, whose images must be there: ERR_NOT_READY. */
gboolean step_images_plan_kept (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Looks again, after what was foreseen has come true; the new steps take the place of the old. */
gboolean step_images_plan_again (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where the release carries Ansible. */
void step_ansible_plan (Run *run);
gboolean step_tree_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of a stored release, run's or run->leaving: its tree is as signed, or comes from the repository.
 */
gboolean step_tree_plan_kept (Run *run, gboolean leaving, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same at once, for a way back. */
gboolean step_tree_restore (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_configs_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_files_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_dropped_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean step_names_plan (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes a name away, as long as that image has it. */
void step_names_plan_take (Run *run, const StateImage *image);
/* due: something before them changes, or the release is not the current one. Compose files are up
 * after the playbooks. */
gboolean step_playbooks_plan (Run *run, gboolean due, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The playbooks by which run->leaving is left: PLAYBOOK_UNDO or PLAYBOOK_REMOVE; its compose files
 * are down after them. */
void step_leave_plan (Run *run, PlaybookRun kind);
void step_compose_plan (Run *run, gboolean due);
void step_compose_leave_plan (Run *run);
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
