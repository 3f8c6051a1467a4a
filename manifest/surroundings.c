/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/surroundings.h"

#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <nss.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SECURITY.md lists them. */
static const char *const kept[] = {
    "HOME",           /* of playbooks */
    "NO_COLOR",       /* of the terminal, as is */
    "TERM",           /* this */
    "TMPDIR",         /* of `verify --deep` */
    "VISUAL",         /* of `values edit` */
    "EDITOR",         /* this too */
    "SUDO_USER",      /* who, for the receipt, where --by does not say it */
    "DOCKER_HOST",    /* so that plan can say that it is ignored */
    "HANDCARRY_BASE", /* how base files are read, to test and to measure */
};

/* What libraries would load from the host, and where that is in a kit, below its lib/. What is not
 * there is taken for empty. */
static const char *const own[][2] = {
    { "GIO_MODULE_DIR", "gio" },       { "LOCPATH", "locale" },
    { "OPENSSL_CONF", "openssl.cnf" }, { "OPENSSL_ENGINES", "openssl" },
    { "OPENSSL_MODULES", "openssl" },
};
/* Or NULL: those of the distribution are its own.
 * lint: allow-variable: set once at the start, as the environment is */
static char *own_folder;

void
surroundings_fill_descriptors (void)
{
    int fd;

    do {
        fd = openat (AT_FDCWD, "/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close (fd);
}

/* Without what a program would be looked for in the folder that one happens to be in, a stick for
 * instance. */
static char *
absolute_path (const char *path)
{
    g_auto (GStrv) folders = g_strsplit (path != NULL ? path : "", ":", -1);
    GString *all = g_string_new (NULL);

    for (char **folder = folders; *folder != NULL; folder++)
        if (**folder == '/')
            g_string_append_printf (all, "%s%s", all->len > 0 ? ":" : "", *folder);
    if (all->len == 0)
        g_string_append (all, "/usr/sbin:/usr/bin:/sbin:/bin");
    return g_string_free (all, FALSE);
}

static void
set_own_variables (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (own) && own_folder != NULL; i++) {
        g_autofree char *path = g_build_filename (own_folder, own[i][1], NULL);
        setenv (own[i][0], path, TRUE);
    }
}

/* Without what names files of others to libraries. What is preloaded has run by now; a program that
 * begins again has it not in its memory. Its loader may have been started by hand with this program
 * as its argument: then there is nothing to begin. */
static void
begin_without_others (const char *program, char **argv)
{
    static const char *const others[] = { "GCONV_", "GIO_", "OPENSSL_" };
    g_autofree char *name = g_path_get_basename (program);
    g_auto (GStrv) variables = g_listenv ();
    gboolean found = FALSE;

    for (char **variable = variables; *variable != NULL; variable++) {
        found = found || g_str_has_prefix (*variable, "LD_");
        if (g_str_has_prefix (*variable, "LD_"))
            unsetenv (*variable);
        for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
            if (g_str_has_prefix (*variable, others[i]))
                unsetenv (*variable);
    }
    if (found && !g_str_has_prefix (name, "ld-"))
        execv ("/proc/self/exe", argv);
}

void
surroundings_keep_to_own (char **argv)
{
    static const char *const databases[] = { "passwd", "group", "shadow", "initgroups", "hosts" };
    g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
    g_autofree char *folder = NULL;
    g_autofree char *prefix = NULL;

    if (program == NULL)
        program = g_strdup ("/opt/handcarry/" HANDCARRY_VERSION "/bin/handcarry");
    begin_without_others (program, argv);
    folder = g_path_get_dirname (program);
    prefix = g_path_get_dirname (folder);
    own_folder = g_build_filename (prefix, "lib", NULL);
    set_own_variables ();
    /* Modules of the host's sssd or systemd are for the host's C library. */
    for (gsize i = 0; i < G_N_ELEMENTS (databases); i++)
        __nss_configure_lookup (databases[i], "files");
}

static void
keep_few_variables (void)
{
    g_autofree char *path = absolute_path (g_getenv ("PATH"));
    char *values[G_N_ELEMENTS (kept)];

    for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
        values[i] = g_strdup (g_getenv (kept[i]));
    clearenv ();
    setenv ("PATH", path, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS (kept); i++) {
        if (values[i] != NULL)
            setenv (kept[i], values[i], TRUE);
        g_free (values[i]);
    }
    set_own_variables ();
}

void
surroundings_shed (void)
{
    surroundings_fill_descriptors ();
    if (!kernel_close_range (STDERR_FILENO + 1, ~0U))
        g_error ("cannot close the descriptors that this program was started with: %s",
                 g_strerror (errno));
    /* What is private says so where it is made; playbooks expect the usual. */
    umask (022);
    keep_few_variables ();
}
