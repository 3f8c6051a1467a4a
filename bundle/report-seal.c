/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include "bundle/qr.h"
#include "bundle/reader.h"
#include "keys/fingerprint.h"
#include "keys/signature.h"
#include "manifest/size.h"

#define ROWS_SHOWN 12
#define GROUP 8 /* digits that are read out in one go */

static void
add_names (Html *html, const GPtrArray *names, const char *none)
{
    html_open (html, "td", NULL);
    for (guint i = 0; i < names->len; i++) {
        html_text (html, i > 0 ? ", " : "");
        html_element (html, "b", "word", names->pdata[i]);
    }
    if (names->len == 0)
        html_text (html, none);
    html_close (html, "td");
}

static void
add_role (Html *html, gconstpointer item)
{
    const RoleVotes *role = item;
    gboolean met = role->voted->len >= role->threshold;

    html_open (html, "th", "scope", "row", NULL);
    html_text (html, role->role);
    html_close (html, "th");
    html_element (html, "td", NULL, role->signs);
    html_open (html, "td", "class", met ? "met" : "unmet", NULL);
    html_textf (html, "%u of %u: %s", role->voted->len, role->threshold,
                met ? "complete" : "MISSING");
    html_close (html, "td");
    add_names (html, role->voted, "nobody");
    add_names (html, role->missing, "nobody");
}

static void
add_roles (Html *html, const Report *report)
{
    static const char *const columns[] = { "Role",     "Signs the",      "Votes",
                                           "Given by", "May still sign", NULL };
    const ReportTable table = { "roles", columns, add_role, ROWS_SHOWN, "roles" };
    const VoteReport *votes = report->votes;
    g_autofree char *fingerprint = fingerprint_to_text (&report->fingerprint, "");

    report_table (html, &table, votes->roles);
    for (guint i = 0; i < votes->files->len; i++)
        html_elementf (html, "p", "note", "Counted: a vote from the file '%s'.",
                       (const char *)votes->files->pdata[i]);
    for (guint i = 0; i < votes->ignored->len; i++)
        html_elementf (html, "p", "note", "Not counted: %s.",
                       (const char *)votes->ignored->pdata[i]);
    html_open (html, "p", "class", "note", NULL);
    html_textf (html, "Judged by trust root %" G_GUINT64_FORMAT " with the fingerprint ",
                report->root);
    html_element (html, "code", NULL, g_strdelimit (g_strchomp (fingerprint), "\n", ' '));
    html_close (html, "p");
}

/* Key ids alone say who claims to have signed. */
static void
add_unchecked (Html *html, const char *what, const GPtrArray *votes)
{
    html_open (html, "div", NULL);
    html_elementf (html, "dt", NULL, "Votes on the %s", what);
    html_open (html, "dd", NULL);
    if (votes->len == 0)
        html_text (html, "none");
    for (guint i = 0; i < votes->len; i++) {
        g_autoptr (Signature) vote = signature_parse (votes->pdata[i], what, NULL);
        g_autofree char *id = vote != NULL ? public_key_id_to_text (vote->id) : NULL;

        html_text (html, i > 0 ? ", " : "");
        html_textf (html, "by key %s, not checked", id != NULL ? id : "?");
    }
    html_close (html, "dd");
    html_close (html, "div");
}

void
report_add_signatures (Html *html, const Report *report)
{
    const Tail *tail = report->bundle->tail;

    report_section (html, "signatures", "Signatures by keys");
    if (report->votes != NULL && report->votes->roles->len > 0) {
        add_roles (html, report);
    } else {
        html_open (html, "dl", NULL);
        add_unchecked (html, "statement (what the release is)", tail->statement_votes);
        add_unchecked (html, "packing list (how this file carries it)", tail->packing_votes);
        html_close (html, "dl");
    }
    html_close (html, "section");
}

/* In groups, with gaps that are no characters: what is copied has none. */
static void
add_digits (Html *html, const Digest *digest)
{
    g_autofree char *hex = digest_to_hex (digest);

    html_open (html, "code", "class", "digest", NULL);
    html_element (html, "span", NULL, "sha256:");
    for (gsize at = 0; at < DIGEST_HEX_LENGTH; at += GROUP) {
        g_autofree char *group = g_strndup (hex + at, GROUP);

        html_element (html, "span", NULL, group);
    }
    html_close (html, "code");
}

