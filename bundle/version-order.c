/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/version-order.h"

#include <string.h>

const char *
package_change_name (PackageChange change)
{
    static const char *const names[N_PACKAGE_CHANGES] = { "upgraded", "downgraded", "changed",
                                                          "added", "removed" };

    return names[change];
}

/* Numbers of any length; they begin at a digit or are empty, which counts as 0. Moves both behind
 * them. */
static int
compare_numbers (const char **a, const char **b)
{
    gsize length_a, length_b;
    int order;

    *a += strspn (*a, "0");
    *b += strspn (*b, "0");
    length_a = strspn (*a, "0123456789");
    length_b = strspn (*b, "0123456789");
    order = length_a != length_b ? (length_a < length_b ? -1 : 1) : strncmp (*a, *b, length_a);
    *a += length_a;
    *b += length_b;
    return order;
}

/* deb-version(7): a tilde comes before the end, then letters, then all else. */
static int
deb_rank (char c)
{
    if (c == '~')
        return -1;
    if (c == '\0' || g_ascii_isdigit (c))
        return 0;
    return g_ascii_isalpha (c) ? c : 256 + (guint8)c;
}

static int
compare_deb_part (const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        int order;

        while ((*a != '\0' && !g_ascii_isdigit (*a)) || (*b != '\0' && !g_ascii_isdigit (*b))) {
            order = deb_rank (*a) - deb_rank (*b);
            if (order != 0)
                return order;
            a++;
            b++;
        }
        order = compare_numbers (&a, &b);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Epoch, upstream version and revision; what is missing counts as 0. */
static void
split_deb (const char *version, char **epoch, char **upstream, char **revision)
{
    const char *colon = strchr (version, ':');
    const char *rest = colon != NULL ? colon + 1 : version;
    const char *dash = strrchr (rest, '-');

    *epoch = colon != NULL ? g_strndup (version, (gsize)(colon - version)) : g_strdup ("0");
    *upstream = dash != NULL ? g_strndup (rest, (gsize)(dash - rest)) : g_strdup (rest);
    *revision = g_strdup (dash != NULL ? dash + 1 : "0");
}

static gboolean
compare_deb (const char *a, const char *b, int *order)
{
    g_autofree char *epoch_a = NULL, *upstream_a = NULL, *revision_a = NULL;
    g_autofree char *epoch_b = NULL, *upstream_b = NULL, *revision_b = NULL;

    split_deb (a, &epoch_a, &upstream_a, &revision_a);
    split_deb (b, &epoch_b, &upstream_b, &revision_b);
    *order = compare_deb_part (epoch_a, epoch_b);
    if (*order == 0)
        *order = compare_deb_part (upstream_a, upstream_b);
    if (*order == 0)
        *order = compare_deb_part (revision_a, revision_b);
    return TRUE;
}

/* Runs of letters and runs of digits; a tilde is less and a caret more than the end, other
 * characters only separate. */
static int
compare_rpm_part (const char *a, const char *b)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (;;) {
        gsize n, m;
        int order;

        while (*a != '\0' && !g_ascii_isalnum (*a) && *a != '~' && *a != '^')
            a++;
        while (*b != '\0' && !g_ascii_isalnum (*b) && *b != '~' && *b != '^')
            b++;
        if ((*a == '~' || *b == '~') && *a != *b)
            return *a == '~' ? -1 : 1;
        if ((*a == '^' || *b == '^') && *a != *b)
            return *a == '^' ? (*b == '\0' ? 1 : -1) : (*a == '\0' ? -1 : 1);
        if (*a == '\0' || *b == '\0')
            return (*a != '\0') - (*b != '\0');
        if (*a == '~' || *a == '^') {
            a++;
            b++;
            continue;
        }
        if (g_ascii_isdigit (*a) != g_ascii_isdigit (*b))
            return g_ascii_isdigit (*a) ? 1 : -1;
        if (g_ascii_isdigit (*a)) {
            order = compare_numbers (&a, &b);
        } else {
            n = strspn (a, letters);
            m = strspn (b, letters);
            order = strncmp (a, b, MIN (n, m));
            order = order != 0 ? order : (n > m) - (n < m);
            a += n;
            b += m;
        }
        if (order != 0)
            return order;
    }
}

static gboolean
compare_rpm (const char *a, const char *b, int *order)
{
    g_autofree char *epoch_a = NULL, *version_a = NULL, *release_a = NULL;
    g_autofree char *epoch_b = NULL, *version_b = NULL, *release_b = NULL;

    split_deb (a, &epoch_a, &version_a, &release_a);
    split_deb (b, &epoch_b, &version_b, &release_b);
    *order = compare_rpm_part (epoch_a, epoch_b);
    if (*order == 0)
        *order = compare_rpm_part (version_a, version_b);
    if (*order == 0)
        *order = compare_rpm_part (release_a, release_b);
    return TRUE;
}

/* apk: numbers with points, a letter, suffixes, a revision. Those before "" come before the end. */
static const char *const apk_suffixes[] = { "alpha", "beta", "pre", "rc", "",
                                            "cvs",   "svn",  "git", "hg", "p" };
#define APK_NO_SUFFIX 4

/* The next "_SUFFIX", and moves behind it. -1: there is one that is not known. */
static int
take_apk_suffix (const char **at)
{
    gsize length;

    if (**at != '_')
        return APK_NO_SUFFIX;
    length = strspn (*at + 1, "abcdefghijklmnopqrstuvwxyz");
    for (guint i = 0; i < G_N_ELEMENTS (apk_suffixes); i++) {
        if (i == APK_NO_SUFFIX || strlen (apk_suffixes[i]) != length ||
            strncmp (*at + 1, apk_suffixes[i], length) != 0)
            continue;
        *at += 1 + length;
        return (int)i;
    }
    return -1;
}

