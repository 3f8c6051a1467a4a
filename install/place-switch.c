/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place-copy.h"
#include "install/place-private.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Nobody else makes the temporary name, so what it holds tells how far a change is:
 *
 *              before the switch            after it
 *   replaced   NAME old, temporary staged   NAME staged, temporary old
 *   new        NAME -,   temporary staged   NAME staged, temporary -
 *   removed    NAME old, temporary -        NAME -,      temporary old
 *
 * Whatever NAME is besides is an edit by someone else. */

#define SET_ASIDE_MAX 100
#define LABEL "security.selinux"
#define LABEL_BYTES 4096

static gboolean
removes (const PlaceData *data)
{
    return data->wanted.kind == PLACE_NOTHING;
}

static gboolean
look_inodes (const PlaceSpot *spot, const PlaceData *data, guint64 *now, guint64 *waiting,
             GError **error)
{
    return place_inode (spot->dirfd, spot->name, data->path, now, error) &&
           place_inode (spot->dirfd, spot->temporary, data->path, waiting, error);
}

static gboolean
move (const PlaceSpot *spot, const PlaceData *data, const char *from, const char *to, guint how,
      GError **error)
{
    if (renameat2 (spot->dirfd, from, spot->dirfd, to, how) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot rename '%s' to '%s' for '%s'", from,
                           to, data->path);
    return file_fsync_dir (spot->dirfd, data->path, error);
}

/* A file that takes the place of another has its label; else the kernel chose one by the folder. */
static gboolean
take_label (const PlaceSpot *spot, const PlaceData *data, GError **error)
{
    g_autofree char *from = g_strdup_printf ("/proc/self/fd/%d/%s", spot->dirfd, spot->name);
    g_autofree char *to = g_strdup_printf ("/proc/self/fd/%d/%s", spot->dirfd, spot->temporary);
    char label[LABEL_BYTES];
    ssize_t length = lgetxattr (from, LABEL, label, sizeof label);

    if (length < 0 || lsetxattr (to, LABEL, label, (size_t)length, 0) == 0)
        return TRUE;
    return fail_errno (error, ERR_FAILED, errno, "cannot label '%s' as the one that it replaces",
                       data->path);
}

static gboolean
stage_begin (PlaceSpot *spot, PlaceData *data, GError **error)
{
    data->staged = 0;
    return place_spot_open (spot, data, TRUE, NULL, error) &&
           place_remove_tree (spot->dirfd, spot->temporary, error);
}

static gboolean
stage_end (const PlaceSpot *spot, PlaceData *data, GError **error)
{
    return file_fsync_dir (spot->dirfd, data->path, error) &&
           place_inode (spot->dirfd, spot->temporary, data->path, &data->staged, error);
}

