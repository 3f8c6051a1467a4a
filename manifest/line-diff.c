/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/line-diff.h"

#include <string.h>

/* E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the forward greedy form. */

typedef struct {
    const char *at;
    gsize length; /* with the line feed, which the last line may lack */
} Line;

/* The lines of one text; equal lines of both texts have the same number. */
typedef struct {
    GArray *lines;   /* Line */
    GArray *numbers; /* guint */
    guint8 *changed; /* one for each line: taken out of the old text, or put into the new one */
} Side;

typedef struct {
    Side old, new;
    guint skip;       /* equal lines that both begin with */
    gint left, right; /* lines between those that both begin and end with */
    LineDiffShow show;
    gpointer data;
    GString *out;
} Diff;

static guint
line_hash (gconstpointer key)
{
    const Line *line = key;
    guint hash = 5381;

    for (gsize i = 0; i < line->length; i++)
        hash = hash * 33 + (guint8)line->at[i];
    return hash;
}

static gboolean
line_equal (gconstpointer a, gconstpointer b)
{
    const Line *left = a, *right = b;

    return left->length == right->length && memcmp (left->at, right->at, left->length) == 0;
}

static const char *
split (Side *side, GBytes *text)
{
    gsize size;
    const char *at = g_bytes_get_data (text, &size), *end = at + size;

    side->lines = g_array_new (FALSE, FALSE, sizeof (Line));
    side->numbers = g_array_new (FALSE, FALSE, sizeof (guint));
    if (size > 0 && memchr (at, '\0', size) != NULL)
        return "binary";
    while (at < end) {
        const char *feed = memchr (at, '\n', (gsize)(end - at));
        Line line = { at, (gsize)((feed != NULL ? feed + 1 : end) - at) };

        if (side->lines->len >= LINE_DIFF_LINES)
            return "too many lines";
        g_array_append_val (side->lines, line);
        at += line.length;
    }
    side->changed = g_new0 (guint8, side->lines->len + 1);
    return NULL;
}

static void
number (Side *side, GHashTable *known)
{
    for (guint i = 0; i < side->lines->len; i++) {
        Line *line = &g_array_index (side->lines, Line, i);
        guint next = g_hash_table_size (known) + 1;
        gpointer found = g_hash_table_lookup (known, line);

        if (found == NULL)
            g_hash_table_insert (known, line, GUINT_TO_POINTER (next));
        else
            next = GPOINTER_TO_UINT (found);
        g_array_append_val (side->numbers, next);
    }
}

static void
side_clear (Side *side)
{
    g_array_unref (side->lines);
    g_array_unref (side->numbers);
    g_free (side->changed);
}

static guint
number_at (const Side *side, guint i)
{
    return g_array_index (side->numbers, guint, i);
}

static void
trim (Diff *diff)
{
    guint left = diff->old.lines->len, right = diff->new.lines->len;

    while (diff->skip < left && diff->skip < right &&
           number_at (&diff->old, diff->skip) == number_at (&diff->new, diff->skip))
        diff->skip++;
    while (left > diff->skip && right > diff->skip &&
           number_at (&diff->old, left - 1) == number_at (&diff->new, right - 1)) {
        left--;
        right--;
    }
    diff->left = (gint)(left - diff->skip);
    diff->right = (gint)(right - diff->skip);
}

/* Does the furthest path with one edit more on diagonal k come from above (a line put in)? */
static gboolean
from_above (const gint *reach, gint edits, gint k)
{
    return k == -edits || (k != edits && reach[k - 1] < reach[k + 1]);
}

/* One round: reach[k] becomes how far into the old text the best path with so many edits gets on
 * diagonal k. TRUE when the end is reached. */
static gboolean
advance (const Diff *diff, gint *reach, gint edits)
{
    for (gint k = -edits; k <= edits; k += 2) {
        gint x = from_above (reach, edits, k) ? reach[k + 1] : reach[k - 1] + 1;
        gint y = x - k;

        while (x < diff->left && y >= 0 && y < diff->right &&
               number_at (&diff->old, diff->skip + (guint)x) ==
                   number_at (&diff->new, diff->skip + (guint)y)) {
            x++;
            y++;
        }
        reach[k] = x;
        if (x >= diff->left && y >= diff->right)
            return TRUE;
    }
    return FALSE;
}

/* From the end back; rounds holds what reach was before each round. */
static void
mark (Diff *diff, const GPtrArray *rounds)
{
    gint x = diff->left, y = diff->right;

    for (gint edits = (gint)rounds->len - 1; edits > 0; edits--) {
        const gint *reach = (const gint *)g_ptr_array_index (rounds, (guint)edits) + edits + 1;
        gint k = x - y, before = from_above (reach, edits, k) ? k + 1 : k - 1;

        x = reach[before];
        y = x - before;
        if (before > k)
            diff->new.changed[diff->skip + (guint)y] = 1;
        else
            diff->old.changed[diff->skip + (guint)x] = 1;
    }
}

