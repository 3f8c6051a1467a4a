/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-task.h"
#include "manifest/lint-text.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/message.h"

#include <string.h>

typedef struct {
    const LintTask *task;
    const LintSources *sources;
    const Release *release;
    const char *detail; /* of the module's row */
} Look;

typedef char *(*NetworkFunc) (const Look *look);

static gboolean
is_local_host (const char *host, gsize length)
{
    static const char *const names[] = { "localhost", "[::1]", "0.0.0.0" };

    if (length == 0 || strchr ("{$<%", *host) != NULL || g_str_has_prefix (host, "127."))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        if (length == strlen (names[i]) && g_ascii_strncasecmp (host, names[i], length) == 0)
            return TRUE;
    return FALSE;
}

gboolean
lint_is_remote (const char *text)
{
    for (const char *p = strstr (text, "://"); p != NULL; p = strstr (p + 3, "://")) {
        const char *host = p + strlen ("://"), *scheme = p;
        gsize length = strcspn (host, "/?#, \t\n\"'");
        const char *at = g_strrstr_len (host, (gssize)length, "@");

        while (scheme > text && (g_ascii_isalnum (scheme[-1]) || scheme[-1] == '+'))
            scheme--;
        if (at != NULL) {
            length -= (gsize)(at + 1 - host);
            host = at + 1;
        }
        length = MIN (length, *host == '[' ? strcspn (host, "]") + 1 : strcspn (host, ":"));
        if (scheme < p && !g_str_has_prefix (scheme, "file:") &&
            !g_str_has_prefix (scheme, "unix:") && !is_local_host (host, length))
            return TRUE;
    }
    return FALSE;
}

char *
lint_show_url (const char *text)
{
    g_autoptr (GRegex) regex = g_regex_new ("://[^/@\\s]*@", G_REGEX_RAW, 0, NULL);
    g_autofree char *masked = g_regex_replace_literal (regex, text, -1, 0, "://…@", 0, NULL);

    return error_quote (masked != NULL ? masked : "");
}

gboolean
lint_is_local_file (const char *text)
{
    static const char *const ends[] = { ".deb", ".rpm",     ".whl", ".tgz", ".tar.gz",
                                        ".gem", ".tar.bz2", ".zip", ".apk", ".snap" };

    if (strstr (text, "://") != NULL && !g_str_has_prefix (text, "file:"))
        return FALSE;
    if (*text == '/' || *text == '~' || *text == '.' || g_str_has_prefix (text, "file:"))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
        if (g_str_has_suffix (text, ends[i]))
            return TRUE;
    return FALSE;
}

/* Every text of an argument, which may be a list or "a,b"; caller frees. */
static GPtrArray *
texts_of (const LintTask *task, const char *name)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
    const YamlNode *node = lint_task_arg (task, name);

    if (node != NULL && node->kind == YAML_NODE_SCALAR) {
        g_auto (GStrv) parts = g_strsplit (node->text, ",", -1);

        for (char **part = parts; *part != NULL; part++)
            if (*g_strstrip (*part) != '\0')
                g_ptr_array_add (texts, g_strdup (*part));
    }
    for (guint i = 0; node != NULL && node->kind == YAML_NODE_LIST && i < node->values->len; i++) {
        const YamlNode *item = node->values->pdata[i];

        if (item->kind == YAML_NODE_SCALAR)
            g_ptr_array_add (texts, g_strdup (item->text));
    }
    return texts;
}

static gboolean
is_word (const LintTask *task, const char *name, const char *words)
{
    const char *text = lint_task_text (task, name);
    g_auto (GStrv) list = g_strsplit (words, " ", -1);

    return text != NULL && g_strv_contains ((const char *const *)list, text);
}

static gboolean
is_taken_away (const LintTask *task)
{
    return is_word (task, "state", "absent removed uninstalled");
}

