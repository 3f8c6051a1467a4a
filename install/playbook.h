/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/playbook-recap.h"
#include "install/run.h"

#include <glib.h>

/* Runs one carried playbook under stock ansible-playbook, in the host's network. Its output goes to
 * STATE/PRODUCT/log/rN-NAME.log (0600) and to run->output, without secrets. recap may be NULL;
 * it is set also when the playbook failed, to NULL where the plugin wrote nothing. */
gboolean playbook_run (Run *run, const ReleasePlaybook *playbook, PlaybookRecap **recap,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Runs the release's playbooks of one kind, in their order, until one fails. run may be that of a
 * stored release: host, engine, launcher and product_fd are needed, no bundle. */
gboolean playbooks_run_kind (Run *run, PlaybookRun kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean release_has_playbook (const Release *release, PlaybookRun kind);
/* Old programs are never started on data that they cannot read: can those of release old read what
 * release wrote, or does a playbook put the data back? */
gboolean release_may_go_back (const Release *release, guint64 old);
/* The variable file that a playbook of this kind gets. */
GBytes *playbook_variables (const Run *run, PlaybookRun kind);
