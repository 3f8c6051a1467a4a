/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-folder.h"

#include "keys/signature.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".root.yaml"
#define PROPOSED ".new"

typedef struct {
    int fd;
    const char *path;
    gboolean owned;
    GPtrArray *votes[LIMIT_ROOT_CHAIN + 1]; /* file names, by number of the root */
    guint64 newest;
} Folder;

static gboolean
check_owner (int fd, const char *dir, const char *name, GError **error)
{
    struct stat st;

    if (fstat (fd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s/%s'", dir, name);
    if (st.st_uid != 0 && st.st_uid != geteuid ())
        return fail (error, ERR_TRUST,
                     "'%s/%s' belongs to user %u; a trust root must belong to root or to you", dir,
                     name, st.st_uid);
    if ((st.st_mode & 0022) != 0)
        return fail (error, ERR_TRUST,
                     "others may write '%s/%s', so it proves nothing; check it, then: chmod go-w "
                     "'%s/%s'",
                     dir, name, dir, name);
    return TRUE;
}

/* "12.root.yaml" and "12.root.yaml.E7620F1842B4E81F.minisig"; *vote says which. 0: neither. */
static guint64
parse_name (const char *name, gboolean *vote)
{
    char *end = NULL;
    gsize digits;
    guint64 number =
        g_ascii_isdigit (*name) && *name != '0' ? g_ascii_strtoull (name, &end, 10) : 0;

    if (number == 0 || number > LIMIT_ROOT_CHAIN || !g_str_has_prefix (end, SUFFIX))
        return 0;
    end += strlen (SUFFIX);
    *vote = *end == '.';
    if (*end == '\0')
        return number;
    digits = strspn (end + 1, "0123456789ABCDEF");
    return *vote && digits > 0 && digits <= 16 && g_str_equal (end + 1 + digits, ".minisig")
               ? number
               : 0;
}

static void
note_name (Folder *folder, const char *name)
{
    gboolean vote = FALSE;
    guint64 number = parse_name (name, &vote);

    if (number == 0)
        return;
    if (!vote)
        folder->newest = MAX (folder->newest, number);
    else
        g_ptr_array_add (folder->votes[number], g_strdup (name));
}

static gboolean
list_names (Folder *folder, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (folder->fd, folder->path, error);

    for (guint i = 0; names != NULL && i < names->len; i++)
        note_name (folder, names->pdata[i]);
    return names != NULL;
}

static GBytes *
read_file (const Folder *folder, const char *name, gsize limit, GError **error)
{
    struct stat st;
    autofd int fd = -1;

    if (fstatat (folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK (st.st_mode))
        return fail_null (error, ERR_TRUST,
                          "'%s/%s' is a symbolic link; what it points to may change without the "
                          "folder",
                          folder->path, name);
    fd = file_open_below (folder->fd, name, O_RDONLY | O_NONBLOCK, error);
    if (fd < 0)
        return fail_prefix (error, "trust folder '%s'", folder->path), NULL;
    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail_null (error, ERR_TRUST, "'%s/%s' is not a regular file", folder->path, name);
    if (folder->owned && !check_owner (fd, folder->path, name, error))
        return NULL;
    return file_read_fd (fd, name, limit, error);
}

/* The text in this file, and the votes on root number. */
static SignedRoot *
read_text_and_votes (const Folder *folder, const char *name, guint64 number, GError **error)
{
    GPtrArray *votes = folder->votes[number];
    g_autoptr (SignedRoot) root = NULL;
    g_autoptr (GBytes) text = read_file (folder, name, LIMIT_ROOT_BYTES, error);

    if (text == NULL)
        return NULL;
    if (votes->len > LIMIT_VOTES)
        return fail_null (error, ERR_TRUST,
                          "'%s' has %u votes on root %" G_GUINT64_FORMAT "; at most %d are allowed",
                          folder->path, votes->len, number, LIMIT_VOTES);
    root = signed_root_new (text);
    for (guint i = 0; i < votes->len; i++) {
        GBytes *vote = read_file (folder, votes->pdata[i], LIMIT_SIGNATURE_BYTES, error);

        if (vote == NULL)
            return NULL;
        g_ptr_array_add (root->votes, vote);
    }
    return g_steal_pointer (&root);
}

static SignedRoot *
read_root (const Folder *folder, guint number, GError **error)
{
    g_autofree char *name = g_strdup_printf ("%u" SUFFIX, number);

    if (faccessat (folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_null (error, ERR_TRUST,
                          "'%s' has root %" G_GUINT64_FORMAT " but not root %u: the chain has a "
                          "gap; import the trust root again from a complete folder or bundle",
                          folder->path, folder->newest, number);
    return read_text_and_votes (folder, name, number, error);
}

static GPtrArray *
read_chain (const Folder *folder, GError **error)
{
    g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)signed_root_free);

    if (folder->newest == 0)
        return fail_null (error, ERR_TRUST,
                          "'%s' holds no trust root (no 1" SUFFIX "): 'handcarry trust import' "
                          "brings one, 'handcarry trust init' makes one",
                          folder->path);
    for (guint i = 1; i <= folder->newest; i++) {
        SignedRoot *root = read_root (folder, i, error);

        if (root == NULL)
            return NULL;
        g_ptr_array_add (chain, root);
    }
    return g_steal_pointer (&chain);
}

static void
folder_clear (Folder *folder)
{
    for (guint i = 1; i <= LIMIT_ROOT_CHAIN; i++)
        g_clear_pointer (&folder->votes[i], g_ptr_array_unref);
    file_clear_fd (&folder->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

static gboolean
open_folder (Folder *folder, const char *dir, gboolean owned, GError **error)
{
    folder->path = dir;
    folder->owned = owned;
    folder->fd = file_open_dir_given (dir, error);
    if (folder->fd < 0)
        return FALSE;
    for (guint i = 1; i <= LIMIT_ROOT_CHAIN; i++)
        folder->votes[i] = g_ptr_array_new_with_free_func (g_free);
    return (!owned || check_owner (folder->fd, dir, ".", error)) && list_names (folder, error);
}

GPtrArray *
trust_folder_read (const char *dir, gboolean owned, GError **error)
{
    g_auto (Folder) folder = { .fd = -1 };

    if (faccessat (AT_FDCWD, dir, F_OK, 0) != 0 && errno == ENOENT)
        return fail_null (error, ERR_TRUST,
                          "there is no trust folder '%s': on a host, 'handcarry trust import PATH' "
                          "takes over the trust root of a stick or bundle, by the fingerprint on "
                          "paper; at the desk, 'handcarry trust init' makes one and --trust names "
                          "it",
                          dir);
    return open_folder (&folder, dir, owned, error) ? read_chain (&folder, error) : NULL;
}

gboolean
trust_folder_has_root (const char *dir)
{
    g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
    const char *name;
    gboolean vote = FALSE;

    while (handle != NULL && (name = g_dir_read_name (handle)) != NULL)
        if (parse_name (name, &vote) != 0 && !vote)
            return TRUE;
    return FALSE;
}

static gboolean
add_vote (int dirfd, guint64 number, GBytes *vote, GHashTable *names, GError **error)
{
    g_autoptr (Signature) signature = signature_parse (vote, "vote on a root", error);
    g_autofree char *id = NULL;
    char *name;

    if (signature == NULL)
        return FALSE;
    id = public_key_id_to_text (signature->id);
    name = g_strdup_printf ("%" G_GUINT64_FORMAT SUFFIX ".%s.minisig", number, id);
    if (!g_hash_table_add (names, name))
        return fail (error, ERR_TRUST, "two votes on root %" G_GUINT64_FORMAT " have the key id %s",
                     number, id);
    return file_replace (dirfd, name, vote, 0644, error);
}

static gboolean
add_votes (int dirfd, guint64 number, const SignedRoot *root, GError **error)
{
    g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < root->votes->len; i++)
        if (!add_vote (dirfd, number, root->votes->pdata[i], names, error))
            return FALSE;
    return TRUE;
}

gboolean
trust_folder_add (int dirfd, guint64 number, const SignedRoot *root, GError **error)
{
    g_autofree char *name = g_strdup_printf ("%" G_GUINT64_FORMAT SUFFIX, number);

    return add_votes (dirfd, number, root, error) &&
           file_create (dirfd, name, root->text, 0644, error);
}

static char *
text_name (guint64 number, gboolean proposed)
{
    return g_strdup_printf ("%" G_GUINT64_FORMAT SUFFIX "%s", number, proposed ? PROPOSED : "");
}

gboolean
trust_folder_has (const char *dir, guint64 number, gboolean proposed)
{
    g_autofree char *name = text_name (number, proposed);
    g_autofree char *path = g_build_filename (dir, name, NULL);

    return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
trust_folder_read_proposed (const char *dir, guint64 number, SignedRoot **proposed, GError **error)
{
    g_autofree char *name = text_name (number, TRUE);
    g_auto (Folder) folder = { .fd = -1 };

    *proposed = NULL;
    if (number > LIMIT_ROOT_CHAIN || !trust_folder_has (dir, number, TRUE))
        return TRUE;
    if (!open_folder (&folder, dir, TRUE, error))
        return FALSE;
    *proposed = read_text_and_votes (&folder, name, number, error);
    return *proposed != NULL;
}

static gboolean
drop_votes (const Folder *folder, GPtrArray *names, GError **error)
{
    for (guint i = 0; i < names->len; i++)
        if (unlinkat (folder->fd, names->pdata[i], 0) < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s/%s'", folder->path,
                               (const char *)names->pdata[i]);
    return TRUE;
}

/* Where the text stays, votes that were not there a moment ago are those of somebody who signs in
 * the same folder. */
gboolean
trust_folder_propose (const char *dir, guint64 number, const SignedRoot *root, GError **error)
{
    g_autofree char *name = text_name (number, TRUE);
    g_auto (Folder) folder = { .fd = -1 };
    g_autoptr (GBytes) there = NULL;

    if (!open_folder (&folder, dir, TRUE, error))
        return FALSE;
    there = file_read_below (folder.fd, name, LIMIT_ROOT_BYTES, NULL);
    if ((there == NULL || !g_bytes_equal (there, root->text)) &&
        (!drop_votes (&folder, folder.votes[number], error) ||
         !file_replace (folder.fd, name, root->text, 0644, error)))
        return FALSE;
    return add_votes (folder.fd, number, root, error);
}

void
trust_folder_drop_proposed (const char *dir, guint64 number)
{
    g_autofree char *name = text_name (number, TRUE);
    autofd int fd = file_open_dir_given (dir, NULL);

    if (fd >= 0)
        unlinkat (fd, name, 0);
}
