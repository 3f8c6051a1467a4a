/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Runs func (job, user) for each element of jobs, in their order, so many threads at a time, and
 * returns when all are done. The threads are joined, which those of a GThreadPool are not: what
 * libcrypto keeps for each is freed as it ends. */
void crew_run (GPtrArray *jobs, guint threads, GFunc func, gpointer user);
