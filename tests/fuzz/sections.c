/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "tests/fuzz/sections.h"

#include "keys/trust.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "==== "
#define SECTIONS_MAX 300

static void
section_free (gpointer data)
{
    Section *section = data;

    g_free (section->name);
    g_bytes_unref (section->bytes);
    g_free (section);
}

/* The next mark at the begin of a line, or the end. */
static const guint8 *
find_mark (const guint8 *at, const guint8 *end, gboolean first)
{
    const guint8 *from = at;

    if (first && end - at >= (gssize)strlen (MARK) && memcmp (at, MARK, strlen (MARK)) == 0)
        return at;
    while ((from = memmem (from, (gsize)(end - from), "\n" MARK, strlen (MARK) + 1)) != NULL)
        return from + 1;
    return end;
}

GPtrArray *
sections_split (const guint8 *data, gsize size)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func (section_free);
    const guint8 *end = data + size;
    const guint8 *at = size > 0 ? find_mark (data, end, TRUE) : end;

    while (at < end && sections->len < SECTIONS_MAX) {
        const guint8 *name = at + strlen (MARK);
        const guint8 *line = memchr (name, '\n', (gsize)(end - name));
        Section *section;

        if (line == NULL)
            break;
        /* The mark of an empty section comes right behind its line. */
        at = find_mark (line, end, FALSE);
        section = g_new0 (Section, 1);
        section->name = g_strndup ((const char *)name, (gsize)(line - name));
        section->bytes =
            g_bytes_new (line + 1, at > line + 1 ? (gsize)(at - line) - (at < end ? 2 : 1) : 0);
        g_ptr_array_add (sections, section);
    }
    return sections;
}

GBytes *
sections_find (GPtrArray *sections, const char *name)
{
    for (guint i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        if (strcmp (section->name, name) == 0)
            return section->bytes;
    }
    return NULL;
}

GPtrArray *
sections_all (GPtrArray *sections, const char *name)
{
    GPtrArray *found = g_ptr_array_new ();

    for (guint i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        if (strcmp (section->name, name) == 0)
            g_ptr_array_add (found, section->bytes);
    }
    return found;
}

GPtrArray *
sections_chain (GPtrArray *sections, const char *root, const char *vote)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)signed_root_free);

    for (guint i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        if (strcmp (section->name, root) == 0) {
            g_ptr_array_add (chain, signed_root_new (section->bytes));
        } else if (strcmp (section->name, vote) == 0 && chain->len > 0) {
            SignedRoot *last = chain->pdata[chain->len - 1];

            g_ptr_array_add (last->votes, g_bytes_ref (section->bytes));
        }
    }
    return chain;
}

static char folder[64];

static int
remove_one (const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    return remove (path);
}

static void
remove_folder (void)
{
    nftw (folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
scratch_folder (void)
{
    if (*folder != '\0')
        return folder;
    strncpy (folder, "/dev/shm/handcarry-fuzz-XXXXXX", sizeof folder - 1);
    if (mkdtemp (folder) == NULL)
        g_error ("cannot make '%s'", folder);
    atexit (remove_folder);
    return folder;
}

char *
scratch_path (const char *name)
{
    return g_build_filename (scratch_folder (), name, NULL);
}

void
scratch_write (const char *name, gconstpointer data, gsize size)
{
    g_autofree char *path = scratch_path (name);
    int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || (size > 0 && write (fd, data, size) != (ssize_t)size))
        g_error ("cannot write '%s'", path);
    close (fd);
}

void
scratch_remove (const char *name)
{
    g_autofree char *path = scratch_path (name);

    unlink (path);
}
