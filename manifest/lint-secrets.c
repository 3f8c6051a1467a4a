/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-text.h"

#include "manifest/error.h"

#include <string.h>

#define VAULT "$ANSIBLE_VAULT;"
#define PASSWORD_BYTES 5 /* shorter ones are words of a schema far more often */
#define TOKEN_BYTES 12
#define FLAGS (G_REGEX_RAW | G_REGEX_MULTILINE | G_REGEX_OPTIMIZE)

/* Names by which programs keep secrets and nothing else. */
static const char *const secret_names[] = {
    ".env",     "id_rsa",  "id_dsa",     "id_ecdsa",     "id_ed25519",   "*.key",
    "*.p12",    "*.pfx",   "*.jks",      "*.kdbx",       ".netrc",       ".pgpass",
    "*.ovpn",   "*.ppk",   ".htpasswd",  ".vault_pass*", "*vault-pass*", ".git-credentials",
    "*.keytab", ".pypirc", "kubeconfig",
};

/* Files in which a line "password: …" sets one; elsewhere it is prose or a program's own name. */
static const char *const setting_files[] = {
    "*.yml",     "*.yaml", "*.ini",        "*.conf", "*.cfg",   "*.cnf",    "*.env",
    "*.json",    "*.toml", "*.properties", "*.j2",   "*.tmpl",  "*.config", "*.tfvars",
    "*.service", "*.sh",   ".env.*",       ".npmrc", ".my.cnf",
};

#define BEFORE "(?:^|[{,])[ \\t]*(?:-[ \\t]+)?(?:export[ \\t]+)?[\"']?"
#define VALUE                                                                                      \
    "(?:\"([^\"\\n]*)\"|'([^'\\n]*)'|([^\\s\"',{}\\[\\]#][^\\s,}\\]]*)(?=[ \\t\\r,}\\]]*(?:$|[ "   \
    "\\t]#)))"
#define AFTER "[\"']?[ \\t]*[:=][ \\t]*" VALUE

/* Settings that hold a password, and those that hold a token. */
static const struct {
    const char *pattern;
    gboolean token;
    const char *what;
} settings[] = {
    { "(?i)" BEFORE "(?!use_)[a-z0-9_.-]{0,80}(?:password|passwd|passphrase)" AFTER, FALSE,
      "a password" },
    { "(?i)(?:^|[\\s{,-])ansible_(?:ssh_|become_|sudo_|su_)?pass(?:word)?" AFTER, FALSE,
      "a password" },
    { "(?i)" BEFORE "[a-z0-9_.-]{0,80}(?:api_?key|secret(?:_?access)?_?key|(?:auth|access|private|"
      "bearer|deploy)_?token|_token|client_?secret|_secret)" AFTER,
      TRUE, "a token" },
    { "(?i)^//[^\\n]*:_auth(?:Token)?=(?:()()(\\S+))", TRUE, "a package registry's token" },
    { "(?i)\\b[a-z][a-z0-9+.-]{0,20}://[^\\s/:@'\"{}$<>]{1,80}:(?:()()([^\\s/"
      ":@'\"{}$<>]{1,200}))@[a-z0-9.-]",
      FALSE, "a password in a URL" },
};

gboolean
lint_is_template (const char *text)
{
    return strstr (text, "{{") != NULL || strstr (text, "{%") != NULL || strchr (text, '$') != NULL;
}

gboolean
lint_is_placeholder (const char *value)
{
    static const char *const parts[] = {
        "change",    "replace",  "placeholder", "example", "sample", "dummy", "your",
        "insert",    "redacted", "secret_here", "xxx",     "***",    "...",   "lookup",
        "environ",   "prompt",   "generate",    "vault",   "undef",  "todo",  "goes here",
        "password_", "passwd_",  "notasecret",  "foobar",
    };
    static const char *const words[] = {
        "required", "optional",   "string", "password",   "passwd",   "secret",    "token",
        "default",  "always",     "never",  "false",      "disabled", "enabled",   "present",
        "absent",   "random",     "empty",  "plain",      "bearer",   "basic",     "digest",
        "unset",    "passphrase", "login",  "pass",       "update",   "on_create", "keyring",
        "keychain", "sha256",     "sha512", "sufficient",
    };
    g_autofree char *low = g_ascii_strdown (value, -1);

    if (*low == '\0' || strchr ("<!/~%@&*|>[(`\\", *low) != NULL || lint_is_template (low) ||
        strstr (low, "://") != NULL || strspn (low, (const char[]){ *low, '\0' }) == strlen (low))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
        if (strcmp (low, words[i]) == 0)
            return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
        if (strstr (low, parts[i]) != NULL)
            return TRUE;
    return strchr (low, '(') != NULL || strpbrk (low, " \t") != NULL ||
           g_str_has_suffix (low, "password") || g_str_has_suffix (low, "_pwd");
}

/* Tokens are long and of mixed characters; names of things are words. */
static gboolean
may_be_token (const char *value)
{
    gboolean digit = FALSE, letter = FALSE;

    for (const char *p = value; *p != '\0'; p++) {
        digit |= g_ascii_isdigit (*p);
        letter |= g_ascii_isalpha (*p);
    }
    return digit && letter && strlen (value) >= TOKEN_BYTES;
}

