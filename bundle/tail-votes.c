/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tail.h"

#include "bundle/format.h"
#include "keys/signature.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/packing.h"
#include "manifest/statement.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a person sees when checking the vote with stock minisign: the kind of text, the release, and
 * the text's digest. */
static char *
vote_comment (const char *kind, GBytes *statement_text, GBytes *signed_text, GError **error)
{
    g_autoptr (Statement) statement = statement_parse (statement_text, error);
    Digest digest = digest_of_bytes (signed_text);
    g_autofree char *shown = digest_to_text (&digest);

    if (statement == NULL)
        return NULL;
    return g_strdup_printf ("handcarry %s %s %s r%" G_GUINT64_FORMAT " %s", kind,
                            statement->release->product, statement->release->channel,
                            statement->release->release, shown);
}

char *
tail_statement_comment (GBytes *statement, GError **error)
{
    return vote_comment ("statement", statement, statement, error);
}

char *
tail_packing_comment (GBytes *statement, GBytes *packing, GError **error)
{
    return vote_comment ("packing", statement, packing, error);
}

static void
drop_recoded (GPtrArray *votes, const char *what, GPtrArray *ignored)
{
    for (guint i = 0; i < votes->len; i++) {
        if (signature_is_rewritten (votes->pdata[i]))
            continue;
        g_ptr_array_add (ignored,
                         g_strdup_printf ("a vote on the %s does not count: its untrusted comment "
                                          "is not the one that votes in bundles have",
                                          what));
        g_ptr_array_remove_index (votes, i--);
    }
}

void
tail_drop_recoded (Tail *tail, GPtrArray *ignored)
{
    drop_recoded (tail->statement_votes, "statement", ignored);
    drop_recoded (tail->packing_votes, "packing", ignored);
    for (guint i = 0; i < tail->chain->len; i++) {
        const SignedRoot *root = tail->chain->pdata[i];
        g_autofree char *what = message_printf ("trust root %u", i + 1);

        drop_recoded (root->votes, what, ignored);
    }
}

/* The saved tail is named after the file it belongs to: the bundle, or its last part. */
typedef struct {
    char *path, *name, *saved;
    int dirfd, fd;
} Signing;

