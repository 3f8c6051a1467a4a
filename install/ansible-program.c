/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-program.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STARTER "handcarry-python3"
#define SCRIPT_BYTES 4096

/* Where programs are looked for, in the order of a usual PATH. */
static const char *const folders[] = { "usr/local/sbin", "usr/local/bin", "usr/sbin",
                                       "usr/bin",        "sbin",          "bin" };

/* Symlinks in the tree stay inside it (ansible-unpack.h), so they may be followed. */
static int
open_inside (int dirfd, const char *path)
{
    return openat (dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* "usr/bin/NAME" of the first folder that has it; NULL: none. Caller frees. */
static char *
look_for (int dirfd, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
        g_autofree char *path = g_build_filename (folders[i], name, NULL);
        autofd int fd = open_inside (dirfd, path);
        struct stat st;

        if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
            return g_steal_pointer (&path);
    }
    return NULL;
}

static gboolean
lacks (GError **error, const char *what)
{
    return fail (error, ERR_NOT_READY, "the image that is to carry Ansible has no %s", what);
}

static gssize
read_begin (int dirfd, const char *path, guint8 *buffer, gsize length)
{
    autofd int fd = open_inside (dirfd, path);

    return fd >= 0 ? pread (fd, buffer, length, 0) : -1;
}

/* The Python that a script's first line names: "#!/usr/bin/python3" or "#!/usr/bin/env python3". */
static char *
script_python (int dirfd, const char *script, GError **error)
{
    guint8 buffer[SCRIPT_BYTES + 1] = { 0 };
    g_auto (GStrv) words = NULL;
    char *line = (char *)buffer;

    if (read_begin (dirfd, script, buffer, SCRIPT_BYTES) > 2 && memcmp (buffer, "#!", 2) == 0) {
        line[strcspn (line, "\n")] = '\0';
        words = g_strsplit_set (g_strstrip (line + 2), " \t", -1);
    }
    if (words == NULL || words[0] == NULL || *words[0] != '/')
        return lacks (error, "ansible-playbook that is a Python script"), NULL;
    if (g_str_has_suffix (words[0], "/env") && words[1] != NULL)
        return look_for (dirfd, words[1]) ?: (lacks (error, words[1]), NULL);
    return g_strdup (words[0] + strspn (words[0], "/"));
}

/* Where it lies below root when all symlinks are followed. */
static char *
resolve (int dirfd, const char *root, const char *path, GError **error)
{
    autofd int fd = open_inside (dirfd, path);
    g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
    g_autofree char *prefix = g_strconcat (root, "/", NULL);
    char real[PATH_MAX] = { 0 };

    if (fd < 0 || readlinkat (AT_FDCWD, link, real, sizeof real - 1) < 0)
        return lacks (error, path), NULL;
    if (!g_str_has_prefix (real, prefix)) {
        fail (error, ERR_FAILED, "'%s' of the image lies outside of it, in '%s'", path, real);
        return NULL;
    }
    return g_strdup (real + strlen (prefix));
}

/* The machine that this program is for. */
static char *
own_machine (void)
{
    g_autofree guint8 *buffer = g_malloc0 (ANSIBLE_ELF_BYTES);
    g_auto (AnsibleElf) own = { 0 };
    gssize n = read_begin (AT_FDCWD, "/proc/self/exe", buffer, ANSIBLE_ELF_BYTES);

    if (n < 0 || !ansible_elf_read (buffer, (gsize)n, "handcarry", &own, NULL))
        return g_strdup ("another machine");
    return g_steal_pointer (&own.machine);
}

static gboolean
read_program (int dirfd, const char *path, AnsibleElf *elf, GError **error)
{
    g_autofree guint8 *buffer = g_malloc0 (ANSIBLE_ELF_BYTES);
    g_autofree char *own = own_machine ();
    gssize n = read_begin (dirfd, path, buffer, ANSIBLE_ELF_BYTES);

    if (n < 0)
        return lacks (error, path);
    if (!ansible_elf_read (buffer, (gsize)n, path, elf, error))
        return FALSE;
    return strcmp (elf->machine, own) == 0 ||
           fail (error, ERR_NOT_READY,
                 "'%s' of the image that carries Ansible is for %s, and this host is %s", path,
                 elf->machine, own);
}

/* A virtual environment names the Python of its own root. */
static gboolean
check_plain (int dirfd, const char *python, GError **error)
{
    g_autofree char *bin = g_path_get_dirname (python);
    g_autofree char *above = g_path_get_dirname (bin);
    g_autofree char *mark = g_build_filename (above, "pyvenv.cfg", NULL);
    autofd int fd = open_inside (dirfd, mark);

    return fd < 0 || fail (error, ERR_NOT_READY,
                           "'/%s' of the image that carries Ansible is of a virtual environment, "
                           "which works in its own root only; install Ansible into the image's "
                           "own Python",
                           python);
}

static gboolean
is_new_folder (int dirfd, const char *path, GArray *seen)
{
    struct stat st;

    if (fstatat (dirfd, path, &st, 0) < 0 || !S_ISDIR (st.st_mode))
        return FALSE;
    for (guint i = 0; i < seen->len; i++)
        if (g_array_index (seen, ino_t, i) == st.st_ino)
            return FALSE;
    g_array_append_val (seen, st.st_ino);
    return TRUE;
}

static void
add_libraries (int dirfd, const char *root, const char *path, GArray *seen, GString *out)
{
    if (is_new_folder (dirfd, path, seen))
        g_string_append_printf (out, "%s%s/%s", out->len > 0 ? ":" : "", root, path);
}

/* Where Debian keeps libraries of one machine, and where others keep them. */
static char *
library_path (int dirfd, const char *root)
{
    static const char *const parents[] = { "usr/local/lib", "usr/lib", "lib" };
    static const char *const plain[] = { "usr/local/lib64", "usr/lib64", "lib64",
                                         "usr/local/lib",   "usr/lib",   "lib" };
    g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (ino_t));
    g_autoptr (GString) out = g_string_new (NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (parents); i++) {
        autofd int fd = openat (dirfd, parents[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, parents[i], NULL) : NULL;

        for (guint k = 0; names != NULL && k < names->len; k++) {
            g_autofree char *path = g_build_filename (parents[i], names->pdata[k], NULL);

            /* The loader takes these for more than letters. */
            if (g_str_has_suffix (path, "-linux-gnu") && strpbrk (path, ":;$") == NULL)
                add_libraries (dirfd, root, path, seen, out);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (plain); i++)
        add_libraries (dirfd, root, plain[i], seen, out);
    return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Appends NAME='root/path' where that folder is there. */
static void
add_variable (int dirfd, const char *root, const char *name, const char *path, GString *out)
{
    g_autofree char *folder = g_build_filename (root, path, NULL);
    g_autofree char *quoted = g_shell_quote (folder);

    if (faccessat (dirfd, path, F_OK, 0) == 0)
        g_string_append_printf (out, "export %s=%s\n", name, quoted);
}

/* What libraries look for at a place of their own that only another host has: without the locale
 * Ansible does not start, nor without the modules of OpenSSL, in Debian 12. */
static char *
variables (int dirfd, const char *root)
{
    g_autoptr (GString) out = g_string_new (NULL);
    autofd int fd = openat (dirfd, "usr/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, "usr/lib", NULL) : NULL;

    add_variable (dirfd, root, "LOCPATH", "usr/lib/locale", out);
    add_variable (dirfd, root, "OPENSSL_MODULES", "usr/lib64/ossl-modules", out);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename ("usr/lib", names->pdata[i], "ossl-modules", NULL);

        if (g_str_has_suffix (names->pdata[i], "-linux-gnu"))
            add_variable (dirfd, root, "OPENSSL_MODULES", path, out);
    }
    return g_string_free (g_steal_pointer (&out), FALSE);
}

/* -B: nothing is written into the tree; -s: the host's own Python packages stay out. */
static char *
starter_text (int dirfd, const char *root, const char *starter, const char *program,
              const char *loader)
{
    g_autofree char *self = g_build_filename (root, starter, NULL);
    g_autofree char *file = g_build_filename (root, program, NULL);
    g_autofree char *libraries = library_path (dirfd, root);
    g_autofree char *quoted_self = g_shell_quote (self), *quoted_file = g_shell_quote (file);
    g_autofree char *quoted_libraries = g_shell_quote (libraries), *quoted_loader = NULL;
    g_autofree char *path = loader != NULL ? g_build_filename (root, loader, NULL) : NULL;
    g_autofree char *set = variables (dirfd, root);

    if (path == NULL)
        return g_strdup_printf ("#!/bin/sh\n%sexec %s -B -s \"$@\"\n", set, quoted_file);
    quoted_loader = g_shell_quote (path);
    return g_strdup_printf ("#!/bin/sh\n"
                            "%sexec %s --argv0 %s --library-path %s %s -B -s \"$@\"\n",
                            set, quoted_loader, quoted_self, quoted_libraries, quoted_file);
}

static gboolean
write_starter (int dirfd, const char *root, const char *starter, const char *program,
               GError **error)
{
    g_auto (AnsibleElf) elf = { 0 };
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *loader = NULL, *folder = g_path_get_dirname (starter);
    autofd int fd = openat (dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *text;

    if (fd < 0)
        return lacks (error, folder);
    if (!read_program (dirfd, program, &elf, error))
        return FALSE;
    if (elf.loader != NULL) {
        loader = resolve (dirfd, root, elf.loader + strspn (elf.loader, "/"), error);
        if (loader == NULL)
            return FALSE;
    }
    text = starter_text (dirfd, root, starter, program, loader);
    bytes = g_bytes_new_take (text, strlen (text));
    return file_replace (fd, STARTER, bytes, 0755, error);
}

gboolean
ansible_program_write (int dirfd, const char *root, char **python, char **playbook, GError **error)
{
    g_autofree char *script = look_for (dirfd, "ansible-playbook");
    g_autofree char *asked = NULL, *program = NULL, *folder = NULL, *starter = NULL;

    /* The loader takes these for more than letters. */
    if (strpbrk (root, ":;$") != NULL)
        return fail (error, ERR_NOT_READY,
                     "no program can be run from '%s': there is a ':', ';' or '$' in the path",
                     root);
    if (script == NULL)
        return lacks (error, "ansible-playbook");
    asked = script_python (dirfd, script, error);
    if (asked == NULL || !check_plain (dirfd, asked, error))
        return FALSE;
    program = resolve (dirfd, root, asked, error);
    if (program == NULL)
        return FALSE;
    folder = g_path_get_dirname (program);
    starter = g_build_filename (folder, STARTER, NULL);
    if (!write_starter (dirfd, root, starter, program, error))
        return FALSE;
    *python = g_steal_pointer (&starter);
    *playbook = g_steal_pointer (&script);
    return TRUE;
}
