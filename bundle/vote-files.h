/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"
#include "keys/trust.h"

#include <glib.h>

/* Votes on a statement that lie beside a bundle on the medium, in files NAME.vote: minisign
 * signature files over the statement's exact bytes, made by somebody who had no more than that. */

/* Adds to votes (GBytes) those that a key of the root has made on this statement, until there
 * are LIMIT_VOTES, and their names to report->files. A file that does not count is worth a sentence
 * in report->ignored only where it looks meant for this bundle: it is named like it, or its comment
 * names this release digest; the folder may hold votes on many releases. */
void vote_files_add (const char *bundle_path, GBytes *statement, const Root *root, GPtrArray *votes,
                     VoteReport *report);