static gboolean
fits_name (const char *path, const char *const *patterns, gsize n)
{
    g_autofree char *base = g_path_get_basename (path);

    for (gsize i = 0; i < n; i++)
        if (g_pattern_match_simple (patterns[i], base))
            return TRUE;
    return FALSE;
}

/* Once for a line, whatever fits it. */
static void
note_secret (Lint *lint, GHashTable *lines, const LintPlace *place, const char *what)
{
    if (g_hash_table_add (lines, GUINT_TO_POINTER (place->line)))
        lint_add (lint, LINT_SECRET, place, "this looks like %s", what);
}

/* Compiled once for all files: the tokens, then the settings. */
static void
compile (Lint *lint)
{
    lint->patterns = g_ptr_array_new_with_free_func ((GDestroyNotify)g_regex_unref);
    for (const LintToken *token = lint_tokens; token->pattern != NULL; token++)
        g_ptr_array_add (lint->patterns, g_regex_new (token->pattern, FLAGS, 0, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
        g_ptr_array_add (lint->patterns, g_regex_new (settings[i].pattern, FLAGS, 0, NULL));
}

static void
look_for_token (Lint *lint, guint i, GHashTable *lines, const char *path, const char *text)
{
    g_autoptr (GMatchInfo) match = NULL;
    LintCursor cursor = { .text = text };
    LintPlace place = { .file = path };

    if (lint_tokens[i].mark != NULL && strstr (text, lint_tokens[i].mark) == NULL)
        return;
    g_regex_match (lint->patterns->pdata[i], text, 0, &match);
    for (; g_match_info_matches (match); g_match_info_next (match, NULL)) {
        gint start;

        g_match_info_fetch_pos (match, 0, &start, NULL);
        lint_cursor_seek (&cursor, (gsize)start, &place);
        note_secret (lint, lines, &place, lint_tokens[i].what);
    }
}

static void
look_at_setting (Lint *lint, gsize i, const GRegex *regex, GHashTable *lines, const char *path,
                 const char *text)
{
    g_autoptr (GMatchInfo) match = NULL;
    LintCursor cursor = { .text = text };
    LintPlace place = { .file = path };

    g_regex_match (regex, text, 0, &match);
    for (; g_match_info_matches (match); g_match_info_next (match, NULL)) {
        gint group = g_match_info_get_match_count (match) - 1, start;
        g_autofree char *value = g_match_info_fetch (match, group);

        g_match_info_fetch_pos (match, group, &start, NULL);
        if (strlen (value) < PASSWORD_BYTES || lint_is_placeholder (value) ||
            (settings[i].token && !may_be_token (value)))
            continue;
        lint_cursor_seek (&cursor, (gsize)start, &place);
        note_secret (lint, lines, &place, settings[i].what);
    }
}

/* What a collection's authors published with it for trying it out is nobody's password. */
static gboolean
is_published_example (const char *path)
{
    return g_regex_match_simple (
        "(^|/)ansible_collections/.*/(tests|molecule|examples|docs|playbooks|scripts)/", path, 0,
        0);
}

static gboolean
is_setting_file (const char *path)
{
    g_autofree char *base = g_path_get_basename (path);

    if (is_published_example (path))
        return FALSE;
    return strchr (base, '.') == NULL ||
           fits_name (path, setting_files, G_N_ELEMENTS (setting_files));
}

/* What the text holds, once for a line. */
static guint
look_into (Lint *lint, const char *path, const char *text)
{
    g_autoptr (GHashTable) lines = g_hash_table_new (NULL, NULL);
    guint tokens = 0;

    if (lint->patterns == NULL)
        compile (lint);
    for (; lint_tokens[tokens].pattern != NULL; tokens++)
        look_for_token (lint, tokens, lines, path, text);
    for (gsize i = 0; is_setting_file (path) && i < G_N_ELEMENTS (settings); i++)
        look_at_setting (lint, i, lint->patterns->pdata[tokens + i], lines, path, text);
    return g_hash_table_size (lines);
}

void
lint_secrets_read (Lint *lint, const char *path, const char *text)
{
    g_autofree char *base = g_path_get_basename (path);
    g_autofree char *shown = error_quote (base);
    LintPlace place = { path, 1, 1, 0 };

    if (text != NULL && (g_str_has_prefix (text, VAULT) || look_into (lint, path, text) > 0))
        return;
    if ((text == NULL || strstr (text, "PUBLIC KEY") == NULL) &&
        fits_name (path, secret_names, G_N_ELEMENTS (secret_names)))
        lint_add (lint, LINT_SECRET_FILE, &place, "programs keep secrets in files named '%s'",
                  shown);
}

void
lint_secrets_values (Lint *lint)
{
    for (guint i = 0; i < lint->release->values->len; i++) {
        const ReleaseValue *value = lint->release->values->pdata[i];
        LintPlace place;

        if (value->fallback == NULL || strlen (value->fallback) < PASSWORD_BYTES ||
            lint_is_placeholder (value->fallback) ||
            !g_regex_match_simple ("(?i)(?:password|passwd|passphrase|secret|token|api_?key)$",
                                   value->name, 0, 0))
            continue;
        place = lint_place (lint, "values", i, "default");
        lint_add (lint, LINT_SECRET, &place, "the default of '%s' looks like a secret",
                  value->name);
    }
}
