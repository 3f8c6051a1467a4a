/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/qr.h"

#include "manifest/error.h"

#include <errno.h>
#include <qrencode.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

/* The dark modules of a row, each run of them as one bar. */
static void
append_row (GString *path, const QRcode *code, guint y)
{
    guint width = (guint)code->width;
    const guint8 *row = code->data + (gsize)y * width;

    for (guint x = 0; x < width; x++) {
        guint begin = x;

        while (x < width && (row[x] & 1) != 0)
            x++;
        if (x > begin)
            g_string_append_printf (path, "M%u %uh%uv1h-%uz", begin, y, x - begin, x - begin);
    }
}

char *
qr_path (const char *text, guint *modules, GError **error)
{
    g_autoptr (QRcode) code = QRcode_encodeString8bit (text, 0, QR_ECLEVEL_M);
    GString *path;

    if (code == NULL) {
        fail_errno (error, ERR_FAILED, errno, "cannot make a QR code of '%s'", text);
        return NULL;
    }
    path = g_string_new (NULL);
    for (guint y = 0; y < (guint)code->width; y++)
        append_row (path, code, y);
    *modules = (guint)code->width;
    return g_string_free (path, FALSE);
}
