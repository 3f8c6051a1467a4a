/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/form.h"
#include "bundle/gzip-nine.h"
#include "bundle/rebuild-state.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

/* All bytes of the source that is open. */
static GByteArray *
load_source (Rebuild *rebuild, const RecipeFile *file, guint64 length, GError **error)
{
    g_autoptr (GByteArray) bytes = g_byte_array_new ();

    if (length > LIMIT_FORM_BYTES) {
        fail (error, ERR_FORMAT, "recipe has a patch of form %u on more than %d bytes", file->form,
              LIMIT_FORM_BYTES);
        return NULL;
    }
    g_byte_array_set_size (bytes, (guint)length);
    return rebuild_read_source (rebuild, file, 0, bytes->data, length, error)
               ? g_steal_pointer (&bytes)
               : NULL;
}

gboolean
rebuild_form_source (Rebuild *rebuild, const RecipeFile *file, guint64 *length, GError **error)
{
    g_autoptr (GByteArray) bytes = NULL;

    if ((file->form & (FORM_BITS | FORM_UNPACKED)) == 0)
        return TRUE;
    bytes = load_source (rebuild, file, *length, error);
    if (bytes == NULL)
        return FALSE;
    if ((file->form & FORM_BITS) != 0) {
        rebuild->form.bits = TRUE;
        rebuild->form.bytes = g_steal_pointer (&bytes);
        *length *= FORM_BITS_COPIES;
        return TRUE;
    }
    if (!gzip_nine_unpack (bytes->data, bytes->len, LIMIT_FORM_BYTES, &rebuild->form.bytes))
        return fail (error, ERR_FORMAT,
                     "recipe has a patch on what a file holds, but gzip -9n has not made that");
    *length = rebuild->form.bytes->len;
    return TRUE;
}

gboolean
rebuild_read_source (Rebuild *rebuild, const RecipeFile *file, guint64 at, guint8 *bytes,
                     gsize length, GError **error)
{
    const FileState *source = &rebuild->files[file->source];

    if (rebuild->form.bytes != NULL) {
        if (rebuild->form.bits)
            form_bits (rebuild->form.bytes->data, rebuild->form.bytes->len, at, bytes, length);
        else if (length > 0)
            memcpy (bytes, rebuild->form.bytes->data + at, length);
        return TRUE;
    }
    if (source->spool_at == NOT_SPOOLED)
        return rebuild_base_read (rebuild, at, bytes, length, error);
    return spool_read (rebuild->spool, source->spool_at + at, bytes, length, error);
}

GByteArray *
rebuild_form_pack (const RecipeFile *file, const GByteArray *inner, GError **error)
{
    g_autoptr (GByteArray) packed = gzip_nine (inner->data, inner->len);

    if (packed->len == file->length)
        return g_steal_pointer (&packed);
    fail (error, ERR_FORMAT, "recipe packs a file to %u bytes that has %" G_GUINT64_FORMAT,
          packed->len, file->length);
    return NULL;
}

void
rebuild_form_close (Rebuild *rebuild)
{
    g_clear_pointer (&rebuild->form.bytes, g_byte_array_unref);
    rebuild->form.bits = FALSE;
}
