/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/pack-private.h"
#include "bundle/source.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <string.h>

static void
moved_free (gpointer data)
{
    PackMoved *moved = data;

    g_free (moved->name);
    g_free (moved);
}

static gboolean refuse (const Packer *packer, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Each refusal of --locked ends with what to do. */
static gboolean
refuse (const Packer *packer, GError **error, const char *format, ...)
{
    g_autofree char *file = release_lock_file_name (packer->release->file);
    g_autofree char *message = NULL;
    va_list args;

    va_start (args, format);
    message = message_vprintf (format, args);
    va_end (args);
    return fail (error, ERR_POLICY,
                 "%s: %s; --locked builds nothing else. Run 'handcarry bundle %s' without it, look "
                 "at what changes in the lock, and keep it",
                 file, message, packer->release->file);
}

/* The image that an entry is for, or NULL. */
static const ReleaseImage *
find_wanted (const Packer *packer, const LockedImage *locked)
{
    for (guint i = 0; i < packer->release->images->len; i++) {
        const ReleaseImage *image = packer->release->images->pdata[i];

        if (strcmp (image->name, locked->name) == 0 &&
            strcmp (pack_platform (packer), locked->platform) == 0)
            return image;
    }
    return NULL;
}

/* The release and its lock name the same images, from the same sources. */
static gboolean
check_exact (const Packer *packer, GError **error)
{
    const char *platform = pack_platform (packer);

    /* What carries no images needs none. */
    if (packer->old_lock == NULL)
        return packer->release->images->len == 0 || refuse (packer, error, "there is no lock");
    for (guint i = 0; i < packer->release->images->len; i++) {
        const ReleaseImage *image = packer->release->images->pdata[i];
        const LockedImage *locked = release_lock_find (packer->old_lock, image->name, platform);

        if (locked == NULL)
            return refuse (packer, error, "image '%s' for %s is not in the lock", image->name,
                           platform);
        if (strcmp (locked->from, image->from) != 0)
            return refuse (packer, error, "image '%s' is from '%s', in the lock from '%s'",
                           image->name, image->from, locked->from);
    }
    for (guint i = 0; i < packer->old_lock->images->len; i++) {
        const LockedImage *locked = packer->old_lock->images->pdata[i];

        if (find_wanted (packer, locked) == NULL)
            return refuse (packer, error, "the lock has image '%s' for %s, the release has not",
                           locked->name, locked->platform);
    }
    return TRUE;
}

gboolean
pack_read_lock (Packer *packer, GError **error)
{
    g_autoptr (GError) own = NULL;

    if (!release_lock_read (packer->dirfd, packer->release->file, &packer->old_lock,
                            &packer->old_lock_text, &own)) {
        /* One that a merge left in pieces, say, is what it is made anew for. */
        if (packer->options->locking == LOCKING_ANEW &&
            g_error_matches (own, HANDCARRY_ERROR, ERR_FORMAT))
            return TRUE;
        g_propagate_error (error, g_steal_pointer (&own));
        return FALSE;
    }
    return packer->options->locking != LOCKING_EXACT || check_exact (packer, error);
}

const LockedImage *
pack_find_locked (const Packer *packer, const ReleaseImage *image)
{
    const LockedImage *locked;

    if (packer->old_lock == NULL || packer->options->locking == LOCKING_ANEW)
        return NULL;
    locked = release_lock_find (packer->old_lock, image->name, pack_platform (packer));
    return locked != NULL && strcmp (locked->from, image->from) == 0 ? locked : NULL;
}

/* An image from a registry was fetched by the digest in the lock, so only a lock that was changed
 * by hand names another config; what lies in a file can be another image now. */
static gboolean
check_config (const Packer *packer, const LockedImage *now, const LockedImage *locked,
              GError **error)
{
    g_autofree char *is = digest_to_text (&now->config), *should = NULL;

    if (locked == NULL || digest_equal (&now->config, &locked->config))
        return TRUE;
    should = digest_to_text (&locked->config);
    if (packer->options->locking == LOCKING_EXACT)
        return refuse (packer, error, "image '%s' has the config %s, in the lock %s", now->name, is,
                       should);
    if (now->has_manifest)
        return fail (error, ERR_POLICY,
                     "image '%s' has the config %s, but the lock says %s for the same manifest; "
                     "--relock makes the lock anew",
                     now->name, is, should);
    return TRUE;
}

static void
note_moved (const Packer *packer, const LockedImage *now, PackResult *result)
{
    const LockedImage *was =
        packer->old_lock == NULL
            ? NULL
            : release_lock_find (packer->old_lock, now->name, pack_platform (packer));
    gboolean manifests = was != NULL && was->has_manifest && now->has_manifest;
    PackMoved *moved;

    if (was == NULL || (manifests ? digest_equal (&was->manifest, &now->manifest)
                                  : digest_equal (&was->config, &now->config)))
        return;
    moved = g_new0 (PackMoved, 1);
    moved->name = g_strdup (now->name);
    moved->before = manifests ? was->manifest : was->config;
    moved->after = manifests ? now->manifest : now->config;
    g_ptr_array_add (result->moved, moved);
}

static LockedImage *
add_locked (Packer *packer, guint number)
{
    const ReleaseImage *image = packer->release->images->pdata[number];
    const SourceImage *source = packer->images->pdata[number];
    const StatementImage *statement = packer->statement.images->pdata[number];
    LockedImage *locked = release_lock_add (packer->lock);

    locked->name = g_strdup (image->name);
    locked->from = g_strdup (image->from);
    locked->platform = g_strdup (pack_platform (packer));
    locked->config = statement->config;
    locked->manifest = source->manifest;
    locked->has_manifest = source->reference != NULL;
    locked->index = source->index;
    locked->has_index = source->has_index;
    return locked;
}

static gboolean
write_file (Packer *packer, gboolean pulled, PackResult *result, GError **error)
{
    g_autofree char *file = release_lock_file_name (packer->release->file);
    g_autoptr (GBytes) text = release_lock_write (packer->lock);
    gboolean same = packer->old_lock_text != NULL ? g_bytes_equal (text, packer->old_lock_text)
                                                  : packer->images->len == 0;

    if (packer->options->locking == LOCKING_EXACT)
        return same || refuse (packer, error, "it says the same in other words or another order");
    if (same || (packer->old_lock == NULL && !pulled && packer->options->locking != LOCKING_ANEW))
        return TRUE;
    if (!file_replace (packer->dirfd, file, text, 0644, error))
        return fail_prefix (error, "writing the lock");
    result->lock_file = g_steal_pointer (&file);
    return TRUE;
}

gboolean
pack_write_lock (Packer *packer, PackResult *result, GError **error)
{
    gboolean pulled = FALSE;

    packer->lock = release_lock_new ();
    result->moved = g_ptr_array_new_with_free_func (moved_free);
    for (guint i = 0; i < packer->images->len; i++) {
        const LockedImage *now = add_locked (packer, i);

        if (!check_config (packer, now,
                           pack_find_locked (packer, packer->release->images->pdata[i]), error))
            return FALSE;
        note_moved (packer, now, result);
        pulled = pulled || now->has_manifest;
    }
    return write_file (packer, pulled, result, error);
}
