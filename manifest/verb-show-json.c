/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"
#include "manifest/show.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
    if (text == NULL)
        return;
    json_builder_set_member_name (builder, name);
    json_builder_add_string_value (builder, text);
}

/* Numbers are at most 2^63-1, which the parsers see to. */
static void
add_number (JsonBuilder *builder, const char *name, guint64 number)
{
    json_builder_set_member_name (builder, name);
    json_builder_add_int_value (builder, (gint64)number);
}

static void
add_flag (JsonBuilder *builder, const char *name, gboolean flag)
{
    json_builder_set_member_name (builder, name);
    json_builder_add_boolean_value (builder, flag);
}

static void
add_digest (JsonBuilder *builder, const char *name, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    add_text (builder, name, text);
}

static void
add_texts (JsonBuilder *builder, const char *name, char **texts)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (; texts != NULL && *texts != NULL; texts++)
        json_builder_add_string_value (builder, *texts);
    json_builder_end_array (builder);
}

static void
add_list (JsonBuilder *builder, const char *name, const GPtrArray *items,
          void (*add_item) (JsonBuilder *builder, gconstpointer item))
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (guint i = 0; i < items->len; i++) {
        json_builder_begin_object (builder);
        add_item (builder, items->pdata[i]);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}

static void
add_image (JsonBuilder *builder, gconstpointer item)
{
    const StatementImage *image = item;

    add_text (builder, "name", image->name);
    add_text (builder, "platform", image->platform);
    add_digest (builder, "config", &image->config);
    add_digest (builder, "manifest", &image->manifest);
    json_builder_set_member_name (builder, "layers");
    json_builder_begin_array (builder);
    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);

        json_builder_begin_object (builder);
        add_digest (builder, "diffid", &layer->diffid);
        add_number (builder, "bytes", layer->bytes);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}

static void
add_value (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseValue *value = item;

    add_text (builder, "name", value->name);
    add_text (builder, "description", value->description);
    add_text (builder, "default", value->fallback);
    add_flag (builder, "secret", value->secret);
}

static void
add_playbook (JsonBuilder *builder, gconstpointer item)
{
    const ReleasePlaybook *playbook = item;

    add_text (builder, "path", playbook->path);
    add_text (builder, "run", release_playbook_runs[playbook->run]);
    add_text (builder, "inventory", playbook->inventory);
}

static void
add_config (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseConfig *config = item;
    g_autofree char *mode = g_strdup_printf ("%04o", config->mode);

    add_text (builder, "from", config->from);
    add_text (builder, "to", config->to);
    add_flag (builder, "template", config->template);
    add_text (builder, "mode", mode);
    add_text (builder, "owner", config->owner);
    add_text (builder, "on-conflict", release_conflicts[config->on_conflict]);
}

static void
add_files (JsonBuilder *builder, gconstpointer item)
{
    const ReleaseFiles *files = item;

    add_text (builder, "from", files->from);
    add_text (builder, "to", files->to);
}

static void
add_health (JsonBuilder *builder, gconstpointer item)
{
    static const char *const kinds[] = { "container", "http" };
    const ReleaseHealth *health = item;

    if (health->kind == HEALTH_COMMAND)
        add_texts (builder, "command", health->command);
    else
        add_text (builder, kinds[health->kind], health->target);
    add_number (builder, "within-seconds", health->within);
}

static void
add_requirements (JsonBuilder *builder, const Release *release)
{
    json_builder_set_member_name (builder, "requires");
    json_builder_begin_object (builder);
    add_text (builder, "handcarry", release->requires_handcarry);
    add_text (builder, "docker", release->requires_docker);
    add_text (builder, "ansible-core", release->requires_ansible);
    add_texts (builder, "python", release->requires_python);
    json_builder_end_object (builder);
}

static void
add_release (JsonBuilder *builder, const Release *release)
{
    add_text (builder, "product", release->product);
    add_text (builder, "channel", release->channel);
    add_text (builder, "version", release->version);
    add_number (builder, "release", release->release);
    add_texts (builder, "platforms", release->platforms);
    add_texts (builder, "sites", release->sites);
    add_requirements (builder, release);
    add_list (builder, "values", release->values, add_value);
    add_list (builder, "playbooks", release->playbooks, add_playbook);
    add_texts (builder, "volumes", release->volumes);
    add_list (builder, "configs", release->configs, add_config);
    add_list (builder, "files", release->files, add_files);
    add_list (builder, "health", release->health, add_health);
}

static void
add_packing (JsonBuilder *builder, const ShowInput *input)
{
    const Packing *packing = input->packing;

    json_builder_set_member_name (builder, "packing");
    json_builder_begin_object (builder);
    add_number (builder, "file-bytes", input->file_bytes);
    add_text (builder, "tool", packing->tool);
    add_text (builder, "zstd", packing->zstd);
    add_number (builder, "level", packing->level);
    add_number (builder, "spool-bytes", packing->spool);
    add_digest (builder, "index", &packing->index);
    json_builder_set_member_name (builder, "regions");
    json_builder_begin_object (builder);
    for (guint i = 0; i < N_REGIONS; i++) {
        json_builder_set_member_name (builder, packing_region_name ((Region)i));
        json_builder_begin_object (builder);
        add_number (builder, "frames", packing->regions[i].frames);
        add_number (builder, "bytes", packing->regions[i].bytes);
        json_builder_end_object (builder);
    }
    json_builder_end_object (builder);
    json_builder_end_object (builder);
}

void
show_print_json (const ShowInput *input)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *commit = digest_to_hex (&input->statement->tree_commit);
    g_autofree char *text = NULL;

    json_builder_begin_object (builder);
    add_text (builder, "schema", "handcarry-show-1");
    add_flag (builder, "verified", FALSE);
    add_digest (builder, "release-digest", &input->release_digest);
    add_release (builder, input->statement->release);
    add_list (builder, "images", input->statement->images, add_image);
    json_builder_set_member_name (builder, "tree");
    json_builder_begin_object (builder);
    add_text (builder, "commit", commit);
    add_number (builder, "files", input->statement->tree_files);
    add_number (builder, "bytes", input->statement->tree_bytes);
    json_builder_end_object (builder);
    add_packing (builder, input);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    text = json_to_string (root, TRUE);
    printf ("%s\n", text);
}
