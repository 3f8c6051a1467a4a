/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/reach.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/yaml.h"
#include "manifest/message.h"

#include <string.h>

#define SHOWN_HOSTS 8

typedef struct {
    GPtrArray *names; /* char *: hosts that are not this one, each once */
    gboolean all_local;
} Hosts;

static gboolean
is_here (const char *name)
{
    return strcmp (name, "localhost") == 0 || strcmp (name, "127.0.0.1") == 0 ||
           strcmp (name, "::1") == 0;
}

static void
add_host (Hosts *hosts, char *name)
{
    if (*name == '\0' || is_here (name) ||
        g_ptr_array_find_with_equal_func (hosts->names, name, g_str_equal, NULL))
        g_free (name);
    else
        g_ptr_array_add (hosts->names, name);
}

/* "db1 ansible_host=10.0.0.7", below "[databases]"; groups of groups and their variables name no
 * hosts. */
static void
read_ini (Hosts *hosts, const char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    gboolean names = TRUE, of_all = FALSE;

    for (char **line = lines; *line != NULL; line++) {
        const char *bare = g_strstrip (*line);
        gboolean local = strstr (bare, "ansible_connection=local") != NULL;

        if (*bare == '[') {
            names = strchr (bare, ':') == NULL;
            of_all = g_str_has_prefix (bare, "[all:vars]");
        } else if (of_all && local) {
            hosts->all_local = TRUE;
        } else if (names && !local && *bare != '#' && *bare != ';') {
            add_host (hosts, g_strndup (bare, strcspn (bare, " \t#")));
        }
    }
}

static gboolean
is_local (const YamlNode *variables)
{
    const YamlNode *way = variables != NULL ? field_find (variables, "ansible_connection") : NULL;

    return way != NULL && way->kind == YAML_NODE_SCALAR && strcmp (way->text, "local") == 0;
}

static void
read_group (Hosts *hosts, const YamlNode *group)
{
    const YamlNode *own = field_find (group, "hosts"), *below = field_find (group, "children");

    if (is_local (field_find (group, "vars")))
        return;
    for (guint i = 0; own != NULL && own->kind == YAML_NODE_MAP && i < own->keys->len; i++)
        if (!is_local (own->values->pdata[i]))
            add_host (hosts, g_strdup (((YamlNode *)own->keys->pdata[i])->text));
    for (guint i = 0; below != NULL && below->kind == YAML_NODE_MAP && i < below->keys->len; i++)
        read_group (hosts, below->values->pdata[i]);
}

static char *
name_them (const Hosts *hosts)
{
    g_autoptr (GString) text = g_string_new ("reaches ");

    if (hosts->names->len == 0 || hosts->all_local)
        return NULL;
    for (guint i = 0; i < hosts->names->len && i < SHOWN_HOSTS; i++) {
        g_autofree char *shown = error_quote (g_ptr_array_index (hosts->names, i));

        message_append (text, "%s%s", i > 0 ? ", " : "", shown);
    }
    if (hosts->names->len > SHOWN_HOSTS)
        message_append (text, " and %u more", hosts->names->len - SHOWN_HOSTS);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
reach_describe (GBytes *inventory, gboolean executable)
{
    g_autoptr (YamlNode) map = NULL;
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autofree char *text = NULL;
    Hosts hosts = { .names = names };
    gsize length = 0;
    const char *bytes = inventory != NULL ? g_bytes_get_data (inventory, &length) : NULL;

    if (executable || inventory == NULL)
        return g_strdup (executable ? "may reach other hosts: a program names them"
                                    : "may reach other hosts: it is too long to look into");
    text = g_strndup (bytes != NULL ? bytes : "", length);
    map = yaml_parse (inventory, "inventory", NULL);
    if (map != NULL && map->kind == YAML_NODE_MAP)
        for (guint i = 0; i < map->keys->len; i++)
            read_group (&hosts, map->values->pdata[i]);
    else if (g_str_has_prefix (text, "---"))
        return message_printf ("may reach other hosts: it has more of YAML than is read here");
    else
        read_ini (&hosts, text);
    return name_them (&hosts);
}
