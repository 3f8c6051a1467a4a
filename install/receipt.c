/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt.h"

#include "install/host-key.h"
#include "install/receipt-read.h"
#include "install/records.h"
#include "install/run-log.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM ".room"
#define ROOM_BYTES (1024 * 1024)

char *
receipt_name (guint64 number)
{
    return g_strdup_printf ("%06" G_GUINT64_FORMAT ".json", number);
}

static int
open_folder (const Host *host, GError **error)
{
    return file_make_below (host->state_fd, host->state_path, RECEIPT_FOLDER, 0755, error);
}

static Records *
read_records (const Host *host, GError **error)
{
    Records *records = NULL;

    if (!host_check_state (host, NULL, error) || !records_read (host->state_fd, &records, error))
        return NULL;
    return records;
}

/* The receipt is written into this file later, so its blocks are its own. Where a file system
 * cannot reserve, it takes its chance. */
static gboolean
reserve_room (int dirfd, GError **error)
{
    autofd int fd = openat (dirfd, ROOM, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '" ROOM "'");
    if (fallocate (fd, 0, 0, ROOM_BYTES) < 0 && errno != EOPNOTSUPP)
        return fail_errno (error, ERR_FAILED, errno, "cannot reserve %d bytes", ROOM_BYTES);
    return fsync (fd) == 0 || fail_errno (error, ERR_FAILED, errno, "cannot sync '" ROOM "'");
}

gboolean
receipt_reserve (const Host *host, GError **error)
{
    g_autoptr (Records) records = read_records (host, error);
    g_autoptr (SecretKey) key = NULL;
    gboolean fresh;
    autofd int dirfd = -1;

    if (records == NULL)
        return FALSE;
    dirfd = open_folder (host, error);
    if (dirfd >= 0 && reserve_room (dirfd, error))
        key = host_key_open (host, &fresh, error);
    return key != NULL ||
           fail_prefix (error, "this run could not be recorded in '%s/" RECEIPT_FOLDER "'",
                        host->state_path);
}

static GBytes *
sign (const Host *host, guint64 number, GBytes *text, GError **error)
{
    gboolean fresh;
    g_autoptr (SecretKey) key = host_key_open (host, &fresh, error);
    g_autofree char *name = host_key_name (host, error);
    Digest digest = digest_of_bytes (text);
    g_autofree char *shown = digest_to_text (&digest);
    g_autofree char *comment = NULL;

    if (key == NULL || name == NULL)
        return NULL;
    comment =
        g_strdup_printf ("handcarry receipt %s %06" G_GUINT64_FORMAT " %s", name, number, shown);
    return sign_bytes (key, text, comment, error);
}

static gboolean
write_in_room (int dirfd, const char *name, GBytes *text, GError **error)
{
    gsize length;
    gconstpointer data = g_bytes_get_data (text, &length);
    autofd int fd = openat (dirfd, ROOM, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '" ROOM "'");
    if (!file_pwrite_all (fd, name, data, length, 0, error))
        return FALSE;
    if (ftruncate (fd, (off_t)length) < 0 || fchmod (fd, 0644) < 0 || fsync (fd) < 0 ||
        renameat (dirfd, ROOM, dirfd, name) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot write '%s'", name);
    return file_fsync_dir (dirfd, name, error);
}

/* The receipt that is there under that number, where it is of this run. What somebody else has put
 * there, or has made of it, must not keep a run from ending: 'history --verify' names it. */
static GBytes *
find_written (int dirfd, guint64 number, const char *run)
{
    g_autofree char *name = receipt_name (number);
    g_autoptr (GBytes) found = file_read_below (dirfd, name, RECEIPT_BYTES, NULL);
    g_autoptr (Receipt) receipt = found != NULL ? receipt_parse (found, name, NULL) : NULL;

    return receipt != NULL && strcmp (receipt->run, run) == 0 ? g_steal_pointer (&found) : NULL;
}

/* The signature first, so that no receipt is ever there without it. */
static GBytes *
write_new (const Host *host, int dirfd, const Journal *journal, const ReceiptResult *result,
           const Records *records, GError **error)
{
    guint64 number = records->receipts + 1;
    g_autofree char *name = receipt_name (number);
    g_autofree char *signature_name = g_strconcat (name, ".minisig", NULL);
    g_autoptr (GBytes) text = receipt_text (host, journal, result, number, &records->head, error);
    g_autoptr (GBytes) signature = text != NULL ? sign (host, number, text, error) : NULL;

    if (signature == NULL || !file_replace (dirfd, signature_name, signature, 0644, error) ||
        !write_in_room (dirfd, name, text, error))
        return NULL;
    return g_steal_pointer (&text);
}

static gboolean
note_written (const Host *host, Records *records, const char *product, GBytes *text, GError **error)
{
    g_autoptr (State) state = NULL;

    if (!state_read (host->state_fd, product, &state, error))
        return FALSE;
    if (state != NULL)
        records_set_generation (records, product, state->generation);
    records->receipts++;
    records->head = digest_of_bytes (text);
    return records_write (host->state_fd, records, error);
}

/* A run that died between the receipt and the records finds its own receipt one behind the newest;
 * one that died between the records and the end of its journal finds it as the newest. */
static gboolean
write_once (const Host *host, int dirfd, const Journal *journal, const ReceiptResult *result,
            GError **error)
{
    const char *run = journal_text (journal, "run");
    g_autoptr (Records) records = read_records (host, error);
    g_autoptr (GBytes) text = NULL, ended = NULL;

    if (records == NULL)
        return FALSE;
    ended = find_written (dirfd, records->receipts, run);
    if (ended != NULL)
        return TRUE;
    text = find_written (dirfd, records->receipts + 1, run);
    if (text == NULL)
        text = write_new (host, dirfd, journal, result, records, error);
    return text != NULL &&
           note_written (host, records, journal_text (journal, "product"), text, error);
}

gboolean
receipt_is_written (const Host *host, const char *run)
{
    autofd int dirfd =
        file_open_below (host->state_fd, RECEIPT_FOLDER, O_RDONLY | O_DIRECTORY, NULL);
    g_autoptr (Records) records = dirfd >= 0 ? read_records (host, NULL) : NULL;
    g_autoptr (GBytes) newest = NULL, behind = NULL;

    if (records == NULL)
        return FALSE;
    newest = find_written (dirfd, records->receipts, run);
    behind = find_written (dirfd, records->receipts + 1, run);
    return newest != NULL || behind != NULL;
}

gboolean
receipt_write (const Host *host, const Journal *journal, const ReceiptResult *result,
               GError **error)
{
    autofd int dirfd = open_folder (host, error);

    return (dirfd >= 0 && write_once (host, dirfd, journal, result, error)) ||
           fail_prefix (error, "writing the receipt");
}
