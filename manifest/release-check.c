/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"
#include "manifest/release-internal.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const YamlNode *
item (const YamlNode *map, const char *key, guint index)
{
    const YamlNode *list = field_find (map, key);

    return list->values->pdata[index];
}

static void
check_product (FieldReader *reader, const YamlNode *map, const char *product)
{
    if (product != NULL && path_is_taken (product))
        field_problem (reader, field_find (map, "product"),
                       "no product can be named '%s': handcarry has a folder of that name; choose "
                       "another",
                       product);
}

/* "x:1" and "docker.io/library/x:1" are one name for every engine. */
static void
check_image_names (FieldReader *reader, const YamlNode *map, const GPtrArray *images)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < images->len; i++) {
        const ReleaseImage *image = images->pdata[i];

        if (image->name != NULL &&
            !g_hash_table_add (seen, path_normalize_image_name (image->name)))
            field_problem (reader, item (map, "images", i), "the image '%s' appears twice",
                           image->name);
    }
}

/* One image, and only where the release says that it does not need the host's Ansible: what runs
 * as root is never a guess. */
static void
check_ansible (FieldReader *reader, const YamlNode *map, const Release *release)
{
    gboolean bundled = release_carries_ansible (release);
    guint found = 0;

    for (guint i = 0; i < release->images->len; i++) {
        if (!((const ReleaseImage *)release->images->pdata[i])->ansible)
            continue;
        found++;
        if (!bundled)
            field_problem (reader, item (map, "images", i),
                           "the image carries Ansible, but the release does not say 'requires: "
                           "{ansible-core: bundled}', so the host's own would be used");
        if (found == 2)
            field_problem (reader, item (map, "images", i),
                           "two images carry Ansible; playbooks run with one");
    }
    if (bundled && found == 0)
        field_problem (reader, field_find (map, "requires"),
                       "'ansible-core: bundled' needs one image with 'ansible: true'");
}

/* A target is one path for one source; and what is a file for one can be no folder for another. */
static void
add_target (FieldReader *reader, const YamlNode *node, const char *to, GHashTable *targets)
{
    g_autofree char *bare = NULL;

    if (to == NULL)
        return;
    bare = g_strdup (to);
    if (g_str_has_suffix (bare, "/"))
        bare[strlen (bare) - 1] = '\0';
    if (!g_hash_table_add (targets, g_strdup (bare))) {
        g_autofree char *shown = error_quote (to);
        field_problem (reader, node, "two entries go to '%s'", shown);
    }
}

/* A file holds nothing, and a folder of `files` is replaced as a whole: what another entry placed
 * in it would be gone after the run. */
static void
check_inside (FieldReader *reader, const YamlNode *node, const char *to, GHashTable *files,
              GHashTable *folders)
{
    g_autofree char *path = g_strdup (to);

    for (char *slash = path == NULL ? NULL : strrchr (path, '/'); slash != NULL && slash != path;
         slash = strrchr (path, '/')) {
        g_autofree char *shown = NULL;
        gboolean folder;

        *slash = '\0';
        folder = g_hash_table_contains (folders, path);
        if (strlen (path) + 1 >= strlen (to) || (!folder && !g_hash_table_contains (files, path)))
            continue;
        shown = error_quote (path);
        field_problem (reader, node, "'%s' is a %s in another entry, so nothing %scan lie below it",
                       shown, folder ? "folder that is replaced as a whole" : "file",
                       folder ? "else " : "");
    }
}

static void
check_targets (FieldReader *reader, const YamlNode *map, const Release *release)
{
    g_autoptr (GHashTable) targets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (GHashTable) plain = g_hash_table_new (g_str_hash, g_str_equal);
    g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < release->configs->len; i++) {
        const ReleaseConfig *config = release->configs->pdata[i];

        add_target (reader, item (map, "configs", i), config->to, targets);
        if (config->to != NULL)
            g_hash_table_add (plain, config->to);
    }
    for (guint i = 0; i < release->files->len; i++) {
        const ReleaseFiles *files = release->files->pdata[i];

        add_target (reader, item (map, "files", i), files->to, targets);
        if (files->to != NULL && !g_str_has_suffix (files->to, "/"))
            g_hash_table_add (plain, files->to);
        else if (files->to != NULL)
            g_hash_table_add (folders, g_strndup (files->to, strlen (files->to) - 1));
    }
    for (guint i = 0; i < release->configs->len; i++)
        check_inside (reader, item (map, "configs", i),
                      ((ReleaseConfig *)release->configs->pdata[i])->to, plain, folders);
    for (guint i = 0; i < release->files->len; i++)
        check_inside (reader, item (map, "files", i),
                      ((ReleaseFiles *)release->files->pdata[i])->to, plain, folders);
}

