/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/lint.h"

#include <string.h>
#include <yaml.h>

#define ANY_NAME "~"

/* Playbooks are other people's YAML with anchors and tags, so the strict reader of yaml.c does not
 * fit. Only the keys of the plays are looked at: list, map, key. */
typedef struct {
    GArray *plays;
    guint depth;
    gboolean is_key; /* the next scalar of the play is a key */
    gboolean is_hosts;
} PlayReader;

static void
play_clear (gpointer data)
{
    g_free (((LintPlay *)data)->hosts);
}

static LintPlay *
last_play (PlayReader *reader)
{
    return &g_array_index (reader->plays, LintPlay, reader->plays->len - 1);
}

static void
add_hosts (PlayReader *reader, const char *hosts)
{
    LintPlay *play = last_play (reader);
    char *joined =
        play->hosts == NULL ? g_strdup (hosts) : g_strconcat (play->hosts, ",", hosts, NULL);

    g_free (play->hosts);
    play->hosts = joined;
}

static void
read_scalar (PlayReader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;

    if (reader->depth == 2 && reader->is_key) {
        reader->is_hosts = strcmp (text, "hosts") == 0;
        if (reader->is_hosts) {
            last_play (reader)->line = (guint)event->start_mark.line + 1;
            last_play (reader)->column = (guint)event->start_mark.column + 1;
        }
    } else if (reader->is_hosts && reader->depth <= 3) {
        add_hosts (reader, text);
    }
    if (reader->depth == 2)
        reader->is_key = !reader->is_key;
}

static void
begin_nested (PlayReader *reader, const yaml_event_t *event)
{
    reader->depth++;
    if (reader->depth == 2 && event->type == YAML_MAPPING_START_EVENT) {
        LintPlay play = { .line = (guint)event->start_mark.line + 1, .column = 1 };

        g_array_append_val (reader->plays, play);
        reader->is_key = TRUE;
        reader->is_hosts = FALSE;
    }
}

static void
end_nested (PlayReader *reader)
{
    reader->depth--;
    if (reader->depth == 2)
        reader->is_key = TRUE;
}

/* TRUE while there is more. */
static gboolean
read_event (PlayReader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        begin_nested (reader, event);
        return reader->depth <= LIMIT_YAML_DEPTH * 4;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        end_nested (reader);
        return TRUE;
    case YAML_SCALAR_EVENT:
        if (reader->plays->len > 0)
            read_scalar (reader, event);
        return TRUE;
    case YAML_ALIAS_EVENT:
        if (reader->is_hosts)
            add_hosts (reader, "*");
        if (reader->depth == 2)
            reader->is_key = !reader->is_key;
        return TRUE;
    case YAML_NO_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return FALSE;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
        return TRUE;
    }
    return FALSE;
}

/* The bytes of a text; those of an empty one may be NULL in a GBytes. */
static gconstpointer
text_bytes (GBytes *text)
{
    return g_bytes_get_size (text) > 0 ? g_bytes_get_data (text, NULL) : "";
}

GArray *
lint_read_plays (GBytes *text, const char *name, GError **error)
{
    g_autoptr (GArray) plays = g_array_new (FALSE, FALSE, sizeof (LintPlay));
    PlayReader reader = { .plays = plays };
    yaml_parser_t parser;
    yaml_event_t event;
    gboolean more = TRUE;

    g_array_set_clear_func (plays, play_clear);
    if (!yaml_parser_initialize (&parser))
        g_error ("out of memory");
    yaml_parser_set_input_string (&parser, text_bytes (text), g_bytes_get_size (text));
    while (more && yaml_parser_parse (&parser, &event)) {
        more = read_event (&reader, &event);
        yaml_event_delete (&event);
    }
    if (more)
        fail (error, ERR_FORMAT, "%s:%u:%u: not valid YAML: %s", name,
              (guint)parser.problem_mark.line + 1, (guint)parser.problem_mark.column + 1,
              parser.problem != NULL ? parser.problem : "unknown problem");
    yaml_parser_delete (&parser);
    return more ? NULL : g_steal_pointer (&plays);
}

static void
add_ini_line (GHashTable *names, const char *line)
{
    g_autofree char *word = NULL;
    gsize length;

    if (*line == '[') {
        length = strcspn (line + 1, ":]");
        g_hash_table_add (names, g_strndup (line + 1, length));
        return;
    }
    length = strcspn (line, " \t#");
    if (length == 0 || *line == ';')
        return;
    word = g_strndup (line, length);
    /* web[01:50] */
    g_hash_table_add (names,
                      strchr (word, '[') != NULL ? g_strdup (ANY_NAME) : g_steal_pointer (&word));
}

/* Every key of a YAML inventory; "hosts", "children" and variables among them do no harm, for they
 * only make the check milder. */
