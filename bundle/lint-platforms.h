/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/lint.h"

/* Images in archives and layouts that are for other platforms than the release (make side). Only
 * indexes and configs are read, so that it costs nothing; an archive that is compressed as a whole,
 * or that cannot be read, is left to bundle. */
void lint_platforms (Lint *lint);
