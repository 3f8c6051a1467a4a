/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/status.h"
#include "install/verb-host.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"
#include "manifest/verb.h"

static void
print_things (const VerbOutput *output, const char *what, const GPtrArray *things)
{
    for (guint i = 0; i < things->len; i++) {
        const StatusThing *thing = g_ptr_array_index (things, i);

        verb_print (output, "  %-8s %s: %s\n", what, thing->subject, thing->found);
    }
}

static void
print_product (const VerbOutput *output, const StatusProduct *product)
{
    const State *state = product->state;
    g_autofree char *digest = digest_to_text (&state->digest);

    if (state->note != NULL)
        verb_warn ("%s", state->note);
    verb_print (output, "%s %s, release %" G_GUINT64_FORMAT " (%s)\n  digest   %s\n",
                state->product, state->version, state->release, state->channel, digest);
    if (product->engine_change != NULL)
        verb_print (output, "  engine   %s\n", product->engine_change);
    print_things (output, "image", product->images);
    print_things (output, "config", product->configs);
    print_things (output, "files", product->files);
    for (guint i = 0; i < product->beside->len; i++) {
        const char *path = g_ptr_array_index (product->beside, i);

        verb_print (output, "  beside   %s: merge it or drop it, then remove it\n", path);
    }
    if (product->back_to > 0)
        verb_print (output, "  rollback ready, to release %" G_GUINT64_FORMAT "\n",
                    product->back_to);
    else
        verb_print (output, "  rollback not ready: %s\n", product->no_way_back);
}

static void
print_run (const VerbOutput *output, const Status *status)
{
    verb_print (output, "open: %s (%s)\n", status->run, status->phase);
    if (status->why != NULL) {
        g_autofree char *shown = message_shown (status->why);
        g_auto (GStrv) lines = g_strsplit (shown, "\n", -1);
        g_autofree char *why = g_strjoinv ("\n           ", lines);

        verb_print (output, "  why      %s\n", why);
    }
    verb_print (output, "  next     %s\n", status->next);
}

static void
print_text (const VerbOutput *output, const Status *status)
{
    if (status->run != NULL)
        print_run (output, status);
    else if (status->busy)
        verb_print (output, "a run of handcarry goes on right now\n");
    if (status->unreached != NULL)
        verb_warn ("images are not looked at: %s", status->unreached);
    if (status->products->len == 0 && status->lost == NULL)
        verb_print (output, "nothing is installed here\n");
    for (guint i = 0; i < status->products->len; i++)
        print_product (output, g_ptr_array_index (status->products, i));
}

static void
add_image (JsonBuilder *json, gconstpointer item)
{
    const StatusThing *thing = item;

    json_out_text (json, "name", thing->subject);
    json_out_digest (json, "id", thing->id);
    json_out_text (json, "found", thing->found);
}

static void
add_file (JsonBuilder *json, gconstpointer item)
{
    const StatusThing *thing = item;

    json_out_text (json, "path", thing->subject);
    json_out_text (json, "found", thing->found);
}

static void
add_path (JsonBuilder *json, gconstpointer item)
{
    json_out_text (json, "path", item);
}

static void
add_product (JsonBuilder *json, gconstpointer item)
{
    const StatusProduct *product = item;
    const State *state = product->state;

    json_out_text (json, "product", state->product);
    json_out_text (json, "channel", state->channel);
    json_out_text (json, "version", state->version);
    json_out_number (json, "release", state->release);
    json_out_digest (json, "digest", &state->digest);
    json_out_text (json, "note", state->note);
    json_out_text (json, "engine-change", product->engine_change);
    json_out_list (json, "images", product->images, add_image);
    json_out_list (json, "configs", product->configs, add_file);
    json_out_list (json, "files", product->files, add_file);
    json_out_list (json, "beside", product->beside, add_path);
    json_out_number (json, "rollback-to", product->back_to);
    json_out_text (json, "no-rollback", product->no_way_back);
}

static void
print_json (const Status *status)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.status/1");
    json_out_flag (json, "engine-reached", status->unreached == NULL);
    json_out_flag (json, "busy", status->busy);
    json_out_text (json, "open-run", status->run);
    json_out_text (json, "phase", status->phase);
    json_out_text (json, "why", status->why);
    json_out_text (json, "next", status->next);
    json_out_text (json, "lost", status->lost);
    json_out_list (json, "products", status->products, add_product);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_status (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    g_autoptr (Launcher) launcher = NULL;
    g_autoptr (Status) status = NULL;
    NetworkBarrier barrier;
    RunOptions how;

    if (!verb_host_parse (
            &argc, &argv, "",
            "Shows what is installed here, what differs from how it was installed, whether it can "
            "be rolled back, and whether a run did not end.",
            NULL, HOST_ENGINE | HOST_ROOT, &options, &output, error))
        return ERR_USAGE;
    if (argc != 1) {
        fail (error, ERR_USAGE, "status takes no argument");
        return ERR_USAGE;
    }
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&options, argv + 1, FALSE);
    status = status_take (&how, barrier, error);
    if (status == NULL)
        return error_exit_status (*error);
    if (!output.json)
        print_text (&output, status);
    else if (!output.quiet)
        print_json (status);
    if (status->lost == NULL)
        return 0;
    fail (error, ERR_NOT_READY, "%s", status->lost);
    return ERR_NOT_READY;
}
