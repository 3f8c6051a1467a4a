/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/lint.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_BYTES 65536 /* secrets that people leave lying about are small files */
#define LIMIT_FOLDER_DEPTH 64

/* Names by which programs keep secrets. */
static const char *const secret_names[] = {
    ".env",        ".env.*",   "*.env",     "id_rsa",       "id_dsa",       "id_ecdsa",
    "id_ed25519",  "*.key",    "*.p12",     "*.pfx",        "*.jks",        "*.kdbx",
    ".netrc",      ".pgpass",  ".htpasswd", ".vault_pass*", "*vault-pass*", ".git-credentials",
    "credentials", "*.keytab", "*.ovpn",    ".npmrc",       ".pypirc",      "kubeconfig",
};

/* What the contents of secrets begin with or contain, and how a person calls it. */
static const struct {
    const char *pattern;
    const char *what;
} secret_contents[] = {
    { "-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----", "a private key" },
    { "untrusted comment: .*secret key", "a signing key" },
    { "\\b(AKIA|ASIA)[0-9A-Z]{16}\\b", "a cloud access key" },
    { "\\bgh[pousr]_[A-Za-z0-9]{36}", "an access token" },
    { "\\bglpat-[A-Za-z0-9_-]{20}", "an access token" },
    { "(?i)^\\s*[\"']?[a-z_]*(password|passwd|secret|api_key|token)[\"']?\\s*[:=]\\s*[\"']?"
      "(?![\"']?\\s*$)(?!\\{\\{)(?!\\$)(?!!vault)(?!lookup)[^\\s\"'{$]{6,}",
      "a password" },
};

typedef struct {
    int dirfd;
    GPtrArray *warnings;
    GHashTable *seen; /* paths */
} SecretLint;

static void
warn (SecretLint *lint, const char *path, guint line, const char *why)
{
    g_autofree char *shown = error_quote (path);

    g_ptr_array_add (lint->warnings,
                     g_strdup_printf ("%s:%u:1: %s; whoever has the bundle can read it. Let the "
                                      "host supply it ('values')",
                                      shown, line, why));
}

static guint
line_at (const char *text, gint offset)
{
    guint line = 1;

    for (gint i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static void
look_into (SecretLint *lint, const char *path, int fd)
{
    g_autofree char *text = g_malloc0 (LOOK_BYTES + 1);
    ssize_t length = pread (fd, text, LOOK_BYTES, 0);

    if (length <= 0 || memchr (text, '\0', (gsize)length) != NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (secret_contents); i++) {
        g_autoptr (GRegex) regex =
            g_regex_new (secret_contents[i].pattern, G_REGEX_RAW | G_REGEX_MULTILINE, 0, NULL);
        g_autoptr (GMatchInfo) match = NULL;
        g_autofree char *why = NULL;
        gint start = 0;

        if (!g_regex_match (regex, text, 0, &match))
            continue;
        g_match_info_fetch_pos (match, 0, &start, NULL);
        why = g_strdup_printf ("this looks like %s", secret_contents[i].what);
        warn (lint, path, line_at (text, start), why);
        return;
    }
}

static void
look_at_file (SecretLint *lint, const char *path, int fd)
{
    g_autofree char *base = g_path_get_basename (path);

    if (!g_hash_table_add (lint->seen, g_strdup (path)))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (secret_names); i++) {
        if (!g_pattern_match_simple (secret_names[i], base))
            continue;
        warn (lint, path, 1, "the file's name is one by which secrets are kept");
        return;
    }
    look_into (lint, path, fd);
}

static void look_at (SecretLint *lint, const char *path, guint depth);

static void
look_at_folder (SecretLint *lint, const char *path, int fd, guint depth)
{
    g_autoptr (GPtrArray) names = file_list (fd, path, NULL);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *inside = g_build_filename (path, names->pdata[i], NULL);

        look_at (lint, inside, depth + 1);
    }
}

static void
look_at (SecretLint *lint, const char *path, guint depth)
{
    struct stat st;
    autofd int fd = file_open_below (lint->dirfd, path, O_RDONLY | O_NONBLOCK, NULL);

    if (fd < 0 || fstat (fd, &st) < 0 || depth > LIMIT_FOLDER_DEPTH)
        return;
    if (S_ISDIR (st.st_mode))
        look_at_folder (lint, path, fd, depth);
    else if (S_ISREG (st.st_mode))
        look_at_file (lint, path, fd);
}

/* What comes along with a playbook. */
static void
look_beside (SecretLint *lint, const char *playbook)
{
    static const char *const folders[] = { "roles",       "group_vars", "host_vars",
                                           "collections", "vars",       "files",
                                           "templates",   "tasks",      "library" };
    g_autofree char *folder = g_path_get_dirname (playbook);

    for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
        g_autofree char *path = strcmp (folder, ".") == 0
                                    ? g_strdup (folders[i])
                                    : g_build_filename (folder, folders[i], NULL);

        look_at (lint, path, 0);
    }
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

void
lint_secrets (const Release *release, int dirfd, GPtrArray *warnings)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (GPtrArray) found = g_ptr_array_new ();
    SecretLint lint = { .dirfd = dirfd, .warnings = found, .seen = seen };

    for (guint i = 0; i < release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = release->playbooks->pdata[i];

        look_at (&lint, playbook->path, 0);
        if (playbook->inventory != NULL)
            look_at (&lint, playbook->inventory, 0);
        look_beside (&lint, playbook->path);
    }
    for (guint i = 0; i < release->configs->len; i++)
        look_at (&lint, ((ReleaseConfig *)release->configs->pdata[i])->from, 0);
    for (guint i = 0; i < release->files->len; i++) {
        g_autofree char *path = g_strdup (((ReleaseFiles *)release->files->pdata[i])->from);

        if (g_str_has_suffix (path, "/"))
            path[strlen (path) - 1] = '\0';
        look_at (&lint, path, 0);
    }
    /* Folders come in any order from the kernel. */
    g_ptr_array_sort (found, compare_texts);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add (warnings, found->pdata[i]);
}
