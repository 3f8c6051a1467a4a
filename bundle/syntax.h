/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/collect-tree.h"
#include "manifest/release.h"

#include <glib.h>

/* Runs `ansible-playbook --syntax-check` on each playbook, with nothing but what is carried: laid
 * out in a temporary folder below tmpdir (NULL: the usual place) as it will lie on the host. What
 * it does not take is ERR_FORMAT "FILE:LINE:COLUMN: …". Where there is no ansible-playbook here,
 * warnings (char *) grows. */
gboolean syntax_check (const Release *release, const CollectedTree *tree, const char *tmpdir,
                       GPtrArray *warnings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The message of what ansible-playbook said, its paths below root made relative to it. Caller
 * frees. */
char *syntax_message (const char *said, const char *root, const char *playbook);
