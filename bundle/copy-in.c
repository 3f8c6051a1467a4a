/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/decode.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Is the frame in the copy already, from a run that was interrupted? A hole reads as zeros, which
 * no frame is. */
static gboolean
have_frame (int fd, const Frame *frame, guint8 *buffer)
{
    g_autoptr (GError) ignored = NULL;
    Digest found;

    if (!file_pread_all (fd, "copy", buffer, frame->compressed, frame->offset, &ignored))
        return FALSE;
    found = digest_of (buffer, frame->compressed);
    return digest_equal (&found, &frame->digest);
}

static gboolean
copy_frame (Bundle *bundle, int fd, guint i, GError **error)
{
    const Frame *frame = &g_array_index (bundle->frames, Frame, i);
    g_autofree guint8 *buffer = g_malloc (frame->compressed);

    if (have_frame (fd, frame, buffer))
        return TRUE;
    return bundle_read_frame (bundle, i, buffer, error) &&
           file_pwrite_all (fd, "copied-in frames", buffer, frame->compressed, frame->offset,
                            error);
}

/* Frames of tree and meta, and what the layers take. $TMPDIR may be the medium: the spool lies
 * where the copy does (trust.md 119). */
static gboolean *
frames_wanted (Bundle *bundle, GArray *layers, int dirfd, GError **error)
{
    g_autofree char *spool_dir = g_strdup_printf ("/proc/self/fd/%d", dirfd);
    g_autofree gboolean *wanted = g_new0 (gboolean, bundle->frames->len + 1);
    guint first, count;

    if (layers->len > 0) {
        g_autoptr (Rebuild) rebuild = rebuild_new (bundle, layers, spool_dir, error);

        if (rebuild == NULL)
            return NULL;
        memcpy (wanted, rebuild_frames (rebuild), bundle->frames->len * sizeof (gboolean));
    }
    bundle_region (bundle, REGION_META, &first, &count);
    for (guint i = 0; i < first + count; i++)
        wanted[i] = TRUE;
    return g_steal_pointer (&wanted);
}

gboolean
bundle_copy_in (Bundle *bundle, int dirfd, const char *name, GArray *layers, Progress *progress,
                GError **error)
{
    g_autofree gboolean *wanted = frames_wanted (bundle, layers, dirfd, error);
    guint64 total = 0;

    if (wanted == NULL)
        return FALSE;
    /* Called again for more layers, it goes on with the copy that is open. */
    if (bundle->copy_fd < 0)
        bundle->copy_fd = openat (dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (bundle->copy_fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot create '%s'", name);
    for (guint i = 0; i < bundle->frames->len; i++)
        total += wanted[i] ? g_array_index (bundle->frames, Frame, i).compressed : 0;
    progress_begin (progress, "copying in", total);
    for (guint i = 0; i < bundle->frames->len; i++) {
        if (!wanted[i])
            continue;
        if (!copy_frame (bundle, bundle->copy_fd, i, error)) {
            progress_end (progress);
            return FALSE;
        }
        bundle->copied[i] = TRUE;
        progress_add (progress, g_array_index (bundle->frames, Frame, i).compressed);
    }
    progress_end (progress);
    return decode_use_copy (bundle, error);
}

void
bundle_drop_copy (Bundle *bundle)
{
    g_autoptr (GError) ignored = NULL;

    memset (bundle->copied, 0, bundle->frames->len * sizeof (gboolean));
    file_clear_fd (&bundle->copy_fd);
    /* Where the reader is gone, the next request says so. */
    if (!decode_use_copy (bundle, &ignored))
        g_debug ("%s", ignored->message);
}
