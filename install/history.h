/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "install/receipt-chain.h"
#include "keys/trust.h"

#include <glib.h>

/* The receipts of one host, or of many that were carried back. */

typedef struct {
    char *name; /* as its newest receipt says, else its folder */
    char *path; /* of the folder */
    ReceiptChain *chain;
    gboolean has_key;
    PublicKey key;   /* which lies beside the receipts */
    char *known_as;  /* the name of that key in a trust root; NULL: in none that was asked */
    GError *problem; /* the first thing that is wrong; NULL: nothing that was looked for */
} HistoryHost;

typedef struct {
    const HistoryHost *host;
    const Receipt *receipt;
} HistoryEntry;

typedef struct {
    GPtrArray *hosts;   /* HistoryHost */
    GPtrArray *entries; /* HistoryEntry: what can be read, oldest first */
} History;

History *history_new (void);
void history_free (History *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (History, history_free)

/* This host's own. No receipts yet is no error. With check the chain is proven, its end by what the
 * host knows of it. */
gboolean history_add_local (History *history, const Host *host, gboolean check,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A folder that --carry-back filled: of one host, or with a folder for each. All of them are
 * checked; what is wrong with one is its problem. */
gboolean history_add_folder (History *history, const char *path,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the last folder: two that are of one host become one, and differ in nothing, else that is
 * their problem. Sorts. */
void history_merge (History *history);
/* Which hosts' keys does the trust root know? A revoked one is a problem. */
void history_find_known (History *history, const TrustRoot *trust);

/* What the first host with a problem has: TRUE where none has. */
gboolean history_check (const History *history, GError **error) G_GNUC_WARN_UNUSED_RESULT;
