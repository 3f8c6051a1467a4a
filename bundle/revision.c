/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/revision.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/* Programs that a repository's settings name are not wanted here, nor settings in a folder that
 * only looks like a repository: a commit can hold such a folder. */
#define GIT                                                                                        \
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c",                   \
        "safe.bareRepository=explicit"

/* Who calls from a hook of git has these; they name a repository that is perhaps another one. */
static const char *const foreign[] = {
    "GIT_DIR",        "GIT_WORK_TREE",        "GIT_COMMON_DIR",
    "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",  "GIT_PREFIX",           "GIT_CEILING_DIRECTORIES",
};

void
revision_clear (Revision *revision)
{
    g_clear_pointer (&revision->commit, g_free);
}

static gboolean
is_in_git (const char *dir)
{
    char *resolved = realpath (dir, NULL);
    g_autofree char *path = g_strdup (resolved);

    free (resolved); /* the C library's own */
    while (path != NULL) {
        g_autofree char *git = g_build_filename (path, ".git", NULL);
        char *above;

        if (g_file_test (git, G_FILE_TEST_EXISTS))
            return TRUE;
        if (strcmp (path, "/") == 0)
            return FALSE;
        above = g_path_get_dirname (path);
        g_free (path);
        path = above;
    }
    return FALSE;
}

static char **
make_environment (void)
{
    char **environment = g_get_environ ();

    for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
        environment = g_environ_unsetenv (environment, foreign[i]);
    environment = g_environ_setenv (environment, "LC_ALL", "C", TRUE);
    environment = g_environ_setenv (environment, "GIT_TERMINAL_PROMPT", "0", TRUE);
    environment = g_environ_setenv (environment, "GIT_NO_REPLACE_OBJECTS", "1", TRUE);
    /* What a partial clone lacks is not fetched: its settings say by which program. */
    environment = g_environ_setenv (environment, "GIT_ALLOW_PROTOCOL", "none", TRUE);
    /* Nothing is written to the repository, which may belong to others. */
    return g_environ_setenv (environment, "GIT_OPTIONAL_LOCKS", "0", TRUE);
}

/* What git says on stdout. Its first line on stderr is the message where it refuses. */
static char *
ask (const char *dir, const char *const *question, gsize *length, GError **error)
{
    g_autoptr (GSubprocessLauncher) launcher =
        g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr (GSubprocess) git = NULL;
    g_autoptr (GBytes) out = NULL;
    g_autoptr (GBytes) said = NULL;
    g_auto (GStrv) environment = make_environment ();
    g_autofree char *message = NULL;
    const char *bytes;
    char *answer;

    g_subprocess_launcher_set_environ (launcher, environment);
    g_subprocess_launcher_set_cwd (launcher, dir);
    git = g_subprocess_launcher_spawnv (launcher, question, error);
    if (git == NULL || !g_subprocess_communicate (git, NULL, NULL, &out, &said, error))
        return NULL;
    if (g_subprocess_get_successful (git)) {
        bytes = g_bytes_get_data (out, length);
        answer = g_malloc0 (*length + 1);
        if (*length > 0)
            memcpy (answer, bytes, *length);
        return answer;
    }
    bytes = g_bytes_get_data (said, length);
    message = g_strndup (*length > 0 ? bytes : "", *length);
    message[strcspn (message, "\n")] = '\0';
    return fail_null (error, ERR_FAILED, "git says '%s'", message);
}

static void
count_absent (const CollectedTree *tree, const char *names, gsize length, Revision *revision)
{
    g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

    for (gsize at = 0; at < length; at += strlen (names + at) + 1)
        g_hash_table_add (known, (char *)names + at);
    for (guint i = 0; i < tree->list->len; i++)
        if (!g_hash_table_contains (known, g_array_index (tree->list, CollectedFile, i).file.path))
            revision->not_in_git++;
}

/* To see what was changed, git runs the filters that attributes name. Those of the user's own
 * settings were wanted; those of the repository came with the sources, perhaps from anybody. */
static gboolean
check_filters (const char *dir, GError **error)
{
    static const char *const settings[] = { GIT, "config", "--list", "--show-scope", "-z", NULL };
    gsize length;
    g_autofree char *list = ask (dir, settings, &length, error);

    if (list == NULL)
        return FALSE;
    for (const char *scope = list, *setting; scope < list + length;
         scope = setting + strlen (setting) + 1) {
        setting = scope + strlen (scope) + (scope + strlen (scope) < list + length);
        g_autofree char *key = g_strndup (setting, strcspn (setting, "\n"));

        if (g_str_has_prefix (key, "filter.") &&
            (g_str_has_suffix (key, ".clean") || g_str_has_suffix (key, ".process")) &&
            (strcmp (scope, "local") == 0 || strcmp (scope, "worktree") == 0))
            return fail (error, ERR_FAILED,
                         "the repository's own settings name a program, '%s', which is not run; "
                         "where it is wanted, it belongs into 'git config --global'",
                         key);
    }
    return TRUE;
}

/* Files that git was told not to look at are never changed to it, whatever they hold. A sparse
 * checkout tells it so of files that are not there. */
static gboolean
check_hidden (const char *dir, GError **error)
{
    static const char *const files[] = { GIT, "ls-files", "-v", "-z", NULL };
    gsize length;
    g_autofree char *list = ask (dir, files, &length, error);

    if (list == NULL)
        return FALSE;
    /* "H PATH"; another letter where it is assume-unchanged (lower case) or skip-worktree (S). */
    for (const char *entry = list; entry < list + length; entry += strlen (entry) + 1) {
        const char *name = *entry != '\0' && entry[1] == ' ' ? entry + 2 : "";
        g_autofree char *path = g_build_filename (dir, name, NULL);

        if ((g_ascii_islower (*entry) || *entry == 'S') && g_file_test (path, G_FILE_TEST_EXISTS))
            return fail (error, ERR_FAILED,
                         "it was told not to look at '%s'; 'git update-index --no-assume-unchanged "
                         "--no-skip-worktree' undoes that",
                         name);
    }
    return TRUE;
}

static gboolean
find (const char *dir, const CollectedTree *tree, Revision *revision, GError **error)
{
    static const char *const head[] = { GIT, "rev-parse", "--verify", "HEAD^{commit}", NULL };
    /* A submodule's files are in no commit of this repository, and its settings are its own. */
    static const char *const status[] = {
        GIT, "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty",
        NULL
    };
    static const char *const names[] = { GIT, "ls-tree", "-r", "-z", "--name-only", "HEAD", NULL };
    gsize length;
    g_autofree char *commit = check_filters (dir, error) && check_hidden (dir, error)
                                  ? ask (dir, head, &length, error)
                                  : NULL;
    g_autofree char *changes = commit != NULL ? ask (dir, status, &length, error) : NULL;
    g_autofree char *list = NULL;

    if (changes == NULL)
        return FALSE;
    revision->modified = length > 0;
    list = ask (dir, names, &length, error);
    if (list == NULL)
        return FALSE;
    count_absent (tree, list, length, revision);
    revision->commit = g_strdup (g_strchomp (commit));
    return TRUE;
}

void
revision_find (const char *dir, const CollectedTree *tree, Revision *revision, GPtrArray *warnings)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *message = NULL;

    if (!is_in_git (dir) || find (dir, tree, revision, &error))
        return;
    message = error_clean (error->message);
    g_ptr_array_add (warnings, message_printf ("the provenance names no revision of the sources, "
                                               "though they are in git: %s",
                                               message));
}
