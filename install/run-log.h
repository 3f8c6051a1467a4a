/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "manifest/digest.h"

#include <glib.h>

/* STATE/log/RUNID.log, mode 0600: what a run printed, without the host's secrets. The receipt holds
 * its SHA-256. */

#define RUN_LOG_FOLDER "log"
#define RUN_LOG_SUFFIX ".log"
/* Above this a log is not put into JSON. */
#define RUN_LOG_BYTES (64 * 1024 * 1024)

typedef struct RunLog RunLog;

/* Made where it is not there; recovery adds to what the run wrote. values: HostValue, whose secrets
 * are masked; may be NULL. */
RunLog *run_log_open (const Host *host, const char *run, GPtrArray *values,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean run_log_is_there (const Host *host, const char *run);
/* Never fails: what could not be written is said by run_log_close. log may be NULL. The second one
 * may be used as a LauncherOutput. */
void run_log_text (RunLog *log, const char *text);
void run_log_bytes (const guint8 *bytes, gsize length, gpointer log);
/* Writes what waits for its line end, syncs, and frees. */
gboolean run_log_close (RunLog *log, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void run_log_free (RunLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunLog, run_log_free)

/* *there is FALSE, and the rest not set, where the run has no log. */
gboolean run_log_digest (const Host *host, const char *run, gboolean *there, guint64 *bytes,
                         Digest *digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The log of a run, or of the last one where run is NULL, open for reading; *name is its file name
 * (caller frees). */
int run_log_find (const Host *host, const char *run, char **name,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
