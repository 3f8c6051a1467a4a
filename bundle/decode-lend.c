/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"

#include "bundle/reader.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <string.h>

/* What the caller looks up for the reader: base files, and the tree of the release before. */

typedef struct {
    Bundle *bundle;
    const GArray *files;
    WireHead head;
    guint8 bytes[WIRE_PIECE];
    gsize length;
} Loan;

static gboolean
lend_base (Loan *loan, const WireMessage *asked, GError **error)
{
    const BaseFile *file;
    guint32 length;

    if (loan->files == NULL || asked->head.number == 0 || asked->head.number > loan->files->len ||
        asked->length != sizeof length)
        return fail (error, ERR_FORMAT, "there is no such base file");
    memcpy (&length, asked->bytes, sizeof length);
    file = &g_array_index (loan->files, BaseFile, asked->head.number - 1);
    if (length > sizeof loan->bytes || asked->head.size > file->length ||
        length > file->length - asked->head.size)
        return fail (error, ERR_FORMAT, "a base file is not as long");
    loan->length = length;
    return bundle_read_base (loan->bundle, file, asked->head.size, loan->bytes, length, error);
}

static gboolean
lend_tree (Loan *loan, const WireMessage *asked, GError **error)
{
    return bundle_begin_tree_base (loan->bundle, error);
}

static gboolean
lend_file (Loan *loan, const WireMessage *asked, GError **error)
{
    const TreeBase *base = loan->bundle->tree_base;
    gboolean executable;

    if (base == NULL)
        return bundle_begin_tree_base (loan->bundle, error);
    if (!path_check_relative (asked->bytes, error) ||
        !base->find (base->data, asked->bytes, &executable, &loan->head.size, error))
        return FALSE;
    loan->head.number = executable ? 1 : 0;
    return TRUE;
}

static gboolean
lend_bytes (Loan *loan, const WireMessage *asked, GError **error)
{
    const TreeBase *base = loan->bundle->tree_base;
    gssize n;

    if (base == NULL)
        return bundle_begin_tree_base (loan->bundle, error);
    n = base->read (base->data, loan->bytes, (gsize)MIN (asked->head.size, sizeof loan->bytes),
                    error);
    loan->length = (gsize)MAX (n, 0);
    return n >= 0;
}

typedef gboolean (*Lend) (Loan *loan, const WireMessage *asked, GError **error);

gboolean
decode_serve (Bundle *bundle, const GArray *files, int socket, WireMessage *message)
{
    static const Lend lend[] = {
        [DECODE_NEED_BASE] = lend_base,
        [DECODE_NEED_TREE] = lend_tree,
        [DECODE_NEED_FILE] = lend_file,
        [DECODE_NEED_BYTES] = lend_bytes,
    };
    guint kind = message->head.kind;
    g_autofree Loan *loan = NULL;
    g_autoptr (GError) failed = NULL;

    if (kind >= G_N_ELEMENTS (lend) || lend[kind] == NULL)
        return FALSE;
    loan = g_new (Loan, 1);
    loan->bundle = bundle;
    loan->files = files;
    loan->head = (WireHead){ .kind = DECODE_DONE };
    loan->length = 0;
    if (!lend[kind](loan, message, &failed))
        return decode_send_failure (socket, failed);
    return wire_send (socket, &loan->head, loan->bytes, loan->length, NULL);
}

gboolean
decode_send_failure (int socket, const GError *failed)
{
    WireHead head = { DECODE_FAILED, (guint32)error_exit_status (failed), 0 };

    g_autoptr (GBytes) message = message_pack (failed->message);
    gsize length;
    const char *bytes = g_bytes_get_data (message, &length);

    return wire_send (socket, &head, bytes, MIN (length, WIRE_PIECE), NULL);
}

gboolean
decode_take_failure (const WireMessage *message, GError **error)
{
    static const ErrorCode codes[] = { ERR_FORMAT, ERR_SPACE, ERR_BASE_MISSING };
    g_autofree char *text = message_unpack (message->bytes, message->length);
    ErrorCode code = ERR_FAILED;

    for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
        if (message->head.number == codes[i])
            code = codes[i];
    return fail (error, code, "%s", text);
}
