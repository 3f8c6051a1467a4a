/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/network.h"
#include "install/plan.h"
#include "install/run-open.h"

#include <stdio.h>

/* Loads the images of a bundle as install does, and nothing else: no journal, no copy of the
 * frames, no names, no state. What install takes beyond this is the cost of the transaction. Usage:
 * bare-load BUNDLE TRUST ROOT ENGINE */

static gboolean
load_all (Run *run, GError **error)
{
    const char *culprit;

    if (!plan_images (run, &culprit, error))
        return FALSE;
    for (guint i = 0; i < run->steps->len; i++) {
        Step *step = g_ptr_array_index (run->steps, i);

        if (step->needed && !step->kind->prepare (step, run, error))
            return FALSE;
    }
    return TRUE;
}

int
main (int argc, char **argv)
{
    char *paths[] = { argv[1], NULL };
    RunOptions options = { .paths = paths, .given = argv[1], .write = TRUE, .no_copy = TRUE };
    g_autoptr (GError) error = NULL;
    g_autoptr (Run) run = NULL;

    if (argc != 5)
        return 2;
    options.trust = argv[2];
    options.root = argv[3];
    options.engine = argv[4];
    run = run_open (&options, NULL, NETWORK_FILTER, &error);
    if (run != NULL && load_all (run, &error))
        return 0;
    fprintf (stderr, "bare-load: %s\n", error->message);
    return 1;
}
