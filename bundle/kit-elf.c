/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit-elf.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <gelf.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LIBRARIES = 500, MAX_CONF_DEPTH = 8 };

typedef struct {
    const char *sysroot;
    char *left_out;     /* the folder beside the program */
    GPtrArray *folders; /* of ld.so.conf, then the usual ones; all below sysroot */
    GHashTable *found;  /* soname → KitLibrary */
    GPtrArray *pending; /* those of `found` whose own needs were not read yet */
    unsigned class;     /* of the program; a library of another is not looked at, as in ld.so */
    unsigned machine;
} Search;

typedef struct {
    unsigned class;
    unsigned machine;
    char *loader; /* last part of PT_INTERP, or NULL */
    char *path;   /* DT_RUNPATH or else DT_RPATH, or NULL */
    GPtrArray *needed;
} Object;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Elf, elf_end)

void
kit_library_free (KitLibrary *library)
{
    if (library == NULL)
        return;
    g_free (library->soname);
    g_free (library->path);
    g_free (library);
}

static void
object_free (Object *object)
{
    g_free (object->loader);
    g_free (object->path);
    g_ptr_array_unref (object->needed);
    g_free (object);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Object, object_free)

static void
search_clear (Search *search)
{
    g_free (search->left_out);
    g_ptr_array_unref (search->folders);
    g_hash_table_unref (search->found);
    g_ptr_array_unref (search->pending);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static void
read_dynamic (Elf *elf, Elf_Scn *section, const GElf_Shdr *header, Object *object)
{
    Elf_Data *data = elf_getdata (section, NULL);
    gboolean runpath = FALSE;
    GElf_Dyn entry;

    for (int i = 0; data != NULL && gelf_getdyn (data, i, &entry) != NULL; i++) {
        const char *text = NULL;
        if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH)
            text = elf_strptr (elf, header->sh_link, entry.d_un.d_val);
        if (text == NULL)
            continue;
        if (entry.d_tag == DT_NEEDED) {
            g_ptr_array_add (object->needed, g_strdup (text));
        } else if (!runpath) { /* where there are both, DT_RPATH does not count */
            g_free (object->path);
            object->path = g_strdup (text);
            runpath = entry.d_tag == DT_RUNPATH;
        }
    }
}

static void
read_interpreter (Elf *elf, Object *object)
{
    gsize count = 0, length = 0;
    const char *file = elf_rawfile (elf, &length);
    GElf_Phdr header;

    if (file == NULL || elf_getphdrnum (elf, &count) != 0)
        return;
    for (gsize i = 0; i < count; i++)
        if (gelf_getphdr (elf, i, &header) != NULL && header.p_type == PT_INTERP &&
            header.p_offset < length && header.p_filesz <= length - header.p_offset) {
            g_autofree char *name = g_strndup (file + header.p_offset, header.p_filesz);
            g_free (object->loader);
            object->loader = g_path_get_basename (name);
        }
}

/* NULL without an error where the file is no ELF object of 32 or 64 bits. */
static Object *
read_object (int fd)
{
    g_autoptr (Elf) elf = NULL;
    g_autoptr (Object) object = g_new0 (Object, 1);
    Elf_Scn *section = NULL;
    GElf_Ehdr header;
    GElf_Shdr part;

    object->needed = g_ptr_array_new_with_free_func (g_free);
    elf = elf_begin (fd, ELF_C_READ, NULL);
    if (elf == NULL || elf_kind (elf) != ELF_K_ELF || gelf_getehdr (elf, &header) == NULL)
        return NULL;
    object->class = header.e_ident[EI_CLASS];
    object->machine = header.e_machine;
    /* First what takes the whole file: libelf would not free sections that it has read before. */
    read_interpreter (elf, object);
    while ((section = elf_nextscn (elf, section)) != NULL)
        if (gelf_getshdr (section, &part) != NULL && part.sh_type == SHT_DYNAMIC)
            read_dynamic (elf, section, &part, object);
    return g_steal_pointer (&object);
}

