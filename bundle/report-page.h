/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/html.h"
#include "bundle/report.h"

#include <glib.h>

/* The parts of the page, each in a file of its own. Only bundle/report-*.c include this. */

/* For screens, and what differs on paper. */
const char *report_style (void);
const char *report_print_style (void);

/* The sentence on top: what this file does to which hosts. */
void report_add_sentence (Html *html, const Report *report);
/* In words and in large letters: may it be believed? */
void report_add_verdict (Html *html, const Report *report);
void report_add_changes (Html *html, const Report *report);
void report_add_contents (Html *html, const Report *report);
void report_add_sources (Html *html, const Report *report);
void report_add_hosts (Html *html, const Report *report);
void report_add_steps (Html *html, const Report *report);
void report_add_signatures (Html *html, const Report *report);
/* Digests as text and as QR codes. */
gboolean report_add_digests (Html *html, const Report *report, GError **error);
/* Lines for people to sign on, and the exact texts that keys have signed. */
void report_add_hand (Html *html, const Report *report);
void report_add_texts (Html *html, const Report *report);

/* Begins a section whose heading is title; the caller closes "section". */
void report_section (Html *html, const char *id, const char *title);
/* A row of a list of facts, where text is not NULL. */
void report_fact (Html *html, const char *label, const char *text);
void report_factf (Html *html, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* The same for several texts, of which there may be none; what: "hosts". */
void report_fact_list (Html *html, const char *label, char **texts, const char *what);

/* A table of items. Names of columns end with NULL; one that begins with '#' holds figures. */
typedef struct {
    const char *class;
    const char *const *columns;
    void (*add_row) (Html *html, gconstpointer item); /* cells, without "tr" */
    guint shown;                                      /* that many rows; what follows folds away */
    const char *what;                                 /* "packages" */
} ReportTable;

void report_table (Html *html, const ReportTable *table, const GPtrArray *items);
/* The line of what is folded away: the reader opens it, a printed page says where it is. */
void report_fold (Html *html, guint n, const char *what);

/* Hunks of a comparison, the first lines of them in sight. */
void report_hunks (Html *html, const char *hunks);

/* "1 image", "2 images". Caller frees. */
char *report_count (guint64 n, const char *one, const char *many);

/* Of one base: "1.5.0 (release 42)", or a host. */
void report_add_base_name (Html *html, const ReportBase *base);

/* A package that is not as it was, in one image or several. */
typedef struct {
    const DiffPackage *package;
    GPtrArray *images; /* DiffPair, borrowed */
    guint compared;    /* images whose packages were compared */
} ReportPackage;

/* ReportPackage elements, each change once: those that get older, then by kind and name. */
GPtrArray *report_list_packages (const Diff *diff);
gboolean report_is_older (const DiffPackage *package);
