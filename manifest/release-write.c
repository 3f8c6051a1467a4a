/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"

#include <string.h>

static void
write_texts (YamlWriter *writer, const char *key, char **texts)
{
    if (texts == NULL || *texts == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_begin_list (writer);
    for (; *texts != NULL; texts++)
        yaml_writer_text (writer, *texts);
    yaml_writer_end_list (writer);
}

static void
write_flag (YamlWriter *writer, const char *key, gboolean flag)
{
    yaml_writer_key (writer, key);
    yaml_writer_word (writer, flag ? "true" : "false");
}

static void
write_value (YamlWriter *writer, gpointer item)
{
    const ReleaseValue *value = item;

    yaml_writer_pair (writer, "name", value->name);
    yaml_writer_pair (writer, "description", value->description);
    yaml_writer_pair (writer, "default", value->fallback);
    if (value->secret)
        write_flag (writer, "secret", TRUE);
}

static void
write_playbook (YamlWriter *writer, gpointer item)
{
    const ReleasePlaybook *playbook = item;

    yaml_writer_pair (writer, "path", playbook->path);
    yaml_writer_pair (writer, "run", release_playbook_runs[playbook->run]);
    yaml_writer_pair (writer, "inventory", playbook->inventory);
}

static void
write_compose (YamlWriter *writer, gpointer item)
{
    yaml_writer_pair (writer, "path", ((const ReleaseCompose *)item)->path);
}

static void
write_config (YamlWriter *writer, gpointer item)
{
    const ReleaseConfig *config = item;
    g_autofree char *mode = g_strdup_printf ("%04o", config->mode);

    yaml_writer_pair (writer, "from", config->from);
    yaml_writer_pair (writer, "to", config->to);
    write_flag (writer, "template", config->template);
    yaml_writer_pair (writer, "mode", mode);
    yaml_writer_pair (writer, "owner", config->owner);
    yaml_writer_pair (writer, "on-conflict", release_conflicts[config->on_conflict]);
}

static void
write_files (YamlWriter *writer, gpointer item)
{
    const ReleaseFiles *files = item;

    yaml_writer_pair (writer, "from", files->from);
    yaml_writer_pair (writer, "to", files->to);
}

static void
write_health (YamlWriter *writer, gpointer item)
{
    static const char *const kinds[] = { "container", "http" };
    const ReleaseHealth *health = item;
    g_autofree char *within = g_strdup_printf ("%us", health->within);

    if (health->kind == HEALTH_COMMAND)
        write_texts (writer, "command", health->command);
    else
        yaml_writer_pair (writer, kinds[health->kind], health->target);
    yaml_writer_pair (writer, "within", within);
}

static void
write_list (YamlWriter *writer, const char *key, const GPtrArray *items,
            void (*write_item) (YamlWriter *writer, gpointer item))
{
    if (items->len == 0)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < items->len; i++) {
        yaml_writer_begin_map (writer);
        write_item (writer, items->pdata[i]);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
}

static void
write_requires (YamlWriter *writer, const Release *release)
{
    if (release->requires_handcarry == NULL && release->requires_docker == NULL &&
        release->requires_ansible == NULL &&
        (release->requires_python == NULL || *release->requires_python == NULL))
        return;
    yaml_writer_key (writer, "requires");
    yaml_writer_begin_map (writer);
    yaml_writer_pair (writer, "handcarry", release->requires_handcarry);
    yaml_writer_pair (writer, "docker", release->requires_docker);
    yaml_writer_pair (writer, "ansible-core", release->requires_ansible);
    write_texts (writer, "python", release->requires_python);
    yaml_writer_end_map (writer);
}

static void
write_data (YamlWriter *writer, const Release *release)
{
    gboolean volumes = release->volumes != NULL && *release->volumes != NULL;

    if (!volumes && release->upgrade_from == 0 && release->rollback_to == 0)
        return;
    yaml_writer_key (writer, "data");
    yaml_writer_begin_map (writer);
    write_texts (writer, "volumes", release->volumes);
    if (release->upgrade_from != 0)
        yaml_writer_number_pair (writer, "upgrade-from", release->upgrade_from);
    if (release->rollback_to != 0)
        yaml_writer_number_pair (writer, "rollback-to", release->rollback_to);
    yaml_writer_end_map (writer);
}

static void
write_for (YamlWriter *writer, const Release *release)
{
    if (release->sites == NULL && release->hosts == NULL)
        return;
    yaml_writer_key (writer, "for");
    yaml_writer_begin_map (writer);
    write_texts (writer, "sites", release->sites);
    write_texts (writer, "hosts", release->hosts);
    yaml_writer_end_map (writer);
}

void
release_write (const Release *release, YamlWriter *writer)
{
    yaml_writer_pair (writer, "product", release->product);
    yaml_writer_pair (writer, "channel", release->channel);
    yaml_writer_pair (writer, "version", release->version);
    yaml_writer_key (writer, "release");
    yaml_writer_number (writer, release->release);
    if (release->epoch != 0)
        yaml_writer_number_pair (writer, "epoch", release->epoch);
    yaml_writer_pair (writer, "issued", release->issued);
    yaml_writer_pair (writer, "advise-until", release->advise_until);
    write_texts (writer, "platforms", release->platforms);
    write_for (writer, release);
    write_requires (writer, release);
    write_list (writer, "values", release->values, write_value);
    write_list (writer, "playbooks", release->playbooks, write_playbook);
    write_list (writer, "compose", release->compose, write_compose);
    write_data (writer, release);
    write_list (writer, "configs", release->configs, write_config);
    write_list (writer, "files", release->files, write_files);
    write_list (writer, "health", release->health, write_health);
}

GBytes *
release_to_text (const Release *release)
{
    YamlWriter *writer = yaml_writer_new ("#");

    release_write (release, writer);
    return yaml_writer_finish (writer);
}
