/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/line-diff.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
diff_of (const char *old, const char *new)
{
    g_autoptr (GBytes) left = g_bytes_new (old, strlen (old));
    g_autoptr (GBytes) right = g_bytes_new (new, strlen (new));
    const char *why;

    return line_diff (left, right, NULL, NULL, &why);
}

/* What diff -u says, without its two lines of names. */
static char *
peer_of (const char *dir, const char *old, const char *new)
{
    g_autofree char *left = g_build_filename (dir, "old", NULL);
    g_autofree char *right = g_build_filename (dir, "new", NULL);
    const char *argv[] = { "diff", "-u", "--minimal", left, right, NULL };
    g_autofree char *out = NULL;
    const char *hunks;

    g_assert_true (g_file_set_contents (left, old, -1, NULL));
    g_assert_true (g_file_set_contents (right, new, -1, NULL));
    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                                 NULL, NULL, NULL));
    hunks = strstr (out, "@@");
    return g_strdup (hunks != NULL ? hunks : "");
}

static guint
count_changes (const char *hunks)
{
    g_auto (GStrv) lines = g_strsplit (hunks, "\n", -1);
    guint count = 0;

    for (char **line = lines; *line != NULL; line++)
        count += **line == '-' || **line == '+';
    return count;
}

/* Puts the hunks on the old text, as patch does. */
static char *
apply (const char *old, const char *hunks)
{
    g_auto (GStrv) lines = g_strsplit (hunks, "\n", -1);
    GString *out = g_string_new (NULL);
    guint at = 0; /* lines of the old text that are done */
    char last = ' ';

    for (char **line = lines; *line != NULL; line++) {
        guint from, count = 1;
        const char *next = old;

        switch (**line) {
        case '@':
            g_assert_cmpint (sscanf (*line, "@@ -%u,%u", &from, &count), >=, 1);
            for (; at + (count > 0) < from; at++)
                next = strchr (next, '\n') + 1;
            /* All between the hunks is as it was. */
            g_string_append_len (out, old, next - old);
            old = next;
            break;
        case '\\':
            if (last != '-')
                g_string_truncate (out, out->len - 1);
            break;
        case ' ':
        case '-':
            g_assert_true (g_str_has_prefix (old, *line + 1));
            old += strlen (*line + 1);
            old += *old == '\n';
            at++;
            if (**line == '-')
                break;
            G_GNUC_FALLTHROUGH;
        case '+':
            g_string_append_printf (out, "%s\n", *line + 1);
            break;
        default:
            break;
        }
        last = **line;
    }
    g_string_append (out, old);
    return g_string_free (out, FALSE);
}

static const struct {
    const char *old, *new;
} cases[] = {
    { "", "" },
    { "a\n", "a\n" },
    { "", "a\n" },
    { "a\n", "" },
    { "a\n", "b\n" },
    { "a", "a\n" },
    { "a\n", "a" },
    { "a\nb", "a\nc" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n9\n" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n3\n4\n5\n6\n7\n8\n" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n" },
    { "\n\n\n", "\n\n" },
};

static void
test_it_says_what_diff_says (void)
{
    g_autofree char *dir = g_dir_make_tmp ("line-diff-XXXXXX", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *mine = diff_of (cases[i].old, cases[i].new);
        g_autofree char *theirs = peer_of (dir, cases[i].old, cases[i].new);

        g_assert_cmpstr (mine, ==, theirs);
    }
    for (guint i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename (dir, i == 0 ? "old" : "new", NULL);

        g_remove (path);
    }
    g_rmdir (dir);
}

static char *
random_text (void)
{
    GString *out = g_string_new (NULL);
    gint lines = g_test_rand_int_range (0, 40);

    for (gint i = 0; i < lines; i++)
        g_string_append_printf (out, "%c\n", 'a' + g_test_rand_int_range (0, 4));
    if (lines > 0 && g_test_rand_bit ())
        g_string_truncate (out, out->len - 1);
    return g_string_free (out, FALSE);
}

static void
test_random_texts_come_out_right_and_short (void)
{
    g_autofree char *dir = g_dir_make_tmp ("line-diff-XXXXXX", NULL);
    g_autofree char *left = g_build_filename (dir, "old", NULL);
    g_autofree char *right = g_build_filename (dir, "new", NULL);

    for (guint i = 0; i < 200; i++) {
        g_autofree char *old = random_text (), *new = random_text ();
        g_autofree char *mine = diff_of (old, new);
        g_autofree char *theirs = peer_of (dir, old, new);
        g_autofree char *again = apply (old, mine);

        g_assert_cmpstr (again, ==, new);
        g_assert_cmpuint (count_changes (mine), ==, count_changes (theirs));
    }
    g_remove (left);
    g_remove (right);
    g_rmdir (dir);
}

static char *
shout (const char *line, gsize length, gpointer data)
{
    return g_ascii_strup (line, (gssize)length);
}

static void
test_lines_are_shown_as_asked (void)
{
    g_autoptr (GBytes) old = g_bytes_new_static ("a\nb\n", 4), new = g_bytes_new_static ("a\nc", 3);
    const char *why;
    g_autofree char *shown = line_diff (old, new, shout, NULL, &why);

    g_assert_cmpstr (shown, ==, "@@ -1,2 +1,2 @@\n A\n-B\n+C\n\\ No newline at end of file\n");
}

static void
test_what_is_not_compared_says_why (void)
{
    g_autoptr (GString) many = g_string_new (NULL), other = g_string_new (NULL);
    g_autoptr (GBytes) none = g_bytes_new_static ("", 0), binary = g_bytes_new_static ("\0", 1);
    g_autoptr (GBytes) left = NULL, right = NULL;
    const char *why;

    g_assert_null (line_diff (none, binary, NULL, NULL, &why));
    g_assert_cmpstr (why, ==, "binary");
    for (guint i = 0; i <= LINE_DIFF_EDITS / 2; i++) {
        g_string_append_printf (many, "%u\n", i);
        g_string_append_printf (other, "x%u\n", i);
    }
    left = g_string_free_to_bytes (g_steal_pointer (&many));
    right = g_string_free_to_bytes (g_steal_pointer (&other));
    g_assert_null (line_diff (left, right, NULL, NULL, &why));
    g_assert_cmpstr (why, ==, "too many changes");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/line-diff/diff", test_it_says_what_diff_says);
    g_test_add_func ("/line-diff/random", test_random_texts_come_out_right_and_short);
    g_test_add_func ("/line-diff/shown", test_lines_are_shown_as_asked);
    g_test_add_func ("/line-diff/refused", test_what_is_not_compared_says_why);
    return g_test_run ();
}