static void
add_yaml_names (GHashTable *names, const YamlNode *node)
{
    for (guint i = 0; node->kind == YAML_NODE_MAP && i < node->keys->len; i++) {
        g_hash_table_add (names, g_strdup (((YamlNode *)node->keys->pdata[i])->text));
        add_yaml_names (names, node->values->pdata[i]);
    }
}

GHashTable *
lint_read_inventory (GBytes *text)
{
    GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (YamlNode) map = yaml_parse (text, "inventory", NULL);
    g_autofree char *data = g_strndup (text_bytes (text), g_bytes_get_size (text));
    g_auto (GStrv) lines = g_strsplit (data, "\n", -1);

    g_hash_table_add (names, g_strdup ("all"));
    g_hash_table_add (names, g_strdup ("ungrouped"));
    if (map != NULL && map->kind == YAML_NODE_MAP)
        add_yaml_names (names, map);
    else if (g_str_has_prefix (data, "#!"))
        g_hash_table_add (names, g_strdup (ANY_NAME));
    else
        for (char **line = lines; *line != NULL; line++)
            add_ini_line (names, g_strstrip (*line));
    return names;
}

static gboolean
term_may_match (const char *term, GHashTable *names)
{
    GHashTableIter iter;
    gpointer name;

    /* Ansible finds these three even in an inventory that does not have them. */
    if (strcmp (term, "localhost") == 0 || strcmp (term, "127.0.0.1") == 0 ||
        strcmp (term, "::1") == 0)
        return TRUE;
    if (strpbrk (term, "~{[") != NULL || g_hash_table_contains (names, ANY_NAME))
        return TRUE;
    g_hash_table_iter_init (&iter, names);
    while (g_hash_table_iter_next (&iter, &name, NULL))
        if (g_pattern_match_simple (term, name))
            return TRUE;
    return FALSE;
}

/* Patterns are joined by ',' or ':'; '!' takes away and '&' keeps, so neither brings a host. */
gboolean
lint_hosts_may_match (const char *hosts, GHashTable *names)
{
    g_auto (GStrv) terms = NULL;
    gboolean adds = FALSE;

    if (strstr (hosts, "::") != NULL || strpbrk (hosts, "{[~") != NULL)
        return TRUE;
    terms = g_strsplit_set (hosts, ",:;", -1);
    for (char **term = terms; *term != NULL; term++) {
        const char *text = g_strstrip (*term);

        if (*text == '\0' || *text == '!' || *text == '&')
            continue;
        adds = TRUE;
        if (term_may_match (text, names))
            return TRUE;
    }
    return !adds && *hosts != '\0';
}

static GHashTable *
names_of (const ReleasePlaybook *playbook, int dirfd)
{
    g_autoptr (GBytes) text = NULL;

    if (playbook->inventory == NULL) {
        text = g_bytes_new_static ("localhost", strlen ("localhost"));
        return lint_read_inventory (text);
    }
    text = file_read_below (dirfd, playbook->inventory, LIMIT_YAML_BYTES, NULL);
    return text != NULL ? lint_read_inventory (text) : NULL;
}

static void
lint_playbook (const ReleasePlaybook *playbook, int dirfd, GPtrArray *warnings)
{
    g_autoptr (GBytes) text = file_read_below (dirfd, playbook->path, LIMIT_YAML_BYTES, NULL);
    g_autoptr (GHashTable) names = names_of (playbook, dirfd);
    g_autoptr (GArray) plays = NULL;
    g_autoptr (GError) error = NULL;

    /* What cannot be read is told by release_check_folder. */
    if (text == NULL || names == NULL)
        return;
    plays = lint_read_plays (text, playbook->path, &error);
    if (plays == NULL) {
        g_ptr_array_add (warnings, g_strdup (error->message));
        return;
    }
    for (guint i = 0; i < plays->len; i++) {
        const LintPlay *play = &g_array_index (plays, LintPlay, i);
        g_autofree char *shown = play->hosts != NULL ? error_quote (play->hosts) : NULL;

        if (play->hosts == NULL || lint_hosts_may_match (play->hosts, names))
            continue;
        g_ptr_array_add (
            warnings, g_strdup_printf ("%s:%u:%u: hosts '%s' matches no host of %s, so the play "
                                       "would do nothing; install fails then",
                                       playbook->path, play->line, play->column, shown,
                                       playbook->inventory != NULL ? playbook->inventory
                                                                   : "the inventory 'localhost'"));
    }
}

void
lint_plays (const Release *release, int dirfd, GPtrArray *warnings)
{
    for (guint i = 0; i < release->playbooks->len; i++)
        lint_playbook (release->playbooks->pdata[i], dirfd, warnings);
}
