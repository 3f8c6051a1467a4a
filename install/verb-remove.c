/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/leave.h"
#include "install/verb-leave.h"
#include "manifest/verb.h"

static char *
headline (const Run *run)
{
    return message_printf ("%s %s, release %" G_GUINT64_FORMAT ": taken away\n",
                           run->release->product, run->release->version, run->release->release);
}

static char *
result (const Run *run)
{
    return message_printf ("%s is removed", run->release->product);
}

int
verb_remove (int argc, char **argv, GError **error)
{
    const LeaveVerb verb = {
        .description = "Takes a product away: its remove playbooks, image names, and configs and "
                       "files that nobody edited. Volumes are named and stay, and so does the "
                       "highest release number, below which nothing is installed later.",
        .question = "Remove it?",
        .plan = leave_plan_remove,
        .headline = headline,
        .result = result,
    };

    return verb_leave (argc, argv, &verb, error);
}
