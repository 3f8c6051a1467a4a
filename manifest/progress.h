/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* How library code tells how far it is. It never prints; a verb decides what is shown. All calls
 * take NULL and may come from any thread. */
typedef struct Progress Progress;
struct Progress {
    /* A phase begins: what it is ("packing", "loading plant-hmi/server:1.5.0") and its bytes, or 0
     * where they are not known. */
    void (*begin) (Progress *progress, const char *what, guint64 total);
    void (*add) (Progress *progress, guint64 bytes);
    void (*end) (Progress *progress);
};

void progress_begin (Progress *progress, const char *what, guint64 total);
void progress_add (Progress *progress, guint64 bytes);
void progress_end (Progress *progress);
