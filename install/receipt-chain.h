/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/receipt-read.h"
#include "install/records.h"
#include "keys/public.h"

#include <glib.h>

/* All receipts of one host, as they lie in a folder. */

typedef struct {
    guint64 number; /* of the file's name */
    GBytes *text;
    GBytes *signature; /* NULL: not there */
    Digest digest;     /* of text */
    Receipt *receipt;  /* NULL: no receipt, and error says why */
    GError *error;
} ReceiptLink;

typedef struct {
    GPtrArray *links; /* ReceiptLink, by number */
} ReceiptChain;

/* Files of other names are not looked at. A receipt that cannot be read is in the list all the
 * same. */
ReceiptChain *receipt_chain_read (int dirfd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void receipt_chain_free (ReceiptChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReceiptChain, receipt_chain_free)

/* Is every receipt from the first on there, signed by key, and as the next one saw it? ERR_TRUST
 * names the first that is not (trust.md 118). records: what the host knows of its newest one, so
 * that one that was cut off is missed; NULL for receipts that were carried away from it. */
gboolean receipt_chain_check (const ReceiptChain *chain, const PublicKey *key,
                              const Records *records, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A sentence where the newest receipt is not what the host wrote, at a glance: NULL where it is, or
 * where there is none yet. Caller frees. */
char *receipt_chain_judge_newest (int state_fd, const Records *records);
