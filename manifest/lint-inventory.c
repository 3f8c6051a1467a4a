/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-inventory.h"

#include "manifest/field.h"
#include "manifest/yaml-loose.h"

#include <string.h>

struct LintInventory {
    GHashTable *hosts;   /* set of char *; "web[1:9]" is the glob "web*" */
    GHashTable *groups;  /* char * to GHashTable, a set of names of hosts */
    GHashTable *parents; /* char * to GHashTable, a set of names of groups that lie in it */
    const char *unknown;
};

static GHashTable *
set_new (void)
{
    return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* The set that a name has in a table of sets; made where there is none. */
static GHashTable *
set_of (GHashTable *table, const char *name)
{
    GHashTable *set = g_hash_table_lookup (table, name);

    if (set == NULL) {
        set = set_new ();
        g_hash_table_insert (table, g_strdup (name), set);
    }
    return set;
}

static void
add_group_name (LintInventory *inventory, const char *group)
{
    if (!g_hash_table_contains (inventory->groups, group))
        g_hash_table_insert (inventory->groups, g_strdup (group), set_new ());
}

void
lint_inventory_free (LintInventory *inventory)
{
    if (inventory == NULL)
        return;
    g_hash_table_unref (inventory->hosts);
    g_hash_table_unref (inventory->groups);
    g_hash_table_unref (inventory->parents);
    g_free (inventory);
}

/* "web[01:50].plant:2222" is the hosts "web*.plant". */
static char *
host_name (const char *text)
{
    g_autoptr (GString) name = g_string_new (NULL);

    for (const char *p = text; *p != '\0'; p++) {
        const char *end = *p == '[' ? strchr (p, ']') : NULL;

        if (*p == ':' && strchr (p + 1, ':') == NULL)
            break;
        g_string_append_c (name, end != NULL ? '*' : *p);
        p = end != NULL ? end : p;
    }
    return g_string_free (g_steal_pointer (&name), FALSE);
}

static void
add_host (LintInventory *inventory, const char *group, const char *text)
{
    g_autofree char *name = host_name (text);

    g_hash_table_add (inventory->hosts, g_strdup (name));
    g_hash_table_add (set_of (inventory->groups, group), g_strdup (name));
}

static void
add_child (LintInventory *inventory, const char *group, const char *child)
{
    add_group_name (inventory, child);
    g_hash_table_add (set_of (inventory->parents, group), g_strdup (child));
}

static void
read_ini (LintInventory *inventory, const char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    g_autofree char *group = g_strdup ("ungrouped");
    enum { HOSTS, CHILDREN, VARIABLES } what = HOSTS;

    for (char **line = lines; *line != NULL; line++) {
        const char *bare = g_strstrip (*line);
        g_autofree char *word = g_strndup (bare, strcspn (bare, " \t#"));

        if (*bare == '[') {
            const char *kind = bare + strcspn (bare, ":]");

            g_free (group);
            group = g_strndup (bare + 1, (gsize)(kind - bare) - 1);
            what = g_str_has_prefix (kind, ":children") ? CHILDREN
                   : *kind == ':'                       ? VARIABLES
                                                        : HOSTS;
            add_group_name (inventory, group);
        } else if (*word == '\0' || *word == ';' || what == VARIABLES) {
            continue;
        } else if (what == CHILDREN) {
            add_child (inventory, group, word);
        } else {
            add_host (inventory, group, word);
        }
    }
}

static void
read_group (LintInventory *inventory, const char *name, const YamlNode *group)
{
    const YamlNode *hosts, *children;

    add_group_name (inventory, name);
    if (group->kind != YAML_NODE_MAP)
        return;
    hosts = field_find (group, "hosts");
    children = field_find (group, "children");
    for (guint i = 0; hosts != NULL && hosts->kind == YAML_NODE_MAP && i < hosts->keys->len; i++)
        add_host (inventory, strcmp (name, "all") == 0 ? "ungrouped" : name,
                  ((YamlNode *)hosts->keys->pdata[i])->text);
    for (guint i = 0;
         children != NULL && children->kind == YAML_NODE_MAP && i < children->keys->len; i++) {
        const char *child = ((YamlNode *)children->keys->pdata[i])->text;

        add_child (inventory, name, child);
        read_group (inventory, child, children->values->pdata[i]);
    }
}

static void
read_yaml (LintInventory *inventory, const YamlNode *map)
{
    if (field_find (map, "plugin") != NULL)
        inventory->unknown = "a plugin finds its hosts";
    for (guint i = 0; i < map->keys->len; i++)
        read_group (inventory, ((YamlNode *)map->keys->pdata[i])->text, map->values->pdata[i]);
}

LintInventory *
lint_inventory_parse (GBytes *text)
{
    LintInventory *inventory = g_new0 (LintInventory, 1);
    g_autoptr (YamlNode) documents = yaml_parse_loose (text, "inventory", NULL);
    const YamlNode *first =
        documents != NULL && documents->values->len > 0 ? documents->values->pdata[0] : NULL;
    gsize size;
    const char *bytes = g_bytes_get_data (text, &size);
    g_autofree char *data = g_strndup (bytes != NULL ? bytes : "", size);

    inventory->hosts = set_new ();
    inventory->groups =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    inventory->parents =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    add_group_name (inventory, "ungrouped");
    if (g_str_has_prefix (data, "#!"))
        inventory->unknown = "it is a program";
    else if (g_str_has_prefix (data, "$ANSIBLE_VAULT;"))
        inventory->unknown = "it is encrypted";
    else if (first != NULL && first->kind == YAML_NODE_MAP)
        read_yaml (inventory, first);
    else if (g_str_has_prefix (data, "---"))
        inventory->unknown = "it is no YAML map";
    else
        read_ini (inventory, data);
    return inventory;
}

const char *
lint_inventory_unknown (const LintInventory *inventory)
{
    return inventory->unknown;
}

/* One term of a pattern, ready to be held against names. */
typedef struct {
    const char *glob;
    GRegex *regex; /* NULL: the glob counts */
    gboolean sure; /* takes hosts away: only those that it surely means */
} Term;

/* A range of hosts is a glob itself, and may match what it is asked for. */
static gboolean
term_fits (const Term *term, const char *name)
{
    if (term->regex != NULL)
        return (!term->sure && strchr (name, '*') != NULL) ||
               g_regex_match (term->regex, name, G_REGEX_MATCH_ANCHORED, NULL);
    return g_pattern_match_simple (term->glob, name) ||
           (!term->sure && g_pattern_match_simple (name, term->glob));
}

static void
add_all (GHashTable *to, GHashTable *from)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init (&iter, from);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        g_hash_table_add (to, g_strdup (name));
}

