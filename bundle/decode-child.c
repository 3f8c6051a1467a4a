/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"

#include "bundle/base-table.h"
#include "bundle/locate.h"
#include "bundle/reader.h"
#include "bundle/rebuild-state.h"
#include "bundle/tree-cursor.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>
#include <unistd.h>

/* A pass over layers, and the numbers that its base files are asked for with. */
typedef struct {
    Rebuild *rebuild;
    GHashTable *numbers; /* BaseFile of the rebuild → place in its list, from 1 */
} Pass;

typedef struct {
    Bundle *bundle;
    int socket;
    DecodeNeeds *needs;
    GPtrArray *walks;    /* TreeCursor by number from 1; NULL where it is closed */
    GPtrArray *passes;   /* Pass, the same */
    GByteArray *request; /* its bytes */
    int fd;              /* that came with it, or -1 */
    WireMessage message;
    gsize held; /* of the answer, not sent yet */
    guint8 piece[WIRE_PIECE];
} Reader;

static void
pass_free (gpointer data)
{
    Pass *pass = data;

    if (pass == NULL)
        return;
    rebuild_free (pass->rebuild);
    g_clear_pointer (&pass->numbers, g_hash_table_unref);
    g_free (pass);
}

static void
walk_free (gpointer walk)
{
    tree_cursor_free (walk);
}

/* Something that came in the middle of an answer can only be that it is not wanted any more. */
static gboolean
flush (Reader *reader, GError **error)
{
    const WireHead data = { .kind = DECODE_DATA };
    gsize length = reader->held;

    reader->held = 0;
    if (length == 0)
        return TRUE;
    if (wire_is_waiting (reader->socket) ||
        !wire_send (reader->socket, &data, reader->piece, length, NULL))
        return fail (error, ERR_FAILED, "the rest is not wanted");
    return TRUE;
}

