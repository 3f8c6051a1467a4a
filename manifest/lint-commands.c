/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-task.h"
#include "manifest/lint-text.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

#define NESTING 3 /* sh -c 'sh -c "…"' */

/* What reaches for the network however it goes on, by its first words. */
static const struct {
    const char *words;
    enum { ANY, APT, YUM } family;
} reaching[] = {
    { "apt-get install", APT },
    { "apt-get update", APT },
    { "apt-get upgrade", APT },
    { "apt-get dist-upgrade", APT },
    { "apt-get build-dep", APT },
    { "apt-get download", APT },
    { "apt install", APT },
    { "apt update", APT },
    { "apt upgrade", APT },
    { "apt full-upgrade", APT },
    { "aptitude install", APT },
    { "add-apt-repository", APT },
    { "yum install", YUM },
    { "yum update", YUM },
    { "dnf install", YUM },
    { "dnf update", YUM },
    { "dnf upgrade", YUM },
    { "microdnf install", YUM },
    { "zypper install", ANY },
    { "zypper in", ANY },
    { "apk add", ANY },
    { "apk update", ANY },
    { "pip install", ANY },
    { "pip3 install", ANY },
    { "pip download", ANY },
    { "pipx install", ANY },
    { "npm install", ANY },
    { "npm ci", ANY },
    { "gem install", ANY },
    { "cargo install", ANY },
    { "go install", ANY },
    { "snap install", ANY },
    { "docker pull", ANY },
    { "docker push", ANY },
    { "docker login", ANY },
    { "docker image pull", ANY },
    { "docker image push", ANY },
    { "docker compose pull", ANY },
    { "docker-compose pull", ANY },
    { "podman pull", ANY },
    { "podman push", ANY },
    { "podman login", ANY },
    { "podman image pull", ANY },
    { "nerdctl pull", ANY },
    { "crictl pull", ANY },
    { "git pull", ANY },
    { "git fetch", ANY },
    { "helm pull", ANY },
    { "ansible-galaxy install", ANY },
};

/* What does so where a word is a URL that is not local. */
static const char *const by_url[] = {
    "curl", "wget", "git", "skopeo", "rpm", "pip", "pip3", "svn"
};

static void
end_word (GPtrArray *words, GString *word)
{
    if (word->len > 0)
        g_ptr_array_add (words, g_strdup (word->str));
    g_string_truncate (word, 0);
}

/* The words of one simple command; *text is moved behind it. What a shell would put in its place
 * ("$(…)") is looked at as commands of their own. */
static GPtrArray *
next_command (const char **text)
{
    GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GString) word = g_string_new (NULL);
    const char *p = *text;
    char quote = '\0';

    for (; *p != '\0'; p++) {
        if (g_str_has_prefix (p, "{{") && strstr (p, "}}") != NULL) {
            const char *end = strstr (p, "}}") + 1;

            g_string_append_len (word, p, end + 1 - p);
            p = end;
        } else if (quote != '\0' && *p == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*p == '"' || *p == '\'')) {
            quote = *p;
        } else if (quote != '\'' && *p == '\\' && p[1] != '\0') {
            p++;
            if (*p != '\n')
                g_string_append_c (word, *p);
        } else if ((quote == '\0' && strchr (";&|\n()`", *p) != NULL) ||
                   (quote == '"' && (g_str_has_prefix (p, "$(") || *p == '`'))) {
            break;
        } else if (quote == '\0' && *p == '#' && word->len == 0) {
            p += strcspn (p, "\n") - 1;
        } else if (quote == '\0' && g_ascii_isspace (*p)) {
            end_word (words, word);
        } else {
            g_string_append_c (word, *p);
        }
    }
    end_word (words, word);
    *text = *p != '\0' ? p + 1 : p;
    return words;
}

/* "FOO=bar" before a command. */
static gboolean
is_assignment (const char *word)
{
    gsize length = 0;

    while (g_ascii_isalnum (word[length]) || word[length] == '_')
        length++;
    return length > 0 && word[length] == '=';
}

/* The index of the program's name behind "sudo", "FOO=bar", "then" and the like. */
static guint
find_program (const GPtrArray *words)
{
    static const char *const before[] = { "sudo",  "env",   "exec",    "time", "nice", "nohup",
                                          "if",    "then",  "else",    "do",   "!",    "{",
                                          "while", "until", "command", "eval", "set" };
    guint i = 0;

    for (; i < words->len; i++) {
        const char *word = words->pdata[i];
        gboolean skipped = *word == '-' || is_assignment (word);

        for (gsize k = 0; !skipped && k < G_N_ELEMENTS (before); k++)
            skipped = strcmp (word, before[k]) == 0;
        if (!skipped)
            break;
    }
    return i;
}

