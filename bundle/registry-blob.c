/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-private.h"
#include "bundle/registry-range.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (1024 * 1024)
#define TEXT_BYTES 4096   /* of a refusal */
#define ADVANCE (1 << 20) /* so much makes a broken connection worth its while */

/* One blob while it is read. */
typedef struct {
    const Digest *digest;
    guint64 bytes;
    int fd;
    Progress *progress;
    DigestStream *hash;
    guint64 have;      /* in fd, and hashed */
    guint64 seen;      /* the most that have was */
    guint64 skip;      /* of this answer, for it begins at 0 and we do not */
    gboolean begun;    /* this answer */
    gboolean pieced;   /* not all of it is of one answer */
    gboolean no_range; /* the registry's ranges are no good */
    gboolean bad_range;
} Blob;

static void
blob_clear (Blob *blob)
{
    digest_stream_free (blob->hash);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Blob, blob_clear)

static gboolean
empty (Blob *blob, GError **error)
{
    Digest dropped;

    digest_stream_finish (blob->hash, &dropped);
    blob->have = 0;
    blob->pieced = FALSE;
    if (ftruncate (blob->fd, 0) == 0)
        return TRUE;
    return fail_errno (error, ERR_FAILED, errno, "cannot empty the file for a blob");
}

/* What an earlier run left is hashed anew: a name and a length prove nothing. */
static gboolean
keep (Blob *blob, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (PIECE);
    struct stat st;

    if (fstat (blob->fd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at the file for a blob");
    if ((guint64)st.st_size > blob->bytes)
        return empty (blob, error);
    while (blob->have < (guint64)st.st_size) {
        gsize length = MIN (PIECE, (guint64)st.st_size - blob->have);

        if (!file_pread_all (blob->fd, "the file for a blob", buffer, length, blob->have, error))
            return FALSE;
        digest_stream_add (blob->hash, buffer, length);
        blob->have += length;
    }
    blob->pieced = blob->have > 0;
    blob->seen = blob->have;
    return TRUE;
}

static gboolean
begin_range (Blob *blob, const HttpReply *reply, GError **error)
{
    g_autofree char *shown = error_quote (reply->range != NULL ? reply->range : "");
    ContentRange range;

    blob->bad_range = TRUE;
    if (reply->range == NULL)
        return fail (error, ERR_FORMAT, "a part of the blob came, and not which");
    if (!content_range_parse (reply->range, &range, error))
        return FALSE;
    if (range.first != blob->have || range.last >= blob->bytes ||
        (range.total != G_MAXUINT64 && range.total != blob->bytes))
        return fail (error, ERR_FORMAT,
                     "the part that came is '%s'; from byte %" G_GUINT64_FORMAT
                     " on, of %" G_GUINT64_FORMAT ", was asked for",
                     shown, blob->have, blob->bytes);
    blob->bad_range = FALSE;
    return TRUE;
}

static gboolean
begin_answer (Blob *blob, const HttpReply *reply, GError **error)
{
    blob->begun = TRUE;
    if (reply->status == 206)
        return begin_range (blob, reply, error);
    blob->skip = blob->have;
    if (reply->length >= 0 && (guint64)reply->length != blob->bytes)
        return fail (error, ERR_FORMAT,
                     "the registry announces %" G_GINT64_FORMAT
                     " bytes; the manifest says %" G_GUINT64_FORMAT,
                     reply->length, blob->bytes);
    return TRUE;
}

static gboolean
take (const HttpReply *reply, const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Blob *blob = data;
    gsize skipped;

    if (!blob->begun && !begin_answer (blob, reply, error))
        return FALSE;
    skipped = (gsize)MIN (blob->skip, length);
    blob->skip -= skipped;
    bytes += skipped;
    length -= skipped;
    if (length > blob->bytes - blob->have)
        return fail (error, ERR_FORMAT,
                     "more comes than the %" G_GUINT64_FORMAT " bytes that the manifest says",
                     blob->bytes);
    if (!file_pwrite_all (blob->fd, "the file for a blob", bytes, length, blob->have, error))
        return FALSE;
    digest_stream_add (blob->hash, bytes, length);
    blob->have += length;
    if (blob->have > blob->seen) {
        progress_add (blob->progress, blob->have - blob->seen);
        blob->seen = blob->have;
    }
    return TRUE;
}

static gboolean
prove (Blob *blob, GError **error)
{
    g_autofree char *is = NULL, *wanted = digest_to_text (blob->digest);
    Digest found;

    digest_stream_finish (blob->hash, &found);
    if (digest_equal (&found, blob->digest))
        return TRUE;
    is = digest_to_text (&found);
    return fail (error, ERR_FORMAT, "what came has the digest %s; %s is expected", is, wanted);
}

/* One answer. Sets *again where another may do what this one did not. */
static gboolean
ask (Endpoint *endpoint, Blob *blob, HttpReply *reply, gboolean *again, GError **error)
{
    g_autofree char *digest = digest_to_text (blob->digest);
    g_autofree char *path = g_strconcat ("blobs/", digest, NULL);
    const EndpointRequest request = { .path = path,
                                      .from = blob->no_range ? 0 : blob->have,
                                      .limit = TEXT_BYTES,
                                      .take = take,
                                      .data = blob };
    gboolean ok;

    blob->begun = blob->bad_range = FALSE;
    blob->skip = 0;
    ok = endpoint_get (endpoint, &request, reply, error);
    /* Bytes that did come are as good as their digest, however the connection ended. */
    if (blob->have == blob->bytes && (ok || reply->outcome == HTTP_BROKEN)) {
        g_clear_error (error);
        return TRUE;
    }
    blob->pieced |= blob->have > 0;
    *again = ok || retry_is_passing (reply);
    return ok ? fail (error, ERR_FORMAT,
                      "it ends at byte %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, blob->have,
                      blob->bytes)
              : FALSE;
}

static gboolean
fetch (Registry *registry, Endpoint *endpoint, Blob *blob, HttpReply *reply, GError **error)
{
    Retry retry;

    registry_begin_tries (registry, endpoint, &retry);
    while (blob->have < blob->bytes) {
        g_autoptr (GError) cause = NULL;
        guint64 before = blob->have;
        gboolean again = FALSE;

        if (ask (endpoint, blob, reply, &again, &cause))
            return TRUE;
        if (!blob->no_range && blob->have > 0 && (blob->bad_range || reply->status == 416)) {
            blob->no_range = TRUE;
            continue;
        }
        if (blob->have - before >= ADVANCE)
            retry_advance (&retry);
        if (!again || !retry_again (&retry, reply)) {
            g_propagate_error (error, g_steal_pointer (&cause));
            return FALSE;
        }
    }
    return TRUE;
}

/* A blob of several pieces may hold an old one that is damaged, or one of a mirror that lies: then
 * it is read once more, whole. */
static gboolean
ask_blob (Registry *registry, Endpoint *endpoint, gpointer data, HttpReply *reply, GError **error)
{
    Blob *blob = data;
    gboolean pieced;

    blob->no_range = FALSE;
    if (!fetch (registry, endpoint, blob, reply, error))
        return FALSE;
    pieced = blob->pieced;
    if (prove (blob, pieced ? NULL : error))
        return TRUE;
    if (!empty (blob, pieced ? error : NULL) || !pieced)
        return FALSE;
    return fetch (registry, endpoint, blob, reply, error) &&
           (prove (blob, error) || (empty (blob, NULL), FALSE));
}

gboolean
registry_read_blob (Registry *registry, const Digest *digest, guint64 bytes, int fd,
                    Progress *progress, GError **error)
{
    g_auto (Blob) blob = { .digest = digest,
                           .bytes = bytes,
                           .fd = fd,
                           .progress = progress,
                           .hash = digest_stream_new () };
    g_autofree char *text = digest_to_text (digest);
    g_autofree char *what = g_strconcat ("blob ", text, NULL);

    return keep (&blob, error) && registry_ask_each (registry, what, ask_blob, &blob, error);
}
