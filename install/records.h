/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/twice.h"
#include "manifest/digest.h"

#include <glib.h>

/* What a host knows of its receipts: STATE/records.yaml and its copy. It is made when the first
 * trust root is imported, so that a host that believes somebody and has no records is one that lost
 * its state. That receipts or states were cut off, or older ones put back, is seen by comparing. */

#define RECORDS_TYPE_LINE "handcarry-records: 1"
#define RECORDS_NAME "records"

/* For messages about records or states that are lost. */
#define RECORDS_WHERE                                                                              \
    "('handcarry history' shows what receipts say; after a new epoch of the trust root, the "      \
    "highest since then)"
#define RECORDS_NEXT                                                                               \
    "next: find the highest release number, N, that was ever installed here of each "              \
    "product " RECORDS_WHERE ", then type at the console: handcarry recover --adopt PRODUCT "      \
    "--floor N"

typedef struct {
    char *product;
    guint64 generation; /* of its state when the last receipt was written */
} RecordsProduct;

typedef struct {
    guint64 generation;
    guint64 receipts;    /* number of the newest; 0: none yet */
    Digest head;         /* SHA-256 of the newest; zeros: none yet */
    GPtrArray *products; /* RecordsProduct */
    char *note;          /* one of the two copies is bad; NULL: both are good */
} Records;

Records *records_new (void);
void records_free (Records *records);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Records, records_free)

/* *records is NULL where there are none. Neither copy good: ERR_NOT_READY. */
gboolean records_read (int state_fd, Records **records, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Counts records->generation up. */
gboolean records_write (int state_fd, Records *records, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes the state folder and empty records where there are none. For the first trust root only. */
gboolean records_create (const char *state_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 0 where nothing is known; records may be NULL. */
guint64 records_generation (const Records *records, const char *product);
void records_set_generation (Records *records, const char *product, guint64 generation);

/* For the parser's tests. The text without its check sum. */
Records *records_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *records_to_text (const Records *records);