/* seen: groups, which may hold each other by mistake. */
static void
add_group (const LintInventory *inventory, const char *group, GHashTable *hosts, GHashTable *seen)
{
    GHashTable *own = g_hash_table_lookup (inventory->groups, group);
    GHashTable *children = g_hash_table_lookup (inventory->parents, group);
    GHashTableIter iter;
    gpointer child;

    if (!g_hash_table_add (seen, g_strdup (group)))
        return;
    if (own != NULL)
        add_all (hosts, own);
    if (children == NULL)
        return;
    g_hash_table_iter_init (&iter, children);
    while (g_hash_table_iter_next (&iter, &child, NULL))
        add_group (inventory, child, hosts, seen);
}

/* Ansible finds these three even in an inventory that does not have them. */
static gboolean
is_implicit (const char *name)
{
    return strcmp (name, "localhost") == 0 || strcmp (name, "127.0.0.1") == 0 ||
           strcmp (name, "::1") == 0;
}

static GHashTable *
hosts_of_term (const LintInventory *inventory, const Term *term)
{
    GHashTable *hosts = set_new ();
    g_autoptr (GHashTable) seen = set_new ();
    GHashTableIter iter;
    gpointer name;

    if (term_fits (term, "all"))
        add_all (hosts, inventory->hosts);
    g_hash_table_iter_init (&iter, inventory->groups);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        if (term_fits (term, name))
            add_group (inventory, name, hosts, seen);
    g_hash_table_iter_init (&iter, inventory->hosts);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        if (term_fits (term, name))
            g_hash_table_add (hosts, g_strdup (name));
    if (g_hash_table_size (hosts) == 0 && is_implicit (term->glob))
        g_hash_table_add (hosts, g_strdup (term->glob));
    return hosts;
}

