/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>

/* What `verify` says of a bundle: each role, who voted and who is missing. */
void verb_verify_votes (const VerbOutput *output, const VoteReport *report);
void verb_verify_good (const VerbOutput *output, const char *path, const Bundle *bundle,
                       const VoteReport *report, gboolean deep);
/* The same as an object; bundle is NULL and error is set where it is not good. */
void verb_verify_json (JsonBuilder *builder, const char *path, const Bundle *bundle,
                       const VoteReport *report, const GError *error);
