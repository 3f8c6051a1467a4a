/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit-elf.h"
#include "bundle/kit-resource.h"
#include "bundle/kit.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UNIT "handcarry-recover.service"

static void
kit_file_free (gpointer data)
{
    KitFile *file = data;

    g_free (file->name);
    g_bytes_unref (file->bytes);
    g_free (file);
}

void
kit_free (Kit *kit)
{
    if (kit == NULL)
        return;
    g_free (kit->machine);
    g_free (kit->loader);
    g_ptr_array_unref (kit->files);
    g_ptr_array_unref (kit->missing);
    g_free (kit);
}

void
kit_add (Kit *kit, const char *name, GBytes *bytes, gboolean executable)
{
    KitFile *file = g_new0 (KitFile, 1);

    file->name = g_strdup (name);
    file->bytes = bytes;
    file->executable = executable;
    g_ptr_array_add (kit->files, file);
}

gboolean
kit_add_file (Kit *kit, const char *name, const char *path, gboolean executable, GError **error)
{
    GBytes *bytes = file_read_given (path, LIMIT_KIT_FILE_BYTES, error);

    if (bytes != NULL)
        kit_add (kit, name, bytes, executable);
    return bytes != NULL;
}

/* The folder of the program that runs. */
static char *
find_beside (GError **error)
{
    g_autoptr (GError) problem = NULL;
    g_autofree char *self = g_file_read_link ("/proc/self/exe", &problem);

    if (self == NULL)
        return fail_null (error, ERR_FAILED, "cannot find this program: %s", problem->message);
    return g_path_get_dirname (self);
}

static char *
find_program (const char *beside, GError **error)
{
    g_autofree char *built = g_build_filename (beside, "handcarry-host", NULL);
    g_autofree char *installed =
        g_build_filename (beside, "..", KIT_LIBEXECDIR, "handcarry", "handcarry-host", NULL);

    if (faccessat (AT_FDCWD, built, R_OK, 0) == 0)
        return g_steal_pointer (&built);
    if (faccessat (AT_FDCWD, installed, R_OK, 0) == 0)
        return g_steal_pointer (&installed);
    return fail_null (error, ERR_FAILED,
                      "the program of the isolated side, handcarry-host, is neither in '%s' nor in "
                      "'%s': build and install both, or name it with --program",
                      beside, installed);
}

static gboolean
add_libraries (Kit *kit, const char *program, const char *sysroot, GError **error)
{
    g_autoptr (GPtrArray) libraries = kit_libraries (program, sysroot, error);

    if (libraries == NULL)
        return FALSE;
    for (guint i = 0; i < libraries->len; i++) {
        const KitLibrary *library = libraries->pdata[i];
        g_autofree char *name = g_strconcat ("lib/", library->soname, NULL);

        if (!kit_add_file (kit, name, library->path, library->loader, error))
            return FALSE;
        if (library->loader)
            kit->loader = g_strdup (library->soname);
    }
    kit_add_origins (kit, libraries, sysroot);
    return TRUE;
}

/* The program must be one that was linked for this version's folder. */
static gboolean
check_program (const Kit *kit, const char *path, GBytes *program, GError **error)
{
    g_autofree char *loader = g_strdup_printf (KIT_HOME "/lib/%s", kit->loader);
    gsize length;
    const char *bytes = g_bytes_get_data (program, &length);

    if (kit->loader == NULL || memmem (bytes, length, loader, strlen (loader) + 1) == NULL)
        return fail (
            error, ERR_FORMAT,
            "'%s' does not take its loader from '%s/lib': it is no handcarry-host of version %s",
            path, KIT_HOME, HANDCARRY_VERSION);
    return TRUE;
}

/* A host may have no locale but "C", where no catalogue is looked at: libc's own is carried, under
 * the name that is looked for before any of the host's. */
static gboolean
add_locale (Kit *kit, const char *sysroot, const char *below, GError **error)
{
    g_autofree char *path =
        g_build_filename (sysroot != NULL ? sysroot : "/", "usr/lib/locale/C.utf8", below, NULL);
    autofd int dirfd = file_open_dir_given (path, error);
    g_autoptr (GPtrArray) names = dirfd >= 0 ? file_list (dirfd, path, error) : NULL;

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *one = names->pdata[i];
        g_autofree char *from = g_build_filename (path, one, NULL);
        g_autofree char *name = g_build_filename ("lib/locale/C.UTF-8", below, one, NULL);

        if (below[0] == '\0' && strcmp (one, "LC_MESSAGES") == 0) {
            if (!add_locale (kit, sysroot, one, error))
                return FALSE;
        } else if (!kit_add_file (kit, name, from, FALSE, error)) {
            return FALSE;
        }
    }
    return names != NULL;
}

static GBytes *
make_unit (void)
{
    g_autoptr (GBytes) template = g_resource_lookup_data (
        kit_get_resource (), "/handcarry/kit/" UNIT ".in", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    GString *text =
        g_string_new ("# Placed by the handcarry kit; its 'uninstall' takes it away.\n");

    g_string_append_len (text, g_bytes_get_data (template, NULL),
                         (gssize)g_bytes_get_size (template));
    g_string_replace (text, "@bindir@", "/opt/handcarry/current/bin", 0);
    return g_string_free_to_bytes (text);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
    const KitFile *const *x = a, *const *y = b;

    return strcmp ((*x)->name, (*y)->name);
}

static gboolean
collect (Kit *kit, const KitOptions *options, GError **error)
{
    g_autofree char *beside = find_beside (error);
    g_autofree char *program = NULL;
    GBytes *bytes;

    if (beside == NULL)
        return FALSE;
    program = options->program != NULL ? g_strdup (options->program) : find_program (beside, error);
    bytes = program != NULL ? file_read_given (program, LIMIT_KIT_FILE_BYTES, error) : NULL;
    if (bytes == NULL)
        return FALSE;
    kit_add (kit, "bin/handcarry", bytes, TRUE);
    kit->machine = kit_machine (program, error);
    if (kit->machine == NULL || !add_libraries (kit, program, options->sysroot, error) ||
        !check_program (kit, program, bytes, error) ||
        !add_locale (kit, options->sysroot, "", error) || !kit_add_share (kit, beside, error))
        return FALSE;
    kit_add (kit, UNIT, make_unit (), FALSE);
    g_ptr_array_sort (kit->files, compare_names);
    return TRUE;
}

Kit *
kit_collect (const KitOptions *options, GError **error)
{
    g_autoptr (Kit) kit = g_new0 (Kit, 1);

    kit->files = g_ptr_array_new_with_free_func (kit_file_free);
    kit->missing = g_ptr_array_new_with_free_func (g_free);
    if (!collect (kit, options, error)) {
        fail_prefix (error, "making a kit");
        return NULL;
    }
    return g_steal_pointer (&kit);
}
