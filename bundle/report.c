/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report.h"

#include "bundle/compare-tree.h"
#include "bundle/reader.h"
#include "bundle/report-configs.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/line-diff.h"
#include "manifest/release.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WINDOW (1024 * 1024)

static void
base_free (gpointer data)
{
    ReportBase *base = data;

    g_clear_pointer (&base->configs, g_ptr_array_unref);
    compare_clear (&base->diff);
    g_free (base->words);
    g_free (base->name);
    g_free (base);
}

void
report_free (Report *report)
{
    if (report == NULL)
        return;
    g_clear_pointer (&report->bases, g_ptr_array_unref);
    vote_report_free (report->votes);
    provenance_free (report->provenance);
    g_clear_pointer (&report->provenance_text, g_bytes_unref);
    bundle_free (report->bundle);
    g_free (report->why);
    g_free (report->sums);
    g_free (report->name);
    g_free (report);
}

/* "cat FILE.0* | sha256sum" gives the same. */
static gboolean
hash_file (Report *report, Progress *progress, GError **error)
{
    const Parts *parts = report->bundle->parts;
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *window = g_malloc (WINDOW);
    guint64 bytes = parts_bytes (parts);

    progress_begin (progress, "reading the file", bytes);
    for (guint64 at = 0; at < bytes; at += WINDOW) {
        gsize n = (gsize)MIN (WINDOW, bytes - at);

        if (!parts_pread (parts, window, n, at, error))
            return FALSE;
        digest_stream_add (stream, window, n);
        progress_add (progress, n);
    }
    progress_end (progress);
    digest_stream_finish (stream, &report->digest);
    if (parts_count (parts) > 1) {
        g_autoptr (GBytes) sums = parts_sums (parts, error);

        if (sums == NULL)
            return FALSE;
        report->sums = g_strndup (g_bytes_get_data (sums, NULL), g_bytes_get_size (sums));
    }
    return TRUE;
}

static gboolean
lacks_votes (const VoteReport *votes)
{
    for (guint i = 0; i < votes->roles->len; i++) {
        const RoleVotes *role = votes->roles->pdata[i];

        if (role->voted->len < role->threshold)
            return TRUE;
    }
    return FALSE;
}

/* A bundle that lacks votes is what a page is printed for, and one that is refused should be seen:
 * neither is an error here. */
static gboolean
judge (Report *report, const char *folder, GError **error)
{
    g_autoptr (TrustRoot) trust = folder != NULL ? trust_load (folder, error) : NULL;
    g_autoptr (TrustRoot) walked = NULL;
    g_autoptr (GError) problem = NULL;
    const TrustRoot *by = trust;

    if (folder == NULL)
        return TRUE;
    if (trust == NULL)
        return FALSE;
    report->votes = vote_report_new ();
    report->verdict = REPORT_SIGNED;
    if (!bundle_judge (report->bundle, trust, &walked, report->votes, &problem)) {
        report->verdict = lacks_votes (report->votes) ? REPORT_MISSING : REPORT_REFUSED;
        report->why = g_strdup (problem->message);
    }
    by = walked != NULL ? walked : trust;
    report->root = trust_number (by);
    report->fingerprint = trust_fingerprint (by);
    return TRUE;
}

static void
compare_words (ReportBase *base, const Report *report)
{
    g_autoptr (GBytes) a = NULL, b = NULL;

    if (base->diff.sides[0].bundle == NULL) {
        base->why = "a have file does not say it";
        return;
    }
    a = release_to_text (bundle_statement (base->diff.sides[0].bundle)->release);
    b = release_to_text (bundle_statement (report->bundle)->release);
    base->words = line_diff (a, b, NULL, NULL, &base->why);
}

static gboolean
compare (ReportBase *base, const Report *report, const char *path, Progress *progress,
         GError **error)
{
    Diff *diff = &base->diff;

    if (!compare_side_open (&diff->sides[0], path, error))
        return FALSE;
    compare_side_use (&diff->sides[1], report->bundle);
    compare_releases (diff);
    compare_images (diff);
    report_want_configs (diff);
    if (!compare_packages (diff, error) || !compare_trees (diff, progress, error))
        return FALSE;
    base->configs = report_compare_configs (diff);
    compare_words (base, report);
    return TRUE;
}

static gboolean
add_base (Report *report, const char *path, Progress *progress, GError **error)
{
    ReportBase *base = g_new0 (ReportBase, 1);

    g_ptr_array_add (report->bases, base);
    base->name = g_path_get_basename (path);
    return compare (base, report, path, progress, error);
}

static gboolean
read_provenance (Report *report, GError **error)
{
    report->provenance = bundle_read_provenance (report->bundle, error);
    if (report->provenance != NULL)
        report->provenance_text = bundle_read_provenance_text (report->bundle, error);
    return report->provenance_text != NULL;
}

Report *
report_gather (const ReportOptions *options, GError **error)
{
    g_autoptr (Report) report = g_new0 (Report, 1);

    report->bases = g_ptr_array_new_with_free_func (base_free);
    report->name = g_path_get_basename (options->bundle);
    report->bundle = bundle_open (options->bundle, error);
    if (report->bundle == NULL)
        return NULL;
    bundle_read_apart (report->bundle);
    bundle_start_reader (report->bundle);
    if (!hash_file (report, options->progress, error) ||
        !bundle_check_frames (report->bundle, options->jobs, options->progress, error) ||
        !judge (report, options->trust, error))
        return NULL;
    if (!read_provenance (report, error))
        return fail_prefix (error, "%s", options->bundle), NULL;
    for (char **base = options->bases; base != NULL && *base != NULL; base++)
        if (!add_base (report, *base, options->progress, error))
            return NULL;
    return g_steal_pointer (&report);
}

/* Somebody's slip of the pen must not cost a bundle or a key. */
static gboolean
check_replaceable (int dirfd, const char *name, const char *path, GError **error)
{
    static const char begin[] = REPORT_FIRST_LINES;
    char found[sizeof begin - 1];
    autofd int fd = openat (dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (faccessat (dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 ||
        (fd >= 0 && file_pread_all (fd, path, found, sizeof found, 0, NULL) &&
         memcmp (found, begin, sizeof found) == 0))
        return TRUE;
    return fail (error, ERR_FAILED,
                 "'%s' is there already and is no report: name another file with -o", path);
}

gboolean
report_store (GBytes *page, const char *path, GError **error)
{
    g_autofree char *name = NULL;
    autofd int dirfd = file_open_parent (path, &name, error);

    return dirfd >= 0 && check_replaceable (dirfd, name, path, error) &&
           file_replace (dirfd, name, page, 0644, error);
}
