/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"

#include "manifest/error.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define NAME_BUFFER 65536

static gboolean
find_user (const char *name, uid_t *uid, GError **error)
{
    g_autofree char *buffer = g_malloc (NAME_BUFFER);
    struct passwd entry, *found = NULL;

    if (getpwnam_r (name, &entry, buffer, NAME_BUFFER, &found) != 0 || found == NULL)
        return fail (error, ERR_NOT_READY, "there is no user '%s' on this host; add it first",
                     name);
    *uid = found->pw_uid;
    return TRUE;
}

static gboolean
find_group (const char *name, gid_t *gid, GError **error)
{
    g_autofree char *buffer = g_malloc (NAME_BUFFER);
    struct group entry, *found = NULL;

    if (getgrnam_r (name, &entry, buffer, NAME_BUFFER, &found) != 0 || found == NULL)
        return fail (error, ERR_NOT_READY, "there is no group '%s' on this host; add it first",
                     name);
    *gid = found->gr_gid;
    return TRUE;
}

gboolean
place_parse_owner (const char *owner, uid_t *uid, gid_t *gid, GError **error)
{
    const char *text = owner != NULL ? owner : "root:root";
    const char *colon = strchr (text, ':');
    g_autofree char *user = colon ? g_strndup (text, (gsize)(colon - text)) : NULL;

    if (colon == NULL)
        return fail (error, ERR_FORMAT, "owner '%s': expected user:group", text);
    return find_user (user, uid, error) && find_group (colon + 1, gid, error);
}