static gboolean
add_code (Html *html, const char *id, const char *title, const Digest *digest, GError **error)
{
    g_autofree char *text = digest_to_text (digest);
    g_autofree char *box = NULL;
    g_autofree char *side = NULL;
    guint modules;
    g_autofree char *path = qr_path (text, &modules, error);

    if (path == NULL)
        return FALSE;
    side = g_strdup_printf ("%u", modules + 2 * QR_QUIET);
    box = g_strdup_printf ("-%d -%d %s %s", QR_QUIET, QR_QUIET, side, side);
    html_open (html, "svg", "class", "qr", "role", "img", "aria-labelledby", id, "viewBox", box,
               "shape-rendering", "crispEdges", NULL);
    html_open (html, "title", "id", id, NULL);
    html_textf (html, "QR code: %s, %s", title, text);
    html_close (html, "title");
    html_open (html, "rect", "x", "-4", "y", "-4", "width", side, "height", side, "fill", "#fff",
               NULL);
    html_close (html, "rect");
    html_open (html, "path", "fill", "#000", "d", path, NULL);
    html_close (html, "path");
    html_close (html, "svg");
    return TRUE;
}

static gboolean
add_digest (Html *html, const char *id, const char *title, const char *note, const Digest *digest,
            GError **error)
{
    html_open (html, "figure", NULL);
    if (!add_code (html, id, title, digest, error))
        return FALSE;
    html_open (html, "figcaption", NULL);
    html_element (html, "h3", NULL, title);
    add_digits (html, digest);
    html_element (html, "p", "note", note);
    html_close (html, "figcaption");
    html_close (html, "figure");
    return TRUE;
}

static void
add_sums (Html *html, const char *sums)
{
    html_open (html, "details", NULL);
    html_element (html, "summary", NULL, "SHA-256 of each part, as FILE.sha256 has them");
    html_open (html, "pre", NULL);
    html_lines (html, sums);
    html_close (html, "pre");
    html_close (html, "details");
}

gboolean
report_add_digests (Html *html, const Report *report, GError **error)
{
    report_section (html, "digests", "Digests to compare");
    html_open (html, "div", "class", "digests", NULL);
    if (!add_digest (html, "qr-release", "Release digest",
                     "What the release is: the same in the full bundle and in every delta. "
                     "'handcarry verify' and 'handcarry show' print it.",
                     bundle_release_digest (report->bundle), error) ||
        !add_digest (html, "qr-file",
                     report->sums != NULL ? "SHA-256 of the file, all parts joined"
                                          : "SHA-256 of the file",
                     "What 'sha256sum' says of this very file. A signature that is added changes "
                     "it.",
                     &report->digest, error))
        return FALSE;
    html_close (html, "div");
    if (report->sums != NULL)
        add_sums (html, report->sums);
    html_close (html, "section");
    return TRUE;
}

void
report_add_hand (Html *html, const Report *report)
{
    static const char *const who[] = { "Released by", "Approved by", "Carried and installed by" };
    static const char *const columns[] = { "", "Name", "Date", "Signature" };

    report_section (html, "hand", "Signed by hand");
    html_open (html, "table", "class", "hand", NULL);
    html_open (html, "thead", NULL);
    html_open (html, "tr", NULL);
    html_element (html, "td", NULL, columns[0]);
    for (gsize i = 1; i < G_N_ELEMENTS (columns); i++) {
        html_open (html, "th", "scope", "col", NULL);
        html_text (html, columns[i]);
        html_close (html, "th");
    }
    html_close (html, "tr");
    html_close (html, "thead");
    html_open (html, "tbody", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (who); i++) {
        html_open (html, "tr", NULL);
        html_open (html, "th", "scope", "row", NULL);
        html_text (html, who[i]);
        html_close (html, "th");
        for (gsize k = 1; k < G_N_ELEMENTS (columns); k++)
            html_element (html, "td", NULL, "");
        html_close (html, "tr");
    }
    html_close (html, "tbody");
    html_close (html, "table");
    html_close (html, "section");
}

static void
add_text (Html *html, const char *title, GBytes *text)
{
    g_autofree char *copy = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
    g_autofree char *size = size_to_text (g_bytes_get_size (text));

    html_open (html, "details", NULL);
    html_open (html, "summary", NULL);
    html_textf (html, "%s, %s", title, size);
    html_element (html, "span", "paper", ": not on this paper; open it on screen before printing");
    html_close (html, "summary");
    html_open (html, "pre", NULL);
    html_lines (html, copy);
    html_close (html, "pre");
    html_close (html, "details");
}

void
report_add_texts (Html *html, const Report *report)
{
    report_section (html, "texts", "The signed texts, word for word");
    add_text (html, "Statement: what the release is", bundle_statement_text (report->bundle));
    add_text (html, "Packing list: how this file carries it", bundle_packing_text (report->bundle));
    add_text (html, "Provenance: what it is made from", report->provenance_text);
    html_close (html, "section");
}
