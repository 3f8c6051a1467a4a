/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/journal.h"
#include "install/run.h"

#include <glib.h>

/* What auditors read: STATE/receipts/NNNNNN.json for each run that began, signed by the host's key
 * and chained by hashes (install/FORMAT.md, "Receipts"). */

#define RECEIPT_FOLDER "receipts"
#define RECEIPT_SCHEMA "handcarry.receipt/1"
/* With these lines a receipt begins, so that no other signed text passes for one. */
#define RECEIPT_TYPE_LINE "{\n  \"schema\" : \"" RECEIPT_SCHEMA "\","
#define RECEIPT_BYTES (8 * 1024 * 1024)

/* How a run ended. */
typedef struct {
    int code;            /* exit status */
    const char *message; /* NULL: as planned */
    GPtrArray *notes;    /* char *: what a person should know; or NULL */
} ReceiptResult;

/* Before the journal is begun: all that writing a receipt will need is there, key, records and room
 * on the disk. A run that cannot be recorded does not start (trust.md 117). */
gboolean receipt_reserve (const Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds to the journal's first record what is known now and cannot be found out later: who and why,
 * host, votes, and the release before. */
gboolean receipt_begin (const Run *run, JsonObject *begin,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the receipt of a run that is over, of its journal and the state as it is now. A run has
 * one receipt, however often this is called. */
gboolean receipt_write (const Host *host, const Journal *journal, const ReceiptResult *result,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Has the run its receipt already? Then its log is closed, for the receipt holds its hash. */
gboolean receipt_is_written (const Host *host, const char *run);

/* Between the files of the receipt. */

/* The text. previous: SHA-256 of the receipt before. */
GBytes *receipt_text (const Host *host, const Journal *journal, const ReceiptResult *result,
                      guint64 number, const Digest *previous,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Names this boot of the machine; "" where the kernel does not say. Caller frees. */
char *receipt_boot (void);
/* "000012.json". Caller frees. */
char *receipt_name (guint64 number);
