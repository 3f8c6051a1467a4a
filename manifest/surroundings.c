/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/surroundings.h"

#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
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
    "SUDO_USER",      /* who, for the receipt, where --by does not say it */
    "DOCKER_HOST",    /* so that plan can say that it is ignored */
    "HANDCARRY_BASE", /* how base files are read, to test and to measure */
};

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
