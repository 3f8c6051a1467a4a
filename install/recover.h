/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* What to do about a run that did not end, by how far it got (install/FORMAT.md). */

typedef enum {
    RECOVER_ALONE,   /* nobody is asked (boot, the next install): what needs a person is left */
    RECOVER_RETRY,   /* a person says: the cause is removed, try what failed again */
    RECOVER_FORWARD, /* a person says: the new release after all */
    RECOVER_GIVE_UP, /* a person says: it is in order, or will be put so by hand */
} RecoverWay;

/* run was opened on the host, and run->journal is there; it is gone when this returns, but with
 * ERR_NEEDS_ATTENTION. *said tells what was done, for a person. ERR_NEEDS_ATTENTION is the only
 * failure after which the host is neither the old nor the new release. Also fails where the engine
 * cannot be reached: then nothing was done. */
gboolean recover_run (Run *run, RecoverWay way, char **said,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For a person who gives up a run whose journal cannot be read (*error of opening the host was
 * ERR_NEEDS_ATTENTION): the file gets another name, and nothing else is done. */
gboolean recover_set_aside (const char *root, char **said,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
