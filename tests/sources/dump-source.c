/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <locale.h>
#include <stdio.h>

/* dump-source FROM PLATFORM [DIR [ENGINE]]: opens an image source as the bundle verb does, reads
 * every layer where the source says it lies and prints one line for each. */

static gboolean
hash_layer (const LayerTar *layer, Digest *out, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    guint8 buffer[65536];

    for (guint64 done = 0; done < layer->bytes;) {
        gsize piece = MIN (sizeof buffer, layer->bytes - done);

        if (!file_pread_all (layer->fd, "layer", buffer, piece, layer->offset + done, error))
            return FALSE;
        digest_stream_add (stream, buffer, piece);
        done += piece;
    }
    digest_stream_finish (stream, out);
    return TRUE;
}

static gboolean
dump (const SourceImage *image, GError **error)
{
    Digest digest = digest_of_bytes (image->config), found;
    g_autofree char *config = digest_to_text (&digest);

    printf ("config %s %s fds=%u\n", config, image->platform, image->fds->len);
    for (guint i = 0; i < image->layers->len; i++) {
        const LayerTar *layer = &g_array_index (image->layers, LayerTar, i);
        g_autofree char *named = digest_to_text (&layer->diffid), *is = NULL;

        if (!hash_layer (layer, &found, error))
            return FALSE;
        is = digest_to_text (&found);
        printf ("layer %s %s %" G_GUINT64_FORMAT "\n", named, is, layer->bytes);
    }
    return TRUE;
}

int
main (int argc, char **argv)
{
    SourceOptions options = { .platform = argc > 2 ? argv[2] : NULL };
    g_autoptr (GError) error = NULL;
    g_autoptr (SourceImage) image = NULL;

    setlocale (LC_CTYPE, "C.UTF-8");
    if (argc < 3 || argc > 5)
        return ERR_USAGE;
    options.dir = argc > 3 ? argv[3] : NULL;
    options.engine = argc > 4 ? argv[4] : NULL;
    image = source_open (argv[1], &options, &error);
    if (image != NULL && dump (image, &error))
        return 0;
    fprintf (stderr, "%s\n", error->message);
    return error_exit_status (error);
}