/* "apt-get -y -o X=y install" begins with "apt-get install"; *rest is what follows. */
static gboolean
begins_with (const GPtrArray *words, guint at, const char *wanted, guint *rest)
{
    g_auto (GStrv) parts = g_strsplit (wanted, " ", -1);
    guint n = 0;

    for (guint i = at; i < words->len; i++) {
        const char *word = words->pdata[i];
        g_autofree char *base = g_path_get_basename (word);

        if (n > 0 && (*word == '-' || strpbrk (word, "=/.") != NULL))
            continue;
        if (strcmp (n == 0 ? base : word, parts[n]) != 0)
            return FALSE;
        *rest = i + 1;
        if (parts[++n] == NULL)
            return TRUE;
    }
    return FALSE;
}

/* Told not to ask anybody, or given nothing but files. */
static gboolean
stays_here (const GPtrArray *words, guint rest)
{
    static const char *const options[] = { "--no-index",    "--offline",   "--local",
                                           "--no-download", "--cacheonly", "--no-network" };
    guint files = 0, others = 0;

    for (guint i = rest; i < words->len; i++) {
        const char *word = words->pdata[i];

        for (gsize k = 0; k < G_N_ELEMENTS (options); k++)
            if (strcmp (word, options[k]) == 0)
                return TRUE;
        if (*word == '-')
            continue;
        files += lint_is_local_file (word);
        others += !lint_is_local_file (word);
    }
    return files > 0 && others == 0;
}

static char *
reaches_by_url (const GPtrArray *words, guint at)
{
    g_autofree char *base = g_path_get_basename (words->pdata[at]);
    gboolean known = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS (by_url); i++)
        known |= strcmp (base, by_url[i]) == 0;
    for (guint i = at + 1; known && i < words->len; i++) {
        g_autofree char *shown = NULL;

        if (!lint_is_remote (words->pdata[i]))
            continue;
        shown = lint_show_url (words->pdata[i]);
        return message_printf ("runs '%s' with '%s'", base, shown);
    }
    return NULL;
}

static char *
look_at_command (const GPtrArray *words, guint at, const LintSources *sources)
{
    for (gsize i = 0; i < G_N_ELEMENTS (reaching); i++) {
        guint rest;

        if (begins_with (words, at, reaching[i].words, &rest) && !stays_here (words, rest) &&
            !(reaching[i].family == APT && sources->apt) &&
            !(reaching[i].family == YUM && sources->yum))
            return message_printf ("runs '%s'", reaching[i].words);
    }
    return reaches_by_url (words, at);
}

/* The text behind "sh -c", or NULL; "python3 -m pip" is pip. */
static const char *
inner_text (const GPtrArray *words, guint *at)
{
    g_autofree char *base = g_path_get_basename (words->pdata[*at]);
    static const char *const shells[] = { "sh", "bash", "dash", "zsh", "ksh", NULL };
    gboolean shell = g_strv_contains (shells, base);

    if (g_str_has_prefix (base, "python") && *at + 2 < words->len &&
        strcmp (words->pdata[*at + 1], "-m") == 0)
        *at += 2;
    for (guint i = *at + 1; shell && i + 1 < words->len; i++) {
        const char *word = words->pdata[i];

        if (*word == '-' && g_str_has_suffix (word, "c"))
            return words->pdata[i + 1];
    }
    return NULL;
}

static char *
look_into (const char *text, const LintSources *sources, guint depth)
{
    char *found = NULL;

    while (found == NULL && *text != '\0') {
        g_autoptr (GPtrArray) words = next_command (&text);
        guint at = find_program (words);
        const char *inner;

        if (at >= words->len)
            continue;
        inner = inner_text (words, &at);
        if (inner != NULL && depth < NESTING)
            found = look_into (inner, sources, depth + 1);
        else
            found = look_at_command (words, at, sources);
    }
    return found;
}

char *
lint_command_network (const char *text, const LintSources *sources)
{
    return look_into (text, sources, 0);
}

gboolean
lint_mode_is_open (const char *mode)
{
    gsize digits = strspn (mode, "01234567");
    guint64 bits;

    if (digits == 0 || mode[digits] != '\0')
        return g_regex_match_simple ("(^|,)[ugoa]*[oa][ugoa]*[+=][rxXs]*w", mode, 0, 0) &&
               strchr (mode, 't') == NULL;
    bits = g_ascii_strtoull (mode, NULL, 8);
    /* One or two digits are no permissions, but a mode of something else. */
    return digits >= 3 && (bits & 0002) != 0 && (bits & 01000) == 0;
}

char *
lint_command_mode (const char *text)
{
    while (*text != '\0') {
        g_autoptr (GPtrArray) words = next_command (&text);
        guint at = find_program (words), rest;

        if (at >= words->len || !begins_with (words, at, "chmod", &rest))
            continue;
        while (rest < words->len && g_str_has_prefix (words->pdata[rest], "-"))
            rest++;
        if (rest < words->len && lint_mode_is_open (words->pdata[rest]))
            return g_strdup (words->pdata[rest]);
    }
    return NULL;
}
