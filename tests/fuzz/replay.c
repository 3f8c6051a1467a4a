/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <glib.h>
#include <stdio.h>

/* Gives every file named on the command line, or every file in a folder named there, to a fuzz
 * target: what a fuzzer found once is checked on machines that have none. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
replay_file (const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *content = NULL;
    gsize length;

    if (!g_file_get_contents (path, &content, &length, &error))
        g_error ("%s", error->message);
    LLVMFuzzerTestOneInput ((const guint8 *)content, length);
}

static guint
replay_folder (const char *path)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
    const char *name;
    guint count = 0;

    if (dir == NULL)
        g_error ("%s", error->message);
    for (; (name = g_dir_read_name (dir)) != NULL; count++) {
        g_autofree char *file = g_build_filename (path, name, NULL);
        replay_file (file);
    }
    return count;
}

int
main (int argc, char **argv)
{
    guint count = 0;

    for (int i = 1; i < argc; i++) {
        if (g_file_test (argv[i], G_FILE_TEST_IS_DIR)) {
            count += replay_folder (argv[i]);
            continue;
        }
        replay_file (argv[i]);
        count++;
    }
    printf ("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