/* NULL where the term is a regular expression that is none here. */
static GHashTable *
find_hosts (const LintInventory *inventory, const char *text, gboolean sure)
{
    g_autofree char *bare = g_strdup (text);
    char *subscript = strchr (bare, '[');
    g_autoptr (GRegex) regex = NULL;
    Term term;

    if (*text == '~') {
        regex = g_regex_new (text + 1, G_REGEX_RAW, 0, NULL);
        if (regex == NULL)
            return NULL;
    } else if (subscript != NULL && g_str_has_suffix (bare, "]")) {
        *subscript = '\0'; /* "web[0]", "web[1:3]": some of them */
    }
    term = (Term){ bare, regex, sure };
    return hosts_of_term (inventory, &term);
}

static gboolean
is_in (gpointer name, gpointer unused, gpointer set)
{
    return g_hash_table_contains (set, name);
}

static gboolean
is_not_in (gpointer name, gpointer unused, gpointer set)
{
    return !g_hash_table_contains (set, name);
}

/* "a:b", "a,b"; what stands in brackets or braces belongs together. */
static GPtrArray *
split_terms (const char *hosts)
{
    GPtrArray *terms = g_ptr_array_new_with_free_func (g_free);
    guint depth = 0;
    const char *start = hosts;

    for (const char *p = hosts;; p++) {
        depth += *p == '[';
        depth -= *p == ']' && depth > 0;
        if (*p != '\0' && (depth > 0 || strchr (",:;", *p) == NULL))
            continue;
        if (p > start)
            g_ptr_array_add (terms, g_strstrip (g_strndup (start, (gsize)(p - start))));
        start = p + 1;
        if (*p == '\0')
            return terms;
    }
}

/* Ansible takes first what adds hosts, then '&', then '!'. */
LintHosts
lint_inventory_match (const LintInventory *inventory, const char *hosts)
{
    g_autoptr (GPtrArray) terms = split_terms (hosts);
    g_autoptr (GHashTable) found = set_new ();
    gboolean adds = FALSE;

    if (strcmp (hosts, "::1") == 0)
        return LINT_HOSTS_SOME;
    if (strchr (hosts, '{') != NULL || strstr (hosts, "::") != NULL)
        return LINT_HOSTS_UNKNOWN;
    for (guint i = 0; i < terms->len; i++)
        adds |= strchr ("!&", *(char *)terms->pdata[i]) == NULL;
    if (!adds && terms->len > 0)
        add_all (found, inventory->hosts);
    for (const char *kind = "+&!"; *kind != '\0'; kind++) {
        for (guint i = 0; i < terms->len; i++) {
            const char *term = terms->pdata[i];
            char own = *term == '&' || *term == '!' ? *term : '+';
            g_autoptr (GHashTable) set = NULL;

            if (own != *kind || *term == '\0')
                continue;
            set = find_hosts (inventory, own == '+' ? term : term + 1, own == '!');
            if (set == NULL)
                return LINT_HOSTS_UNKNOWN;
            if (own == '+')
                add_all (found, set);
            else
                g_hash_table_foreach_remove (found, own == '&' ? is_not_in : is_in, set);
        }
    }
    return g_hash_table_size (found) > 0 ? LINT_HOSTS_SOME : LINT_HOSTS_NONE;
}
