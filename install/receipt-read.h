/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* A receipt as it was written here or carried back from another host: what tables and figures are
 * made of. Texts are as in the file; quote them before they go to a terminal. */

typedef struct {
    guint64 release; /* 0: none */
    char *version;   /* NULL: none */
} ReceiptRelease;

typedef struct {
    guint64 number;
    Digest previous; /* zeros: the first */
    char *run, *verb, *product, *channel, *host;
    char *site, *by, *ref; /* NULL: not said */
    ReceiptRelease before, wanted, after;
    gint64 begun, ended; /* seconds since 1970 */
    gint64 issued;       /* of the statement; 0: it does not say */
    gboolean has_ms;     /* the run did not see a reboot */
    guint64 ms;          /* from begin to end */
    guint64 generation;  /* of the product's state after it */
    guint64 code;        /* exit status */
    char *outcome;
    char *message;    /* NULL: none */
    char *begun_text; /* as in the file */
} Receipt;

/* ERR_FORMAT names what is wrong. */
Receipt *receipt_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void receipt_free (Receipt *receipt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Receipt, receipt_free)
