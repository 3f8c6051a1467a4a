/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/pack.h"
#include "manifest/verb.h"

/* What `bundle` says at its end. */
void verb_bundle_json (const char *file, const PackOptions *options, const PackResult *result);
void verb_bundle_text (const VerbOutput *output, const Release *release, const char *file,
                       const PackOptions *options, const PackResult *result);
