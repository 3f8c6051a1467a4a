/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-file.h"
#include "install/values-text.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A value is one thing only, and what is set can be found again. */
static void
check (GPtrArray *given)
{
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        g_assert_true ((one->kind == VALUE_COMMAND) == (one->command != NULL));
        g_assert_true ((one->kind == VALUE_COMMAND) == (one->text == NULL));
        g_assert_true (one->command == NULL || one->command[0][0] == '/');
        g_assert_true (one->kind != VALUE_FILE || *one->text == '/');
        g_assert_true (values_file_find (given, one->name) ==
                       (one->kind == VALUE_UNSET ? NULL : one));
        g_assert_cmpuint (one->line, >, 0);
    }
}

static Release *
make_release (void)
{
    static const char text[] = "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
                               "platforms: [linux/amd64]\nvalues:\n"
                               "  - {name: a, description: what it is, secret: true}\n"
                               "  - {name: port, default: \"8080\"}\n"
                               "files: [{from: x, to: /opt/x}]\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, sizeof text - 1);
    Release *release = release_parse_authored (bytes, "release.yaml", NULL, NULL, NULL);

    g_assert_nonnull (release);
    return release;
}

static gboolean
ends_whole (GBytes *text)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);

    return length == 0 || bytes[length - 1] == '\n';
}

/* What is shown to be edited and comes back as it was says what the file said. */
static void
check_edit (GBytes *text, GPtrArray *given, const Release *release)
{
    char *filled = values_text_prefill (text, release);
    g_autoptr (GBytes) prefilled = g_bytes_new_take (filled, strlen (filled));
    g_autoptr (GBytes) back = values_text_strip (prefilled);
    g_autoptr (GBytes) set = values_text_set (text, "port", "81", "values", NULL);
    g_autoptr (GPtrArray) again = values_file_parse (back, "values", NULL), changed = NULL;

    if (given == NULL)
        return;
    g_assert_nonnull (again);
    changed = values_text_changed (given, again);
    /* A last line that does not end gets an end, which a text in YAML's block style then has too.
     */
    g_assert_true (changed->len == 0 || !ends_whole (text));
    if (set != NULL) {
        g_autoptr (GPtrArray) now = values_file_parse (set, "values", NULL);

        g_assert_cmpstr (values_file_find (now, "port")->text, ==, "81");
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static Release *release;
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) given = values_file_parse (text, "values", &error);

    if (release == NULL)
        release = make_release ();
    g_assert_true ((given == NULL) == (error != NULL));
    if (given != NULL)
        check (given);
    check_edit (text, given, release);
    return 0;
}
