/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"

#include "install/base.h"

#include <json-glib/json-glib.h>

/* JsonBuilder warns where calls do not nest; each function leaves it as it found it. */

static void
add_text (JsonBuilder *json, const char *key, const char *text)
{
    json_builder_set_member_name (json, key);
    if (text != NULL)
        json_builder_add_string_value (json, text);
    else
        json_builder_add_null_value (json);
}

static void
add_number (JsonBuilder *json, const char *key, guint64 number)
{
    json_builder_set_member_name (json, key);
    json_builder_add_int_value (json, (gint64)number);
}

static void
add_flag (JsonBuilder *json, const char *key, gboolean flag)
{
    json_builder_set_member_name (json, key);
    json_builder_add_boolean_value (json, flag);
}

static void
add_steps (JsonBuilder *json, const Run *run)
{
    json_builder_set_member_name (json, "steps");
    json_builder_begin_array (json);
    for (guint i = 0; i < run->steps->len; i++) {
        const Step *step = g_ptr_array_index (run->steps, i);

        json_builder_begin_object (json);
        add_text (json, "kind", step->kind->name);
        add_text (json, "subject", step->subject);
        add_text (json, "action", step->action);
        add_text (json, "detail", step->detail);
        add_flag (json, "needed", step->needed);
        add_number (json, "bytes", step->needed ? step->bytes : 0);
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
}

static void
add_space (JsonBuilder *json, const char *key, const RunSpace *space)
{
    json_builder_set_member_name (json, key);
    json_builder_begin_object (json);
    add_text (json, "path", space->path);
    add_number (json, "needs", space->need);
    add_number (json, "has", space->have);
    json_builder_end_object (json);
}

static void
add_engine (JsonBuilder *json, const EngineInfo *info)
{
    json_builder_set_member_name (json, "engine");
    json_builder_begin_object (json);
    add_text (json, "kind", info->kind == ENGINE_PODMAN ? "podman" : "docker");
    add_text (json, "version", info->version);
    add_text (json, "store", engine_store_name (info->store));
    add_text (json, "driver", info->driver);
    add_text (json, "socket", info->socket);
    json_builder_end_object (json);
}

static void
add_notes (JsonBuilder *json, const Run *run)
{
    json_builder_set_member_name (json, "notes");
    json_builder_begin_array (json);
    for (guint i = 0; i < run->notes->len; i++)
        json_builder_add_string_value (json, g_ptr_array_index (run->notes, i));
    json_builder_end_array (json);
}

static void
add_base_layers (JsonBuilder *json, const GPtrArray *layers)
{
    json_builder_set_member_name (json, "layers");
    json_builder_begin_array (json);
    for (guint i = 0; i < layers->len; i++) {
        const BaseLayer *layer = g_ptr_array_index (layers, i);
        g_autofree char *diffid =
            digest_to_text (&g_array_index (layer->base->layers, Digest, layer->layer));

        json_builder_begin_object (json);
        add_text (json, "image", layer->base->name);
        add_number (json, "layer", layer->layer + 1);
        add_text (json, "diffid", diffid);
        add_text (json, "way", base_way_name (layer->way));
        add_number (json, "files", layer->files->len);
        add_number (json, "bytes", layer->bytes);
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
}

/* null for a full bundle. */
static void
add_bases (JsonBuilder *json, const Run *run)
{
    json_builder_set_member_name (json, "base");
    if (run->bases == NULL) {
        json_builder_add_null_value (json);
        return;
    }
    json_builder_begin_object (json);
    add_base_layers (json, bases_layers (run->bases));
    add_number (json, "read-bytes", run->cost != NULL ? run->cost->base_bytes : 0);
    add_number (json, "export-bytes", bases_export_bytes (run->bases));
    json_builder_set_member_name (json, "lacking");
    json_builder_begin_array (json);
    for (guint i = 0; i < bases_lacking (run->bases)->len; i++)
        json_builder_add_string_value (json, g_ptr_array_index (bases_lacking (run->bases), i));
    json_builder_end_array (json);
    json_builder_end_object (json);
}

static void
add_release (JsonBuilder *json, const Run *run)
{
    g_autofree char *digest = digest_to_text (bundle_release_digest (run->bundle));

    add_text (json, "product", run->release->product);
    add_text (json, "channel", run->release->channel);
    add_text (json, "version", run->release->version);
    add_number (json, "release", run->release->release);
    add_text (json, "digest", digest);
    add_number (json, "current-release", run_old_release (run));
}

static void
add_bundle (JsonBuilder *json, const Run *run)
{
    json_builder_begin_object (json);
    add_text (json, "path", bundle_path (run->bundle));
    add_number (json, "bytes", bundle_file_bytes (run->bundle));
    add_number (json, "release", run->release->release);
    add_number (json, "medium-bytes", run->cost != NULL ? run->cost->bundle_bytes : 0);
    json_builder_end_object (json);
}

/* In the order in which they are used. */
static void
add_bundles (JsonBuilder *json, const Run *run)
{
    json_builder_set_member_name (json, "bundles");
    json_builder_begin_array (json);
    for (guint i = 0; i < run->links->len; i++)
        add_bundle (json, g_ptr_array_index (run->links, i));
    add_bundle (json, run);
    json_builder_end_array (json);
}

char *
plan_to_json (const Run *run, gboolean changed)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_autoptr (JsonGenerator) generator = json_generator_new ();
    g_autoptr (JsonNode) root = NULL;

    json_builder_begin_object (json);
    add_text (json, "schema", "handcarry.plan/1");
    add_flag (json, "changed", changed);
    add_flag (json, "already-installed", run->already);
    add_release (json, run);
    add_bundles (json, run);
    add_text (json, "network", network_barrier_name (run->barrier));
    add_engine (json, engine_info (run->engine));
    add_steps (json, run);
    add_bases (json, run);
    add_number (json, "medium-bytes", run->cost != NULL ? run->cost->bundle_bytes : 0);
    add_number (json, "spool-bytes", run->cost != NULL ? run->cost->spool_bytes : 0);
    add_space (json, "state-space", &run->state_space);
    add_space (json, "engine-space", &run->engine_space);
    add_notes (json, run);
    json_builder_end_object (json);
    root = json_builder_get_root (json);
    json_generator_set_pretty (generator, TRUE);
    json_generator_set_root (generator, root);
    return json_generator_to_data (generator, NULL);
}
