/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/size.h"
#include "manifest/verb-diff-text.h"
#include "manifest/error.h"
#include "manifest/verb.h"
#include "manifest/message.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LABEL_COLUMNS 14
#define NAME_COLUMNS 40 /* at most, of the names in a list */

void
diff_print_unread (const DiffPair *pair, int blanks)
{
    static const struct {
        PackagesUnread bit;
        const char *what;
    } rows[] = { { UNREAD_APK, "an apk database" },
                 { UNREAD_DEB, "a dpkg database" },
                 { UNREAD_LAYER, "a layer" },
                 { UNREAD_SBOM, "a package of the SBOM" } };

    for (guint side = 0; side < 2; side++)
        for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
            if ((pair->unread[side] & rows[i].bit) != 0)
                say ("%*spackages of %s may be missing: %s could not be read\n", blanks, "",
                     side == 0 ? "A" : "B", rows[i].what);
}

char *
diff_describe_package (const DiffPackage *package)
{
    return package->show_arch ? g_strconcat (package->name, ":", package->arch, NULL)
                              : g_strdup (package->name);
}

static void
print_package (const DiffPackage *package, int columns)
{
    g_autofree char *name = diff_describe_package (package);
    char sign = package->from == NULL ? '+' : package->to == NULL ? '-' : ' ';

    say ("    %c %-*s %s", sign, columns, name,
         package->from != NULL ? package->from : package->to);
    if (package->from != NULL && package->to != NULL)
        say (" -> %s%s", package->to, package->change == PACKAGE_DOWNGRADED ? "  DOWNGRADED" : "");
    putchar ('\n');
}

/* "3 changed, 1 added, 2 removed" of things that differ. */
static char *
describe_changes (const GPtrArray *items, gboolean (*is_in) (gconstpointer item, guint side))
{
    static const char *const words[] = { N_ ("changed"), N_ ("added"), N_ ("removed") };
    guint n[3] = { 0 };
    g_autoptr (GString) text = g_string_new (NULL);

    for (guint i = 0; i < items->len; i++)
        n[!is_in (items->pdata[i], 0) ? 1 : !is_in (items->pdata[i], 1) ? 2 : 0]++;
    for (guint i = 0; i < G_N_ELEMENTS (words); i++)
        if (n[i] > 0)
            message_append (text, "%s%u %s", text->len > 0 ? ", " : "", n[i], words[i]);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
has_package (gconstpointer item, guint side)
{
    const DiffPackage *package = item;

    return (side == 0 ? package->from : package->to) != NULL;
}

static gboolean
has_file (gconstpointer item, guint side)
{
    const DiffFile *file = item;

    return (side == 0 ? file->a : file->b) != NULL;
}

/* All packages of an image that the other side has not would be a long list that says nothing. */
void
diff_print_packages (const DiffPair *pair)
{
    g_autofree char *changes = NULL;
    guint n = pair->n_packages[pair->b != NULL ? 1 : 0];
    int columns = 0;

    say ("  %-*s", LABEL_COLUMNS, "packages");
    if (pair->packages == NULL) {
        say ("not known: a have file does not list them\n");
        return;
    }
    changes = describe_changes (pair->packages, has_package);
    if (pair->n_packages[0] + pair->n_packages[1] == 0)
        say ("none known\n");
    else if (pair->a == NULL || pair->b == NULL)
        say ("%u\n", n);
    else
        say ("%u, %s\n", n, pair->packages->len == 0 ? "the same" : changes);
    diff_print_unread (pair, LABEL_COLUMNS + 2);
    if (pair->a == NULL || pair->b == NULL)
        return;
    for (guint i = 0; i < pair->packages->len; i++) {
        g_autofree char *name = diff_describe_package (pair->packages->pdata[i]);

        columns = MAX (columns, MIN ((int)strlen (name), NAME_COLUMNS));
    }
    for (guint i = 0; i < pair->packages->len; i++)
        print_package (pair->packages->pdata[i], columns);
}

static const char *
describe_kind (mode_t mode)
{
    if (S_ISREG (mode))
        return N_ ("file");
    if (S_ISLNK (mode))
        return N_ ("link");
    return S_ISCHR (mode) || S_ISBLK (mode) ? N_ ("device")
           : S_ISFIFO (mode)                ? N_ ("pipe")
                                            : N_ ("other");
}

static char *
describe_file (const ImageFile *file)
{
    return S_ISREG (file->mode) ? size_to_text (file->size) : g_strdup (describe_kind (file->mode));
}

/* What is another but the content. */
static void
print_attributes (const ImageFile *a, const ImageFile *b)
{
    if (((a->mode ^ b->mode) & 07777) != 0)
        say (", mode %04o -> %04o", a->mode & 07777, b->mode & 07777);
    if (a->uid != b->uid || a->gid != b->gid)
        say (", owner %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT
             ":%" G_GUINT64_FORMAT,
             a->uid, a->gid, b->uid, b->gid);
}

static void
print_file (const DiffFile *file)
{
    g_autofree char *path = error_quote (file->path);
    g_autofree char *from = file->a != NULL ? describe_file (file->a) : NULL;
    g_autofree char *to = file->b != NULL ? describe_file (file->b) : NULL;

    say ("    %c %s  %s",
         from == NULL ? '+'
         : to == NULL ? '-'
                      : ' ',
         path,
         from != NULL ? from
         : to != NULL ? to
                      : "");
    if (from != NULL && to != NULL) {
        if (strcmp (from, to) != 0)
            say (" -> %s", to);
        else if (!digest_equal (&file->a->content, &file->b->content))
            say (", %s", S_ISLNK (file->b->mode) ? "another target" : "other content");
        print_attributes (file->a, file->b);
    }
    putchar ('\n');
}

void
diff_print_file_list (const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++)
        print_file (files->pdata[i]);
}

void
diff_print_files (const DiffPair *pair)
{
    g_autofree char *changes = NULL;

    if (pair->no_files != NULL)
        say ("  %-*snot known: %s\n", LABEL_COLUMNS, "files", pair->no_files);
    if (pair->files == NULL)
        return;
    changes = describe_changes (pair->files, has_file);
    say ("  %-*s%s\n", LABEL_COLUMNS, "files", pair->files->len > 0 ? changes : "the same");
    diff_print_file_list (pair->files);
}
