/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/leave.h"
#include "install/verb-leave.h"
#include "manifest/error.h"
#include "manifest/verb.h"

static char *
headline (const Run *run)
{
    const Release *from = run->leaving->release;

    return message_printf (
        "%s: back from %s, release %" G_GUINT64_FORMAT ", to %s, release %" G_GUINT64_FORMAT "\n",
        from->product, from->version, from->release, run->release->version, run->release->release);
}

static char *
result (const Run *run)
{
    return message_printf ("%s %s, release %" G_GUINT64_FORMAT ", is the current one again",
                           run->release->product, run->release->version, run->release->release);
}

int
verb_rollback (int argc, char **argv, GError **error)
{
    gint64 to = 0;
    const GOptionEntry entries[] = {
        { "to", 0, 0, G_OPTION_ARG_INT64, &to,
          "go back, release by release, to this number (default: the one before)", "N" },
        { NULL },
    };
    const LeaveVerb verb = {
        .description = "Goes back to the release before, without bundle and network: the undo "
                       "playbooks of the one that is left, names, configs and files, then the "
                       "playbooks and health checks of the older one. Volumes are never touched.",
        .entries = entries,
        .question = "Go back?",
        .plan = leave_plan_rollback,
        .headline = headline,
        .result = result,
        .until = &to,
    };

    return verb_leave (argc, argv, &verb, error);
}
