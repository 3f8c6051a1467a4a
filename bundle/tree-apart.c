/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree-apart.h"

#include "bundle/decode.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

#define WHAT "the tree"

struct TreeApart {
    Bundle *bundle;
    guint32 number; /* of the walk there */
    char *path;     /* of the current file, NULL before the first */
    guint64 left;   /* of it */
    gboolean ended;
};

TreeApart *
tree_apart_new (Bundle *bundle, GError **error)
{
    const DecodeRequest request = { .kind = DECODE_TREE, .fd = -1, .what = WHAT };
    TreeApart *walk;
    WireHead head;

    if (!decode_ask (bundle, &request, &head, error))
        return NULL;
    walk = g_new0 (TreeApart, 1);
    walk->bundle = bundle;
    walk->number = head.number;
    return walk;
}

/* Where the reader is gone, so is what it had. */
void
tree_apart_free (TreeApart *walk)
{
    g_autoptr (GError) ignored = NULL;

    if (walk == NULL)
        return;
    if (!decode_ask (
            walk->bundle,
            &(DecodeRequest){
                .kind = DECODE_TREE_CLOSE, .number = walk->number, .fd = -1, .what = WHAT },
            NULL, &ignored))
        g_debug ("%s", ignored->message);
    g_free (walk->path);
    g_free (walk);
}

static gboolean
take_path (TreeApart *walk, GBytes *answer, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data (answer, &length);
    g_autofree char *path = g_strndup (length > 0 ? bytes : "", length);

    if (strlen (path) != length)
        return fail (error, ERR_FORMAT, "a tree file's path has a NUL byte");
    if (!path_check_relative (path, error))
        return FALSE;
    if (walk->path != NULL && strcmp (walk->path, path) >= 0)
        return fail (error, ERR_FORMAT, "tree files do not come in the order of their paths");
    g_free (walk->path);
    walk->path = g_steal_pointer (&path);
    return TRUE;
}

gboolean
tree_apart_next (TreeApart *walk, const char **path, gboolean *executable, guint64 *size,
                 GError **error)
{
    DecodeRequest request = {
        .kind = DECODE_TREE_NEXT, .number = walk->number, .fd = -1, .what = WHAT
    };
    WireHead head;
    g_autoptr (GBytes) answer =
        decode_ask_bytes (walk->bundle, &request, LIMIT_PATH_BYTES, &head, error);

    *path = NULL;
    if (answer == NULL || head.number == DECODE_STEP_END)
        return answer != NULL;
    if (!take_path (walk, answer, error))
        return FALSE;
    walk->left = head.size;
    walk->ended = FALSE;
    *path = walk->path;
    *executable = head.number == DECODE_STEP_EXECUTABLE;
    *size = head.size;
    return TRUE;
}

gssize
tree_apart_read (TreeApart *walk, guint8 *bytes, gsize length, GError **error)
{
    DecodeRequest request = {
        .kind = DECODE_TREE_READ, .number = walk->number, .size = length, .fd = -1, .what = WHAT
    };
    g_autoptr (GBytes) answer = NULL;
    WireHead head;
    gsize n;

    if (walk->ended)
        return 0;
    answer = decode_ask_bytes (walk->bundle, &request, length, &head, error);
    if (answer == NULL)
        return -1;
    n = g_bytes_get_size (answer);
    walk->ended = head.number != 0;
    if (n > walk->left || n < (walk->ended ? walk->left : length)) {
        fail (error, ERR_FORMAT, "tree file '%s' has another length than it says", walk->path);
        return -1;
    }
    walk->left -= n;
    if (n > 0)
        memcpy (bytes, g_bytes_get_data (answer, NULL), n);
    return (gssize)n;
}
