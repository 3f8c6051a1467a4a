/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patch-make.h"

#include "bundle/form.h"
#include "bundle/gzip-nine.h"
#include "bundle/recipe.h"
#include "manifest/limits.h"

#include <string.h>
#include <zstd.h>

/* A patch is taken when it compresses to less than so many percent of what the file compresses to.
 * One on another content of the bundle costs room in the spool, one on a base file nothing. */
#define WORTH_OWN 60
#define WORTH_BASE 95
#define ESTIMATE_LEVEL 3
/* Comparing long files takes seconds. On a content of the bundle it is not begun where zstd, with
 * that content in its window, needs more than so many percent of what it needs without: of a real
 * release five sixths of the time went into files of 6 and 11 MB that got no patch. */
#define LONG_BYTES (1024 * 1024)
#define HOPELESS 65

/* Suffix array, both files and the parts, for each byte of the longer file. */
#define MEMORY_FACTOR 8
/* A source seen as bits is eight times as long. */
#define BITS_MAX_BYTES (2 * 1024 * 1024)
/* LLVM's bitcode ("LLVM Bitcode File Format", magic number of a raw file). */
#define BITCODE_MAGIC "BC\xc0\xde"

static GByteArray *
read_piece (const DiffPiece *piece, GError **error)
{
    g_autoptr (GByteArray) bytes = g_byte_array_new ();

    g_byte_array_set_size (bytes, (guint)piece->length);
    return diff_piece_read (piece, 0, bytes->data, piece->length, error) ? g_steal_pointer (&bytes)
                                                                         : NULL;
}

gsize
patch_estimate (const guint8 *bytes, gsize length)
{
    gsize bound = ZSTD_compressBound (length), n;
    g_autofree guint8 *out = g_malloc (bound);

    n = ZSTD_compress (out, bound, bytes, length, ESTIMATE_LEVEL);
    return ZSTD_isError (n) ? length : n;
}

gsize
patch_estimate_parts (const PatchParts *parts)
{
    return patch_estimate (parts->control->data, parts->control->len) +
           patch_estimate (parts->difference->data, parts->difference->len) +
           patch_estimate (parts->extra->data, parts->extra->len);
}

gboolean
patch_is_worth (const PatchWant *want, guint64 patch, guint64 whole)
{
    return patch * 100 < whole * (want->on_base ? WORTH_BASE : WORTH_OWN);
}

gboolean
patch_may_be_packed (const DiffPiece *piece)
{
    guint8 header[GZIP_NINE_HEADER_BYTES];

    return piece->length > sizeof header && piece->length <= LIMIT_FORM_BYTES &&
           diff_piece_read (piece, 0, header, sizeof header, NULL) && gzip_nine_begins (header);
}

static gboolean
may_be_bitcode (const DiffPiece *piece)
{
    guint8 magic[4];

    return piece->length > sizeof magic && piece->length <= BITS_MAX_BYTES &&
           diff_piece_read (piece, 0, magic, sizeof magic, NULL) &&
           memcmp (magic, BITCODE_MAGIC, sizeof magic) == 0;
}

guint64
patch_memory (const PatchWant *want)
{
    guint64 longest = MAX (want->new.length, want->old.length);

    /* What is packed may hold some times as much. */
    return longest * MEMORY_FACTOR *
           (patch_may_be_packed (&want->new) ? 5
            : may_be_bitcode (&want->new)    ? FORM_BITS_COPIES
                                             : 1);
}

/* What the new file compresses to behind the old one. */
static gsize
estimate_behind (const GByteArray *old, const GByteArray *new)
{
    gsize bound = ZSTD_compressBound (new->len), n;
    g_autofree guint8 *out = g_malloc (bound);
    ZSTD_CCtx *context = ZSTD_createCCtx ();

    ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter (context, ZSTD_c_windowLog, LIMIT_WINDOW_LOG);
    ZSTD_CCtx_setParameter (context, ZSTD_c_enableLongDistanceMatching, 1);
    ZSTD_CCtx_refPrefix (context, old->data, old->len);
    n = ZSTD_compress2 (context, out, bound, new->data, new->len);
    ZSTD_freeCCtx (context);
    return ZSTD_isError (n) ? new->len : n;
}

