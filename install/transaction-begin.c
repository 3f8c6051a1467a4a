/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/transaction.h"

#include "install/json-member.h"
#include "install/receipt.h"
#include "manifest/error.h"

/* The first record of the journal: all that recovery needs to know of a run. */

/* Two runs in one second are told apart by a number. */
static char *
run_id (const Run *run, guint64 number)
{
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    g_autofree char *when = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
    char *id = g_strdup_printf ("%s-%s-r%" G_GUINT64_FORMAT, when, run->release->product, number);

    for (guint i = 2; run_log_is_there (run->host, id); i++) {
        g_free (id);
        id = g_strdup_printf ("%s-%s-r%" G_GUINT64_FORMAT "-%u", when, run->release->product,
                              number, i);
    }
    return id;
}

static void
add_paths (const Run *run, JsonObject *begin)
{
    JsonArray *paths = json_array_new ();

    for (guint i = 0; i < run->links->len; i++) {
        const Run *link = g_ptr_array_index (run->links, i);
        g_autofree char *path = g_utf8_make_valid (bundle_path (link->bundle), -1);

        json_array_add_string_element (paths, path);
    }
    if (run->bundle != NULL) {
        g_autofree char *path = g_utf8_make_valid (bundle_path (run->bundle), -1);

        json_array_add_string_element (paths, path);
    }
    json_object_set_array_member (begin, "bundles", paths);
}

static void
add_engine (const Run *run, JsonObject *begin)
{
    const EngineInfo *info = engine_info (run->engine);
    JsonObject *engine = json_object_new ();

    json_object_set_string_member (engine, "socket", info->socket);
    json_object_set_string_member (engine, "version", info->version);
    json_object_set_string_member (engine, "store", engine_store_name (info->store));
    json_object_set_string_member (engine, "id", info->id);
    json_object_set_object_member (begin, "engine", engine);
}

static void
add_steps (const Run *run, JsonObject *begin)
{
    JsonArray *steps = json_array_new ();

    for (guint i = 0; i < run->steps->len; i++)
        json_array_add_object_element (steps, step_to_json (g_ptr_array_index (run->steps, i)));
    json_object_set_array_member (begin, "steps", steps);
}

static gboolean
open_log (Run *run, const char *id, GError **error)
{
    run_take_log (run, run_log_open (run->host, id, run->values, error));
    if (run->log == NULL)
        return FALSE;
    if (run->shown != NULL)
        run_log_text (run->log, run->shown);
    return TRUE;
}

gboolean
transaction_begin (Run *run, GError **error)
{
    g_autoptr (JsonObject) begin = json_object_new ();
    guint64 to = run_target (run);
    g_autofree char *id = run_id (run, to);

    json_object_set_string_member (begin, "run", id);
    json_object_set_string_member (begin, "verb", run->verb);
    json_object_set_string_member (begin, "handcarry", HANDCARRY_VERSION);
    json_object_set_string_member (begin, "product", run->release->product);
    json_object_set_string_member (begin, "channel", run->release->channel);
    json_object_set_string_member (begin, "version", run->release->version);
    json_object_set_int_member (begin, "from", (gint64)run_old_release (run));
    json_object_set_int_member (begin, "to", (gint64)to);
    json_member_set_digest (begin, "digest", &run->digest);
    json_object_set_string_member (begin, "network", network_barrier_name (run->barrier));
    add_paths (run, begin);
    add_engine (run, begin);
    json_member_set_texts (begin, "changed", run->changed);
    add_steps (run, begin);
    if (receipt_reserve (run->host, error) && receipt_begin (run, begin, error) &&
        open_log (run, id, error))
        run->journal = journal_begin (run->host->state_fd, begin, error);
    run->begun = run->journal != NULL;
    return run->begun || fail_prefix (error, "nothing was changed");
}
