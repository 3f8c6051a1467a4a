/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/progress.h"

void
progress_begin (Progress *progress, const char *what, guint64 total)
{
    if (progress != NULL)
        progress->begin (progress, what, total);
}

void
progress_add (Progress *progress, guint64 bytes)
{
    if (progress != NULL)
        progress->add (progress, bytes);
}

void
progress_end (Progress *progress)
{
    if (progress != NULL)
        progress->end (progress);
}