/* After a point a number that begins with 0 is compared as a text, as a fraction is. */
static int
compare_apk_number (const char **a, const char **b, gboolean first)
{
    gsize n = strspn (*a, "0123456789"), m = strspn (*b, "0123456789");
    int order;

    if (first || (**a != '0' && **b != '0'))
        return compare_numbers (a, b);
    order = strncmp (*a, *b, MIN (n, m));
    order = order != 0 ? order : (n > m) - (n < m);
    *a += n;
    *b += m;
    return order;
}

static int
take_letter (const char **at)
{
    return g_ascii_islower (**at) ? *(*at)++ : 0;
}

static gboolean
compare_apk_suffixes (const char **a, const char **b, int *order)
{
    while (*order == 0 && (**a == '_' || **b == '_')) {
        int one = take_apk_suffix (a), other = take_apk_suffix (b);

        if (one < 0 || other < 0)
            return FALSE;
        *order = one - other;
        if (*order == 0)
            *order = compare_numbers (a, b);
    }
    return TRUE;
}

static gboolean
compare_apk (const char *a, const char *b, int *order)
{
    gboolean first = TRUE;

    if (!g_ascii_isdigit (*a) || !g_ascii_isdigit (*b))
        return FALSE;
    for (;; a++, b++, first = FALSE) {
        *order = compare_apk_number (&a, &b, first);
        if (*order != 0)
            return TRUE;
        if (*a != '.' || *b != '.' || !g_ascii_isdigit (a[1]) || !g_ascii_isdigit (b[1]))
            break;
    }
    if (*a == '.' || *b == '.') {
        *order = (*a == '.') - (*b == '.');
        return *order != 0;
    }
    *order = take_letter (&a) - take_letter (&b);
    if (*order == 0 && !compare_apk_suffixes (&a, &b, order))
        return FALSE;
    if (*order != 0)
        return TRUE;
    a += g_str_has_prefix (a, "-r") ? 2 : 0;
    b += g_str_has_prefix (b, "-r") ? 2 : 0;
    *order = compare_numbers (&a, &b);
    return *order != 0 || strcmp (a, b) == 0;
}

/* Numbers with points; moves behind them. What is missing counts as 0. */
static int
compare_dotted (const char **a, const char **b)
{
    int order = 0;

    while (g_ascii_isdigit (**a) || g_ascii_isdigit (**b)) {
        int one = compare_numbers (a, b);

        order = order != 0 ? order : one;
        *a += **a == '.' && g_ascii_isdigit ((*a)[1]);
        *b += **b == '.' && g_ascii_isdigit ((*b)[1]);
    }
    return order;
}

static const char *
skip_v (const char *version)
{
    return (*version == 'v' || *version == 'V') && g_ascii_isdigit (version[1]) ? version + 1
                                                                                : version;
}

static gboolean
compare_plain (const char *a, const char *b, int *order)
{
    a = skip_v (a);
    b = skip_v (b);
    if (!g_ascii_isdigit (*a) || !g_ascii_isdigit (*b))
        return FALSE;
    *order = compare_dotted (&a, &b);
    return *a == '\0' && *b == '\0';
}

static gboolean
is_number (const char *text)
{
    return text[strspn (text, "0123456789")] == '\0';
}

/* semver.org, 11: numbers before texts, and the shorter list first. */
static int
compare_prerelease (const char *a, const char *b)
{
    g_auto (GStrv) ours = g_strsplit (a, ".", -1);
    g_auto (GStrv) theirs = g_strsplit (b, ".", -1);
    int order = 0;

    if (*a == '\0' || *b == '\0')
        return (*a == '\0') - (*b == '\0');
    for (guint i = 0; order == 0 && (ours[i] != NULL || theirs[i] != NULL); i++) {
        const char *one = ours[i], *other = theirs[i];

        if (one == NULL || other == NULL)
            return one != NULL ? 1 : -1;
        if (is_number (one) != is_number (other))
            return is_number (one) ? -1 : 1;
        order = is_number (one) ? compare_numbers (&one, &other) : strcmp (one, other);
    }
    return order;
}

/* Cuts off what comes behind '+', and gives what comes behind '-'. */
static char *
take_prerelease (const char **at)
{
    gsize length;

    if (**at != '-')
        return g_strdup ("");
    length = strcspn (*at + 1, "+");
    *at += 1 + length;
    return g_strndup (*at - length, length);
}

static gboolean
compare_semantic (const char *a, const char *b, int *order)
{
    g_autofree char *ours = NULL;
    g_autofree char *theirs = NULL;

    a = skip_v (a);
    b = skip_v (b);
    if (!g_ascii_isdigit (*a) || !g_ascii_isdigit (*b))
        return FALSE;
    *order = compare_dotted (&a, &b);
    ours = take_prerelease (&a);
    theirs = take_prerelease (&b);
    if ((*a != '\0' && *a != '+') || (*b != '\0' && *b != '+'))
        return FALSE;
    *order = *order != 0 ? *order : compare_prerelease (ours, theirs);
    return TRUE;
}

gboolean
version_order_compare (const char *kind, const char *a, const char *b, int *order)
{
    static const struct {
        const char *kind;
        gboolean (*compare) (const char *a, const char *b, int *order);
    } rows[] = {
        { "apk", compare_apk },      { "deb", compare_deb },         { "rpm", compare_rpm },
        { "npm", compare_semantic }, { "golang", compare_semantic }, { "cargo", compare_semantic },
        { "hex", compare_semantic }, { "nuget", compare_semantic },  { "pub", compare_semantic },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        if (strcmp (kind, rows[i].kind) == 0)
            return rows[i].compare (a, b, order);
    return compare_plain (a, b, order);
}
