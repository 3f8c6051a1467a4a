/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/adopt.h"
#include "install/verb-host.h"

/* recover --adopt. Returns the exit status. */
int verb_recover_adopt (Run *run, const Adoption *adoption, gboolean yes, const VerbOutput *output,
                        GError **error);