/* "git@host:path", which is a URL without a scheme. */
static gboolean
is_scp_form (const char *text)
{
    gsize user = strcspn (text, "@:/ {");
    gsize host = text[user] == '@' ? strcspn (text + user + 1, "@:/ {") : 0;

    return user > 0 && host > 0 && text[user + 1 + host] == ':';
}

/* detail: the arguments that may be URLs. */
static char *
check_urls (const Look *look)
{
    g_auto (GStrv) names = g_strsplit (look->detail, " ", -1);

    if (lint_task_arg (look->task, "unix_socket") != NULL || is_taken_away (look->task))
        return NULL;
    for (char **name = names; *name != NULL; name++) {
        g_autoptr (GPtrArray) texts = texts_of (look->task, *name);

        for (guint i = 0; i < texts->len; i++) {
            const char *text = texts->pdata[i];
            g_autofree char *shown = NULL;

            if (!lint_is_remote (text) && !g_str_has_prefix (text, "ppa:") && !is_scp_form (text))
                continue;
            shown = lint_show_url (text);
            return message_printf ("asks '%s'", shown);
        }
    }
    return NULL;
}

static gboolean
has_local_source (const Look *look)
{
    const char *module = look->task->module, *extra = lint_task_text (look->task, "extra_args");
    gboolean any = strcmp (module, "package") == 0;

    if (extra != NULL && (strstr (extra, "--no-index") != NULL ||
                          strstr (extra, "--find-links") != NULL || strstr (extra, "-f ") != NULL))
        return TRUE;
    if (lint_task_is_true (look->task, "offline") || lint_task_is_true (look->task, "cacheonly") ||
        lint_task_text (look->task, "gem_source") != NULL)
        return TRUE;
    return ((any || strcmp (look->detail, "apt") == 0) && look->sources->apt) ||
           ((any || strcmp (look->detail, "yum") == 0) && look->sources->yum);
}

/* detail: the family of package managers. */
static char *
check_packages (const Look *look)
{
    static const char *const names[] = { "name", "pkg", "package", "requirements" };
    static const char *const updates[] = { "update_cache", "update-cache", "upgrade" };
    const char *deb = lint_task_text (look->task, "deb"), *first = NULL;

    if (is_taken_away (look->task) || has_local_source (look))
        return NULL;
    if (deb != NULL)
        return lint_is_remote (deb) ? message_printf ("fetches a package by its URL") : NULL;
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GPtrArray) texts = texts_of (look->task, names[i]);

        for (guint t = 0; t < texts->len; t++)
            if (i == 3 || !lint_is_local_file (texts->pdata[t]))
                return message_printf ("installs from where packages are published");
        first = texts->len > 0 ? names[i] : first;
    }
    for (gsize i = 0; first == NULL && i < G_N_ELEMENTS (updates); i++) {
        const char *text = lint_task_text (look->task, updates[i]);

        if (text != NULL && !lint_is_template (text) && strcmp (text, "no") != 0 &&
            g_ascii_strcasecmp (text, "false") != 0)
            return message_printf ("asks where packages are published for newer ones");
    }
    return NULL;
}

static char *
check_pull (const Look *look)
{
    return is_word (look->task, "pull", "always newer") || lint_task_is_true (look->task, "pull")
               ? message_printf ("pulls the image from its registry")
               : NULL;
}

static char *
check_docker_image (const Look *look)
{
    const YamlNode *build = lint_task_arg (look->task, "build");
    const YamlNode *pull =
        build != NULL && build->kind == YAML_NODE_MAP ? field_find (build, "pull") : NULL;

    if (lint_task_is_true (look->task, "push"))
        return message_printf ("pushes the image to its registry");
    if (is_word (look->task, "source", "pull") ||
        (pull != NULL && pull->kind == YAML_NODE_SCALAR &&
         g_regex_match_simple ("^(?i)(true|yes|on)$", pull->text, 0, 0)))
        return message_printf ("pulls the image from its registry");
    return NULL;
}

