/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/lint-allow.h"
#include "manifest/lint-inventory.h"
#include "manifest/lint-task.h"
#include "manifest/lint-text.h"
#include "tests/unit/corpus.h"

#include <string.h>

#define RELEASE                                                                                    \
    "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\nimages: [{name: 'x:1', from: 'oci:x'}]\n"

/* What was found, a line each: "LINE:COLUMN rule: what". */
static gboolean
tell (Lint *lint, GError **error)
{
    g_autoptr (GString) all = g_string_new (NULL);

    lint_finish (lint);
    for (guint i = 0; i < lint->findings->len; i++) {
        const LintFinding *finding = lint->findings->pdata[i];

        if (finding->reason == NULL)
            g_string_append_printf (all, "%u:%u %s: %s\n", finding->line, finding->column,
                                    lint_rule (finding->rule)->name, finding->found);
    }
    return all->len == 0 || fail (error, ERR_FORMAT, "%s", all->str);
}

typedef void (*ReadFunc) (Lint *lint, GBytes *input);

static gboolean
take (GBytes *input, ReadFunc read, GError **error)
{
    g_autoptr (GBytes) text = g_bytes_new_static (RELEASE, strlen (RELEASE));
    const ReleaseOverrides overrides = { 0 };
    g_autoptr (Release) release = release_parse_authored (text, "r.yaml", &overrides, NULL, NULL);
    g_autoptr (GPtrArray) paths = g_ptr_array_new ();
    g_auto (Lint) lint = { 0 };

    lint_init (&lint, release, text, -1, paths, NULL);
    read (&lint, input);
    return tell (&lint, error);
}

static void
read_tasks (Lint *lint, GBytes *input)
{
    lint_tasks_read (lint, "site.yml", input);
}

static gboolean
take_tasks (GBytes *input, GError **error)
{
    return take (input, read_tasks, error);
}

static void
read_text (Lint *lint, GBytes *input)
{
    gsize size;
    const char *bytes = g_bytes_get_data (input, &size);
    g_autofree char *text = g_strndup (bytes != NULL ? bytes : "", size);

    lint_allow_read (lint, "site.yml", text);
    lint_secrets_read (lint, "site.yml", text);
    lint_digests_read (lint, "site.yml", text);
}

static gboolean
take_text (GBytes *input, GError **error)
{
    return take (input, read_text, error);
}

static void
test_tasks (void)
{
    corpus_walk ("tasks", take_tasks);
}

static void
test_texts (void)
{
    corpus_walk ("lint-text", take_text);
}

static const char ini[] = "alone\n[web]\nweb[1:3]\n[db]\ndb1 ansible_host=10.0.0.1\ndb2:2222\n"
                          "[empty]\n[all:vars]\nx=1\n[plant:children]\ndb\nempty\n";
static const char yaml[] = "all:\n  hosts: {alone: {}}\n  children:\n"
                           "    web: {hosts: {'web[1:3]': {}}}\n    empty: {}\n"
                           "    plant:\n      children:\n"
                           "        db: {hosts: {db1: {x: 1}, 'db2:2222': }}\n        empty:\n"
                           "        plant:\n";

/* Each as Ansible answers for the inventories above (ansible --list-hosts). */
static const struct {
    const char *hosts;
    LintHosts match;
} patterns[] = {
    { "all", LINT_HOSTS_SOME },
    { "*", LINT_HOSTS_SOME },
    { "web", LINT_HOSTS_SOME },
    { "web2", LINT_HOSTS_SOME },
    { "db1", LINT_HOSTS_SOME },
    { "db3", LINT_HOSTS_NONE },
    { "db2", LINT_HOSTS_SOME },
    { "empty", LINT_HOSTS_NONE },
    { "plant", LINT_HOSTS_SOME },
    { "pl*", LINT_HOSTS_SOME },
    { "app", LINT_HOSTS_NONE },
    { "app:db", LINT_HOSTS_SOME },
    { "app,db", LINT_HOSTS_SOME },
    { "plant:!db", LINT_HOSTS_NONE },
    { "plant:!db1", LINT_HOSTS_SOME },
    { "!db:plant", LINT_HOSTS_NONE },
    { "all:&db", LINT_HOSTS_SOME },
    { "web:&db", LINT_HOSTS_NONE },
    { "&db", LINT_HOSTS_SOME },
    { "!all", LINT_HOSTS_NONE },
    { "all:!alone", LINT_HOSTS_SOME },
    { "ungrouped", LINT_HOSTS_SOME },
    { "web[0]", LINT_HOSTS_SOME },
    { "db[0:1]", LINT_HOSTS_SOME },
    { "app[0]", LINT_HOSTS_NONE },
    { "~d.*[12]", LINT_HOSTS_SOME },
    { "all:!~.*", LINT_HOSTS_NONE },
    { "web:!web2", LINT_HOSTS_SOME },
    { "web:!web*", LINT_HOSTS_NONE },
    { "~(", LINT_HOSTS_UNKNOWN },
    { "localhost", LINT_HOSTS_SOME },
    { "127.0.0.1", LINT_HOSTS_SOME },
    { "::1", LINT_HOSTS_SOME },
    { "local*", LINT_HOSTS_NONE },
    { "{{ target }}", LINT_HOSTS_UNKNOWN },
    { "", LINT_HOSTS_NONE },
};

static void
test_patterns (gconstpointer data)
{
    g_autoptr (GBytes) text = g_bytes_new_static (data, strlen (data));
    g_autoptr (LintInventory) inventory = lint_inventory_parse (text);

    g_assert_null (lint_inventory_unknown (inventory));
    for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++) {
        LintHosts match = lint_inventory_match (inventory, patterns[i].hosts);

        if (match == patterns[i].match)
            continue;
        g_test_message ("'%s' gives %d", patterns[i].hosts, match);
        g_test_fail ();
    }
}

static void
test_dynamic_inventories_are_not_guessed_at (void)
{
    static const char *const texts[] = {
        "#!/bin/sh\necho '{}'\n",
        "plugin: community.docker.docker_containers\n",
        "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "---\n- a\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GBytes) text = g_bytes_new_static (texts[i], strlen (texts[i]));
        g_autoptr (LintInventory) inventory = lint_inventory_parse (text);

        g_assert_nonnull (lint_inventory_unknown (inventory));
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/lint/tasks", test_tasks);
    g_test_add_func ("/lint/texts", test_texts);
    g_test_add_data_func ("/lint/patterns-ini", ini, test_patterns);
    g_test_add_data_func ("/lint/patterns-yaml", yaml, test_patterns);
    g_test_add_func ("/lint/dynamic", test_dynamic_inventories_are_not_guessed_at);
    return g_test_run ();
}
