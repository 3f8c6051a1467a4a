/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/compare.h"

/* What diff prints, and parts of the text in files of their own. */

void diff_print_text (const Diff *diff);
void diff_print_json (const Diff *diff);

void diff_print_images (const Diff *diff);
void diff_print_packages (const DiffPair *pair);
void diff_print_files (const DiffPair *pair);
/* DiffFile elements. */
void diff_print_file_list (const GPtrArray *files);
/* "2 same (1.3 MB), 1 new (20 B)" after a label. */
void diff_print_layers (const char *label, const DiffLayers *layers);