static Object *
open_object (const char *path)
{
    autofd int fd = openat (AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 ? read_object (fd) : NULL;
}

static void
add_folder (Search *search, const char *name)
{
    char *folder = g_build_filename (search->sysroot, name, NULL);

    g_ptr_array_add (search->folders, folder);
}

/* ld.so.conf(5): a folder a line, or "include PATTERN". */
static void
read_conf (Search *search, const char *path, int depth)
{
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;

    if (depth > MAX_CONF_DEPTH || !g_file_get_contents (path, &text, NULL, NULL))
        return;
    lines = g_strsplit (text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *words = g_strstrip (*line);
        if (g_str_has_prefix (words, "include ")) {
            g_autofree char *pattern =
                g_build_filename (search->sysroot, g_strstrip (words + strlen ("include ")), NULL);
            glob_t names = { 0 };
            if (glob (pattern, 0, NULL, &names) == 0)
                for (gsize i = 0; i < names.gl_pathc; i++)
                    read_conf (search, names.gl_pathv[i], depth + 1);
            globfree (&names);
        } else if (*words == '/') {
            add_folder (search, words);
        }
    }
}

static KitLibrary *
try_folder (const Search *search, const char *folder, const char *soname)
{
    g_autofree char *path = g_build_filename (folder, soname, NULL);
    g_autoptr (Object) object = open_object (path);
    KitLibrary *library;

    if (object == NULL || object->class != search->class || object->machine != search->machine)
        return NULL;
    library = g_new0 (KitLibrary, 1);
    library->soname = g_strdup (soname);
    library->path = g_steal_pointer (&path);
    return library;
}

/* One entry of DT_RPATH: only $ORIGIN is known, the folder of the file it stands in. */
static char *
expand (const Search *search, const char *entry, const char *user)
{
    g_autofree char *origin = g_path_get_dirname (user);

    for (gsize i = 0; i < 2; i++) {
        const char *word = i == 0 ? "$ORIGIN" : "${ORIGIN}";
        if (g_str_has_prefix (entry, word))
            return g_strconcat (origin, entry + strlen (word), NULL);
    }
    return g_build_filename (search->sysroot, entry, NULL);
}

static KitLibrary *
find_library (const Search *search, const char *soname, const char *user, const char *path)
{
    g_auto (GStrv) entries = g_strsplit (path != NULL ? path : "", ":", -1);
    KitLibrary *library = try_folder (search, search->left_out, soname);

    for (char **entry = entries; *entry != NULL && library == NULL; entry++) {
        g_autofree char *folder = expand (search, *entry, user);
        library = try_folder (search, folder, soname);
    }
    for (gsize i = 0; i < search->folders->len && library == NULL; i++)
        library = try_folder (search, search->folders->pdata[i], soname);
    return library;
}

static gboolean
add_needs (Search *search, const char *user, const Object *object, GError **error)
{
    for (gsize i = 0; i < object->needed->len; i++) {
        const char *soname = object->needed->pdata[i];
        KitLibrary *library;
        if (g_hash_table_contains (search->found, soname))
            continue;
        if (strchr (soname, '/') != NULL || g_hash_table_size (search->found) >= MAX_LIBRARIES)
            return fail (error, ERR_FAILED, "%s: needs the library %s, which a kit cannot carry",
                         user, soname);
        library = find_library (search, soname, user, object->path);
        if (library == NULL)
            return fail (error, ERR_FAILED,
                         "%s: needs the library %s, which is nowhere below %s; install its package",
                         user, soname, search->sysroot);
        g_hash_table_insert (search->found, library->soname, library);
        g_ptr_array_add (search->pending, library);
    }
    return TRUE;
}

static gboolean
walk (Search *search, const char *program, GError **error)
{
    g_autoptr (Object) object = open_object (program);
    KitLibrary *loader;

    if (object == NULL || object->loader == NULL)
        return fail (error, ERR_FAILED, "%s: not an ELF program with a loader of its own", program);
    search->class = object->class;
    search->machine = object->machine;
    /* The loader, too, where no library names it, as from glibc 2.36 on none must. */
    g_ptr_array_add (object->needed, g_strdup (object->loader));
    if (!add_needs (search, program, object, error))
        return FALSE;
    for (gsize i = 0; i < search->pending->len; i++) {
        const KitLibrary *user = search->pending->pdata[i];
        g_autoptr (Object) library = open_object (user->path);
        if (library == NULL)
            return fail (error, ERR_FAILED, "%s: changed while it was read", user->path);
        if (!add_needs (search, user->path, library, error))
            return FALSE;
    }
    loader = g_hash_table_lookup (search->found, object->loader);
    loader->loader = TRUE;
    return TRUE;
}

static int
by_soname (gconstpointer a, gconstpointer b)
{
    const KitLibrary *const *one = a, *const *other = b;

    return strcmp ((*one)->soname, (*other)->soname);
}

GPtrArray *
kit_libraries (const char *program, const char *sysroot, GError **error)
{
    g_autofree char *beside = g_path_get_dirname (program);
    g_autofree char *conf =
        g_build_filename (sysroot != NULL ? sysroot : "/", "etc/ld.so.conf", NULL);
    g_auto (Search) search = {
        .sysroot = sysroot != NULL ? sysroot : "/",
        .left_out = g_build_filename (beside, "handcarry-left-out", NULL),
        .folders = g_ptr_array_new_with_free_func (g_free),
        .found = g_hash_table_new (g_str_hash, g_str_equal),
        .pending = g_ptr_array_new_with_free_func ((GDestroyNotify)kit_library_free),
    };

    if (elf_version (EV_CURRENT) == EV_NONE)
        return fail_null (error, ERR_FAILED, "libelf is older than its header");
    read_conf (&search, conf, 0);
    for (gsize i = 0; i < 4; i++)
        add_folder (&search, (const char *[]){ "/lib64", "/usr/lib64", "/lib", "/usr/lib" }[i]);
    if (!walk (&search, program, error))
        return NULL;
    g_ptr_array_sort (search.pending, by_soname);
    return g_ptr_array_ref (search.pending);
}

char *
kit_machine (const char *program, GError **error)
{
    g_autoptr (Object) object = NULL;

    if (elf_version (EV_CURRENT) == EV_NONE)
        return fail_null (error, ERR_FAILED, "libelf is older than its header");
    object = open_object (program);
    if (object == NULL)
        return fail_null (error, ERR_FAILED, "%s: not an ELF file", program);
    if (object->machine == EM_X86_64)
        return g_strdup ("x86_64");
    if (object->machine == EM_AARCH64)
        return g_strdup ("aarch64");
    return fail_null (error, ERR_FAILED,
                      "%s: built for ELF machine %u; kits are made for x86_64 and "
                      "aarch64",
                      program, object->machine);
}
