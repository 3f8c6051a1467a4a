/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* How each task of a playbook ended, as the callback plugin wrote it down. */

typedef enum {
    TASK_OK,
    TASK_CHANGED,
    TASK_SKIPPED,
    TASK_RESCUED, /* failed, and the playbook knew what to do */
    TASK_IGNORED, /* failed, and the playbook does not mind */
    TASK_FAILED,
    TASK_UNREACHABLE,
    TASK_STATUSES
} TaskStatus;

typedef struct {
    char *play, *task, *host; /* fit for a terminal, without secrets */
    TaskStatus status;
    guint64 milliseconds;
} PlaybookTask;

typedef struct {
    guint plays;
    gboolean ended;
    guint counts[TASK_STATUSES];
    GPtrArray *tasks; /* PlaybookTask: the first PLAYBOOK_RECAP_TASKS of them */
    char *ansible;    /* version of ansible-core, fit for a terminal; NULL: not said */
    char *idle;       /* name of a play that matched no host, or NULL */
    char *fault;      /* the last task that failed, with what it said; NULL: none did */
} PlaybookRecap;

#define PLAYBOOK_RECAP_TASKS 1000

/* results: one JSON object a line. well: ansible-playbook ended with 0, so that a task that failed
 * was rescued. values: HostValue whose secrets are masked, or NULL. ERR_FAILED where the text is
 * none of the plugin's. */
PlaybookRecap *playbook_recap_read (GBytes *results, const char *name, gboolean well,
                                    GPtrArray *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A play without hosts, a failed task, or no end is ERR_FAILED. */
gboolean playbook_recap_check (const PlaybookRecap *recap, const char *name,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The members "ansible-core", "counts" and "tasks", for journal and receipt (install/FORMAT.md). */
void playbook_recap_add (const PlaybookRecap *recap, JsonObject *object);
void playbook_recap_free (PlaybookRecap *recap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlaybookRecap, playbook_recap_free)