static gboolean
compare (Diff *diff)
{
    g_autofree gint *space = g_new0 (gint, 2 * (LINE_DIFF_EDITS + 2) + 1);
    gint *reach = space + LINE_DIFF_EDITS + 2;
    g_autoptr (GPtrArray) rounds = g_ptr_array_new_with_free_func (g_free);

    for (gint edits = 0; edits <= LINE_DIFF_EDITS; edits++) {
        gsize bytes = (gsize)(2 * edits + 3) * sizeof (gint);

        g_ptr_array_add (rounds, g_memdup2 (reach - edits - 1, bytes));
        if (!advance (diff, reach, edits))
            continue;
        mark (diff, rounds);
        return TRUE;
    }
    return FALSE;
}

static void
append_line (const Diff *diff, char sign, const Side *side, guint i)
{
    const Line *line = &g_array_index (side->lines, Line, i);
    gboolean ends = line->at[line->length - 1] == '\n';
    gsize length = line->length - (ends ? 1 : 0);
    g_autofree char *shown = diff->show != NULL ? diff->show (line->at, length, diff->data)
                                                : g_strndup (line->at, length);

    g_string_append_printf (diff->out, "%c%s\n%s", sign, shown,
                            ends ? "" : "\\ No newline at end of file\n");
}

/* "3", "3,2", and "2,0" where there is no line after the second. */
static void
append_range (GString *out, guint from, guint to)
{
    if (to - from == 1)
        g_string_append_printf (out, "%u", from + 1);
    else
        g_string_append_printf (out, "%u,%u", to == from ? from : from + 1, to - from);
}

/* Where both sides stand. */
typedef struct {
    guint old, new;
} Spot;

static gboolean
is_change (const Diff *diff, Spot at)
{
    return (at.old < diff->old.lines->len && diff->old.changed[at.old]) ||
           (at.new < diff->new.lines->len && diff->new.changed[at.new]);
}

static gboolean
is_end (const Diff *diff, Spot at)
{
    return at.old >= diff->old.lines->len && at.new >= diff->new.lines->len;
}

static Spot
skip_change (const Diff *diff, Spot at)
{
    while (at.old < diff->old.lines->len && diff->old.changed[at.old])
        at.old++;
    while (at.new < diff->new.lines->len && diff->new.changed[at.new])
        at.new ++;
    return at;
}

/* The last change of a hunk is followed by more equal lines than two contexts. */
static Spot
find_end (const Diff *diff, Spot at)
{
    Spot end = at;

    while (!is_end (diff, at)) {
        guint equal = 0;

        end = at = skip_change (diff, at);
        for (; !is_end (diff, at) && !is_change (diff, at); equal++)
            at = (Spot){ at.old + 1, at.new + 1 };
        if (equal > 2 * LINE_DIFF_CONTEXT || is_end (diff, at))
            break;
    }
    return end;
}

static void
append_hunk (const Diff *diff, Spot from, Spot to)
{
    Spot at = from;

    g_string_append (diff->out, "@@ -");
    append_range (diff->out, from.old, to.old);
    g_string_append (diff->out, " +");
    append_range (diff->out, from.new, to.new);
    g_string_append (diff->out, " @@\n");
    while (at.old < to.old || at.new < to.new) {
        Spot next = skip_change (diff, at);

        for (; at.old < next.old; at.old++)
            append_line (diff, '-', &diff->old, at.old);
        for (; at.new < next.new; at.new ++)
            append_line (diff, '+', &diff->new, at.new);
        for (; at.old < to.old && !is_change (diff, at); at.old++, at.new ++)
            append_line (diff, ' ', &diff->old, at.old);
    }
}

static void
append_hunks (const Diff *diff)
{
    Spot at = { 0, 0 };

    while (!is_end (diff, at)) {
        guint before, after;
        Spot end;

        if (!is_change (diff, at)) {
            at = (Spot){ at.old + 1, at.new + 1 };
            continue;
        }
        end = find_end (diff, at);
        before = MIN (LINE_DIFF_CONTEXT, at.old);
        after = MIN (LINE_DIFF_CONTEXT, diff->old.lines->len - end.old);
        append_hunk (diff, (Spot){ at.old - before, at.new - before },
                     (Spot){ end.old + after, end.new + after });
        at = end;
    }
}

char *
line_diff (GBytes *old, GBytes *new, LineDiffShow show, gpointer data, const char **why)
{
    g_autoptr (GHashTable) known = g_hash_table_new (line_hash, line_equal);
    Diff diff = { .show = show, .data = data };
    const char *left = split (&diff.old, old), *right = split (&diff.new, new);

    *why = left != NULL ? left : right;
    if (*why == NULL) {
        number (&diff.old, known);
        number (&diff.new, known);
        trim (&diff);
        if (!compare (&diff))
            *why = "too many changes";
    }
    if (*why == NULL) {
        diff.out = g_string_new (NULL);
        append_hunks (&diff);
    }
    side_clear (&diff.old);
    side_clear (&diff.new);
    return *why == NULL ? g_string_free (diff.out, FALSE) : NULL;
}
