/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-plays.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/lint-inventory.h"
#include "manifest/lint.h"
#include "manifest/yaml-loose.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
play_clear (gpointer data)
{
    g_free (((LintPlay *)data)->hosts);
}

/* A text, or a list of them. */
static char *
join_hosts (const YamlNode *node)
{
    g_autoptr (GString) joined = g_string_new (NULL);

    if (node->kind == YAML_NODE_SCALAR)
        return g_strdup (node->text);
    for (guint i = 0; node->kind == YAML_NODE_LIST && i < node->values->len; i++) {
        const YamlNode *item = node->values->pdata[i];

        if (item->kind == YAML_NODE_SCALAR)
            g_string_append_printf (joined, "%s%s", joined->len > 0 ? "," : "", item->text);
    }
    return g_string_free (g_steal_pointer (&joined), FALSE);
}

static void
add_play (GArray *plays, const YamlNode *map)
{
    LintPlay play = { .line = map->line, .column = map->column, .first = map->line };

    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *key = map->keys->pdata[i];

        if (strcmp (key->text, "hosts") != 0)
            continue;
        g_free (play.hosts);
        play.hosts = join_hosts (map->values->pdata[i]);
        play.line = key->line;
        play.column = key->column;
    }
    g_array_append_val (plays, play);
}

GArray *
lint_plays_find (const YamlNode *documents)
{
    GArray *plays = g_array_new (FALSE, FALSE, sizeof (LintPlay));

    g_array_set_clear_func (plays, play_clear);
    for (guint i = 0; i < documents->values->len; i++) {
        const YamlNode *list = documents->values->pdata[i];

        for (guint j = 0; list->kind == YAML_NODE_LIST && j < list->values->len; j++) {
            const YamlNode *item = list->values->pdata[j];

            if (item->kind == YAML_NODE_MAP)
                add_play (plays, item);
        }
    }
    return plays;
}

/* NULL with why where only Ansible can tell. */
static LintInventory *
read_inventory (const ReleasePlaybook *playbook, int dirfd, const char **why)
{
    g_autoptr (GBytes) text = NULL;
    g_autoptr (LintInventory) inventory = NULL;
    autofd int fd = -1;
    struct stat st;

    *why = "it cannot be read, or is longer than 1 MiB";
    if (playbook->inventory == NULL) {
        text = g_bytes_new_static ("localhost", strlen ("localhost"));
        return lint_inventory_parse (text);
    }
    fd = file_open_below (dirfd, playbook->inventory, O_RDONLY | O_NONBLOCK, NULL);
    if (fd < 0 || fstat (fd, &st) < 0)
        return NULL;
    text = file_read_fd (fd, playbook->inventory, LIMIT_YAML_BYTES, NULL);
    if (text == NULL)
        return NULL;
    *why = "it is a program";
    if ((st.st_mode & S_IXUSR) != 0)
        return NULL;
    inventory = lint_inventory_parse (text);
    *why = lint_inventory_unknown (inventory);
    return *why == NULL ? g_steal_pointer (&inventory) : NULL;
}

static void
check_play (Lint *lint, const ReleasePlaybook *playbook, const LintInventory *inventory,
            const LintPlay *play)
{
    const LintPlace place = { playbook->path, play->line, play->column, play->first };
    g_autofree char *shown = play->hosts != NULL ? error_quote (play->hosts) : NULL;

    LintHosts match;

    if (play->hosts == NULL)
        return;
    match = lint_inventory_match (inventory, play->hosts);
    if (match == LINT_HOSTS_NONE && lint->adds_hosts)
        match = LINT_HOSTS_UNKNOWN;
    switch (match) {
    case LINT_HOSTS_SOME:
        break;
    case LINT_HOSTS_UNKNOWN:
        lint_note (lint, &place, "hosts '%s' were not checked: only the run knows what they are",
                   shown);
        break;
    case LINT_HOSTS_NONE:
        lint_add (lint, LINT_NO_HOST, &place, "hosts '%s' matches no host of %s", shown,
                  playbook->inventory != NULL ? playbook->inventory : "the inventory 'localhost'");
        break;
    }
}

static void
check_playbook (Lint *lint, const ReleasePlaybook *playbook)
{
    g_autoptr (GBytes) text = file_read_below (lint->dirfd, playbook->path, LIMIT_YAML_BYTES, NULL);
    g_autoptr (YamlNode) documents =
        text != NULL ? yaml_parse_loose (text, playbook->path, NULL) : NULL;
    g_autoptr (LintInventory) inventory = NULL;
    g_autoptr (GArray) plays = NULL;
    const char *why;
    LintPlace place = { playbook->path, 1, 1, 0 };

    /* What is no YAML is told by lint_tasks. */
    if (documents == NULL)
        return;
    inventory = read_inventory (playbook, lint->dirfd, &why);
    if (inventory == NULL) {
        place.file = playbook->inventory;
        lint_note (lint, &place, "hosts of '%s' were not checked against this inventory: %s",
                   playbook->path, why);
        return;
    }
    plays = lint_plays_find (documents);
    for (guint i = 0; i < plays->len; i++)
        check_play (lint, playbook, inventory, &g_array_index (plays, LintPlay, i));
}

void
lint_plays (Lint *lint)
{
    for (guint i = 0; i < lint->release->playbooks->len; i++)
        check_playbook (lint, lint->release->playbooks->pdata[i]);
}
