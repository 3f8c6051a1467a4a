/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "bundle/parts.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust-import.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* "DIR/3.root.yaml" stands for the chain up to 3 in its folder. */
static GPtrArray *
read_up_to (const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname (path);
    g_autofree char *base = g_path_get_basename (path);
    guint64 number = g_ascii_strtoull (base, NULL, 10);
    GPtrArray *chain = trust_folder_read (dir, FALSE, error);

    if (chain != NULL && number > 0 && number < chain->len)
        g_ptr_array_set_size (chain, (gint)number);
    return chain;
}

static gboolean
is_trust_bundle_name (const char *name)
{
    return *name != '.' && g_str_has_suffix (name, ".trust");
}

/* The one trust bundle in a folder. *found is NULL where there is none. */
static gboolean
find_trust_bundle (const char *dir, GPtrArray *names, char **found, GError **error)
{
    *found = NULL;
    for (guint i = 0; i < names->len; i++) {
        if (!is_trust_bundle_name (names->pdata[i]))
            continue;
        if (*found != NULL) {
            g_clear_pointer (found, g_free);
            return fail (error, ERR_USAGE,
                         "there are several trust bundles in '%s'; name the one to import", dir);
        }
        *found = g_build_filename (dir, names->pdata[i], NULL);
    }
    return TRUE;
}

/* Is the shorter chain how the longer one begins? */
static gboolean
agree (GPtrArray *a, GPtrArray *b)
{
    for (guint i = 0; i < MIN (a->len, b->len); i++) {
        const SignedRoot *one = a->pdata[i], *other = b->pdata[i];

        if (!g_bytes_equal (one->text, other->text))
            return FALSE;
    }
    return TRUE;
}

/* Every bundle of a release carries the chain. One that cannot be read says so when it is
 * installed. */
static gboolean
read_bundles (const char *dir, GPtrArray *names, GPtrArray **longest, GError **error)
{
    g_autofree char *from = NULL;

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename (dir, names->pdata[i], NULL);
        g_autoptr (GPtrArray) chain = NULL;

        if (!parts_is_bundle_name (names->pdata[i]))
            continue;
        chain = bundle_read_chain (file, NULL);
        if (chain == NULL)
            continue;
        if (*longest != NULL && !agree (*longest, chain))
            return fail (error, ERR_TRUST,
                         "'%s' and '%s' carry different trust roots; find out which of them is "
                         "meant, and name that file",
                         from, file);
        if (*longest != NULL && (*longest)->len >= chain->len)
            continue;
        g_clear_pointer (longest, g_ptr_array_unref);
        *longest = g_steal_pointer (&chain);
        g_free (from);
        from = g_steal_pointer (&file);
    }
    return TRUE;
}

static GPtrArray *
read_from_stick (const char *dir, GError **error)
{
    autofd int fd = file_open_dir_given (dir, error);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, dir, error) : NULL, chain = NULL;
    g_autofree char *found = NULL;

    if (names == NULL || !find_trust_bundle (dir, names, &found, error))
        return NULL;
    if (found != NULL)
        return bundle_read_chain (found, error);
    if (!read_bundles (dir, names, &chain, error))
        return NULL;
    if (chain == NULL)
        return fail_null (error, ERR_TRUST,
                          "'%s' holds no trust root: neither 1.root.yaml, a folder 'trust' with "
                          "it, a trust bundle (NAME.trust) nor a bundle that can be read "
                          "(NAME.tar.zst)",
                          dir);
    return g_steal_pointer (&chain);
}

static GPtrArray *
read_folder (const char *dir, GError **error)
{
    g_autofree char *inner = g_build_filename (dir, "trust", NULL);

    if (trust_folder_has_root (dir))
        return trust_folder_read (dir, FALSE, error);
    if (trust_folder_has_root (inner))
        return trust_folder_read (inner, FALSE, error);
    return read_from_stick (dir, error);
}

GPtrArray *
trust_source_read (const char *path, GError **error)
{
    struct stat st;

    if (fstatat (AT_FDCWD, path, &st, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot import '%s'", path), NULL;
    if (S_ISDIR (st.st_mode))
        return read_folder (path, error);
    if (g_str_has_suffix (path, ".root.yaml"))
        return read_up_to (path, error);
    return bundle_read_chain (path, error);
}

static gboolean
has_bundles (const char *dir)
{
    g_autoptr (GPtrArray) files = parts_list_folder (dir, NULL);

    return files != NULL && files->len > 0;
}

char *
trust_source_find_bundles (const char *path)
{
    g_autofree char *name = g_path_get_basename (path), *above = g_path_get_dirname (path);
    struct stat st;

    if (fstatat (AT_FDCWD, path, &st, 0) < 0)
        return NULL;
    if (!S_ISDIR (st.st_mode) && parts_is_bundle_name (name))
        return g_strdup (path);
    if (S_ISDIR (st.st_mode) && has_bundles (path))
        return g_strdup (path);
    return has_bundles (above) ? g_steal_pointer (&above) : NULL;
}
