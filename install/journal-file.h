/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/journal.h"
#include "manifest/digest.h"

/* The name of a journal until its first record is on the medium. */
#define JOURNAL_FRESH "journal.new"

/* Between journal.c, which writes, and journal-read.c. */

typedef struct JournalFile {
    int fd;        /* -1: only read */
    Digest head;   /* of the last record; zeros before the first */
    guint64 bytes; /* of all whole records */
} JournalFile;

Journal *journal_new (void);
/* Notes that a phase was recorded. */
void journal_reach (Journal *journal, JournalPhase phase);
/* The digest of a record: SHA-256 of the digest before it and its JSON. */
Digest journal_chain (const Digest *head, const char *json, gsize length);
