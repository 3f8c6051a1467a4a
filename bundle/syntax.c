/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/syntax.h"

#include "bundle/ansible.h"
#include "bundle/extract.h"
#include "bundle/member.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/json-out.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Above this a file is no playbook, and an empty one stands for it. */
#define COPY_BYTES (1024 * 1024)
#define MESSAGE_LINES 4
#define REMOVE_DESCRIPTORS 16
#define REMOVE_TRIES 4
#define REMOVE_PAUSE 100000 /* microseconds, and more each time */

/* The temporary folder: tree/, ansible.cfg, variables.json. */
typedef struct {
    const Release *release;
    char *path;
    int dirfd;
} Layout;

/* What is gone already is no reason to leave the rest. */
static int
remove_one (const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    return remove (path) == 0 || errno == ENOENT || errno == ENOTEMPTY ? 0 : -1;
}

/* A child of Ansible may still clear its own part away when Ansible has ended. */
static void
layout_clear (Layout *layout)
{
    file_clear_fd (&layout->dirfd);
    for (guint i = 0; layout->path != NULL && i < REMOVE_TRIES; i++) {
        if (nftw (layout->path, remove_one, REMOVE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) <
                0 &&
            errno == ENOENT)
            break;
        g_usleep (i * REMOVE_PAUSE);
    }
    g_free (layout->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Layout, layout_clear)

static gboolean
copy_file (const CollectedTree *tree, const CollectedFile *one, int tree_fd, GError **error)
{
    guint64 length = one->file.length;
    guint64 at = one->at + one->bytes - length - member_padding (length);
    autofd int fd = extract_create_file (tree_fd, one->file.path, one->file.executable, error);
    g_autofree guint8 *bytes = NULL;

    if (fd < 0)
        return FALSE;
    if (length > COPY_BYTES)
        return TRUE;
    bytes = g_malloc (MAX (length, 1));
    return file_pread_all (tree->fd, one->file.path, bytes, length, at, error) &&
           file_write_all (fd, one->file.path, bytes, length, error);
}

static gboolean
lay_out (Layout *layout, const CollectedTree *tree, GError **error)
{
    autofd int tree_fd = -1;

    if (mkdirat (layout->dirfd, "tree", 0700) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder in '%s'", layout->path);
    tree_fd = file_open_below (layout->dirfd, "tree", O_RDONLY | O_DIRECTORY, error);
    if (tree_fd < 0)
        return FALSE;
    for (guint i = 0; i < tree->list->len; i++)
        if (!copy_file (tree, &g_array_index (tree->list, CollectedFile, i), tree_fd, error))
            return FALSE;
    return TRUE;
}

static void
add_values (JsonBuilder *builder, const char *name, const Release *release)
{
    json_out_object (builder, name);
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = g_ptr_array_index (release->values, i);

        json_out_text (builder, value->name,
                       value->fallback != NULL ? value->fallback : value->name);
    }
    json_builder_end_object (builder);
}

/* Of the variables that a playbook gets on a host (install/FORMAT.md) those that may stand where
 * Ansible looks at once, such as the name of a file that is imported. */
static GBytes *
make_variables (const Release *release)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;
    char *text;

    json_builder_begin_object (builder);
    json_out_object (builder, "handcarry");
    json_out_text (builder, "product", release->product);
    json_out_text (builder, "channel", release->channel);
    json_out_text (builder, "version", release->version);
    json_out_number (builder, "release", release->release);
    add_values (builder, "values", release);
    add_values (builder, "value", release);
    json_builder_end_object (builder);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    text = json_to_string (root, FALSE);
    return g_bytes_new_take (text, strlen (text));
}

/* Before "Origin:" or "The error appears" a person reads what is wrong, and where after it. */
char *
syntax_message (const char *said, const char *root, const char *playbook)
{
    g_autoptr (GRegex) place = g_regex_new ("(?:in '([^'\n]+)': line (\\d+), column (\\d+)"
                                            "|Origin: ([^\n]+?):(\\d+)(?::(\\d+))?\n)",
                                            0, 0, NULL);
    g_autoptr (GMatchInfo) match = NULL;
    g_autofree char *prefix = g_strconcat (root, "/", NULL);
    g_autofree char *valid = g_utf8_make_valid (said, -1);
    const char *error = strstr (valid, "ERROR");
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GString) where = g_string_new (playbook);
    g_auto (GStrv) lines = NULL;
    guint shown = 0;

    if (g_regex_match (place, valid, 0, &match)) {
        gint group = g_match_info_get_match_count (match) > 4 ? 4 : 1;
        g_autofree char *file = g_match_info_fetch (match, group);
        g_autofree char *line = g_match_info_fetch (match, group + 1);
        g_autofree char *column = g_match_info_fetch (match, group + 2);

        g_string_printf (where, "%s:%s:%s", file, line,
                         column != NULL && *column != '\0' ? column : "1");
    }
    lines = g_strsplit (error != NULL ? error : valid, "\n", -1);
    for (char **line = lines; *line != NULL && shown < MESSAGE_LINES; line++) {
        const char *bare = g_strstrip (*line);
        g_autofree char *quoted = NULL;

        if (g_str_has_prefix (bare, "The error appears") || g_str_has_prefix (bare, "Origin:"))
            break;
        bare += g_str_has_prefix (bare, "ERROR!") ? strlen ("ERROR!") : 0;
        bare += g_str_has_prefix (bare, "ERROR]:") ? strlen ("ERROR]:") : 0;
        quoted = error_quote (bare + strspn (bare, " "));
        if (*quoted != '\0')
            g_string_append_printf (text, "%s%s", shown++ > 0 ? " " : "", quoted);
    }
    g_string_prepend (text, ": ansible-playbook: ");
    g_string_prepend (text, where->str);
    g_string_replace (text, prefix, "", 0);
    g_string_replace (text, root, ".", 0);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static char **
