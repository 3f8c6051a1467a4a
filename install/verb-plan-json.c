/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base.h"
#include "install/plan.h"
#include "install/step-place.h"
#include "install/verb-plan.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

/* JsonBuilder warns where calls do not nest; each function leaves it as it found it. */

static void
add_step (JsonBuilder *json, gconstpointer item)
{
    const Step *step = item;
    const StepPlace *place = step->kind == &step_config_kind ? step->data : NULL;

    json_out_text (json, "kind", step->kind->name);
    json_out_text (json, "subject", step->subject);
    json_out_text (json, "action", step->action);
    json_out_text (json, "detail", step->detail);
    json_out_flag (json, "needed", step->needed);
    json_out_number (json, "bytes", step->needed ? step->bytes : 0);
    if (place == NULL)
        return;
    json_out_text (json, "diff", place->diff);
    json_out_text (json, "no-diff", place->dark);
}

static void
add_space (JsonBuilder *json, gconstpointer item)
{
    const OutlookSpace *space = item;

    json_out_text (json, "path", space->path);
    json_out_text (json, "use", space->use->str);
    json_out_number (json, "needs", space->need);
    if (space->path != NULL)
        json_out_number (json, "has", space->have);
}

static void
add_container (JsonBuilder *json, gconstpointer item)
{
    const EngineContainer *container = item;

    json_out_text (json, "name", container->name);
    json_out_text (json, "image", container->reference);
    json_out_flag (json, "running", container->running);
}

static void
add_engine (JsonBuilder *json, const EngineInfo *info)
{
    json_out_object (json, "engine");
    json_out_text (json, "kind", info->kind == ENGINE_PODMAN ? "podman" : "docker");
    json_out_text (json, "version", info->version);
    json_out_text (json, "store", engine_store_name (info->store));
    json_out_text (json, "driver", info->driver);
    json_out_text (json, "socket", info->socket);
    json_builder_end_object (json);
}

static void
add_base_layer (JsonBuilder *json, gconstpointer item)
{
    const BaseLayer *layer = item;

    json_out_text (json, "image", layer->base->name);
    json_out_number (json, "layer", layer->layer + 1);
    json_out_digest (json, "diffid", &g_array_index (layer->base->layers, Digest, layer->layer));
    json_out_text (json, "way", base_way_name (layer->way));
    json_out_number (json, "files", layer->files->len);
    json_out_number (json, "bytes", layer->bytes);
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
    json_out_list (json, "layers", bases_layers (run->bases), add_base_layer);
    json_out_number (json, "read-bytes", run->cost != NULL ? run->cost->base_bytes : 0);
    json_out_number (json, "export-bytes", bases_export_bytes (run->bases));
    json_out_lines (json, "lacking", bases_lacking (run->bases));
    json_builder_end_object (json);
}

static void
add_release (JsonBuilder *json, const Run *run)
{
    json_out_text (json, "product", run->release->product);
    json_out_text (json, "channel", run->release->channel);
    json_out_text (json, "version", run->release->version);
    json_out_number (json, "release", run->release->release);
    json_out_digest (json, "digest", bundle_release_digest (run->bundle));
    json_out_text (json, "issued", run->release->issued);
    json_out_number (json, "current-release", run_old_release (run));
}

static void
add_bundle (JsonBuilder *json, gconstpointer item)
{
    const Run *run = item;

    json_out_text (json, "path", bundle_path (run->bundle));
    json_out_number (json, "bytes", bundle_file_bytes (run->bundle));
    json_out_number (json, "release", run->release->release);
    json_out_number (json, "medium-bytes", run->cost != NULL ? run->cost->bundle_bytes : 0);
}

/* In the order in which they are used. */
static void
add_bundles (JsonBuilder *json, const Run *run)
{
    g_autoptr (GPtrArray) all = g_ptr_array_new ();

    g_ptr_array_extend (all, run->links, NULL, NULL);
    g_ptr_array_add (all, (Run *)run);
    json_out_list (json, "bundles", all, add_bundle);
}

/* number: of the root that judges; stored differs where a newer one came on the medium. */
static void
add_trust (JsonBuilder *json, const RunTrust *trust)
{
    if (trust == NULL)
        return;
    json_out_object (json, "trust");
    json_out_number (json, "number", trust_number (trust->newest));
    json_out_number (json, "stored", trust_number (trust->kept ? trust->newest : trust->stored));
    json_out_text (json, "from", trust->from);
    json_builder_end_object (json);
}

void
verb_plan_json (const Run *run, gboolean changed)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.plan/1");
    json_out_flag (json, "changed", changed);
    json_out_flag (json, "already-installed", run->already);
    add_release (json, run);
    add_bundles (json, run);
    json_out_text (json, "network", network_barrier_name (run->barrier));
    add_engine (json, engine_info (run->engine));
    add_trust (json, run->trust);
    json_out_list (json, "steps", run->steps, add_step);
    add_bases (json, run);
    json_out_number (json, "medium-bytes", run->cost != NULL ? run->cost->bundle_bytes : 0);
    json_out_number (json, "spool-bytes", run->cost != NULL ? run->cost->spool_bytes : 0);
    json_out_number (json, "engine-bytes", plan_engine_bytes (run));
    json_out_list (json, "file-systems", run->outlook->spaces, add_space);
    json_out_list (json, "containers", run->outlook->affected, add_container);
    json_out_lines (json, "not-taken-back", run->outlook->lasting);
    json_out_lines (json, "problems", run->outlook->problems);
    json_out_lines (json, "notes", run->notes);
    json_builder_end_object (json);
    verb_json_print (json);
}
