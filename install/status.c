/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/status.h"

#include "install/ansible-root.h"
#include "install/leave.h"
#include "install/place.h"
#include "install/plan.h"
#include "install/run-open.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <unistd.h>

static void
product_free (gpointer data)
{
    StatusProduct *product = data;

    state_free (product->state);
    g_ptr_array_unref (product->images);
    g_ptr_array_unref (product->configs);
    g_ptr_array_unref (product->files);
    g_ptr_array_unref (product->beside);
    g_free (product->engine_change);
    g_free (product->no_way_back);
    g_free (product);
}

void
status_free (Status *status)
{
    if (status == NULL)
        return;
    g_ptr_array_unref (status->products);
    g_free (status->unreached);
    g_free (status->run);
    g_free (status->why);
    g_free (status->lost);
    g_free (status);
}

static void
add_thing (GPtrArray *things, const char *subject, const Digest *id, const char *found)
{
    StatusThing *thing = g_new (StatusThing, 1);

    *thing = (StatusThing){ subject, id, found };
    g_ptr_array_add (things, thing);
}

static const char *
look_image (Engine *engine, const Host *host, const char *product, const StateImage *image)
{
    g_autoptr (EngineImage) found = NULL;

    if (engine == NULL || !engine_inspect (engine, image->name, &found, NULL))
        return N_ ("unknown");
    if (found == NULL)
        return ansible_root_has (host, product, &image->config) ? N_ ("ok") : N_ ("missing");
    return digest_equal (&found->id, &image->id) ? N_ ("ok") : "another image has the name";
}

static const char *
look_file (const StateFile *file)
{
    PlaceThing found;

    if (!place_look (file->path, &found, NULL))
        return N_ ("unknown");
    if (found.kind == PLACE_NOTHING)
        return N_ ("missing");
    return digest_equal (&found.digest, &file->digest) ? N_ ("ok") : N_ ("changed");
}

static void
look_files (StatusProduct *product, GPtrArray *things, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const StateFile *file = g_ptr_array_index (files, i);
        g_autoptr (GPtrArray) beside = place_list_beside (file->path, NULL);

        add_thing (things, file->path, NULL, look_file (file));
        if (beside != NULL)
            g_ptr_array_extend_and_steal (product->beside, g_steal_pointer (&beside));
    }
}

/* The plan of a rollback, which nobody carries out. */
static void
look_back (StatusProduct *product, const RunOptions *how, NetworkBarrier barrier)
{
    g_autoptr (GError) why = NULL;
    g_autoptr (Run) run = run_open_on_host (how, NULL, barrier, &why);

    if (run != NULL && run_open_product (run, product->state->product, &why) &&
        leave_plan_rollback (run, &why))
        product->back_to = run_target (run);
    else
        product->no_way_back = g_strdup (why->message);
}

static StatusProduct *
look_product (State *state, const Host *host, Engine *engine)
{
    StatusProduct *product = g_new0 (StatusProduct, 1);

    product->state = state;
    product->images = g_ptr_array_new_with_free_func (g_free);
    product->configs = g_ptr_array_new_with_free_func (g_free);
    product->files = g_ptr_array_new_with_free_func (g_free);
    product->beside = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < state->images->len; i++) {
        const StateImage *image = g_ptr_array_index (state->images, i);

        add_thing (product->images, path_short_image_name (image->name), &image->id,
                   look_image (engine, host, state->product, image));
    }
    look_files (product, product->configs, state->configs);
    look_files (product, product->files, state->files);
    if (engine != NULL)
        product->engine_change = plan_engine_change (state, engine_info (engine));
    return product;
}

static const char *
next_of (const Status *status, const Journal *journal)
{
    if (status->busy)
        return N_ ("wait until it is over");
    if (journal->phase == PHASE_ATTENTION &&
        g_str_equal (journal_text (journal, "verb"), "install"))
        return N_ (
            "remove the cause, then type: handcarry recover --forward (or handcarry recover, "
            "to go back)");
    if (journal->phase == PHASE_ATTENTION)
        return N_ ("remove the cause, then type: handcarry recover");
    return N_ ("handcarry recover (the next install does the same first)");
}

/* What the newest record says of itself, as why a person is wanted; or NULL. */
static char *
why_of (const Journal *journal)
{
    guint count = journal->records->len;
    JsonObject *last = count > 0 ? journal->records->pdata[count - 1] : NULL;

    return last != NULL
               ? g_strdup (json_object_get_string_member_with_default (last, "message", NULL))
               : NULL;
}

/* Root alone may read it. */
static void
look_run (Status *status, const Host *host)
{
    g_autoptr (Journal) journal = NULL;
    g_autoptr (GError) why = NULL;

    status->busy = host_is_busy (host);
    if (host->state_fd < 0)
        return;
    if (!journal_open (host->state_fd, FALSE, &journal, &why)) {
        status->run = message_printf ("a run of which this is known: %s", why->message);
        status->phase = "unknown";
        status->next = "look as root; handcarry recover says what to do";
    }
    if (journal == NULL)
        return;
    status->run =
        message_printf ("%s of %s, from release %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                        journal_text (journal, "verb"), journal_text (journal, "product"),
                        journal_number (journal, "from"), journal_number (journal, "to"));
    status->phase = journal_phases[journal->phase];
    status->why = why_of (journal);
    status->next = next_of (status, journal);
}

/* A host that believes a trust root has records from the first import on. */
static void
look_records (Status *status, const Host *host)
{
    g_autofree char *trust = g_build_filename (host->etc_path, "trust", NULL);
    g_autoptr (GError) why = NULL;

    if (faccessat (AT_FDCWD, trust, F_OK, 0) == 0 && !host_check_state (host, NULL, &why))
        status->lost = g_strdup (why->message);
}

Status *
status_take (const RunOptions *how, NetworkBarrier barrier, GError **error)
{
    g_autoptr (Host) host = host_open (how->root, FALSE, error);
    g_autoptr (GPtrArray) states = host != NULL ? state_read_all (host->state_fd, error) : NULL;
    g_autoptr (Status) status = g_new0 (Status, 1);
    g_autoptr (Engine) engine = NULL;
    g_autoptr (GError) unreached = NULL;

    status->products = g_ptr_array_new_with_free_func (product_free);
    if (states == NULL)
        return NULL;
    look_run (status, host);
    look_records (status, host);
    engine = engine_open (how->engine, &unreached);
    if (engine == NULL)
        status->unreached = g_strdup (unreached->message);
    while (states->len > 0) {
        g_autoptr (State) state = g_ptr_array_steal_index (states, 0);
        StatusProduct *product;

        /* Taken away; only the highest number is remembered. */
        if (state->release == 0)
            continue;
        product = look_product (g_steal_pointer (&state), host, engine);
        g_ptr_array_add (status->products, product);
        look_back (product, how, barrier);
    }
    return g_steal_pointer (&status);
}