make_environment (const Layout *layout)
{
    char **environment = g_new0 (char *, 1);
    g_autofree char *config = g_build_filename (layout->path, "ansible.cfg", NULL);
    const char *path = g_getenv ("PATH");

    environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv (environment, "HOME", layout->path, TRUE);
    environment = g_environ_setenv (environment, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
    environment = g_environ_setenv (environment, "ANSIBLE_CONFIG", config, TRUE);
    return g_environ_setenv (environment, "PATH", path != NULL ? path : "/usr/bin:/bin", TRUE);
}

/* An inventory that is a program is not run here. */
static gboolean
is_program (const CollectedTree *tree, const char *path)
{
    for (guint i = 0; i < tree->list->len; i++) {
        const CollectedFile *one = &g_array_index (tree->list, CollectedFile, i);

        if (strcmp (one->file.path, path) == 0)
            return one->file.executable;
    }
    return FALSE;
}

static gboolean
check_one (const Layout *layout, const CollectedTree *tree, const ReleasePlaybook *playbook,
           GError **error)
{
    g_autofree char *root = g_build_filename (layout->path, "tree", NULL);
    g_autofree char *variables = g_strdup_printf ("@%s/variables.json", layout->path);
    g_autoptr (GBytes) config = ansible_config (layout->path, root, playbook->path);
    gboolean usual = playbook->inventory == NULL || is_program (tree, playbook->inventory);
    const char *inventory = usual ? "localhost," : playbook->inventory;
    const char *const argv[] = { "ansible-playbook", "--syntax-check", "-i", inventory, "-e",
                                 variables,          playbook->path,   NULL };
    g_auto (GStrv) environment = make_environment (layout);
    g_autofree char *out = NULL, *said = NULL, *message = NULL;
    int status;

    if (!file_replace (layout->dirfd, "ansible.cfg", config, 0600, error) ||
        !g_spawn_sync (root, (char **)argv, environment, G_SPAWN_SEARCH_PATH_FROM_ENVP, NULL, NULL,
                       &out, &said, &status, error))
        return FALSE;
    if (status == 0)
        return TRUE;
    message = syntax_message (said, root, playbook->path);
    return fail (error, ERR_FORMAT, "%s", message);
}

static gboolean
open_layout (Layout *layout, const char *tmpdir, GError **error)
{
    const char *dir = file_temporary_folder (tmpdir);
    g_autofree char *path = g_build_filename (dir, "handcarry-XXXXXX", NULL);

    if (g_mkdtemp (path) == NULL)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a temporary folder in '%s'", dir);
    layout->path = g_steal_pointer (&path);
    layout->dirfd = file_open_dir_given (layout->path, error);
    return layout->dirfd >= 0;
}

gboolean
syntax_check (const Release *release, const CollectedTree *tree, const char *tmpdir,
              GPtrArray *warnings, GError **error)
{
    g_auto (Layout) layout = { .release = release, .dirfd = -1 };
    g_autofree char *program = g_find_program_in_path ("ansible-playbook");
    g_autoptr (GBytes) variables = NULL;

    if (release->playbooks->len == 0)
        return TRUE;
    if (program == NULL) {
        g_ptr_array_add (warnings,
                         message_printf ("there is no ansible-playbook here, so the playbooks "
                                         "were not checked"));
        return TRUE;
    }
    variables = make_variables (release);
    if (!open_layout (&layout, tmpdir, error) || !lay_out (&layout, tree, error) ||
        !file_create (layout.dirfd, "variables.json", variables, 0600, error))
        return FALSE;
    for (guint i = 0; i < release->playbooks->len; i++)
        if (!check_one (&layout, tree, g_ptr_array_index (release->playbooks, i), error))
            return FALSE;
    return TRUE;
}
