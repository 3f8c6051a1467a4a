/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/lines.h"

#include "manifest/error.h"

#include <sodium.h>
#include <string.h>

gboolean
lines_split (const char *text, gsize length, Line *lines, guint count, const char *name,
             GError **error)
{
    const char *end;

    /* An empty text may be NULL, which memchr must not get. */
    if (length == 0)
        text = "";
    end = text + length;
    if (memchr (text, '\r', length) != NULL)
        return fail (error, ERR_FORMAT,
                     "'%s' has a carriage return; its lines must end in LF alone: a program that "
                     "changes line ends has touched it, carry it again in binary mode",
                     name);
    for (guint i = 0; i < count; i++) {
        const char *lf = memchr (text, '\n', (gsize)(end - text));

        if (lf == NULL && text == end)
            return fail (error, ERR_FORMAT, "'%s' has %u lines; expected %u", name, i, count);
        if (lf == NULL)
            return fail (error, ERR_FORMAT, "line %u of '%s' has no line end", i + 1, name);
        lines[i] = (Line){ .start = text, .length = (gsize)(lf - text) };
        text = lf + 1;
    }
    if (text != end)
        return fail (error, ERR_FORMAT,
                     "'%s' goes on after line %u, where it must end; expected %u lines", name,
                     count, count);
    return TRUE;
}

gboolean
lines_is_comment (const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (text[i] != '\t' && (text[i] < 0x20 || text[i] > 0x7e))
            return FALSE;
    return TRUE;
}

gboolean
lines_take_comment (Line *line, const char *what, gsize limit, const char *name, GError **error)
{
    g_autofree char *prefix = g_strdup_printf ("%s: ", what);
    gsize skip = strlen (prefix);

    if (line->length > limit)
        return fail (error, ERR_FORMAT,
                     "the %s of '%s' has %" G_GSIZE_FORMAT " bytes; at most %" G_GSIZE_FORMAT
                     " are allowed",
                     what, name, line->length, limit);
    if (line->length < skip || memcmp (line->start, prefix, skip) != 0)
        return fail (error, ERR_FORMAT, "'%s' is not a minisign file: a line must begin with '%s'",
                     name, prefix);
    *line = (Line){ .start = line->start + skip, .length = line->length - skip };
    if (!lines_is_comment (line->start, line->length))
        return fail (error, ERR_FORMAT, "the %s of '%s' has bytes that are not printable ASCII",
                     what, name);
    return TRUE;
}

/* libsodium 1.0.18 takes the byte 0xaf for '/': where char is signed its comparison loses the upper
 * bits. No early exit, for the text may be a secret key's. */
static gboolean
is_ascii (const Line *line)
{
    guint8 all = 0;

    for (gsize i = 0; i < line->length; i++)
        all |= (guint8)line->start[i];
    return all < 0x80;
}

/* sodium_base642bin refuses spare bits and missing padding; with the length and the end compared,
 * one spelling is left. */
gboolean
lines_decode (const Line *line, const char *what, guint8 *out, gsize length, const char *name,
              GError **error)
{
    gsize expected = sodium_base64_ENCODED_LEN (length, sodium_base64_VARIANT_ORIGINAL) - 1;
    gsize got = 0;
    const char *end = NULL;

    if (line->length != expected)
        return fail (error, ERR_FORMAT,
                     "the %s of '%s' has %" G_GSIZE_FORMAT " characters; expected %" G_GSIZE_FORMAT,
                     what, name, line->length, expected);
    if (!is_ascii (line) ||
        sodium_base642bin (out, length, line->start, line->length, NULL, &got, &end,
                           sodium_base64_VARIANT_ORIGINAL) != 0 ||
        got != length || end != line->start + line->length) {
        sodium_memzero (out, length);
        return fail (error, ERR_FORMAT, "the %s of '%s' is not canonical base64", what, name);
    }
    return TRUE;
}

char *
lines_encode (const guint8 *bytes, gsize length)
{
    gsize size = sodium_base64_ENCODED_LEN (length, sodium_base64_VARIANT_ORIGINAL);
    char *text = g_malloc (size);

    return sodium_bin2base64 (text, size, bytes, length, sodium_base64_VARIANT_ORIGINAL);
}