gboolean
place_stage_file (PlaceData *data, GBytes *bytes, GError **error)
{
    g_auto (PlaceSpot) spot = { -1, NULL, NULL };
    gsize length;
    gconstpointer content = g_bytes_get_data (bytes, &length);
    autofd int fd = -1;

    if (!stage_begin (&spot, data, error))
        return FALSE;
    fd = place_create (spot.dirfd, spot.temporary, data->wanted.mode, data->wanted.uid,
                       data->wanted.gid, data->path, error);
    if (fd < 0 || !file_write_all (fd, data->path, content, length, error) ||
        !take_label (&spot, data, error))
        return FALSE;
    if (fsync (fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", data->path);
    return stage_end (&spot, data, error);
}

gboolean
place_stage_copy (PlaceData *data, int dirfd, const char *from, gboolean exact, GError **error)
{
    g_auto (PlaceSpot) spot = { -1, NULL, NULL };

    return stage_begin (&spot, data, error) &&
           place_copy (dirfd, from, spot.dirfd, spot.temporary, exact, data->path, error) &&
           (exact || take_label (&spot, data, error)) && stage_end (&spot, data, error);
}

/* Between plan and switch lie a confirmation and the loading of all images: time for an edit. */
static gboolean
check_as_planned (const PlaceSpot *spot, const PlaceData *data, GError **error)
{
    PlaceThing now;

    if (!place_look_at (spot->dirfd, spot->name, data->path, &now, error))
        return FALSE;
    return place_same (&now, &data->found) ||
           fail (error, ERR_FAILED,
                 "'%s' was changed on this host while the run went on; install again to decide "
                 "about it",
                 data->path);
}

gboolean
place_switch (const PlaceData *data, GError **error)
{
    g_auto (PlaceSpot) spot = { -1, NULL, NULL };
    guint64 now, waiting;

    if (!place_spot_open (&spot, data, FALSE, NULL, error) ||
        !look_inodes (&spot, data, &now, &waiting, error))
        return FALSE;
    if (removes (data) ? waiting != 0 : now == data->staged)
        return file_fsync_dir (spot.dirfd, data->path, error);
    if (!removes (data) && waiting != data->staged)
        return fail (error, ERR_FAILED, "what was made ready for '%s' is gone; install again",
                     data->path);
    if (!check_as_planned (&spot, data, error))
        return FALSE;
    if (removes (data))
        return move (&spot, data, spot.name, spot.temporary, RENAME_NOREPLACE, error);
    /* Exchanging keeps the old one whole, with owner, mode and labels, by the temporary name. */
    return move (&spot, data, spot.temporary, spot.name,
                 data->found.kind != PLACE_NOTHING ? RENAME_EXCHANGE : RENAME_NOREPLACE, error);
}

/* Gives what is at from the name base beside the path, or "base-2" and so on: an edit that was kept
 * earlier is kept too. */
static gboolean
set_aside (const PlaceSpot *spot, const PlaceData *data, const char *from, const char *base,
           char **kept, GError **error)
{
    g_autofree char *folder = g_path_get_dirname (data->path);

    for (guint i = 1; i < SET_ASIDE_MAX; i++) {
        g_autofree char *to = i == 1 ? g_strdup (base) : g_strdup_printf ("%s-%u", base, i);

        if (renameat2 (spot->dirfd, from, spot->dirfd, to, RENAME_NOREPLACE) == 0) {
            *kept = g_build_filename (folder, to, NULL);
            return file_fsync_dir (spot->dirfd, data->path, error);
        }
        if (errno != EEXIST)
            return fail_errno (error, ERR_FAILED, errno, "cannot keep '%s' as '%s'", data->path,
                               to);
    }
    return fail (error, ERR_FAILED, "'%s' has more than %d kept edits beside it; remove some",
                 data->path, SET_ASIDE_MAX);
}

static gboolean
keep_edit (const PlaceSpot *spot, const PlaceData *data, const char *from, char **kept,
           GError **error)
{
    g_autofree char *base = g_strdup_printf ("%s.handcarry-old.%s", spot->name, data->tag);

    return set_aside (spot, data, from, base, kept, error);
}

/* What is being removed has a name of its own: half of a folder is not what was given, and would be
 * taken for an edit. */
static gboolean
remove_gone (const PlaceSpot *spot, GError **error)
{
    g_autofree char *gone = g_strconcat (spot->temporary, "-gone", NULL);

    return place_remove_tree (spot->dirfd, gone, error);
}

static gboolean
remove_temporary (const PlaceSpot *spot, const PlaceData *data, GError **error)
{
    g_autofree char *gone = g_strconcat (spot->temporary, "-gone", NULL);

    return move (spot, data, spot->temporary, gone, RENAME_NOREPLACE, error) &&
           remove_gone (spot, error);
}

/* Removes what has the temporary name, unless it was edited since it was as given. */
static gboolean
drop (const PlaceSpot *spot, const PlaceData *data, const PlaceThing *given, char **kept,
      GError **error)
{
    g_autoptr (GError) odd = NULL;
    PlaceThing thing;

    if (!place_look_at (spot->dirfd, spot->temporary, data->path, &thing, &odd) ||
        !place_same (&thing, given))
        return keep_edit (spot, data, spot->temporary, kept, error);
    return remove_temporary (spot, data, error) && file_fsync_dir (spot->dirfd, data->path, error);
}

/* What was there has the temporary name: it gets its own back. */
static gboolean
bring_back (const PlaceSpot *spot, const PlaceData *data, guint64 now, char **kept, GError **error)
{
    if (now != 0 && now == data->staged)
        return move (spot, data, spot->temporary, spot->name, RENAME_EXCHANGE, error);
    if (now != 0 && !keep_edit (spot, data, spot->name, kept, error))
        return FALSE;
    return move (spot, data, spot->temporary, spot->name, RENAME_NOREPLACE, error);
}

/* Is what was there still, or again, waiting by the temporary name? */
static gboolean
old_one_waits (const PlaceData *data, guint64 waiting)
{
    if (data->found.kind == PLACE_NOTHING || waiting == 0)
        return FALSE;
    return removes (data) || (data->staged != 0 && waiting != data->staged);
}

static gboolean
undo_at (const PlaceSpot *spot, const PlaceData *data, char **kept, GError **error)
{
    guint64 now, waiting;

    if (!remove_gone (spot, error) || !look_inodes (spot, data, &now, &waiting, error))
        return FALSE;
    if (old_one_waits (data, waiting)) {
        if (!bring_back (spot, data, now, kept, error))
            return FALSE;
    } else if (data->found.kind == PLACE_NOTHING && now != 0 && now == data->staged) {
        if (!move (spot, data, spot->name, spot->temporary, RENAME_NOREPLACE, error))
            return FALSE;
    }
    if (!place_inode (spot->dirfd, spot->temporary, data->path, &waiting, error))
        return FALSE;
    if (waiting == 0)
        return TRUE;
    /* Killed while it was made: half of something, and never seen. */
    if (data->staged == 0)
        return place_remove_tree (spot->dirfd, spot->temporary, error);
    return drop (spot, data, &data->wanted, kept, error);
}

gboolean
place_undo (const PlaceData *data, char **kept, GError **error)
{
    g_auto (PlaceSpot) spot = { -1, NULL, NULL };
    gboolean missing;

    *kept = NULL;
    if (!place_spot_open (&spot, data, FALSE, &missing, error) ||
        (!missing && !undo_at (&spot, data, kept, error)))
        return FALSE;
    return place_remove_parents (data, error);
}

gboolean
place_commit (const PlaceData *data, char **kept, GError **error)
{
    g_auto (PlaceSpot) spot = { -1, NULL, NULL };
    guint64 now, waiting;
    gboolean missing;

    *kept = NULL;
    if (!place_spot_open (&spot, data, FALSE, &missing, error))
        return FALSE;
    if (missing)
        return TRUE;
    if (!remove_gone (&spot, error) || !look_inodes (&spot, data, &now, &waiting, error))
        return FALSE;
    if (waiting == 0 || waiting == data->staged)
        return TRUE;
    if (data->keep_as != NULL)
        return set_aside (&spot, data, spot.temporary, data->keep_as, kept, error);
    return drop (&spot, data, &data->found, kept, error);
}
