/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/load.h"
#include "install/plan.h"
#include "install/playbook.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <stdarg.h>

/* What a person should know before the run, because nothing takes it back afterwards: found by
 * looking, and by reading what the release says of itself. */

static void lasting (Run *run, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
lasting (Run *run, const char *format, ...)
{
    va_list args;

    va_start (args, format);
    g_ptr_array_add (run->outlook->lasting, message_vprintf (format, args));
    va_end (args);
}

gboolean
plan_check_upgrade (const Run *run, GError **error)
{
    const Release *release = run->release;
    guint64 here = run_old_release (run);

    if (here == 0 || here >= release->upgrade_from)
        return TRUE;
    return fail (error, ERR_POLICY,
                 "%s %s follows release %" G_GUINT64_FORMAT
                 " or a later one (data.upgrade-from), and release %" G_GUINT64_FORMAT
                 " is here; install release %" G_GUINT64_FORMAT
                 ", or one between it and %" G_GUINT64_FORMAT ", first",
                 release->product, release->version, release->upgrade_from, here,
                 release->upgrade_from, release->release);
}

static void
tell_of_playbooks (Run *run)
{
    if (!release_has_playbook (run->release, PLAYBOOK_INSTALL))
        return;
    if (run_old_release (run) == 0 && !release_has_playbook (run->release, PLAYBOOK_REMOVE))
        lasting (run, "if this first install fails, what its playbooks started stays running: the "
                      "release has no remove playbook");
    if (run_old_release (run) >= MAX (run->release->rollback_to, 1) &&
        !release_has_playbook (run->release, PLAYBOOK_UNDO))
        lasting (run,
                 "if this fails, what its playbooks changed stays, but for what those of "
                 "release %" G_GUINT64_FORMAT " set again: the release has no undo playbook",
                 run->state->release);
}

static void
tell_of_data (Run *run)
{
    const Release *release = run->release;
    guint64 here = run_old_release (run);

    if (release->volumes != NULL && release->volumes[0] != NULL) {
        g_autofree char *volumes = g_strjoinv (", ", release->volumes);

        lasting (run, "what is written to volumes stays: %s", volumes);
    }
    if (here == 0 || here >= release->rollback_to)
        return;
    if (release_has_playbook (run->release, PLAYBOOK_UNDO))
        lasting (run,
                 "release %" G_GUINT64_FORMAT " cannot read what this one writes (data.rollback-to "
                 "%" G_GUINT64_FORMAT "): the way back leads through the undo playbook",
                 here, release->rollback_to);
    else
        lasting (run,
                 "once its playbooks ran there is no way back: release %" G_GUINT64_FORMAT
                 " cannot read what this one writes (data.rollback-to %" G_GUINT64_FORMAT
                 ") and there is no undo playbook; a failure then waits for a person (exit 9)",
                 here, release->rollback_to);
}

static gboolean
has_image (const GPtrArray *images, const Digest *id)
{
    for (guint i = 0; images != NULL && i < images->len; i++) {
        const EngineImage *image = g_ptr_array_index (images, i);

        if (image != NULL && !image->foreseen && digest_equal (&image->id, id))
            return TRUE;
    }
    return FALSE;
}

/* The engine is asked only about what the plan has not seen yet. */
static gboolean
look_for_image (Run *run, const Digest *id, gboolean *there, GError **error)
{
    g_autofree char *reference = digest_to_text (id);
    g_autoptr (EngineImage) found = NULL;

    *there = has_image (run->named, id) || has_image (run->in_engine, id);
    if (*there || run->in_engine != NULL)
        return TRUE;
    if (!engine_inspect (run->engine, reference, &found, error))
        return FALSE;
    *there = found != NULL;
    return TRUE;
}

/* trust.md 112: somebody pruned what would be gone back to. */
static gboolean
look_for_old_images (Run *run, GError **error)
{
    for (guint i = 0; run->state != NULL && i < run->state->images->len; i++) {
        const StateImage *old = g_ptr_array_index (run->state->images, i);
        gboolean there;

        if (!look_for_image (run, &old->id, &there, error))
            return FALSE;
        if (!there)
            lasting (run,
                     "image '%s' of release %" G_GUINT64_FORMAT
                     " is gone from the engine: if this fails, that release cannot be put back "
                     "whole; bring its bundle, or repair it first",
                     path_short_image_name (old->name), run->state->release);
    }
    return TRUE;
}

/* The images that are left: they lose a name, or are the old release's and not the new one's. */
static GHashTable *
left_images (const Run *run)
{
    GHashTable *ids = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < run->named->len; i++) {
        EngineImage *image = g_ptr_array_index (run->named, i);

        if (image != NULL)
            g_hash_table_add (ids, &image->id);
    }
    for (guint i = 0; run->state != NULL && i < run->state->images->len; i++)
        g_hash_table_add (ids, &((StateImage *)g_ptr_array_index (run->state->images, i))->id);
    for (guint i = 0; i < run->statement->images->len; i++)
        g_hash_table_remove (
            ids, load_image_id (run->engine, g_ptr_array_index (run->statement->images, i)));
    return ids;
}

static gboolean
look_for_containers (Run *run, GError **error)
{
    g_autoptr (GHashTable) ids = left_images (run);
    g_autoptr (GPtrArray) all = NULL;

    if (g_hash_table_size (ids) == 0)
        return TRUE;
    all = engine_containers (run->engine, error);
    if (all == NULL)
        return FALSE;
    while (all->len > 0) {
        EngineContainer *container = g_ptr_array_steal_index (all, 0);

        if (g_hash_table_contains (ids, &container->image))
            g_ptr_array_add (run->outlook->affected, container);
        else
            engine_container_free (container);
    }
    return TRUE;
}

gboolean
plan_look_ahead (Run *run, GError **error)
{
    tell_of_playbooks (run);
    tell_of_data (run);
    return look_for_old_images (run, error) && look_for_containers (run, error);
}
