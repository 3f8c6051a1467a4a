/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/audit.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gboolean
audit_add (const Host *host, const Refusal *refusal, GError **error)
{
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    g_autofree char *when = g_date_time_format_iso8601 (now);
    g_autofree char *message = error_quote (refusal->message);
    g_autofree char *path = error_quote (refusal->path);
    g_autofree char *by = error_quote (refusal->by);
    g_autofree char *line = g_strdup_printf (
        "%s %s %s r%" G_GUINT64_FORMAT " %s exit=%d by=\"%s\" network=\"%s\" bundle=\"%s\" %s\n",
        when, refusal->verb, refusal->product != NULL ? refusal->product : "-", refusal->release,
        refusal->digest != NULL ? refusal->digest : "-", refusal->status, by, refusal->network,
        path, message);
    autofd int fd = openat (host->state_fd, AUDIT_FILE,
                            O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s/" AUDIT_FILE "'",
                           host->state_path);
    if (!file_write_all (fd, AUDIT_FILE, line, strlen (line), error))
        return FALSE;
    if (fsync (fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s/" AUDIT_FILE "'",
                           host->state_path);
    return TRUE;
}