/* podman_image pulls by itself what is not there; a carried image is. */
static char *
check_podman_image (const Look *look)
{
    const char *name = lint_task_text (look->task, "name");
    const char *tag = lint_task_text (look->task, "tag"), *pull;
    g_autofree char *full = NULL;

    pull = lint_task_text (look->task, "pull");
    if (name == NULL || is_taken_away (look->task) || lint_is_template (name) ||
        lint_task_arg (look->task, "path") != NULL ||
        (pull != NULL && !lint_task_is_true (look->task, "pull")))
        return NULL;
    full = tag != NULL ? g_strdup_printf ("%s:%s", name, tag) : g_strdup (name);
    if (!lint_task_is_true (look->task, "force") && strchr (full, ':') != NULL &&
        release_find_image (look->release, full) != NULL)
        return NULL;
    return message_printf ("pulls the image from its registry");
}

/* detail: what it does whatever its arguments are. */
static char *
check_always (const Look *look)
{
    if (is_taken_away (look->task) || is_word (look->task, "pull", "not_present"))
        return NULL;
    return g_strdup (look->detail);
}

static char *
check_command (const Look *look)
{
    g_autofree char *text = lint_task_command (look->task);

    return text != NULL ? lint_command_network (text, look->sources) : NULL;
}

#define TALKS "talks to a registry"

static const struct {
    const char *module;
    NetworkFunc check;
    const char *detail;
} modules[] = {
    { "get_url", check_urls, "url" },
    { "uri", check_urls, "url" },
    { "unarchive", check_urls, "src" },
    { "git", check_urls, "repo" },
    { "subversion", check_urls, "repo" },
    { "hg", check_urls, "repo" },
    { "apt_key", check_urls, "url keyserver" },
    { "rpm_key", check_urls, "key" },
    { "apt_repository", check_urls, "repo" },
    { "deb822_repository", check_urls, "uris signed_by" },
    { "yum_repository", check_urls, "baseurl mirrorlist metalink gpgkey" },
    { "apt", check_packages, "apt" },
    { "yum", check_packages, "yum" },
    { "dnf", check_packages, "yum" },
    { "dnf5", check_packages, "yum" },
    { "package", check_packages, "any" },
    { "zypper", check_packages, "zypper" },
    { "apk", check_packages, "apk" },
    { "pacman", check_packages, "pacman" },
    { "pip", check_packages, "pip" },
    { "pipx", check_packages, "pip" },
    { "npm", check_packages, "npm" },
    { "yarn", check_packages, "npm" },
    { "gem", check_packages, "gem" },
    { "cpanm", check_packages, "cpanm" },
    { "snap", check_packages, "snap" },
    { "flatpak", check_packages, "flatpak" },
    { "docker_image", check_docker_image, NULL },
    { "docker_image_pull", check_always, "pulls the image from its registry" },
    { "docker_image_push", check_always, "pushes the image to its registry" },
    { "docker_image_build", check_pull, NULL },
    { "docker_container", check_pull, NULL },
    { "docker_compose", check_pull, NULL },
    { "docker_compose_v2", check_pull, NULL },
    { "docker_compose_v2_pull", check_always, "pulls images from their registries" },
    { "docker_login", check_always, TALKS },
    { "docker_plugin", check_always, "fetches a plugin from a registry" },
    { "podman_image", check_podman_image, NULL },
    { "podman_container", check_pull, NULL },
    { "podman_pod", check_pull, NULL },
    { "podman_play", check_pull, NULL },
    { "podman_login", check_always, TALKS },
    { "shell", check_command, NULL },
    { "command", check_command, NULL },
    { "raw", check_command, NULL },
};

char *
lint_task_network (const LintTask *task, const LintSources *sources, const Release *release)
{
    Look look = { task, sources, release, NULL };
    char *reached = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (modules); i++) {
        if (strcmp (task->module, modules[i].module) != 0)
            continue;
        look.detail = modules[i].detail;
        reached = modules[i].check (&look);
        break;
    }
    /* cppcheck-suppress returnDanglingLifetime; the text is its own */
    return reached;
}
