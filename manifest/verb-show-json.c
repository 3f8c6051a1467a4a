/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"
#include "manifest/verb-show.h"
#include "manifest/verb-json.h"

static void
add_package (JsonBuilder *builder, gconstpointer item)
{
    const Package *package = item;

    verb_json_text (builder, "kind", package_kind_name (package->kind));
    verb_json_text (builder, "name", package->name);
    verb_json_text (builder, "version", package->version);
    verb_json_text (builder, "architecture", package->arch);
}

static void
add_layer_list (JsonBuilder *builder, const StatementImage *image)
{
    json_builder_set_member_name (builder, "layers");
    json_builder_begin_array (builder);
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);

        json_builder_begin_object (builder);
        verb_json_digest (builder, "diffid", &layer->diffid);
        verb_json_number (builder, "bytes", layer->bytes);
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

        json_builder_begin_object (builder);
        verb_json_text (builder, "name", image->name);
        verb_json_text (builder, "platform", image->platform);
        verb_json_digest (builder, "config", &image->config);
        verb_json_digest (builder, "manifest", &image->manifest);
        add_layer_list (builder, image);
        if (list != NULL) {
            verb_json_list (builder, "packages", list->packages, add_package);
            verb_json_flag (builder, "packages-complete", list->unread == 0);
        }
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}

static void
add_value (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseValue *value = item;

    verb_json_text (builder, "name", value->name);
    verb_json_text (builder, "description", value->description);
    verb_json_text (builder, "default", value->fallback);
    verb_json_flag (builder, "secret", value->secret);
}

static void
add_compose (JsonBuilder *builder, gconstpointer item)
{
    verb_json_text (builder, "path", ((const ReleaseCompose *)item)->path);
}

static void
add_playbook (JsonBuilder *builder, gconstpointer item)
{
    const ReleasePlaybook *playbook = item;

    verb_json_text (builder, "path", playbook->path);
    verb_json_text (builder, "run", release_playbook_runs[playbook->run]);
    verb_json_text (builder, "inventory", playbook->inventory);
}

static void
add_config (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseConfig *config = item;
    g_autofree char *mode = g_strdup_printf ("%04o", config->mode);

    verb_json_text (builder, "from", config->from);
    verb_json_text (builder, "to", config->to);
    verb_json_flag (builder, "template", config->template);
    verb_json_text (builder, "mode", mode);
    verb_json_text (builder, "owner", config->owner);
    verb_json_text (builder, "on-conflict", release_conflicts[config->on_conflict]);
}

static void
add_files (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseFiles *files = item;

    verb_json_text (builder, "from", files->from);
    verb_json_text (builder, "to", files->to);
}

static void
add_health (JsonBuilder *builder, gconstpointer item)
{
    static const char *const kinds[] = { "container", "http" };
    const ReleaseHealth *health = item;

    if (health->kind == HEALTH_COMMAND)
        verb_json_texts (builder, "command", health->command);
    else
        verb_json_text (builder, kinds[health->kind], health->target);
    verb_json_number (builder, "within-seconds", health->within);
}

static void
add_requirements (JsonBuilder *builder, const Release *release)
{
    json_builder_set_member_name (builder, "requires");
    json_builder_begin_object (builder);
    verb_json_text (builder, "handcarry", release->requires_handcarry);
    verb_json_text (builder, "docker", release->requires_docker);
    verb_json_text (builder, "ansible-core", release->requires_ansible);
    verb_json_texts (builder, "python", release->requires_python);
    json_builder_end_object (builder);
}

static void
add_release (JsonBuilder *builder, const Release *release)
{
    verb_json_text (builder, "product", release->product);
    verb_json_text (builder, "channel", release->channel);
    verb_json_text (builder, "version", release->version);
    verb_json_number (builder, "release", release->release);
    verb_json_number (builder, "epoch", release->epoch);
    verb_json_text (builder, "issued", release->issued);
    verb_json_text (builder, "advise-until", release->advise_until);
    verb_json_texts (builder, "platforms", release->platforms);
    verb_json_texts (builder, "sites", release->sites);
    verb_json_texts (builder, "hosts", release->hosts);
    add_requirements (builder, release);
    verb_json_list (builder, "values", release->values, add_value);
    verb_json_list (builder, "playbooks", release->playbooks, add_playbook);
    verb_json_list (builder, "compose", release->compose, add_compose);
    verb_json_texts (builder, "volumes", release->volumes);
    verb_json_number (builder, "upgrade_from", release->upgrade_from);
    verb_json_number (builder, "rollback_to", release->rollback_to);
    verb_json_list (builder, "configs", release->configs, add_config);
    verb_json_list (builder, "files", release->files, add_files);
    verb_json_list (builder, "health", release->health, add_health);
}

static void
add_from (JsonBuilder *builder, gconstpointer item)
{
    const PackingFrom *from = item;

    verb_json_text (builder, "version", from->version);
    verb_json_number (builder, "release", from->release);
    verb_json_digest (builder, "digest", &from->digest);
}

static void
add_base (JsonBuilder *builder, gconstpointer item)
{
    const PackingBase *base = item;

    verb_json_text (builder, "name", base->name);
    verb_json_digests (builder, "layers", base->layers);
}

static void
add_delta (JsonBuilder *builder, const Packing *packing)
{
    verb_json_list (builder, "from", packing->from, add_from);
    verb_json_texts (builder, "hosts", packing->hosts);
    verb_json_list (builder, "bases", packing->bases, add_base);
    verb_json_digests (builder, "left-out", packing->left_out);
    json_builder_set_member_name (builder, "tree-left-out");
    json_builder_begin_object (builder);
    verb_json_number (builder, "files", packing->tree_left_out.files);
    verb_json_number (builder, "bytes", packing->tree_left_out.bytes);
    json_builder_end_object (builder);
}

static void
add_packing (JsonBuilder *builder, const ShowInput *input)
{
    const Packing *packing = input->packing;

    json_builder_set_member_name (builder, "packing");
    json_builder_begin_object (builder);
    verb_json_number (builder, "file-bytes", input->file_bytes);
    verb_json_text (builder, "tool", packing->tool);
    verb_json_text (builder, "zstd", packing->zstd);
    verb_json_number (builder, "level", packing->level);
    verb_json_number (builder, "spool-bytes", packing->spool);
    verb_json_digest (builder, "index", &packing->index);
    json_builder_set_member_name (builder, "regions");
    json_builder_begin_object (builder);
    for (guint i = 0; i < N_REGIONS; i++) {
        json_builder_set_member_name (builder, packing_region_name ((Region)i));
        json_builder_begin_object (builder);
        verb_json_number (builder, "frames", packing->regions[i].frames);
        verb_json_number (builder, "bytes", packing->regions[i].bytes);
        json_builder_end_object (builder);
    }
    json_builder_end_object (builder);
    verb_json_flag (builder, "delta", packing_is_delta (packing));
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
    verb_json_text (builder, "schema", "handcarry-show-1");
    verb_json_flag (builder, "verified", FALSE);
    verb_json_digest (builder, "release-digest", &input->release_digest);
    add_release (builder, input->statement->release);
    add_images (builder, input);
    json_builder_set_member_name (builder, "tree");
    json_builder_begin_object (builder);
    verb_json_text (builder, "commit", commit);
    verb_json_number (builder, "files", input->statement->tree_files);
    verb_json_number (builder, "bytes", input->statement->tree_bytes);
    json_builder_end_object (builder);
    add_packing (builder, input);
    json_builder_end_object (builder);
    verb_json_print (builder);
}
