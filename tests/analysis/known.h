/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

/* What an analyzer that looks at one file at a time cannot see. Included before each file by
 * tests/analysis/run, never by the program. */

#include "manifest/error.h"

/* "return fail (…)" leaves its function with FALSE. */
#define fail(...) (fail (__VA_ARGS__), FALSE)
#define fail_errno(...) (fail_errno (__VA_ARGS__), FALSE)
#define fail_prefix(...) (fail_prefix (__VA_ARGS__), FALSE)
