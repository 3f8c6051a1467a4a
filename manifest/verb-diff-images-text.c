/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff-text.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 14
#define STATE_COLUMNS 64 /* where an image's state stands */
#define DIGEST_DIGITS 12

static const char *
name_of (const DiffImage *image)
{
    return image->name != NULL ? image->name : "(no name)";
}

/* "x/server:1.5.0 -> 1.6.0" where only the tag is another. A host's names are longer than those of
 * a release and mean the same. */
char *
diff_describe_names (const DiffPair *pair)
{
    const DiffImage *a = pair->a, *b = pair->b;
    const char *tag = b != NULL && b->name != NULL ? strrchr (b->full, ':') : NULL;
    g_autofree char *both = NULL;

    if (a == NULL || b == NULL || g_strcmp0 (a->full, b->full) == 0)
        return error_quote (name_of (b != NULL ? b : a));
    if (tag != NULL && a->full != NULL &&
        strncmp (a->full, b->full, (gsize)(tag - b->full) + 1) == 0)
        both = g_strdup_printf ("%.*s%s -> %s", (int)(strrchr (b->name, ':') + 1 - b->name),
                                b->name, a->full + (tag + 1 - b->full), tag + 1);
    else
        both = g_strdup_printf ("%s -> %s", name_of (a), name_of (b));
    return error_quote (both);
}

static const char *
describe_state (const Diff *diff, const DiffPair *pair)
{
    const DiffSide *lacks = &diff->sides[pair->state == DIFF_ADDED ? 0 : 1];

    switch (pair->state) {
    case DIFF_SAME:
        return N_ ("same");
    case DIFF_SAME_LAYERS:
        return "same layers";
    case DIFF_CHANGED:
        return N_ ("CHANGED");
    case DIFF_ADDED:
        return lacks->have != NULL ? "NOT ON HOST" : N_ ("ADDED");
    case DIFF_REMOVED:
        return lacks->have != NULL ? "NOT ON HOST" : N_ ("REMOVED");
    }
    return NULL;
}

static char *
describe_config (const DiffImage *image)
{
    g_autofree char *hex = NULL;

    if (image->image == NULL && !image->held->has_config)
        return message_printf ("not known");
    hex = digest_to_hex (image->image != NULL ? &image->image->config : &image->held->config);
    return g_strndup (hex, DIGEST_DIGITS);
}

static void
print_pair (const Diff *diff, const DiffPair *pair)
{
    g_autofree char *names = diff_describe_names (pair);
    glong pad = MAX (STATE_COLUMNS - (glong)message_columns (names), 1);

    say ("\n%s%*s%s\n", names, (int)pad, "", describe_state (diff, pair));
    if (pair->state == DIFF_SAME)
        return;
    if (pair->a != NULL && pair->b != NULL) {
        g_autofree char *from = describe_config (pair->a);
        g_autofree char *to = describe_config (pair->b);

        say ("  %-*s%s -> %s\n", LABEL_COLUMNS, "config", from, to);
    }
    if (pair->state == DIFF_REMOVED && pair->layers.gone.n == 0)
        say ("  %-*sall still in B\n", LABEL_COLUMNS, "layers");
    else
        diff_print_layers ("  layers", &pair->layers);
    diff_print_packages (pair);
    diff_print_files (pair);
}

void
diff_print_images (const Diff *diff)
{
    for (guint i = 0; i < diff->images->len; i++)
        print_pair (diff, diff->images->pdata[i]);
}