static gboolean
give (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Reader *reader = data;

    while (length > 0) {
        gsize n = MIN (length, sizeof reader->piece - reader->held);

        memcpy (reader->piece + reader->held, bytes, n);
        reader->held += n;
        bytes += n;
        length -= n;
        if (reader->held == sizeof reader->piece && !flush (reader, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
give_bytes (Reader *reader, GBytes *bytes, GError **error)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);

    return give (data, length, reader, error);
}

static gboolean
serve_meta (Reader *reader, WireHead *answer, GError **error)
{
    g_autofree char *name = g_strndup ((char *)reader->request->data, reader->request->len);
    g_autoptr (GBytes) bytes = bundle_read_meta (reader->bundle, name, error);

    return bytes != NULL && give_bytes (reader, bytes, error);
}

static gboolean
serve_images (Reader *reader, WireHead *answer, GError **error)
{
    return bundle_check_images (reader->bundle, error);
}

static gboolean
serve_members (Reader *reader, WireHead *answer, GError **error)
{
    return bundle_check_members (reader->bundle, error);
}

/* A frame may be on its way from the copy meanwhile: the same copy stays open. */
static gboolean
serve_copy (Reader *reader, WireHead *answer, GError **error)
{
    Bundle *bundle = reader->bundle;

    if (reader->fd < 0) {
        bundle_drop_copy (bundle);
        return TRUE;
    }
    if (reader->request->len != bundle->frames->len)
        return fail (error, ERR_FAILED, "not a byte for each frame");
    if (bundle->copy_fd < 0)
        bundle->copy_fd = file_steal_fd (&reader->fd);
    for (guint i = 0; i < bundle->frames->len; i++)
        bundle->copied[i] = reader->request->data[i] != 0;
    return TRUE;
}

/* What has the number that the request says; NULL with error. */
static gpointer
find (const Reader *reader, const GPtrArray *all, GError **error)
{
    guint32 number = reader->message.head.number;

    if (number > 0 && number <= all->len && all->pdata[number - 1] != NULL)
        return all->pdata[number - 1];
    return fail_null (error, ERR_FAILED, "there is no number %u", number);
}

static gboolean
close_number (const Reader *reader, GPtrArray *all, GDestroyNotify free, GError **error)
{
    gpointer found = find (reader, all, error);

    if (found == NULL)
        return FALSE;
    all->pdata[reader->message.head.number - 1] = NULL;
    free (found);
    return TRUE;
}

static gboolean
serve_tree (Reader *reader, WireHead *answer, GError **error)
{
    TreeCursor *walk = tree_cursor_new (reader->bundle, error);

    if (walk == NULL)
        return FALSE;
    g_ptr_array_add (reader->walks, walk);
    answer->number = reader->walks->len;
    return TRUE;
}

static gboolean
serve_tree_next (Reader *reader, WireHead *answer, GError **error)
{
    TreeCursor *walk = find (reader, reader->walks, error);
    const char *path;
    gboolean executable;

    if (walk == NULL || !tree_cursor_next (walk, &path, &executable, &answer->size, error))
        return FALSE;
    if (path == NULL) {
        answer->number = DECODE_STEP_END;
        return TRUE;
    }
    answer->number = executable ? DECODE_STEP_EXECUTABLE : DECODE_STEP_PLAIN;
    return give ((const guint8 *)path, strlen (path), reader, error);
}

static gboolean
serve_tree_read (Reader *reader, WireHead *answer, GError **error)
{
    TreeCursor *walk = find (reader, reader->walks, error);
    guint64 left = reader->message.head.size;
    g_autofree guint8 *bytes = g_malloc (WIRE_PIECE);

    while (walk != NULL && left > 0) {
        gssize n = tree_cursor_read (walk, bytes, (gsize)MIN (left, WIRE_PIECE), error);

        if (n < 0 || !give (bytes, (gsize)n, reader, error))
            return FALSE;
        if (n == 0) {
            answer->number = 1;
            return TRUE;
        }
        left -= (guint64)n;
    }
    return walk != NULL;
}

static gboolean
serve_tree_close (Reader *reader, WireHead *answer, GError **error)
{
    return close_number (reader, reader->walks, walk_free, error);
}

static Pass *
pass_new (Rebuild *rebuild)
{
    g_autoptr (GPtrArray) files = rebuild_base_files (rebuild);
    Pass *pass = g_new0 (Pass, 1);

    pass->rebuild = rebuild;
    pass->numbers = g_hash_table_new (NULL, NULL);
    for (guint i = 0; i < files->len; i++)
        g_hash_table_insert (pass->numbers, files->pdata[i], GUINT_TO_POINTER (i + 1));
    return pass;
}

/* Which frames, then which base files it will read. */
static gboolean
give_pass (Reader *reader, const Pass *pass, GError **error)
{
    g_autoptr (GPtrArray) files = rebuild_base_files (pass->rebuild);
    g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (BaseFile));
    g_autoptr (GBytes) table = NULL;

    for (guint i = 0; i < reader->bundle->frames->len; i++) {
        guint8 flag = rebuild_frames (pass->rebuild)[i] ? 1 : 0;

        if (!give (&flag, 1, reader, error))
            return FALSE;
    }
    for (guint i = 0; i < files->len; i++)
        g_array_append_vals (rows, files->pdata[i], 1);
    table = base_table_write (rows);
    return give_bytes (reader, table, error);
}

static gboolean
serve_rebuild (Reader *reader, WireHead *answer, GError **error)
{
    guint count = reader->request->len / sizeof (Digest);
    g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    Rebuild *rebuild;
    Pass *pass;

    if (reader->fd < 0)
        return fail (error, ERR_FAILED, "there is no spool");
    g_array_append_vals (layers, reader->request->data, count);
    rebuild = rebuild_new_with (reader->bundle, layers, file_steal_fd (&reader->fd), error);
    if (rebuild == NULL)
        return FALSE;
    pass = pass_new (rebuild);
    g_ptr_array_add (reader->passes, pass);
    answer->number = reader->passes->len;
    return give_pass (reader, pass, error);
}

static gboolean
serve_layer (Reader *reader, WireHead *answer, GError **error)
{
    const Pass *pass = find (reader, reader->passes, error);
    Digest diffid;

    if (pass == NULL || reader->request->len != sizeof diffid)
        return pass == NULL || fail (error, ERR_FAILED, "not a diffID");
    memcpy (&diffid, reader->request->data, sizeof diffid);
    decode_needs_use (reader->needs, pass->numbers);
    return rebuild_layer (pass->rebuild, &diffid, give, reader, error);
}

static gboolean
serve_complete (Reader *reader, WireHead *answer, GError **error)
{
    const Pass *pass = find (reader, reader->passes, error);

    return pass != NULL && rebuild_check_complete (pass->rebuild, error);
}

static gboolean
serve_rebuild_close (Reader *reader, WireHead *answer, GError **error)
{
    return close_number (reader, reader->passes, pass_free, error);
}

static gboolean
serve_frame (Reader *reader, WireHead *answer, GError **error)
{
    gsize length;
    g_autofree guint8 *content =
        locate_read_frame (reader->bundle, reader->message.head.number, &length, error);

    return content != NULL && give (content, length, reader, error);
}

static gboolean
serve_member (Reader *reader, WireHead *answer, GError **error)
{
    GError *failed = NULL;
    g_autofree char *name = locate_member (reader->bundle, reader->message.head.number,
                                           reader->message.head.size, &answer->size, &failed);

    if (failed != NULL)
        g_propagate_error (error, failed);
    return failed == NULL &&
           (name == NULL || give ((const guint8 *)name, strlen (name), reader, error));
}

/* Fails with an error; fills in what it answers. */
typedef gboolean (*Serve) (Reader *reader, WireHead *answer, GError **error);

static const Serve serve[] = {
    [DECODE_META] = serve_meta,           [DECODE_IMAGES] = serve_images,
    [DECODE_MEMBERS] = serve_members,     [DECODE_COPY] = serve_copy,
    [DECODE_TREE] = serve_tree,           [DECODE_TREE_NEXT] = serve_tree_next,
    [DECODE_TREE_READ] = serve_tree_read, [DECODE_TREE_CLOSE] = serve_tree_close,
    [DECODE_REBUILD] = serve_rebuild,     [DECODE_LAYER] = serve_layer,
    [DECODE_COMPLETE] = serve_complete,   [DECODE_REBUILD_CLOSE] = serve_rebuild_close,
    [DECODE_FRAME] = serve_frame,         [DECODE_MEMBER] = serve_member,
};

static gboolean
answer (Reader *reader)
{
    guint kind = reader->message.head.kind;
    WireHead head = { .kind = DECODE_DONE };
    g_autoptr (GError) failed = NULL;
    gboolean sent;

    if (kind >= G_N_ELEMENTS (serve) || serve[kind] == NULL)
        return FALSE;
    reader->held = 0;
    reader->fd = file_steal_fd (&reader->message.fds[0]);
    if (serve[kind](reader, &head, &failed) && flush (reader, &failed))
        sent = wire_send (reader->socket, &head, "", 0, NULL);
    else
        sent = decode_send_failure (reader->socket, failed);
    file_clear_fd (&reader->fd);
    g_byte_array_set_size (reader->request, 0);
    return sent;
}

static void
read_for_caller (Reader *reader)
{
    while (wire_receive (reader->socket, &reader->message)) {
        const WireMessage *message = &reader->message;

        if (message->head.kind == DECODE_CANCEL)
            continue;
        if (message->length > DECODE_REQUEST_MAX - reader->request->len)
            return;
        g_byte_array_append (reader->request, (const guint8 *)message->bytes,
                             (guint)message->length);
        if (message->head.kind != DECODE_MORE && !answer (reader))
            return;
    }
}

static void
begin (Reader *reader)
{
    Bundle *bundle = reader->bundle;

    reader->needs = decode_needs_new (reader->socket);
    reader->walks = g_ptr_array_new ();
    reader->passes = g_ptr_array_new ();
    reader->request = g_byte_array_new ();
    reader->fd = -1;
    bundle->apart = FALSE;
    bundle->copy_fd = -1;
    memset (bundle->copied, 0, bundle->frames->len * sizeof (gboolean));
    bundle_use_bases (bundle, decode_needs_reader (reader->needs));
    bundle_use_tree (bundle, decode_needs_tree (reader->needs));
}

void
decode_child (Bundle *bundle, int socket)
{
    const WireHead ready = { .kind = DECODE_DONE };
    g_autoptr (GError) error = NULL;
    Reader *reader = g_new0 (Reader, 1);

    reader->bundle = bundle;
    reader->socket = socket;
    begin (reader);
    if (!decode_confine (bundle, socket, &error)) {
        if (!decode_send_failure (socket, error))
            g_debug ("nobody hears that %s", error->message);
    } else if (wire_send (socket, &ready, "", 0, NULL)) {
        read_for_caller (reader);
    }
    _exit (0); /* lint: allow-exit: the child of a fork */
}
