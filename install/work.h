/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/last-lines.h"
#include "install/run.h"

#include <glib.h>

/* A program of the release under way in the host's network: STATE/PRODUCT/work/ (0700, for secrets
 * lie in it), which is gone when it ends, and its log. */
typedef struct {
    Run *run;
    char *path; /* of the folder */
    int dirfd;
    int log;
    LastLines *lines; /* of its output */
    gboolean told;    /* that a second signal on the way back interrupts it */
    gboolean interrupted;
} Work;

/* Makes the folder anew; reads the values where run has none yet. log_name: of the file in
 * STATE/PRODUCT/log/ (0600) that output is added to. */
gboolean work_open (Work *work, Run *run, const char *log_name,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void work_clear (Work *work);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)
#define WORK_INIT                                                                                  \
    {                                                                                              \
        .dirfd = -1, .log = -1                                                                     \
    }

/* Removes a folder that a killed run left; what cannot be removed becomes a note. */
void work_sweep (Run *run);
/* A file of the folder, mode 0600. */
gboolean work_write (Work *work, const char *name, GBytes *bytes,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing that a person has set, so that it changes nothing: locale, PATH, HOME, and the engine
 * that the images were loaded into. Caller frees, and may add to it. */
char **work_environment (const Run *run);
/* Runs it in the release's tree to its end, without secrets to run->output and log. *status as of
 * launcher_run. A first signal is kept for later, a second one interrupts it. */
gboolean work_run (Work *work, const char *const *argv, char **environment, int *status,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* STATE/PRODUCT/log/NAME. Caller frees. */
char *work_log_path (const Run *run, const char *log_name);
