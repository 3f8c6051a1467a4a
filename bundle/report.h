/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/compare.h"
#include "bundle/provenance.h"

#include <glib.h>

/* A page about one bundle, to be looked at, printed and signed by hand (make side): what the file
 * holds is gathered first, then written as HTML without scripts and without anything from outside.
 * Nothing of this machine or of a clock goes into it: the same files give the same bytes. */

#define REPORT_FIRST_LINES "<!DOCTYPE html>\n<html lang=\"en\" data-handcarry=\"report 1\">"

typedef enum {
    REPORT_NOT_CHECKED, /* there was no trust root */
    REPORT_MISSING,     /* roles have not given their votes yet */
    REPORT_REFUSED,     /* fork, product, epoch, …: why says it */
    REPORT_SIGNED,
} ReportVerdict;

/* What became of a config between two releases. */
typedef enum {
    REPORT_CONFIG_SAME,
    REPORT_CONFIG_CHANGED,
    REPORT_CONFIG_PLACED, /* the same text, with other mode, owner, … */
    REPORT_CONFIG_NEW,
    REPORT_CONFIG_GONE,
    REPORT_CONFIG_UNKNOWN, /* the base does not say what it was */
} ReportConfigState;

typedef struct {
    const ReleaseConfig *a, *b; /* NULL: not there */
    ReportConfigState state;
    char *hunks;     /* of a changed text; NULL: not shown, */
    const char *why; /* and this is why */
} ReportConfig;

/* One base and what changes against it. */
typedef struct {
    char *name; /* of the file, without its folder */
    Diff diff;
    GPtrArray *configs; /* ReportConfig, by target */
    char *words;        /* hunks of what the releases say; NULL: not compared, */
    const char *why;    /* and this is why */
} ReportBase;

typedef struct {
    char *name; /* of the file, without its folder */
    Bundle *bundle;
    Digest digest; /* of the file, all parts together */
    char *sums;    /* of a split bundle: FILE.sha256; else NULL */
    ReportVerdict verdict;
    char *why;
    guint64 root; /* number and fingerprint of the trust root that judged */
    Digest fingerprint;
    VoteReport *votes; /* NULL: not checked */
    Provenance *provenance;
    GBytes *provenance_text;
    GPtrArray *bases; /* ReportBase */
} Report;

typedef struct {
    const char *bundle;
    const char *trust; /* folder, or NULL */
    char **bases;      /* bundles or have files, or NULL */
    guint jobs;
    Progress *progress;
} ReportOptions;

/* Opens the bundle, compares every frame with the index (ERR_FORMAT: a damaged file is not worth a
 * page), judges its votes and compares it with the bases. */
Report *report_gather (const ReportOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void report_free (Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

/* The page. */
GBytes *report_write (const Report *report, GError **error);
/* Writes it to a file that is not there yet, or is a report already. */
gboolean report_store (GBytes *page, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
