/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/prune.h"
#include "install/run-open.h"
#include "install/verb-host.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/size.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

#include <string.h>

static gboolean
parse (int *argc, char ***argv, HostOptions *host, gint *keep, VerbOutput *output, GError **error)
{
    const GOptionEntry entries[] = {
        { "keep", 0, 0, G_OPTION_ARG_INT, keep,
          "how many releases stay, the current one included (default: 2, so that one can be gone "
          "back to)",
          "N" },
        { NULL },
    };

    if (!verb_host_parse (
            argc, argv, "[PRODUCT]",
            "Removes what no kept release needs: folders and trees of older releases, "
            "the names that their images have, and old logs. What another product "
            "or a container uses stays. Without PRODUCT, of all products.",
            entries, HOST_ENGINE | HOST_ROOT, host, output, error))
        return FALSE;
    if (*argc > 2)
        return fail (error, ERR_USAGE, "prune takes the name of one product, or none");
    if (*keep < 1)
        return fail (error, ERR_USAGE,
                     "--keep takes a number from 1 on: the current release stays");
    return *argc == 1 || path_check_product ((*argv)[1], error);
}

/* All states are those of "others": what is pruned is not one run's product. */
static Run *
open_run (const RunOptions *how, Launcher *launcher, NetworkBarrier barrier, GError **error)
{
    g_autoptr (Run) run = run_open_on_host (how, launcher, barrier, error);

    if (run == NULL)
        return NULL;
    if (run->journal != NULL)
        return fail_null (error, ERR_NOT_READY,
                          "a run did not end, and what it needs is not known before; type first: "
                          "handcarry recover");
    run->others = state_read_all (run->host->state_fd, error);
    run->engine = run->others != NULL ? engine_open (how->engine, error) : NULL;
    return run->engine != NULL ? g_steal_pointer (&run) : NULL;
}

static gboolean
prune_products (Run *run, const char *product, guint keep, GPtrArray *done, GError **error)
{
    for (guint i = 0; i < run->others->len; i++) {
        const State *state = g_ptr_array_index (run->others, i);
        Prune *prune;

        if (product != NULL && strcmp (state->product, product) != 0)
            continue;
        prune = prune_estimate (run, state->product, state->release, keep, error);
        if (prune == NULL)
            return FALSE;
        g_ptr_array_add (done, prune);
        if (!prune_run (run, prune, error))
            return FALSE;
    }
    return product == NULL || done->len > 0 ||
           fail (error, ERR_NOT_READY, "%s is not installed here; see 'handcarry status'", product);
}

static void
print_one (const VerbOutput *output, const Prune *prune)
{
    g_autoptr (GString) kept = g_string_new (NULL);

    for (guint i = 0; i < prune->kept->len; i++)
        if (g_array_index (prune->kept, guint64, i) != 0)
            g_string_append_printf (kept, "%s%" G_GUINT64_FORMAT, i > 0 ? ", " : "",
                                    g_array_index (prune->kept, guint64, i));
    verb_print (output, "%s: keeps release %s\n", prune->product,
                kept->len > 0 ? kept->str : "0 (none)");
    for (guint i = 0; i < prune->releases->len; i++)
        verb_print (output, "  release  %" G_GUINT64_FORMAT ": removed\n",
                    g_array_index (prune->releases, guint64, i));
    for (guint i = 0; i < prune->names->len; i++)
        verb_print (output, "  image    %s: removed\n", (char *)prune->names->pdata[i]);
    for (guint i = 0; i < prune->used->len; i++)
        verb_print (output, "  image    %s: stays, a container uses it\n",
                    (char *)prune->used->pdata[i]);
    for (guint i = 0; i < prune->logs->len; i++)
        verb_print (output, "  log      %s: removed\n", (char *)prune->logs->pdata[i]);
}

static void
add_numbers (JsonBuilder *json, const char *name, const GArray *numbers)
{
    json_builder_set_member_name (json, name);
    json_builder_begin_array (json);
    for (guint i = 0; i < numbers->len; i++)
        json_builder_add_int_value (json, (gint64)g_array_index (numbers, guint64, i));
    json_builder_end_array (json);
}

static void
add_one (JsonBuilder *json, gconstpointer item)
{
    const Prune *prune = item;

    json_out_text (json, "product", prune->product);
    add_numbers (json, "kept", prune->kept);
    add_numbers (json, "releases", prune->releases);
    json_out_lines (json, "names", prune->names);
    json_out_lines (json, "in-use", prune->used);
    json_out_lines (json, "logs", prune->logs);
    json_out_number (json, "state-bytes", prune->state_bytes);
    json_out_number (json, "engine-bytes", prune->engine_bytes);
}

static void
print_result (const VerbOutput *output, const GPtrArray *done)
{
    guint64 state = 0, engine = 0;
    gboolean changed = FALSE;

    for (guint i = 0; i < done->len; i++) {
        const Prune *prune = g_ptr_array_index (done, i);

        state += prune->state_bytes;
        engine += prune->engine_bytes;
        changed = changed || !prune_is_empty (prune) || prune->state_bytes > 0;
        if (!output->json)
            print_one (output, prune);
    }
    if (output->json) {
        g_autoptr (JsonBuilder) json = json_builder_new ();

        json_builder_begin_object (json);
        json_out_text (json, "schema", "handcarry.prune/1");
        json_out_flag (json, "changed", changed);
        json_out_list (json, "products", done, add_one);
        json_builder_end_object (json);
        verb_json_print (json);
    } else {
        g_autofree char *here = size_to_text (state), *there = size_to_text (engine);

        verb_print (output, "freed: %s of state, images of at most %s in the engine\n", here,
                    there);
    }
}

int
verb_prune (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) host = { 0 };
    VerbOutput output = { 0 };
    gint keep = PRUNE_KEEP;
    g_autoptr (Launcher) launcher = NULL;
    g_autoptr (Run) run = NULL;
    g_autoptr (GPtrArray) done = g_ptr_array_new_with_free_func ((GDestroyNotify)prune_free);
    NetworkBarrier barrier;
    RunOptions how;

    if (!parse (&argc, &argv, &host, &keep, &output, error))
        return ERR_USAGE;
    launcher = verb_host_begin (&host, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&host, argv + 1, TRUE);
    run = open_run (&how, launcher, barrier, error);
    if (run == NULL || !prune_products (run, argv[1], (guint)keep, done, error))
        return error_exit_status (*error);
    print_result (&output, done);
    return 0;
}
