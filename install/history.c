/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/history.h"

#include "install/carry-back.h"
#include "install/receipt.h"
#include "keys/root.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
host_clear (gpointer data)
{
    HistoryHost *host = data;

    g_free (host->name);
    g_free (host->path);
    receipt_chain_free (host->chain);
    g_free (host->known_as);
    g_clear_error (&host->problem);
    g_free (host);
}

History *
history_new (void)
{
    History *history = g_new0 (History, 1);

    history->hosts = g_ptr_array_new_with_free_func (host_clear);
    history->entries = g_ptr_array_new_with_free_func (g_free);
    return history;
}

void
history_free (History *history)
{
    if (history == NULL)
        return;
    g_ptr_array_unref (history->entries);
    g_ptr_array_unref (history->hosts);
    g_free (history);
}

static const Receipt *
newest_readable (const ReceiptChain *chain)
{
    for (guint i = chain->links->len; i > 0; i--) {
        const ReceiptLink *link = chain->links->pdata[i - 1];

        if (link->receipt != NULL)
            return link->receipt;
    }
    return NULL;
}

static HistoryHost *
add_host (History *history, const char *path, int dirfd, GError **error)
{
    g_autofree char *base = g_path_get_basename (path);
    ReceiptChain *chain = receipt_chain_read (dirfd, error);
    const Receipt *newest = chain != NULL ? newest_readable (chain) : NULL;
    HistoryHost *host;

    if (chain == NULL)
        return NULL;
    host = g_new0 (HistoryHost, 1);
    host->path = g_strdup (path);
    host->name = newest != NULL ? g_strdup (newest->host) : error_quote (base);
    host->chain = chain;
    g_ptr_array_add (history->hosts, host);
    return host;
}

static void
read_key (HistoryHost *host, GBytes *text, const char *name)
{
    host->has_key = text != NULL && public_key_parse (text, name, &host->key, &host->problem);
    if (text != NULL && !host->has_key)
        fail_prefix (&host->problem, "%s", host->path);
}

/* The first problem stays. */
static void
check_chain (HistoryHost *host, const Records *records)
{
    if (host->problem == NULL && host->has_key &&
        !receipt_chain_check (host->chain, &host->key, records, &host->problem))
        fail_prefix (&host->problem, "%s", host->path);
}

