/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/packing.h"
#include "manifest/statement.h"

#include <glib.h>

/* What show prints of a bundle. Belongs to the verb: its functions print to stdout. */
typedef struct {
    const Statement *statement;
    const Packing *packing;
    Digest release_digest;
    guint64 file_bytes;
} ShowInput;

void show_print_text (const ShowInput *input);
void show_print_json (const ShowInput *input);
