/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "install/verb-host.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* What is found of one image, config or folder that a release placed. */
static const char *
look_image (Engine *engine, const StateImage *image)
{
    g_autoptr (EngineImage) found = NULL;

    if (engine == NULL || !engine_inspect (engine, image->name, &found, NULL))
        return "unknown";
    if (found == NULL)
        return "missing";
    return digest_equal (&found->id, &image->id) ? "ok" : "another image has the name";
}

static const char *
look_file (const StateFile *file)
{
    PlaceThing found = { .kind = PLACE_NOTHING };

    if (!place_look (file->path, &found, NULL))
        return "unknown";
    if (found.kind == PLACE_NOTHING)
        return "missing";
    return digest_equal (&found.digest, &file->digest) ? "ok" : "changed";
}

static void
print_files (const VerbOutput *output, const char *what, GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const StateFile *file = g_ptr_array_index (files, i);

        verb_print (output, "  %-8s %s: %s\n", what, file->path, look_file (file));
    }
}

static void
print_state (const VerbOutput *output, const State *state, Engine *engine)
{
    g_autofree char *digest = digest_to_text (&state->digest);

    verb_print (output, "%s %s, release %" G_GUINT64_FORMAT " (%s)\n  digest   %s\n",
                state->product, state->version, state->release, state->channel, digest);
    for (guint i = 0; i < state->images->len; i++) {
        const StateImage *image = g_ptr_array_index (state->images, i);

        verb_print (output, "  image    %s: %s\n", image->name, look_image (engine, image));
    }
    print_files (output, "config", state->configs);
    print_files (output, "files", state->files);
}

static void
add_member (JsonBuilder *json, const char *key, const char *text)
{
    json_builder_set_member_name (json, key);
    json_builder_add_string_value (json, text);
}

static void
add_files (JsonBuilder *json, const char *key, GPtrArray *files)
{
    json_builder_set_member_name (json, key);
    json_builder_begin_array (json);
    for (guint i = 0; i < files->len; i++) {
        const StateFile *file = g_ptr_array_index (files, i);

        json_builder_begin_object (json);
        add_member (json, "path", file->path);
        add_member (json, "found", look_file (file));
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
}

static void
add_state (JsonBuilder *json, const State *state, Engine *engine)
{
    g_autofree char *digest = digest_to_text (&state->digest);

    json_builder_begin_object (json);
    add_member (json, "product", state->product);
    add_member (json, "channel", state->channel);
    add_member (json, "version", state->version);
    json_builder_set_member_name (json, "release");
    json_builder_add_int_value (json, (gint64)state->release);
    add_member (json, "digest", digest);
    json_builder_set_member_name (json, "images");
    json_builder_begin_array (json);
    for (guint i = 0; i < state->images->len; i++) {
        const StateImage *image = g_ptr_array_index (state->images, i);
        g_autofree char *id = digest_to_text (&image->id);

        json_builder_begin_object (json);
        add_member (json, "name", image->name);
        add_member (json, "id", id);
        add_member (json, "found", look_image (engine, image));
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
    add_files (json, "configs", state->configs);
    add_files (json, "files", state->files);
    json_builder_end_object (json);
}

static void
print_json (const VerbOutput *output, GPtrArray *states, Engine *engine)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_autoptr (JsonGenerator) generator = json_generator_new ();
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object (json);
    add_member (json, "schema", "handcarry.status/1");
    json_builder_set_member_name (json, "engine-reached");
    json_builder_add_boolean_value (json, engine != NULL);
    json_builder_set_member_name (json, "products");
    json_builder_begin_array (json);
    for (guint i = 0; i < states->len; i++)
        add_state (json, g_ptr_array_index (states, i), engine);
    json_builder_end_array (json);
    json_builder_end_object (json);
    root = json_builder_get_root (json);
    json_generator_set_pretty (generator, TRUE);
    json_generator_set_root (generator, root);
    text = json_generator_to_data (generator, NULL);
    verb_print (output, "%s\n", text);
}

static int
print_all (const VerbOutput *output, const HostOptions *options, GError **error)
{
    g_autoptr (Host) host = host_open (options->root, FALSE, error);
    g_autoptr (GPtrArray) states = host != NULL ? state_read_all (host->state_fd, error) : NULL;
    g_autoptr (Engine) engine = NULL;
    g_autoptr (GError) unreached = NULL;

    if (states == NULL)
        return error_exit_status (*error);
    engine = engine_open (options->engine, &unreached);
    if (output->json) {
        print_json (output, states, engine);
        return 0;
    }
    if (engine == NULL)
        verb_warn ("images are not looked at: %s", unreached->message);
    for (guint i = 0; i < states->len; i++)
        if (((const State *)states->pdata[i])->note != NULL)
            verb_warn ("%s", ((const State *)states->pdata[i])->note);
    if (states->len == 0)
        verb_print (output, "nothing is installed here\n");
    for (guint i = 0; i < states->len; i++)
        print_state (output, g_ptr_array_index (states, i), engine);
    return 0;
}

int
verb_status (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    g_autoptr (Launcher) launcher = NULL;
    NetworkBarrier barrier;

    if (!verb_host_parse (
            &argc, &argv, "",
            "Shows what is installed here, and what differs from how it was installed.", NULL,
            HOST_ENGINE | HOST_ROOT, &options, &output, error))
        return ERR_USAGE;
    if (argc != 1) {
        fail (error, ERR_USAGE, "status takes no argument");
        return ERR_USAGE;
    }
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    return print_all (&output, &options, error);
}