static void
signing_clear (Signing *signing)
{
    g_clear_pointer (&signing->path, g_free);
    g_clear_pointer (&signing->name, g_free);
    g_clear_pointer (&signing->saved, g_free);
    file_clear_fd (&signing->dirfd);
    file_clear_fd (&signing->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Signing, signing_clear)

/* Saved tails begin with where they belong: "OFFSET\n" of 20 digits. */
#define SAVED_HEAD 21

static gboolean
write_at (const Signing *signing, guint64 offset, const guint8 *bytes, gsize length, GError **error)
{
    if (!file_pwrite_all (signing->fd, signing->path, bytes, length, offset, error))
        return FALSE;
    if (ftruncate (signing->fd, (off_t)(offset + length)) < 0 || fsync (signing->fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot write the tail of '%s'",
                           signing->path);
    return TRUE;
}

static gboolean
drop_saved (const Signing *signing, GError **error)
{
    if (unlinkat (signing->dirfd, signing->saved, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", signing->saved);
    return file_fsync_dir (signing->dirfd, signing->saved, error);
}

/* A saved tail fits where it is whole and the texts in front of its place are those it holds: a
 * file that was packed anew under the same name has others. at: of the tail in all parts together.
 */
static gboolean
saved_fits (const Parts *parts, guint64 at, const guint8 *bytes, gsize length)
{
    g_autoptr (GBytes) saved = g_bytes_new (bytes, length);
    g_autoptr (GBytes) again = NULL;
    g_autoptr (GBytes) frame = NULL;
    g_autofree guint8 *found = NULL;
    g_autoptr (Tail) tail = NULL;
    gsize n;

    if (length < ZSTD_SKIPPABLE_HEADER + FOOTER_BYTES)
        return FALSE;
    tail = tail_parse (bytes + ZSTD_SKIPPABLE_HEADER, length - ZSTD_SKIPPABLE_HEADER - FOOTER_BYTES,
                       at + ZSTD_SKIPPABLE_HEADER, NULL);
    if (tail == NULL || tail_is_trust (tail))
        return FALSE;
    tail->offset = at;
    again = tail_write (tail);
    frame = tail_texts_frame (tail->statement, tail->packing);
    n = g_bytes_get_size (frame);
    found = g_malloc (n);
    return g_bytes_equal (again, saved) && at >= n && parts_pread (parts, found, n, at - n, NULL) &&
           memcmp (found, g_bytes_get_data (frame, NULL), n) == 0;
}

/* An earlier signing was interrupted: its saved tail is put back. */
static gboolean
restore (const Signing *signing, const Parts *parts, guint64 begins, GError **error)
{
    g_autoptr (GBytes) saved = NULL;
    const guint8 *bytes;
    gsize length;
    guint64 offset;

    if (faccessat (signing->dirfd, signing->saved, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return TRUE;
    saved =
        file_read_below (signing->dirfd, signing->saved, SAVED_HEAD + 2 * LIMIT_TAIL_BYTES, error);
    if (saved == NULL)
        return FALSE;
    bytes = g_bytes_get_data (saved, &length);
    offset = length > SAVED_HEAD ? g_ascii_strtoull ((const char *)bytes, NULL, 10) : 0;
    if (offset > G_MAXINT64 ||
        !saved_fits (parts, begins + offset, bytes + MIN (length, SAVED_HEAD),
                     length - MIN (length, SAVED_HEAD)))
        return fail (error, ERR_FORMAT,
                     "'%s' was left by an interrupted signing, but is not the end of '%s': remove "
                     "it if the bundle was packed again since",
                     signing->saved, signing->path);
    return write_at (signing, offset, bytes + SAVED_HEAD, length - SAVED_HEAD, error) &&
           drop_saved (signing, error);
}

static gboolean
open_signing (Signing *signing, const char *path, guint64 *begins, GError **error)
{
    g_autoptr (Parts) parts = parts_open (path, error);

    if (parts == NULL)
        return FALSE;
    signing->path = g_strdup (parts_last (parts, begins));
    signing->dirfd = file_open_parent (signing->path, &signing->name, error);
    if (signing->dirfd < 0)
        return FALSE;
    signing->saved = g_strconcat (signing->name, ".tail~", NULL);
    signing->fd = openat (signing->dirfd, signing->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (signing->fd < 0)
        return fail_errno (error, ERR_FAILED, errno,
                           "cannot open '%s' for writing (a vote can lie beside it: --vote-out "
                           "NAME.vote)",
                           signing->path);
    return restore (signing, parts, *begins, error);
}

/* One more than a reader takes would make the bundle unreadable. */
static gboolean
add_vote (GPtrArray *votes, GBytes *vote, const char *what, GError **error)
{
    for (guint i = 0; vote != NULL && i < votes->len; i++)
        if (g_bytes_equal (votes->pdata[i], vote))
            return TRUE;
    if (vote != NULL && votes->len >= LIMIT_VOTES)
        return fail (error, ERR_FAILED,
                     "the %s has %u votes already, and no more are looked at: pack the release "
                     "anew and have that signed",
                     what, votes->len);
    if (vote != NULL)
        g_ptr_array_add (votes, g_bytes_ref (vote));
    return TRUE;
}

static gboolean
save_tail (const Signing *signing, guint64 offset, GBytes *old, GError **error)
{
    g_autofree char *head = g_strdup_printf ("%020" G_GUINT64_FORMAT "\n", offset);
    GByteArray *out = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;

    g_byte_array_append (out, (const guint8 *)head, SAVED_HEAD);
    g_byte_array_append (out, g_bytes_get_data (old, NULL), (guint)g_bytes_get_size (old));
    bytes = g_byte_array_free_to_bytes (out);
    return file_replace (signing->dirfd, signing->saved, bytes, 0600, error);
}

/* FILE.sha256 again, where there is one: the lines of all parts. */
static gboolean
rewrite_sums (const Signing *signing, const char *path, GError **error)
{
    g_autofree char *stem = g_str_has_suffix (path, ".001")
                                ? g_strndup (path, strlen (path) - strlen (".001"))
                                : g_strdup (path);
    g_autofree char *base = g_path_get_basename (stem);
    g_autofree char *name = g_strconcat (base, ".sha256", NULL);
    g_autoptr (Parts) parts = NULL;
    g_autoptr (GBytes) bytes = NULL;

    if (faccessat (signing->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return TRUE;
    parts = parts_open (path, error);
    if (parts == NULL)
        return FALSE;
    bytes = parts_sums (parts, error);
    return bytes != NULL && file_replace (signing->dirfd, name, bytes, 0644, error);
}

gboolean
tail_add_votes (const char *path, GBytes *statement_vote, GBytes *packing_vote, GError **error)
{
    g_auto (Signing) signing = { .dirfd = -1, .fd = -1 };
    g_autoptr (Parts) parts = NULL;
    g_autoptr (Tail) tail = NULL;
    g_autoptr (GBytes) old = NULL, new_tail = NULL;
    guint64 begins;
    gsize length;
    const guint8 *bytes;

    if (!open_signing (&signing, path, &begins, error))
        return FALSE;
    parts = parts_open (path, error);
    tail = parts != NULL ? tail_read (parts, error) : NULL;
    if (tail == NULL)
        return fail_prefix (error, "%s", path);
    if (tail->offset < begins)
        return fail (error, ERR_FORMAT,
                     "the tail of '%s' begins in an earlier part: join the parts "
                     "with cat before signing",
                     path);
    old = tail_write (tail);
    if (!add_vote (tail->statement_votes, statement_vote, "statement", error) ||
        !add_vote (tail->packing_votes, packing_vote, "packing list", error))
        return fail_prefix (error, "%s", path);
    if (!save_tail (&signing, tail->offset - begins, old, error))
        return FALSE;
    new_tail = tail_write (tail);
    bytes = g_bytes_get_data (new_tail, &length);
    return write_at (&signing, tail->offset - begins, bytes, length, error) &&
           drop_saved (&signing, error) && rewrite_sums (&signing, path, error);
}
