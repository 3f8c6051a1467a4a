/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt-chain.h"

#include "install/receipt.h"
#include "keys/selftest.h"
#include "keys/signature.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SUFFIX ".json"
#define DIGITS_MIN 6

static void
link_free (gpointer data)
{
    ReceiptLink *link = data;

    g_clear_pointer (&link->text, g_bytes_unref);
    g_clear_pointer (&link->signature, g_bytes_unref);
    receipt_free (link->receipt);
    g_clear_error (&link->error);
    g_free (link);
}

void
receipt_chain_free (ReceiptChain *chain)
{
    if (chain == NULL)
        return;
    g_ptr_array_unref (chain->links);
    g_free (chain);
}

/* 0: not the name of a receipt. */
static guint64
parse_name (const char *name)
{
    g_autofree char *usual = NULL;
    gsize digits = strspn (name, "0123456789");
    guint64 number;

    if (digits < DIGITS_MIN || digits > 18 || strcmp (name + digits, SUFFIX) != 0)
        return 0;
    number = g_ascii_strtoull (name, NULL, 10);
    usual = receipt_name (number);
    return strcmp (name, usual) == 0 ? number : 0;
}

static void
read_link (int dirfd, ReceiptLink *link)
{
    g_autofree char *name = receipt_name (link->number);
    g_autofree char *signature = g_strconcat (name, ".minisig", NULL);

    link->signature = file_read_below (dirfd, signature, LIMIT_SIGNATURE_BYTES, NULL);
    link->text = file_read_below (dirfd, name, RECEIPT_BYTES, &link->error);
    if (link->text == NULL)
        return;
    link->digest = digest_of_bytes (link->text);
    link->receipt = receipt_parse (link->text, name, &link->error);
}

static int
by_number (gconstpointer a, gconstpointer b)
{
    guint64 left = (*(const ReceiptLink *const *)a)->number;
    guint64 right = (*(const ReceiptLink *const *)b)->number;

    return left < right ? -1 : left > right;
}

ReceiptChain *
receipt_chain_read (int dirfd, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (dirfd, "the receipts", error);
    ReceiptChain *chain;

    if (names == NULL)
        return NULL;
    chain = g_new0 (ReceiptChain, 1);
    chain->links = g_ptr_array_new_with_free_func (link_free);
    for (guint i = 0; i < names->len; i++) {
        guint64 number = parse_name (names->pdata[i]);
        ReceiptLink *link;

        if (number == 0)
            continue;
        link = g_new0 (ReceiptLink, 1);
        link->number = number;
        g_ptr_array_add (chain->links, link);
    }
    g_ptr_array_sort (chain->links, by_number);
    for (guint i = 0; i < chain->links->len; i++)
        read_link (dirfd, chain->links->pdata[i]);
    return chain;
}

static gboolean
check_signature (const ReceiptLink *link, const PublicKey *key, GError **error)
{
    g_autoptr (Signature) signature = NULL;
    g_autofree char *theirs = NULL;
    g_autofree char *ours = public_key_id (key);
    MessageHash hash = message_hash (link->text);

    if (link->signature == NULL)
        return fail (error, ERR_TRUST, "it has no signature beside it");
    signature = signature_parse (link->signature, "its signature", NULL);
    if (signature == NULL)
        return fail (error, ERR_TRUST, "its signature is no minisign signature");
    theirs = public_key_id_to_text (signature->id);
    if (strcmp (theirs, ours) != 0)
        return fail (error, ERR_TRUST, "it is signed by the key %s, and the key of the host is %s",
                     theirs, ours);
    return signature_check (signature, key, &hash, NULL) ||
           fail (error, ERR_TRUST, "it is not as the host signed it: it was edited");
}

static gboolean
check_type_line (const ReceiptLink *link, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (link->text, &length);

    return (length > strlen (RECEIPT_TYPE_LINE) &&
            memcmp (data, RECEIPT_TYPE_LINE, strlen (RECEIPT_TYPE_LINE)) == 0) ||
           fail (error, ERR_TRUST, "it is signed, but it is no receipt");
}

/* Nothing of the text is believed before its signature is. */
static gboolean
check_link (const ReceiptLink *link, const PublicKey *key, const Digest *previous, GError **error)
{
    if (link->text == NULL)
        return fail (error, ERR_TRUST, "%s", link->error->message);
    if (!check_signature (link, key, error) || !check_type_line (link, error))
        return FALSE;
    if (link->receipt == NULL)
        return fail (error, ERR_TRUST, "%s", link->error->message);
    if (link->receipt->number != link->number)
        return fail (error, ERR_TRUST, "it is receipt %" G_GUINT64_FORMAT " under another name",
                     link->receipt->number);
    return digest_equal (&link->receipt->previous, previous) ||
           fail (error, ERR_TRUST, "the receipt before it is not the one that it followed");
}

/* A run that died between the receipt and the records left one more than they know of. */
static gboolean
check_newest (const ReceiptChain *chain, const Records *records, GError **error)
{
    const ReceiptLink *known = records->receipts > 0 && records->receipts <= chain->links->len
                                   ? chain->links->pdata[records->receipts - 1]
                                   : NULL;

    if (records->receipts > chain->links->len)
        return fail (error, ERR_TRUST,
                     "receipt %06" G_GUINT64_FORMAT
                     " is missing: this host has written %" G_GUINT64_FORMAT
                     ", and %u are there: the newest were cut off",
                     (guint64)chain->links->len + 1, records->receipts, chain->links->len);
    if (known != NULL && !digest_equal (&known->digest, &records->head))
        return fail (error, ERR_TRUST,
                     "receipt %06" G_GUINT64_FORMAT " is not the one that this host wrote last",
                     known->number);
    if (chain->links->len > records->receipts + 1)
        return fail (error, ERR_TRUST,
                     "receipt %06" G_GUINT64_FORMAT " is not known to this host, which has written "
                     "%" G_GUINT64_FORMAT ": older records were put back",
                     records->receipts + 2, records->receipts);
    return TRUE;
}

gboolean
receipt_chain_check (const ReceiptChain *chain, const PublicKey *key, const Records *records,
                     GError **error)
{
    Digest previous = { 0 };

    if (!keys_start (error))
        return FALSE;
    for (guint i = 0; i < chain->links->len; i++) {
        const ReceiptLink *link = chain->links->pdata[i];

        if (link->number != i + 1)
            return fail (error, ERR_TRUST, "receipt %06u is missing", i + 1);
        if (!check_link (link, key, &previous, error))
            return fail_prefix (error, "receipt %06" G_GUINT64_FORMAT, link->number);
        previous = link->digest;
    }
    return records == NULL || check_newest (chain, records, error);
}

char *
receipt_chain_judge_newest (int state_fd, const Records *records)
{
    g_autofree char *name = receipt_name (records->receipts);
    g_autofree char *path = g_build_filename (RECEIPT_FOLDER, name, NULL);
    g_autoptr (GBytes) text = NULL;
    Digest digest;

    if (records->receipts == 0)
        return NULL;
    text = file_read_below (state_fd, path, RECEIPT_BYTES, NULL);
    if (text == NULL)
        return message_printf ("receipt %s is gone or cannot be read; 'handcarry history --verify' "
                               "checks all of them",
                               name);
    digest = digest_of_bytes (text);
    if (digest_equal (&digest, &records->head))
        return NULL;
    return message_printf ("receipt %s is not as this host wrote it; 'handcarry history --verify' "
                           "checks all of them",
                           name);
}
