/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gboolean
receipt_add (const Host *host, const Receipt *receipt, GError **error)
{
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    g_autofree char *when = g_date_time_format_iso8601 (now);
    g_autofree char *message = error_quote (receipt->message != NULL ? receipt->message : "done");
    g_autofree char *path = error_quote (receipt->path);
    g_autofree char *line = g_strdup_printf (
        "%s %s %s r%" G_GUINT64_FORMAT " %s exit=%d network=\"%s\" bundle=\"%s\" %s\n", when,
        receipt->verb, receipt->product != NULL ? receipt->product : "-", receipt->release,
        receipt->digest != NULL ? receipt->digest : "-", receipt->status, receipt->network, path,
        message);
    autofd int fd = openat (host->state_fd, RECEIPT_FILE,
                            O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s/" RECEIPT_FILE "'",
                           host->state_path);
    if (!file_write_all (fd, RECEIPT_FILE, line, strlen (line), error))
        return FALSE;
    if (fsync (fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s/" RECEIPT_FILE "'",
                           host->state_path);
    return TRUE;
}
