/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"

#include "manifest/error.h"

#include <string.h>

/* Base files and the tree before, as the reader has them: each call asks the caller. */

struct DecodeNeeds {
    int socket;
    BaseReader reader;
    TreeBase tree;
    GHashTable *numbers; /* borrowed */
    WireMessage answer;
};

static gboolean
need (DecodeNeeds *needs, const WireHead *head, gconstpointer bytes, gsize length, GError **error)
{
    if (!wire_send (needs->socket, head, bytes, length, NULL) ||
        !wire_receive (needs->socket, &needs->answer))
        return fail (error, ERR_FAILED, "the other process is gone");
    if (needs->answer.head.kind == DECODE_DONE)
        return TRUE;
    if (needs->answer.head.kind == DECODE_FAILED)
        return decode_take_failure (&needs->answer, error);
    return fail (error, ERR_FAILED, "the rest is not wanted");
}

static gboolean
take (const DecodeNeeds *needs, guint8 *bytes, gsize length, GError **error)
{
    if (needs->answer.length != length)
        return fail (error, ERR_FAILED, "the other process answers something else");
    memcpy (bytes, needs->answer.bytes, length);
    return TRUE;
}

static gboolean
read_base (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
           GError **error)
{
    DecodeNeeds *needs = data;
    WireHead head = { DECODE_NEED_BASE,
                      GPOINTER_TO_UINT (g_hash_table_lookup (needs->numbers, file)), at };

    for (gsize n; length > 0; head.size += n, bytes += n, length -= n) {
        guint32 piece;

        n = piece = (guint32)MIN (length, WIRE_PIECE);
        if (!need (needs, &head, &piece, sizeof piece, error) || !take (needs, bytes, n, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
begin_tree (gpointer data, GError **error)
{
    const WireHead head = { .kind = DECODE_NEED_TREE };

    return need (data, &head, "", 0, error);
}

static gboolean
find_file (gpointer data, const char *path, gboolean *executable, guint64 *size, GError **error)
{
    const WireHead head = { .kind = DECODE_NEED_FILE };
    DecodeNeeds *needs = data;

    if (!need (needs, &head, path, strlen (path), error))
        return FALSE;
    *executable = needs->answer.head.number != 0;
    *size = needs->answer.head.size;
    return TRUE;
}

static gssize
read_file (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    const WireHead head = { DECODE_NEED_BYTES, 0, length };
    DecodeNeeds *needs = data;

    if (!need (needs, &head, "", 0, error) ||
        !take (needs, bytes, MIN (needs->answer.length, length), error))
        return -1;
    return (gssize)needs->answer.length;
}

DecodeNeeds *
decode_needs_new (int socket)
{
    DecodeNeeds *needs = g_new0 (DecodeNeeds, 1);

    needs->socket = socket;
    needs->reader = (BaseReader){ read_base, needs };
    needs->tree = (TreeBase){ begin_tree, find_file, read_file, needs };
    return needs;
}

const BaseReader *
decode_needs_reader (const DecodeNeeds *needs)
{
    return &needs->reader;
}

const TreeBase *
decode_needs_tree (const DecodeNeeds *needs)
{
    return &needs->tree;
}

void
decode_needs_use (DecodeNeeds *needs, GHashTable *numbers)
{
    needs->numbers = numbers;
}
