/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/carry-back.h"

#include "install/receipt-chain.h"
#include "install/receipt.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* One copy under way. */
typedef struct {
    const char *dir, *host;
    int fd;
    char *differs; /* the first file that is there with other bytes */
} Target;

static void
target_clear (Target *target)
{
    file_clear_fd (&target->fd);
    g_free (target->differs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Target, target_clear)

static gboolean
open_target (Target *target, GError **error)
{
    autofd int dir = file_open_dir_given (target->dir, error);

    if (dir < 0)
        return FALSE;
    target->fd = file_make_below (dir, target->dir, target->host, 0755, error);
    return target->fd >= 0;
}

/* *fresh, where not NULL: it was not there. */
static gboolean
put (Target *target, const char *name, GBytes *bytes, gboolean *fresh, GError **error)
{
    g_autoptr (GBytes) found = NULL;
    struct stat st;

    if (fresh != NULL)
        *fresh = FALSE;
    if (fstatat (target->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
        if (fresh != NULL)
            *fresh = TRUE;
        return file_create (target->fd, name, bytes, 0644, error);
    }
    found = file_read_below (target->fd, name, RECEIPT_BYTES, NULL);
    if ((found == NULL || !g_bytes_equal (found, bytes)) && target->differs == NULL)
        target->differs = g_strdup (name);
    return TRUE;
}

static gboolean
put_key (Target *target, const Host *host, GError **error)
{
    g_autofree char *path = g_build_filename (host->etc_path, "host.pub", NULL);
    g_autoptr (GBytes) text = file_read_given (path, LIMIT_SIGNATURE_BYTES, error);

    return text != NULL && put (target, CARRY_BACK_KEY, text, NULL, error);
}

static gboolean
put_receipt (Target *target, const ReceiptLink *link, guint *copied, GError **error)
{
    g_autofree char *name = receipt_name (link->number);
    g_autofree char *signature = g_strconcat (name, ".minisig", NULL);
    gboolean fresh;

    if (link->text == NULL)
        return TRUE;
    if (link->signature != NULL && !put (target, signature, link->signature, NULL, error))
        return FALSE;
    if (!put (target, name, link->text, &fresh, error))
        return FALSE;
    *copied += fresh;
    return TRUE;
}

static gboolean
put_all (Target *target, const Host *host, guint *copied, GError **error)
{
    autofd int fd = file_open_below (host->state_fd, RECEIPT_FOLDER, O_RDONLY | O_DIRECTORY, error);
    g_autoptr (ReceiptChain) chain = fd >= 0 ? receipt_chain_read (fd, error) : NULL;

    if (chain == NULL || !open_target (target, error) || !put_key (target, host, error))
        return FALSE;
    for (guint i = 0; i < chain->links->len; i++)
        if (!put_receipt (target, chain->links->pdata[i], copied, error))
            return FALSE;
    return file_fsync_dir (target->fd, target->host, error);
}

gboolean
carry_back (const Host *host, const char *dir, guint *copied, GError **error)
{
    g_autofree char *name = host_key_name (host, error);
    g_auto (Target) target = { .dir = dir, .host = name, .fd = -1 };

    *copied = 0;
    if (name == NULL || !put_all (&target, host, copied, error))
        return fail_prefix (error, "carrying receipts back to '%s'", dir);
    return target.differs == NULL ||
           fail (error, ERR_FAILED,
                 "'%s/%s/%s' differs from this host's and was left as it is: two hosts with one "
                 "name, or one of them was edited; 'handcarry history --verify' checks this one",
                 dir, name, target.differs);
}
