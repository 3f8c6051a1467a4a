/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base.h"
#include "install/load.h"
#include "install/plan.h"
#include "install/space.h"
#include "manifest/error.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Room that must be left besides. */
#define RESERVE (64ULL * 1024 * 1024)

/* Of all images that are loaded. */
static void
add_images (const Run *run, guint64 *sum, guint64 *largest)
{
    for (guint i = 0; i < run->links->len; i++)
        add_images (g_ptr_array_index (run->links, i), sum, largest);
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (!step->needed || step->kind->prepare == NULL || g_strcmp0 (step->kind->name, "image"))
            continue;
        *sum += step->bytes;
        *largest = MAX (*largest, step->bytes);
    }
}

/* Layers stay once unpacked (and once as blobs on the containerd store); besides, Docker's
 * graphdriver store unpacks the archive of the image under way, and Podman keeps it twice. */
static guint64
engine_need (const Run *run)
{
    guint64 sum = 0, largest = 0;

    add_images (run, &sum, &largest);
    if (sum == 0)
        return 0;
    switch (engine_info (run->engine)->store) {
    case STORE_GRAPHDRIVER:
        return sum + largest + RESERVE;
    case STORE_CONTAINERD:
        return 2 * sum + RESERVE;
    case STORE_PODMAN:
        return sum + 2 * largest + RESERVE;
    }
    g_assert_not_reached ();
}

static guint64
medium_need (const Run *run)
{
    guint64 need = 0;

    for (guint i = 0; i < run->links->len; i++)
        need += medium_need (g_ptr_array_index (run->links, i));
    if (run->bases != NULL)
        need += bases_export_bytes (run->bases);
    if (run->cost != NULL)
        need += run->cost->spool_bytes + (run->options.no_copy ? 0 : run->cost->bundle_bytes);
    return need;
}

static guint64
state_need (const Run *run)
{
    guint64 need = RESERVE + medium_need (run);

    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        if (step->needed && g_strcmp0 (step->kind->name, "image") != 0)
            need += step->bytes;
    }
    return need;
}

static gboolean
same_device (const char *a, const char *b)
{
    struct stat left, right;

    return fstatat (AT_FDCWD, a, &left, 0) == 0 && fstatat (AT_FDCWD, b, &right, 0) == 0 &&
           left.st_dev == right.st_dev;
}

static gboolean
check (const RunSpace *space, const char *what, GError **error)
{
    if (space->path == NULL || space->need <= space->have)
        return TRUE;
    return fail (error, ERR_SPACE,
                 "not enough space on the file system of '%s' (%s): needs %.1f MB, has %.1f MB",
                 space->path, what, (double)space->need / 1e6, (double)space->have / 1e6);
}

static void
measure (Run *run)
{
    const char *root = engine_info (run->engine)->data_root;

    run->state_space.path = space_existing (run->host->state_path);
    run->state_space.need = state_need (run);
    run->state_space.have = space_free (run->state_space.path);
    run->engine_space.need = engine_need (run);
    if (!space_is_seen (root)) {
        run_note (run,
                  "the engine's data root '%s' is not seen from here: its free space is not "
                  "known",
                  root);
        return;
    }
    run->engine_space.path = g_strdup (root);
    run->engine_space.have = space_free (root);
}

gboolean
plan_check_space (Run *run, GError **error)
{
    RunSpace both;

    measure (run);
    both = run->state_space;
    if (run->engine_space.path == NULL ||
        !same_device (run->engine_space.path, run->state_space.path))
        return check (&run->state_space, "state", error) &&
               check (&run->engine_space, "engine", error);
    both.need += run->engine_space.need;
    return check (&both, "state and engine", error);
}