void
release_check_whole (FieldReader *reader, const YamlNode *map, const Release *release)
{
    check_product (reader, map, release->product);
    check_image_names (reader, map, release->images);
    if (!reader->sealed)
        check_ansible (reader, map, release);
    check_targets (reader, map, release);
    if (!reader->sealed && field_find (map, "images") == NULL && release->playbooks->len == 0 &&
        release->compose->len == 0 && release->configs->len == 0 && release->files->len == 0)
        field_problem (reader, map,
                       "the release carries nothing: no images, playbooks, compose, configs or "
                       "files");
}

/* For the mistakes that only the folder shows; they have the line of their entry. */
typedef struct {
    const Release *release;
    int dirfd;
    GPtrArray *problems;
    GError *first;
} FolderCheck;

static void
note (FolderCheck *check, guint line, const char *message)
{
    g_autofree char *text = message_printf ("%s:%u:1: %s", check->release->file, line, message);

    if (check->first == NULL)
        fail (&check->first, ERR_FORMAT, "%s", text);
    if (check->problems != NULL)
        g_ptr_array_add (check->problems, g_steal_pointer (&text));
}

static void
check_path (FolderCheck *check, guint line, const char *path)
{
    gboolean folder = g_str_has_suffix (path, "/");
    g_autofree char *bare = g_strndup (path, strlen (path) - (folder ? 1 : 0));
    g_autofree char *shown = error_quote (path);
    g_autofree char *message = NULL;
    struct stat st;
    autofd int fd = file_open_below (check->dirfd, bare, O_RDONLY | O_NONBLOCK, NULL);

    if (fd < 0 && errno == ENOENT)
        message = message_printf ("'%s' does not exist beside the file", shown);
    else if (fd < 0 && errno == ELOOP)
        message =
            message_printf ("'%s' is or passes a symbolic link; carry the file itself", shown);
    else if (fd < 0 || fstat (fd, &st) < 0)
        message = message_printf ("'%s' cannot be opened: %s", shown, g_strerror (errno));
    else if (folder && !S_ISDIR (st.st_mode))
        message = message_printf ("'%s' is not a folder", shown);
    else if (!folder && !S_ISREG (st.st_mode))
        message = message_printf ("'%s' is not a regular file%s", shown,
                                  S_ISDIR (st.st_mode) ? " but a folder; end it with '/'" : "");
    if (message != NULL)
        note (check, line, message);
}

gboolean
release_check_folder (const Release *release, int dirfd, GPtrArray *problems, GError **error)
{
    FolderCheck check = { .release = release, .dirfd = dirfd, .problems = problems };

    for (guint i = 0; i < release->images->len; i++) {
        const ReleaseImage *image = release->images->pdata[i];

        if (image->sbom != NULL)
            check_path (&check, image->sbom_line, image->sbom);
    }
    for (guint i = 0; i < release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = release->playbooks->pdata[i];

        check_path (&check, playbook->line, playbook->path);
        if (playbook->inventory != NULL)
            check_path (&check, playbook->line, playbook->inventory);
    }
    for (guint i = 0; i < release->compose->len; i++) {
        const ReleaseCompose *compose = release->compose->pdata[i];

        check_path (&check, compose->line, compose->path);
    }
    for (guint i = 0; i < release->configs->len; i++) {
        const ReleaseConfig *config = release->configs->pdata[i];

        check_path (&check, config->line, config->from);
    }
    for (guint i = 0; i < release->files->len; i++) {
        const ReleaseFiles *files = release->files->pdata[i];

        check_path (&check, files->line, files->from);
    }
    if (check.first == NULL)
        return TRUE;
    g_propagate_error (error, check.first);
    return FALSE;
}
