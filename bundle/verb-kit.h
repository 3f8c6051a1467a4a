/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/kit.h"
#include "manifest/digest.h"
#include "manifest/verb.h"

/* What the verb kit's files share. */

/* One file that was written. */
typedef struct {
    const char *path;
    guint64 bytes;
    Digest digest;
    char *signature; /* path, or NULL */
} KitWritten;

/* written: KitWritten. */
void verb_kit_print (const VerbOutput *output, const Kit *kit, const GPtrArray *written);