gboolean
history_add_local (History *history, const Host *host, gboolean check, GError **error)
{
    g_autofree char *path = g_build_filename (host->state_path, RECEIPT_FOLDER, NULL);
    g_autofree char *key = g_build_filename (host->etc_path, "host.pub", NULL);
    g_autoptr (Records) records = NULL;
    g_autoptr (GBytes) text = NULL;
    HistoryHost *added;
    struct stat st;
    autofd int fd = -1;

    if (host->state_fd < 0)
        return TRUE;
    if (!records_read (host->state_fd, &records, error))
        return FALSE;
    if (fstatat (host->state_fd, RECEIPT_FOLDER, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return !check || records == NULL || records->receipts == 0 ||
               fail (error, ERR_TRUST,
                     "'%s' is gone: this host has written %" G_GUINT64_FORMAT " receipts", path,
                     records->receipts);
    fd = file_open_below (host->state_fd, RECEIPT_FOLDER, O_RDONLY | O_DIRECTORY, error);
    added = fd >= 0 ? add_host (history, path, fd, error) : NULL;
    if (added == NULL || !check)
        return added != NULL;
    /* The first run makes the folder before the key. */
    if (added->chain->links->len == 0 && (records == NULL || records->receipts == 0))
        return TRUE;
    text = file_read_given (key, LIMIT_SIGNATURE_BYTES, error);
    if (text == NULL)
        return FALSE;
    read_key (added, text, key);
    check_chain (added, records);
    return TRUE;
}

static gboolean
add_one (History *history, const char *path, int dirfd, GError **error)
{
    HistoryHost *host = add_host (history, path, dirfd, error);
    g_autoptr (GBytes) text = NULL;
    g_autoptr (GError) local = NULL;

    if (host == NULL)
        return FALSE;
    text = file_read_below (dirfd, CARRY_BACK_KEY, LIMIT_SIGNATURE_BYTES, &local);
    if (text == NULL)
        fail (&host->problem, ERR_TRUST,
              "%s: there is no key beside the receipts to check them with: %s", path,
              local->message);
    read_key (host, text, CARRY_BACK_KEY);
    check_chain (host, NULL);
    return TRUE;
}

static gboolean
add_folders (History *history, const char *path, int dirfd, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (dirfd, path, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *below = g_build_filename (path, name, NULL);
        g_autofree char *key = g_build_filename (name, CARRY_BACK_KEY, NULL);
        struct stat st;
        autofd int fd = -1;

        if (*name == '.' || fstatat (dirfd, key, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        fd = file_open_below (dirfd, name, O_RDONLY | O_DIRECTORY, error);
        if (fd < 0 || !add_one (history, below, fd, error))
            return FALSE;
    }
    return names != NULL;
}

gboolean
history_add_folder (History *history, const char *path, GError **error)
{
    guint before = history->hosts->len;
    autofd int fd = file_open_dir_given (path, error);
    struct stat st;
    gboolean done;

    if (fd < 0)
        return FALSE;
    done = fstatat (fd, CARRY_BACK_KEY, &st, AT_SYMLINK_NOFOLLOW) == 0
               ? add_one (history, path, fd, error)
               : add_folders (history, path, fd, error);
    if (done && history->hosts->len == before)
        return fail (error, ERR_FORMAT,
                     "'%s' holds no receipts: expected HOST/" CARRY_BACK_KEY " and "
                     "HOST/000001.json, as --carry-back writes them",
                     path);
    return done;
}

static int
by_name_and_length (gconstpointer a, gconstpointer b)
{
    const HistoryHost *left = *(const HistoryHost *const *)a;
    const HistoryHost *right = *(const HistoryHost *const *)b;
    int order = strcmp (left->name, right->name);

    if (order != 0)
        return order;
    return left->chain->links->len > right->chain->links->len
               ? -1
               : left->chain->links->len < right->chain->links->len;
}

/* The same number and another receipt: a host that was copied, or put back from a backup. */
static gboolean
check_same (const HistoryHost *longer, const HistoryHost *shorter, GError **error)
{
    for (guint i = 0; i < shorter->chain->links->len; i++) {
        const ReceiptLink *one = longer->chain->links->pdata[i];
        const ReceiptLink *other = shorter->chain->links->pdata[i];

        if (one->number != other->number || !digest_equal (&one->digest, &other->digest))
            return fail (error, ERR_TRUST,
                         "%s and %s: host %s has two different receipts %06" G_GUINT64_FORMAT
                         ": there are two hosts of one name, or it was put back to an older state",
                         longer->path, shorter->path, longer->name, other->number);
    }
    return TRUE;
}

static void
merge_twins (History *history)
{
    guint i = 1;

    while (i < history->hosts->len) {
        HistoryHost *first = history->hosts->pdata[i - 1];
        const HistoryHost *second = history->hosts->pdata[i];

        if (strcmp (first->name, second->name) != 0 ||
            (first->problem == NULL && !check_same (first, second, &first->problem)) ||
            first->problem != NULL || second->problem != NULL)
            i++;
        else
            g_ptr_array_remove_index (history->hosts, i);
    }
}

static int
by_time (gconstpointer a, gconstpointer b)
{
    const HistoryEntry *left = *(const HistoryEntry *const *)a;
    const HistoryEntry *right = *(const HistoryEntry *const *)b;

    if (left->host == right->host)
        return left->receipt->number < right->receipt->number ? -1 : 1;
    if (left->receipt->begun != right->receipt->begun)
        return left->receipt->begun < right->receipt->begun ? -1 : 1;
    return strcmp (left->host->path, right->host->path);
}

void
history_merge (History *history)
{
    g_ptr_array_sort (history->hosts, by_name_and_length);
    merge_twins (history);
    g_ptr_array_set_size (history->entries, 0);
    for (guint i = 0; i < history->hosts->len; i++) {
        const HistoryHost *host = history->hosts->pdata[i];

        for (guint j = 0; j < host->chain->links->len; j++) {
            const ReceiptLink *link = host->chain->links->pdata[j];
            HistoryEntry *entry;

            if (link->receipt == NULL)
                continue;
            entry = g_new0 (HistoryEntry, 1);
            entry->host = host;
            entry->receipt = link->receipt;
            g_ptr_array_add (history->entries, entry);
        }
    }
    g_ptr_array_sort (history->entries, by_time);
}

static const RootKey *
find_key (const Root *root, const PublicKey *key)
{
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        for (guint j = 0; role->signs == SIGNS_RECEIPT && j < role->keys->len; j++) {
            const RootKey *known = role->keys->pdata[j];

            if (public_key_equal (&known->key, key))
                return known;
        }
    }
    return NULL;
}

void
history_find_known (History *history, const TrustRoot *trust)
{
    const Root *root = trust_values (trust);

    for (guint i = 0; i < history->hosts->len; i++) {
        HistoryHost *host = history->hosts->pdata[i];
        const RootKey *known = host->has_key ? find_key (root, &host->key) : NULL;

        if (known != NULL)
            host->known_as = g_strdup (known->name);
        if (host->has_key && host->problem == NULL && root_find_revoked (root, &host->key) != NULL)
            fail (&host->problem, ERR_TRUST, "%s: the key of host %s is revoked", host->path,
                  host->name);
    }
}

gboolean
history_check (const History *history, GError **error)
{
    for (guint i = 0; i < history->hosts->len; i++) {
        const HistoryHost *host = history->hosts->pdata[i];

        if (host->problem == NULL)
            continue;
        g_propagate_error (error, g_error_copy (host->problem));
        return FALSE;
    }
    return TRUE;
}
