/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"

#include <string.h>

static void
write_text (YamlWriter *writer, const char *key, const char *text)
{
    if (text == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text);
}

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

    write_text (writer, "name", value->name);
    write_text (writer, "description", value->description);
    write_text (writer, "default", value->fallback);
    if (value->secret)
        write_flag (writer, "secret", TRUE);
}

static void
write_playbook (YamlWriter *writer, gpointer item)
{
    const ReleasePlaybook *playbook = item;

    write_text (writer, "path", playbook->path);
    write_text (writer, "run", release_playbook_runs[playbook->run]);
    write_text (writer, "inventory", playbook->inventory);
}

static void
write_config (YamlWriter *writer, gpointer item)
{
    const ReleaseConfig *config = item;
    g_autofree char *mode = g_strdup_printf ("%04o", config->mode);

    write_text (writer, "from", config->from);
    write_text (writer, "to", config->to);
    write_flag (writer, "template", config->template);
    write_text (writer, "mode", mode);
    write_text (writer, "owner", config->owner);
    write_text (writer, "on-conflict", release_conflicts[config->on_conflict]);
}

static void
write_files (YamlWriter *writer, gpointer item)
{
    const ReleaseFiles *files = item;

    write_text (writer, "from", files->from);
    write_text (writer, "to", files->to);
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
        write_text (writer, kinds[health->kind], health->target);
    write_text (writer, "within", within);
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
    write_text (writer, "handcarry", release->requires_handcarry);
    write_text (writer, "docker", release->requires_docker);
    write_text (writer, "ansible-core", release->requires_ansible);
    write_texts (writer, "python", release->requires_python);
    yaml_writer_end_map (writer);
}

/* A map that has one list. */
static void
write_nested (YamlWriter *writer, const char *key, const char *inner, char **texts)
{
    if (texts == NULL || *texts == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_begin_map (writer);
    write_texts (writer, inner, texts);
    yaml_writer_end_map (writer);
}

void
release_write (const Release *release, YamlWriter *writer)
{
    write_text (writer, "product", release->product);
    write_text (writer, "channel", release->channel);
    write_text (writer, "version", release->version);
    yaml_writer_key (writer, "release");
    yaml_writer_number (writer, release->release);
    write_texts (writer, "platforms", release->platforms);
    write_nested (writer, "for", "sites", release->sites);
    write_requires (writer, release);
    write_list (writer, "values", release->values, write_value);
    write_list (writer, "playbooks", release->playbooks, write_playbook);
    write_nested (writer, "data", "volumes", release->volumes);
    write_list (writer, "configs", release->configs, write_config);
    write_list (writer, "files", release->files, write_files);
    write_list (writer, "health", release->health, write_health);
}
