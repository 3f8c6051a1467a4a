/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Runs one carried playbook under stock ansible-playbook, in the host's network. Its output goes to
 * STATE/PRODUCT/log/rN-NAME.log (0600) and to run->output, without secrets. */
gboolean playbook_run (Run *run, const ReleasePlaybook *playbook,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* STATE/PRODUCT/log/rN-NAME.log. Caller frees. */
char *playbook_log_path (const Run *run, const ReleasePlaybook *playbook);

/* What the callback plugin wrote: a play without hosts, a failed task, or no end is ERR_FAILED. */
gboolean playbook_check_results (GBytes *results, const char *name,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The variable file that a playbook gets. */
GBytes *playbook_variables (const Run *run);
/* ansible.cfg: only our callback, only carried collections and roles. */
GBytes *playbook_config (const char *work, const char *tree, const char *playbook);
