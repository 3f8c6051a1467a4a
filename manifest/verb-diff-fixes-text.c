/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/verb-diff-text.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 40 /* at most */

/* An older version than the one that is there is what a person must not miss. */
static const char *const titles[N_PACKAGE_CHANGES] = { N_ ("upgraded"), N_ ("DOWNGRADED"),
                                                       N_ ("changed"), N_ ("added"),
                                                       N_ ("removed") };

typedef struct {
    guint changes[N_PACKAGE_CHANGES];
    guint packages, images, compared;
} Total;

static gboolean
is_compared (const DiffPair *pair)
{
    return pair->packages != NULL && pair->a != NULL && pair->b != NULL;
}

static void
count (const Diff *diff, Total *total)
{
    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        if (!is_compared (pair))
            continue;
        total->compared++;
        total->images += pair->packages->len > 0;
        total->packages += pair->packages->len;
        for (guint k = 0; k < pair->packages->len; k++)
            total->changes[((DiffPackage *)pair->packages->pdata[k])->change]++;
    }
}

static void
print_release (const DiffProduct *a, const DiffProduct *b)
{
    if (a == NULL || b == NULL)
        return;
    say ("%s %s (release %" G_GUINT64_FORMAT ") -> %s%s%s (release %" G_GUINT64_FORMAT ")\n",
         a->product, a->version, a->release, strcmp (a->product, b->product) != 0 ? b->product : "",
         strcmp (a->product, b->product) != 0 ? " " : "", b->version, b->release);
}

static void
print_total (const Total *total)
{
    const char *between = ": ";

    if (total->compared == 0) {
        say ("no image has a list of packages on both sides\n");
        return;
    }
    if (total->packages == 0) {
        say ("no package changes in %u %s that both have\n", total->compared,
             total->compared == 1 ? "image" : "images");
        return;
    }
    say ("%u packages change in %u of %u %s", total->packages, total->images, total->compared,
         total->compared == 1 ? "image" : "images");
    for (guint i = 0; i < N_PACKAGE_CHANGES; i++) {
        if (total->changes[i] == 0)
            continue;
        say ("%s%u %s", between, total->changes[i], titles[i]);
        between = ", ";
    }
    putchar ('\n');
}

static void
print_package (const DiffPackage *package, int columns)
{
    g_autofree char *name = diff_describe_package (package);

    say ("    %-*s  %s", columns, name, package->from != NULL ? package->from : package->to);
    if (package->from != NULL && package->to != NULL)
        say (" -> %s", package->to);
    say ("  (%s)\n", package->kind);
}

static void
print_group (const DiffPair *pair, PackageChange change)
{
    gboolean any = FALSE;
    int columns = 0;

    for (guint i = 0; i < pair->packages->len; i++) {
        const DiffPackage *package = pair->packages->pdata[i];
        g_autofree char *name = diff_describe_package (package);

        if (package->change == change)
            columns = MAX (columns, MIN ((int)strlen (name), NAME_COLUMNS));
    }
    for (guint i = 0; i < pair->packages->len; i++) {
        const DiffPackage *package = pair->packages->pdata[i];

        if (package->change != change)
            continue;
        if (!any)
            say ("  %s\n", titles[change]);
        any = TRUE;
        print_package (package, columns);
    }
}

static void
print_pair (const DiffPair *pair)
{
    g_autofree char *names = diff_describe_names (pair);

    if (pair->packages == NULL)
        say ("\n%s: packages not known, a have file does not list them\n", names);
    else if (pair->a == NULL || pair->b == NULL)
        say ("\n%s: %s, %u packages\n", names, pair->a == NULL ? "ADDED" : "REMOVED",
             pair->n_packages[pair->a == NULL ? 1 : 0]);
    else if (pair->packages->len > 0 || (pair->unread[0] | pair->unread[1]) != 0)
        say ("\n%s: %u of %u packages\n", names, pair->packages->len, pair->n_packages[1]);
    else
        return;
    diff_print_unread (pair, 2);
    for (guint i = 0; is_compared (pair) && i < N_PACKAGE_CHANGES; i++)
        print_group (pair, (PackageChange)i);
}

void
diff_print_fixes (const Diff *diff)
{
    Total total = { 0 };

    say ("NOT VERIFIED: no signature was checked; 'handcarry verify' does that.\n\n");
    for (guint i = 0; i < diff->releases->len; i++) {
        const DiffProduct **row = diff->releases->pdata[i];

        print_release (row[0], row[1]);
    }
    count (diff, &total);
    print_total (&total);
    for (guint i = 0; i < diff->images->len; i++)
        print_pair (diff->images->pdata[i]);
}
