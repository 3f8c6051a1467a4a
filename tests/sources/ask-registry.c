/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>

/* ask-registry [OPTION…] NAME                        prints "TYPE DIGEST LENGTH" of its manifest
 * ask-registry [OPTION…] NAME DIGEST BYTES FILE      reads a blob into FILE, prints what travelled
 * Pauses are short here, so that the tests are. */

typedef struct {
    Progress progress;
    guint64 travelled;
} Counter;

static void
on_add (Progress *progress, guint64 bytes)
{
    ((Counter *)progress)->travelled += bytes;
}

static gboolean
ask_manifest (Registry *registry, const ImageReference *reference, GError **error)
{
    g_autofree char *asked = image_reference_asked (reference), *type = NULL, *text = NULL;
    g_autoptr (GBytes) manifest = NULL;
    Digest digest;

    manifest = registry_read_manifest (registry, asked, &type, &digest, error);
    if (manifest == NULL)
        return FALSE;
    text = digest_to_text (&digest);
    printf ("%s %s %" G_GSIZE_FORMAT "\n", type, text, g_bytes_get_size (manifest));
    return TRUE;
}

static gboolean
ask_blob (Registry *registry, char **argv, GError **error)
{
    Counter counter = { .progress = { .add = on_add } };
    autofd int fd = openat (AT_FDCWD, argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    guint64 bytes;
    Digest digest;

    if (fd < 0 || !digest_parse (argv[0], &digest, error) ||
        !g_ascii_string_to_unsigned (argv[1], 10, 0, G_MAXUINT64, &bytes, error) ||
        !registry_read_blob (registry, &digest, bytes, fd, &counter.progress, error))
        return FALSE;
    printf ("%" G_GUINT64_FORMAT "\n", counter.travelled);
    return TRUE;
}

static gboolean
ask (int argc, char **argv, const RegistryOptions *options, GError **error)
{
    g_autoptr (ImageReference) reference = NULL;
    g_autoptr (Registry) registry = NULL;

    if (argc != 2 && argc != 5)
        return fail (error, ERR_USAGE, "NAME [DIGEST BYTES FILE] is expected");
    reference = image_reference_parse (argv[1], error);
    registry = reference == NULL ? NULL : registry_new (reference, options, error);
    if (registry == NULL)
        return FALSE;
    return argc == 2 ? ask_manifest (registry, reference, error)
                     : ask_blob (registry, argv + 2, error);
}

int
main (int argc, char **argv)
{
    g_auto (GStrv) insecure = NULL, mirrors = NULL;
    int tries = 0, slow = 0;
    const GOptionEntry entries[] = {
        { "insecure", 0, 0, G_OPTION_ARG_STRING_ARRAY, &insecure, NULL, NULL },
        { "mirror", 0, 0, G_OPTION_ARG_STRING_ARRAY, &mirrors, NULL, NULL },
        { "tries", 0, 0, G_OPTION_ARG_INT, &tries, NULL, NULL },
        { "slow", 0, 0, G_OPTION_ARG_INT, &slow, NULL, NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;

    setlocale (LC_CTYPE, "C.UTF-8");
    g_option_context_add_main_entries (context, entries, NULL);
    if (g_option_context_parse (context, &argc, &argv, &error)) {
        const RegistryOptions options = { .insecure = (const char *const *)insecure,
                                          .mirrors = (const char *const *)mirrors,
                                          .tries = (guint)tries,
                                          .slow_seconds = (guint)slow,
                                          .pause_milliseconds = 10 };

        if (ask (argc, argv, &options, &error))
            return 0;
    }
    fprintf (stderr, "%s\n", error->message);
    return error_exit_status (error);
}
