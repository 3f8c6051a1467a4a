/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit-elf.h"
#include "bundle/kit.h"
#include "bundle/package-db.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <string.h>

/* Where the libraries come from, by dpkg's own records: for who has to know which of them a flaw is
 * in, and because their licences want to be carried with them. */

#define LISTS "var/lib/dpkg/info"
#define STATUS "var/lib/dpkg/status"
#define LEFT_OUT "handcarry-left-out"

typedef struct {
    const char *sysroot;
    GHashTable *owners; /* path as find_owners compares them: name of the package, or NULL */
    PackageList *packages;
} Origins;

/* /lib is a link to /usr/lib, and records have either. */
static const char *
without_usr (const char *path)
{
    return g_str_has_prefix (path, "/usr/lib") ? path + strlen ("/usr") : path;
}

static char *
key_of (const Origins *origins, const KitLibrary *library)
{
    g_autofree char *path = g_canonicalize_filename (library->path, "/");
    g_autofree char *root =
        origins->sysroot != NULL ? g_canonicalize_filename (origins->sysroot, NULL) : NULL;
    const char *below = path;

    if (root != NULL && g_str_has_prefix (path, root))
        below = path + strlen (root);
    return g_strdup (without_usr (below));
}

static gboolean
stands_in (const KitLibrary *library)
{
    g_autofree char *folder = g_path_get_dirname (library->path);

    return g_str_has_suffix (folder, "/" LEFT_OUT);
}

/* One package's list of files; its name may end in ":amd64". */
static void
read_list (Origins *origins, int dirfd, const char *name)
{
    g_autoptr (GBytes) bytes = file_read_below (dirfd, name, LIMIT_PACKAGE_DB_BYTES, NULL);
    g_autofree char *text = NULL;

    if (bytes == NULL)
        return;
    text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    for (char *line = text, *end; (end = strchr (line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (g_hash_table_contains (origins->owners, without_usr (line)))
            g_hash_table_replace (
                origins->owners, g_strdup (without_usr (line)),
                g_strndup (name, MIN (strcspn (name, ":"), strlen (name) - strlen (".list"))));
    }
}

static const Package *
find_package (const Origins *origins, const char *name)
{
    for (guint i = 0; i < origins->packages->packages->len; i++) {
        const Package *package = origins->packages->packages->pdata[i];

        if (strcmp (package->name, name) == 0)
            return package;
    }
    return NULL;
}

static void
origins_clear (Origins *origins)
{
    g_clear_pointer (&origins->owners, g_hash_table_unref);
    g_clear_pointer (&origins->packages, package_list_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Origins, origins_clear)

/* FALSE where there is no dpkg. */
static gboolean
find_owners (Origins *origins, const GPtrArray *libraries)
{
    const char *root = origins->sysroot != NULL ? origins->sysroot : "/";
    g_autofree char *lists = g_build_filename (root, LISTS, NULL);
    g_autofree char *status = g_build_filename (root, STATUS, NULL);
    g_autoptr (GBytes) text = file_read_given (status, LIMIT_PACKAGE_DB_BYTES, NULL);
    autofd int dirfd = text != NULL ? file_open_dir_given (lists, NULL) : -1;
    g_autoptr (GPtrArray) names = dirfd >= 0 ? file_list (dirfd, lists, NULL) : NULL;

    origins->packages = text != NULL ? package_db_parse_dpkg (text, NULL) : NULL;
    if (names == NULL || origins->packages == NULL)
        return FALSE;
    origins->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < libraries->len; i++)
        if (!stands_in (libraries->pdata[i]))
            g_hash_table_replace (origins->owners, key_of (origins, libraries->pdata[i]), NULL);
    for (guint i = 0; i < names->len; i++)
        if (g_str_has_suffix (names->pdata[i], ".list"))
            read_list (origins, dirfd, names->pdata[i]);
    return TRUE;
}

/* TRUE where it was there. */
static gboolean
add_licence (Kit *kit, const Origins *origins, const char *package)
{
    g_autofree char *path = g_build_filename (origins->sysroot != NULL ? origins->sysroot : "/",
                                              "usr/share/doc", package, "copyright", NULL);
    g_autofree char *name = g_build_filename ("share/doc/copyright", package, NULL);

    return kit_add_file (kit, name, path, FALSE, NULL);
}

void
kit_add_origins (Kit *kit, const GPtrArray *libraries, const char *sysroot)
{
    g_auto (Origins) origins = { .sysroot = sysroot };
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
    GString *text = g_string_new (NULL);
    gboolean known = find_owners (&origins, libraries);
    gboolean licences = known;

    for (guint i = 0; i < libraries->len; i++) {
        const KitLibrary *library = libraries->pdata[i];
        g_autofree char *key = key_of (&origins, library);
        const char *owner = known ? g_hash_table_lookup (origins.owners, key) : NULL;
        const Package *package = owner != NULL ? find_package (&origins, owner) : NULL;

        g_string_append_printf (text, "%s\t%s\t%s\n", library->soname,
                                package != NULL       ? package->name
                                : stands_in (library) ? "handcarry"
                                                      : "-",
                                package != NULL ? package->version : "-");
        if (owner != NULL && g_hash_table_add (seen, (gpointer)owner))
            licences = add_licence (kit, &origins, owner) && licences;
    }
    kit_add (kit, "share/doc/libraries.txt", g_string_free_to_bytes (text), FALSE);
    if (!known)
        g_ptr_array_add (kit->missing, g_strdup ("the packages that its libraries are from"));
    if (!licences)
        g_ptr_array_add (kit->missing, g_strdup ("licences of its libraries"));
}
