/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <glib.h>
#include <stdio.h>
#include <string.h>

/* Gives every file of the folders named on the command line, and every input of the packed corpora
 * (tests/fuzz/README.md), to a fuzz target: what a fuzzer found once is checked on machines that
 * have none. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static GBytes *
read_file (const char *path)
{
    g_autoptr (GError) error = NULL;
    char *content = NULL;
    gsize length;

    if (!g_file_get_contents (path, &content, &length, &error))
        g_error ("%s", error->message);
    return g_bytes_new_take (content, length);
}

/* From memory of its own, so that a read behind its end is seen. */
static void
replay (const guint8 *bytes, gsize length)
{
    g_autofree guint8 *copy = g_memdup2 (bytes, length);

    LLVMFuzzerTestOneInput (copy, length);
}

/* For each input its length (u32, little-endian) and its bytes. */
static guint
replay_packed (const char *path)
{
    g_autoptr (GBytes) packed = read_file (path);
    gsize left;
    const guint8 *at = g_bytes_get_data (packed, &left);
    guint count = 0;

    for (guint32 length; left > 0; count++) {
        if (left < sizeof length)
            g_error ("'%s' is cut", path);
        memcpy (&length, at, sizeof length);
        length = GUINT32_FROM_LE (length);
        at += sizeof length;
        left -= sizeof length;
        if (length > left)
            g_error ("'%s' is cut", path);
        replay (at, length);
        at += length;
        left -= length;
    }
    return count;
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
        g_autoptr (GBytes) content = read_file (file);

        replay (g_bytes_get_data (content, NULL), g_bytes_get_size (content));
    }
    return count;
}

int
main (int argc, char **argv)
{
    guint count = 0;

    for (int i = 1; i < argc; i++)
        count += g_file_test (argv[i], G_FILE_TEST_IS_DIR) ? replay_folder (argv[i])
                                                           : replay_packed (argv[i]);
    printf ("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
