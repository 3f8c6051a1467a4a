/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"
#include "manifest/verb-show.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

static void
add_package (JsonBuilder *builder, gconstpointer item)
{
    const Package *package = item;

    json_out_text (builder, "kind", package->kind);
    json_out_text (builder, "name", package->name);
    json_out_text (builder, "version", package_known (package->version));
    json_out_text (builder, "architecture", package_known (package->arch));
}

static void
add_layer_list (JsonBuilder *builder, const StatementImage *image)
{
    json_builder_set_member_name (builder, "layers");
    json_builder_begin_array (builder);
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);

        json_builder_begin_object (builder);
        json_out_digest (builder, "diffid", &layer->diffid);
        json_out_number (builder, "bytes", layer->bytes);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}

static void
add_images (JsonBuilder *builder, const ShowInput *input)
{
    json_builder_set_member_name (builder, "images");
    json_builder_begin_array (builder);
    for (guint i = 0; i < input->statement->images->len; i++) {
        const StatementImage *image = input->statement->images->pdata[i];
        const PackageList *list = input->packages != NULL ? input->packages->pdata[i] : NULL;
        g_autofree char *sbom = sbom_member (&image->config);

        json_builder_begin_object (builder);
        json_out_text (builder, "name", image->name);
        json_out_text (builder, "platform", image->platform);
        json_out_digest (builder, "config", &image->config);
        json_out_digest (builder, "manifest", &image->manifest);
        json_out_text (builder, "sbom", sbom);
        add_layer_list (builder, image);
        if (list != NULL) {
            json_out_list (builder, "packages", list->packages, add_package);
            json_out_flag (builder, "packages-complete", list->unread == 0);
        }
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}

static void
add_value (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseValue *value = item;

    json_out_text (builder, "name", value->name);
    json_out_text (builder, "description", value->description);
    json_out_text (builder, "default", value->fallback);
    json_out_flag (builder, "secret", value->secret);
}

static void
add_compose (JsonBuilder *builder, gconstpointer item)
{
    json_out_text (builder, "path", ((const ReleaseCompose *)item)->path);
}

static void
add_playbook (JsonBuilder *builder, gconstpointer item)
{
    const ReleasePlaybook *playbook = item;

    json_out_text (builder, "path", playbook->path);
    json_out_text (builder, "run", release_playbook_runs[playbook->run]);
    json_out_text (builder, "inventory", playbook->inventory);
}

static void
add_config (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseConfig *config = item;
    g_autofree char *mode = g_strdup_printf ("%04o", config->mode);

    json_out_text (builder, "from", config->from);
    json_out_text (builder, "to", config->to);
    json_out_flag (builder, "template", config->template);
    json_out_text (builder, "mode", mode);
    json_out_text (builder, "owner", config->owner);
    json_out_text (builder, "on-conflict", release_conflicts[config->on_conflict]);
}

static void
add_files (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseFiles *files = item;

    json_out_text (builder, "from", files->from);
    json_out_text (builder, "to", files->to);
}

static void
add_health (JsonBuilder *builder, gconstpointer item)
{
    static const char *const kinds[] = { "container", "http" };
    const ReleaseHealth *health = item;

    if (health->kind == HEALTH_COMMAND)
        json_out_texts (builder, "command", health->command);
    else
        json_out_text (builder, kinds[health->kind], health->target);
    json_out_number (builder, "within-seconds", health->within);
}

static void
add_requirements (JsonBuilder *builder, const Release *release)
{
    json_out_object (builder, "requires");
    json_out_text (builder, "handcarry", release->requires_handcarry);
    json_out_text (builder, "docker", release->requires_docker);
    json_out_text (builder, "ansible-core", release->requires_ansible);
    json_out_texts (builder, "python", release->requires_python);
    json_builder_end_object (builder);
}

static void
add_release (JsonBuilder *builder, const Release *release)
{
    json_out_text (builder, "product", release->product);
    json_out_text (builder, "channel", release->channel);
    json_out_text (builder, "version", release->version);
    json_out_number (builder, "release", release->release);
    json_out_number (builder, "epoch", release->epoch);
    json_out_text (builder, "issued", release->issued);
    json_out_text (builder, "advise-until", release->advise_until);
    json_out_texts (builder, "platforms", release->platforms);
    json_out_texts (builder, "sites", release->sites);
    json_out_texts (builder, "hosts", release->hosts);
    add_requirements (builder, release);
    json_out_list (builder, "values", release->values, add_value);
    json_out_list (builder, "playbooks", release->playbooks, add_playbook);
    json_out_list (builder, "compose", release->compose, add_compose);
    json_out_texts (builder, "volumes", release->volumes);
    json_out_number (builder, "upgrade_from", release->upgrade_from);
    json_out_number (builder, "rollback_to", release->rollback_to);
    json_out_list (builder, "configs", release->configs, add_config);
    json_out_list (builder, "files", release->files, add_files);
    json_out_list (builder, "health", release->health, add_health);
}

static void
add_from (JsonBuilder *builder, gconstpointer item)
{
    const PackingFrom *from = item;

    json_out_text (builder, "version", from->version);
    json_out_number (builder, "release", from->release);
    json_out_digest (builder, "digest", &from->digest);
}

static void
add_base (JsonBuilder *builder, gconstpointer item)
{
    const PackingBase *base = item;

    json_out_text (builder, "name", base->name);
    json_out_digests (builder, "layers", base->layers);
}

static void
add_delta (JsonBuilder *builder, const Packing *packing)
{
    json_out_list (builder, "from", packing->from, add_from);
    json_out_texts (builder, "hosts", packing->hosts);
    json_out_list (builder, "bases", packing->bases, add_base);
    json_out_digests (builder, "left-out", packing->left_out);
    json_out_object (builder, "tree-left-out");
    json_out_number (builder, "files", packing->tree_left_out.files);
    json_out_number (builder, "bytes", packing->tree_left_out.bytes);
    json_builder_end_object (builder);
}

static void
add_packing (JsonBuilder *builder, const ShowInput *input)
{
    const Packing *packing = input->packing;

    json_out_object (builder, "packing");
    json_out_number (builder, "file-bytes", input->file_bytes);
    json_out_text (builder, "tool", packing->tool);
    json_out_text (builder, "zstd", packing->zstd);
    json_out_number (builder, "level", packing->level);
    json_out_number (builder, "spool-bytes", packing->spool);
    json_out_digest (builder, "index", &packing->index);
    json_out_object (builder, "regions");
    for (guint i = 0; i < N_REGIONS; i++) {
        json_builder_set_member_name (builder, packing_region_name ((Region)i));
        json_builder_begin_object (builder);
        json_out_number (builder, "frames", packing->regions[i].frames);
        json_out_number (builder, "bytes", packing->regions[i].bytes);
        json_builder_end_object (builder);
    }
    json_builder_end_object (builder);
    json_out_flag (builder, "delta", packing_is_delta (packing));
    if (packing_is_delta (packing))
        add_delta (builder, packing);
    json_builder_end_object (builder);
}

void
show_print_json (const ShowInput *input)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autofree char *commit = digest_to_hex (&input->statement->tree_commit);

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-show-1");
    json_out_flag (builder, "verified", FALSE);
    json_out_digest (builder, "release-digest", &input->release_digest);
    add_release (builder, input->statement->release);
    add_images (builder, input);
    json_out_object (builder, "tree");
    json_out_text (builder, "commit", commit);
    json_out_number (builder, "files", input->statement->tree_files);
    json_out_number (builder, "bytes", input->statement->tree_bytes);
    json_builder_end_object (builder);
    add_packing (builder, input);
    show_add_provenance (builder, input->provenance);
    json_builder_end_object (builder);
    verb_json_print (builder);
}
