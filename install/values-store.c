/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-store.h"

#include "install/place.h"
#include "install/values-file.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct ValuesStore {
    char *folder, *name, *path; /* ETC/values, PRODUCT.yaml, and both */
    char *edit, *edit_folder;   /* ".PRODUCT.edit", and its path */
    int dirfd;
    int edit_fd; /* -1: nothing is edited */
};

void
values_store_end_edit (ValuesStore *store)
{
    file_clear_fd (&store->edit_fd);
    (void)!place_remove_tree (store->dirfd, store->edit, NULL);
}

void
values_store_free (ValuesStore *store)
{
    if (store == NULL)
        return;
    if (store->edit_fd >= 0)
        values_store_end_edit (store);
    file_clear_fd (&store->dirfd);
    g_free (store->folder);
    g_free (store->name);
    g_free (store->path);
    g_free (store->edit);
    g_free (store->edit_folder);
    g_free (store);
}

static gboolean
check_folder (const ValuesStore *store, GError **error)
{
    struct stat st;

    if (fstat (store->dirfd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", store->folder);
    if ((st.st_uid != 0 && st.st_uid != geteuid ()) || (st.st_mode & 022) != 0)
        return fail (error, ERR_NOT_READY,
                     "others than root may write in '%s', where passwords lie; type: chown root %s "
                     "&& chmod 700 %s",
                     store->folder, store->folder, store->folder);
    /* The lock ends with the process, however it ends. */
    if (flock (store->dirfd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? fail (error, ERR_BUSY, "another handcarry is changing the values in '%s'",
                           store->folder)
                   : fail_errno (error, ERR_FAILED, errno, "cannot lock '%s'", store->folder);
    return TRUE;
}

/* What a killed process left: temporary files of file_replace, and the folder of an edit. */
static gboolean
sweep (ValuesStore *store, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (store->dirfd, store->folder, error);
    g_autofree char *prefix = g_strdup_printf (".%s.", store->name);

    if (names == NULL)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (g_str_has_prefix (name, prefix) && g_str_has_suffix (name, ".tmp") &&
            unlinkat (store->dirfd, name, 0) < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s/%s'", store->folder,
                               name);
    }
    return place_remove_tree (store->dirfd, store->edit, error);
}

ValuesStore *
values_store_open (const char *etc_path, const char *product, GError **error)
{
    g_autoptr (ValuesStore) store = g_new0 (ValuesStore, 1);

    store->dirfd = store->edit_fd = -1;
    store->folder = g_build_filename (etc_path, "values", NULL);
    store->name = g_strconcat (product, ".yaml", NULL);
    store->path = g_build_filename (store->folder, store->name, NULL);
    store->edit = g_strdup_printf (".%s.edit", product);
    store->edit_folder = g_build_filename (store->folder, store->edit, NULL);
    if (g_mkdir_with_parents (etc_path, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", etc_path), NULL;
    store->dirfd = file_make_dir_given (store->folder, 0700, error);
    if (store->dirfd < 0 || !check_folder (store, error) || !sweep (store, error))
        return NULL;
    return g_steal_pointer (&store);
}

const char *
values_store_name (const ValuesStore *store)
{
    return store->name;
}

const char *
values_store_path (const ValuesStore *store)
{
    return store->path;
}

const char *
values_store_edit_folder (const ValuesStore *store)
{
    return store->edit_folder;
}

gboolean
values_store_read (const ValuesStore *store, GBytes **text, GError **error)
{
    return values_file_read (store->path, text, error);
}

gboolean
values_store_write (const ValuesStore *store, GBytes *text, GError **error)
{
    return file_replace (store->dirfd, store->name, text, 0600, error) ||
           fail_prefix (error, "the values in '%s' stay as they were", store->path);
}

gboolean
values_store_begin_edit (ValuesStore *store, GBytes *text, GError **error)
{
    if (mkdirat (store->dirfd, store->edit, 0700) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", store->edit_folder);
    store->edit_fd = file_open_below (store->dirfd, store->edit, O_RDONLY | O_DIRECTORY, error);
    if (store->edit_fd >= 0 && file_create (store->edit_fd, store->name, text, 0600, error))
        return TRUE;
    values_store_end_edit (store);
    return FALSE;
}

GBytes *
values_store_read_edit (const ValuesStore *store, GError **error)
{
    return file_read_below (store->edit_fd, store->name, LIMIT_YAML_BYTES, error);
}
