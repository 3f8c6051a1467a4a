/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* What this host refuses of a release that is signed well. */

/* May a release of this number, judged by a root of this epoch, follow what was installed here?
 * Needs the states. Says as a note where numbers begin anew. */
gboolean policy_check_number (Run *run, VerifiedBundle *verified,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Says as notes what the host's clock and the times in the release say of each other; refuses
 * nothing for it. */
void policy_note_clock (Run *run);
/* Does the engine run images of this platform? */
gboolean policy_check_platform (const Run *run, const Statement *statement,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and is the release for this host's site and name? */
gboolean policy_check_target (const Run *run, const Statement *statement,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
