/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/lint-allow.h"
#include "manifest/message.h"

#include <string.h>

/* A test holds this table against the one in manifest/FORMAT.md. */
static const LintRule rules[LINT_RULES] = {
    [LINT_SECRET] = {
        "secret",
        "a private key, a token or a password in a carried file or in the default of a value",
        "whoever has the bundle can read it",
        "Let each host supply it ('values' with 'secret: true'), or encrypt it with ansible-vault",
    },
    [LINT_SECRET_FILE] = {
        "secret-file",
        "a carried file with a name by which programs keep secrets",
        "whoever has the bundle can read it",
        "Leave the file out, and let each host supply what is in it ('values')",
    },
    [LINT_MUTABLE_TAG] = {
        "mutable-tag",
        "an image of a registry that neither a digest nor release.lock.yaml pins",
        "a tag may name another image tomorrow, so nobody could build this bundle again",
        "Let 'handcarry bundle' write the lock, and keep it beside release.yaml in git",
    },
    [LINT_IMAGE_DIGEST] = {
        "image-digest",
        "a reference by digest to an image that the release carries",
        "Docker 20.10 asks the registry for a digest even where the image is there, and a host "
        "reaches none",
        "Name it by its tag, or in a playbook by handcarry.images[NAME].ref",
    },
    [LINT_PLATFORM] = {
        "platform",
        "an image, a service or a container of another platform than 'platforms' has",
        "the hosts that the release is for cannot run it",
        "Take the image of the declared platform, or declare this one",
    },
    [LINT_NETWORK] = {
        "network",
        "a task that reaches for the network",
        "a host has none, so the task fails there in the middle of an install",
        "Carry what it needs ('images', 'files', 'files/' beside the playbook) and take it from "
        "there",
    },
    [LINT_NO_HOST] = {
        "no-host",
        "a play whose 'hosts' match no host of the inventory",
        "the play would do nothing, and install takes that for a failure",
        "Name a host or group of that inventory",
    },
    [LINT_WORLD_WRITABLE] = {
        "world-writable",
        "a mode that lets every user of the host write",
        "any program on the host could change what this release runs by",
        "Give the mode that its users need, such as \"0644\" or \"0755\"",
    },
    [LINT_MODE_NUMBER] = {
        "mode-number",
        "a mode that is a decimal number",
        "YAML reads it as decimal, so that other permissions are set than it looks like",
        "Write it in quotes with a leading zero",
    },
    [LINT_WRITABLE_SOURCE] = {
        "writable-source",
        "a file to be carried that every user of this machine can write",
        "anybody here could slip something into what is signed",
        "Take the permission away: chmod o-w",
    },
    [LINT_NOT_YAML] = {
        "not-yaml",
        "a playbook, or a file of tasks, that is no YAML",
        "Ansible cannot run it, and nothing in it could be checked",
        "Correct it where the parser stopped",
    },
    [LINT_EXCEPTION] = {
        "exception",
        "a comment 'handcarry: allow' without a reason, of an unknown rule, or that allows nothing",
        "it does not do what it says, or would hide the next mistake",
        "Write '# handcarry: allow RULE: REASON' on the line or above it, or take it away",
    },
};

const LintRule *
lint_rule (LintRuleId rule)
{
    g_assert (rule < LINT_RULES);
    return &rules[rule];
}

static void
finding_free (gpointer data)
{
    LintFinding *finding = data;

    g_free (finding->file);
    g_free (finding->found);
    g_free (finding->reason);
    g_free (finding);
}

void
lint_init (Lint *lint, const Release *release, GBytes *text, int dirfd, GPtrArray *paths,
           GPtrArray *problems)
{
    *lint = (Lint){ .release = release, .text = text, .dirfd = dirfd };
    lint->paths = paths;
    lint->problems = problems;
    lint->findings = g_ptr_array_new_with_free_func (finding_free);
    lint->notes = g_ptr_array_new_with_free_func (g_free);
    lint->exceptions = g_ptr_array_new_with_free_func (lint_exception_free);
}

void
lint_clear (Lint *lint)
{
    g_clear_pointer (&lint->findings, g_ptr_array_unref);
    g_clear_pointer (&lint->notes, g_ptr_array_unref);
    g_clear_pointer (&lint->exceptions, g_ptr_array_unref);
    g_clear_pointer (&lint->patterns, g_ptr_array_unref);
}

void
lint_add (Lint *lint, LintRuleId rule, const LintPlace *place, const char *format, ...)
{
    LintFinding *finding = g_new0 (LintFinding, 1);
    va_list args;

    va_start (args, format);
    finding->found = message_vprintf (format, args);
    va_end (args);
    finding->rule = rule;
    finding->file = error_quote (place->file);
    finding->line = place->line;
    finding->column = place->column;
    finding->first = place->first > 0 ? place->first : place->line;
    g_ptr_array_add (lint->findings, finding);
}

/* The parser's message begins with the place. */
void
lint_add_not_yaml (Lint *lint, const char *path, const GError *error)
{
    LintPlace place = { path, 1, 1, 0 };
    const char *rest = error->message + strlen (path);
    char *end;

    place.line = (guint)g_ascii_strtoull (rest + 1, &end, 10);
    place.column = (guint)g_ascii_strtoull (end + 1, &end, 10);
    lint_add (lint, LINT_NOT_YAML, &place, "%s", g_str_has_prefix (end, ": ") ? end + 2 : end);
}

void
lint_note (Lint *lint, const LintPlace *place, const char *format, ...)
{
    g_autofree char *file = error_quote (place->file), *said = NULL;
    va_list args;

    va_start (args, format);
    said = message_vprintf (format, args);
    va_end (args);
    g_ptr_array_add (lint->notes,
                     message_printf ("%s:%u:%u: %s", file, place->line, place->column, said));
}

char *
lint_message (const LintFinding *finding)
{
    const LintRule *rule = lint_rule (finding->rule);

    return message_printf ("%s; %s. %s.", finding->found, rule->why, rule->advice);
}

LintPlace
lint_place (const Lint *lint, const char *list, guint index, const char *key)
{
    g_autoptr (YamlNode) map = yaml_parse (lint->text, lint->release->file, NULL);
    const YamlNode *items = map != NULL ? field_find (map, list) : NULL;
    LintPlace place = { lint->release->file, 1, 1, 0 };
    const YamlNode *item, *value;

    if (items == NULL || items->kind != YAML_NODE_LIST || index >= items->values->len)
        return place;
    item = items->values->pdata[index];
    value = item->kind == YAML_NODE_MAP && key != NULL ? field_find (item, key) : NULL;
    place.first = item->line;
    place.line = value != NULL ? value->line : item->line;
    place.column = value != NULL ? value->column : item->column;
    return place;
}

static gint
compare (gconstpointer left, gconstpointer right)
{
    const LintFinding *a = *(LintFinding *const *)left, *b = *(LintFinding *const *)right;
    gint order = strcmp (a->file, b->file);

    if (order == 0)
        order = a->line != b->line ? (a->line < b->line ? -1 : 1) : (gint)a->rule - (gint)b->rule;
    if (order == 0 && a->column != b->column)
        order = a->column < b->column ? -1 : 1;
    return order != 0 ? order : strcmp (a->found, b->found);
}

void
lint_finish (Lint *lint)
{
    lint_allow_apply (lint);
    g_ptr_array_sort (lint->findings, compare);
}

guint
lint_count (const Lint *lint)
{
    guint count = 0;

    for (guint i = 0; i < lint->findings->len; i++)
        count += ((LintFinding *)lint->findings->pdata[i])->reason == NULL;
    return count;
}
