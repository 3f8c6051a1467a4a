/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "tests/unit/corpus.h"

#include <string.h>

static char *
read_file (const char *folder, const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    char *content = NULL;

    g_file_get_contents (path, &content, length, &error);
    g_assert_no_error (error);
    return content;
}

/* Every file that fails is told, not only the first. */
static void G_GNUC_PRINTF (1, 2) report (const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start (args, format);
    message = g_strdup_vprintf (format, args);
    va_end (args);
    g_test_message ("%s", message);
    g_test_fail ();
}

static void
check_bad (const char *folder, const char *name, const GError *error)
{
    g_autofree char *beside = g_strconcat (name, ".expected", NULL);
    g_autofree char *expected = read_file (folder, beside, NULL);

    if (error == NULL)
        report ("%s/%s was not refused", folder, name);
    else if (strstr (error->message, g_strstrip (expected)) == NULL)
        report ("%s/%s: the message is '%s' and lacks '%s'", folder, name, error->message,
                expected);
}

static void
check_file (const char *folder, const char *name, CorpusFunc func)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) input = NULL;
    gsize length;
    g_autofree char *content = read_file (folder, name, &length);
    gboolean taken;

    /* A copy without the NUL that GLib puts after a file: a parser that reads on is seen. */
    input = g_bytes_new (content, length);
    taken = func (input, &error);
    g_assert_true (taken == (error == NULL));
    if (g_str_has_prefix (name, "bad-"))
        check_bad (folder, name, error);
    else if (error != NULL)
        report ("%s/%s was refused: %s", folder, name, error->message);
}

void
corpus_walk (const char *folder, CorpusFunc func)
{
    g_autofree char *path = g_build_filename (TEST_DATA, folder, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
    guint good = 0, bad = 0;
    const char *name;

    g_assert_no_error (error);
    while ((name = g_dir_read_name (dir)) != NULL) {
        if (g_str_has_suffix (name, ".expected"))
            continue;
        if (g_str_has_prefix (name, "ok-"))
            good++;
        else if (g_str_has_prefix (name, "bad-"))
            bad++;
        else
            g_error ("%s/%s is neither ok-* nor bad-*", folder, name);
        check_file (path, name, func);
    }
    g_assert_cmpuint (good, >, 0);
    g_assert_cmpuint (bad, >, 0);
}