static gboolean
is_hopeless (const PatchWant *want, const GByteArray *old, const GByteArray *new)
{
    return !want->on_base && new->len >= LONG_BYTES &&
           (guint64)estimate_behind (old, new) * 100 >=
               (guint64)patch_estimate (new->data, new->len) * HOPELESS;
}

/* What gzip -9n packed into the file; NULL where something else made it. */
static GByteArray *
unpack (const GByteArray *file)
{
    g_autoptr (GByteArray) inner = NULL, again = NULL;

    if (!gzip_nine_unpack (file->data, file->len, LIMIT_FORM_BYTES, &inner) || inner->len == 0)
        return NULL;
    again = gzip_nine (inner->data, inner->len);
    if (again->len != file->len || memcmp (again->data, file->data, file->len) != 0)
        return NULL;
    return g_steal_pointer (&inner);
}

/* Takes over inner. The patch is on what the old file holds, where it is such a file too. */
static void
make_packed (const PatchWant *want, const GByteArray *old, GByteArray *inner, PatchMade *made)
{
    g_autoptr (GByteArray) old_inner = NULL;
    g_autoptr (PatchParts) parts = NULL;

    made->inner = inner;
    made->length = inner->len;
    if (old == NULL)
        return;
    if (!gzip_nine_unpack (old->data, old->len, LIMIT_FORM_BYTES, &old_inner))
        old_inner = NULL;
    made->form = FORM_PACKED | (old_inner != NULL ? FORM_UNPACKED : 0);
    if (old_inner != NULL)
        old = old_inner;
    parts = diff_make (old->data, old->len, inner->data, inner->len);
    if (!patch_is_worth (want, patch_estimate_parts (parts),
                         patch_estimate (inner->data, inner->len)))
        return;
    made->parts = g_steal_pointer (&parts);
    g_clear_pointer (&made->inner, g_byte_array_unref);
}

/* The same patch on the source seen as bits, where that is smaller. */
static void
try_bits (const GByteArray *old, const GByteArray *new, PatchMade *made)
{
    g_autoptr (GByteArray) view = g_byte_array_new ();
    g_autoptr (PatchParts) parts = NULL;

    g_byte_array_set_size (view, old->len * FORM_BITS_COPIES);
    form_bits (old->data, old->len, 0, view->data, view->len);
    parts = diff_make (view->data, view->len, new->data, new->len);
    if (patch_estimate_parts (parts) >= patch_estimate_parts (made->parts))
        return;
    patch_parts_free (made->parts);
    made->parts = g_steal_pointer (&parts);
    made->form = FORM_BITS;
}

gboolean
patch_make (const PatchWant *want, PatchMade *made, GError **error)
{
    g_autoptr (GByteArray) new = read_piece (&want->new, error);
    g_autoptr (GByteArray) old = NULL, inner = NULL;

    if (new == NULL || (want->old.length > 0 && (old = read_piece (&want->old, error)) == NULL))
        return FALSE;
    inner = unpack (new);
    if (inner != NULL) {
        make_packed (want, old, g_steal_pointer (&inner), made);
        return TRUE;
    }
    if (old == NULL || is_hopeless (want, old, new))
        return TRUE;
    made->length = new->len;
    made->parts = diff_make (old->data, old->len, new->data, new->len);
    if (may_be_bitcode (&want->new) && may_be_bitcode (&want->old))
        try_bits (old, new, made);
    if (!patch_is_worth (want, patch_estimate_parts (made->parts),
                         patch_estimate (new->data, new->len))) {
        g_clear_pointer (&made->parts, patch_parts_free);
        made->form = FORM_PLAIN;
    }
    return TRUE;
}

guint64
patch_made_bytes (const PatchMade *made)
{
    guint64 bytes = made->inner != NULL ? made->inner->len : 0;

    if (made->parts != NULL)
        bytes += (guint64)made->parts->control->len + made->parts->difference->len +
                 made->parts->extra->len;
    return bytes;
}

void
patch_made_clear (PatchMade *made)
{
    g_clear_pointer (&made->parts, patch_parts_free);
    g_clear_pointer (&made->inner, g_byte_array_unref);
}
