/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit-elf.h"

#include "manifest/error.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <link.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

typedef struct {
    GPtrArray *libraries;
    guint seen;
} Loaded;

static const KitLibrary *
find (const GPtrArray *libraries, const char *soname)
{
    for (gsize i = 0; i < libraries->len; i++) {
        const KitLibrary *library = libraries->pdata[i];
        if (strcmp (library->soname, soname) == 0)
            return library;
    }
    return NULL;
}

static int
is_listed (struct dl_phdr_info *object, gsize size, void *data)
{
    g_autofree char *soname = g_path_get_basename (object->dlpi_name);
    Loaded *loaded = data;
    const KitLibrary *library;
    GStatBuf one, other;

    if (*object->dlpi_name != '/') /* this program, and what the kernel brings */
        return 0;
    loaded->seen++;
    library = find (loaded->libraries, soname);
    if (library == NULL)
        g_error ("%s is loaded and not listed", soname);
    g_assert_cmpint (g_stat (library->path, &one), ==, 0);
    g_assert_cmpint (g_stat (object->dlpi_name, &other), ==, 0);
    g_assert_cmpuint (one.st_ino, ==, other.st_ino);
    return 0;
}

static void
test_what_the_loader_loaded_is_listed (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) libraries = kit_libraries ("/proc/self/exe", NULL, &error);
    Loaded loaded = { .libraries = libraries };
    guint loaders = 0;

    g_assert_no_error (error);
    dl_iterate_phdr (is_listed, &loaded);
    g_assert_cmpuint (loaded.seen, >=, 5);
    g_assert_cmpuint (loaded.seen, ==, libraries->len);
    for (gsize i = 0; i < libraries->len; i++)
        loaders += ((KitLibrary *)libraries->pdata[i])->loader;
    g_assert_cmpuint (loaders, ==, 1);
}

/* A folder with this program in it, and `name` in the folder of what is left out. */
static char *
program_beside (const char *name, const char *content, gsize length)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp ("kit-elf-XXXXXX", &error);
    g_autofree char *left_out = g_build_filename (folder, "handcarry-left-out", NULL);
    g_autofree char *stand_in = g_build_filename (left_out, name, NULL);
    g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
    char *program = g_build_filename (folder, "program", NULL);

    g_assert_no_error (error);
    g_assert_cmpint (g_mkdir (left_out, 0755), ==, 0);
    g_assert_cmpint (symlink (self, program), ==, 0);
    g_assert_true (g_file_set_contents (stand_in, content, (gssize)length, NULL));
    return program;
}

static void
remove_beside (const char *program, const char *name)
{
    g_autofree char *folder = g_path_get_dirname (program);
    g_autofree char *left_out = g_build_filename (folder, "handcarry-left-out", NULL);
    g_autofree char *stand_in = g_build_filename (left_out, name, NULL);

    g_unlink (stand_in);
    g_rmdir (left_out);
    g_unlink (program);
    g_rmdir (folder);
}

static char *
real_library (const char *soname, gsize *length)
{
    g_autoptr (GPtrArray) libraries = kit_libraries ("/proc/self/exe", NULL, NULL);
    const KitLibrary *library = find (libraries, soname);
    char *content = NULL;

    g_assert_nonnull (library);
    g_assert_true (g_file_get_contents (library->path, &content, length, NULL));
    return content;
}

static void
test_what_is_left_out_comes_first (void)
{
    g_autoptr (GError) error = NULL;
    gsize length = 0;
    g_autofree char *content = real_library ("libz.so.1", &length);
    g_autofree char *program = program_beside ("libz.so.1", content, length);
    g_autoptr (GPtrArray) libraries = kit_libraries (program, NULL, &error);

    g_assert_no_error (error);
    g_assert_nonnull (strstr (find (libraries, "libz.so.1")->path, "handcarry-left-out/"));
    remove_beside (program, "libz.so.1");
}

static void
test_a_library_of_another_machine_is_passed_by (void)
{
    g_autoptr (GError) error = NULL;
    gsize length = 0;
    g_autofree char *content = real_library ("libz.so.1", &length);
    g_autofree char *program = NULL;
    g_autoptr (GPtrArray) libraries = NULL;

    content[G_STRUCT_OFFSET (Elf64_Ehdr, e_machine)] ^= 1;
    program = program_beside ("libz.so.1", content, length);
    libraries = kit_libraries (program, NULL, &error);
    g_assert_no_error (error);
    g_assert_null (strstr (find (libraries, "libz.so.1")->path, "handcarry-left-out/"));
    remove_beside (program, "libz.so.1");
}

static void
test_a_missing_library_is_named (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *empty = g_dir_make_tmp ("kit-elf-XXXXXX", &error);
    g_autoptr (GPtrArray) libraries = kit_libraries ("/proc/self/exe", empty, &error);

    g_assert_null (libraries);
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    g_assert_nonnull (strstr (error->message, "needs the library lib"));
    g_assert_nonnull (strstr (error->message, empty));
    g_rmdir (empty);
}

static void
test_what_is_no_program_is_refused (void)
{
    const char *const others[] = { "/etc/passwd", "/nonexistent", "/proc/self/maps" };

    for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) libraries = kit_libraries (others[i], NULL, &error);
        g_assert_null (libraries);
        g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
        g_assert_nonnull (strstr (error->message, "not an ELF program"));
    }
}

static void
test_the_machine_is_the_one_that_runs_it (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *machine = kit_machine ("/proc/self/exe", &error);
    struct utsname name;

    g_assert_no_error (error);
    g_assert_cmpint (uname (&name), ==, 0);
    g_assert_cmpstr (machine, ==, name.machine);
    g_assert_null (kit_machine ("/etc/passwd", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/kit-elf/loaded-is-listed", test_what_the_loader_loaded_is_listed);
    g_test_add_func ("/kit-elf/left-out-first", test_what_is_left_out_comes_first);
    g_test_add_func ("/kit-elf/other-machine", test_a_library_of_another_machine_is_passed_by);
    g_test_add_func ("/kit-elf/missing", test_a_missing_library_is_named);
    g_test_add_func ("/kit-elf/no-program", test_what_is_no_program_is_refused);
    g_test_add_func ("/kit-elf/machine", test_the_machine_is_the_one_that_runs_it);
    return g_test_run ();
}
