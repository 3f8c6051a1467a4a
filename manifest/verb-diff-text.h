/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/compare.h"

/* What diff prints, and parts of the text in files of their own. */

void diff_print_text (const Diff *diff);
void diff_print_json (const Diff *diff);

void diff_print_images (const Diff *diff);
/* Only the packages that change, in groups. */
void diff_print_fixes (const Diff *diff);
void diff_print_packages (const DiffPair *pair);
/* Which packages of a side may be missing; each line begins with so many blanks. */
void diff_print_unread (const DiffPair *pair, int blanks);
/* "x/server:1.5.0 -> 1.6.0". Caller frees. */
char *diff_describe_names (const DiffPair *pair);
/* "libc6", or "libc6:i386" where there is one for another architecture too. Caller frees. */
char *diff_describe_package (const DiffPackage *package);
void diff_print_files (const DiffPair *pair);
/* DiffFile elements. */
void diff_print_file_list (const GPtrArray *files);
/* "2 same (1.3 MB), 1 new (20 B)" after a label. */
void diff_print_layers (const char *label, const DiffLayers *layers);
