/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/moment.h"
#include "manifest/release-clock.h"

#include <string.h>

#define ISSUED 1795336200 /* 2026-11-22T08:30:00Z */
#define DAY 86400

/* The notes of a release with these times, joined by a line end. Caller frees. */
static char *
notes_at (const char *issued, const char *until, gint64 now)
{
    g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
    Release release = { .product = (char *)"p",
                        .release = 7,
                        .issued = (char *)issued,
                        .advise_until = (char *)until };

    release_clock_note (&release, now, notes);
    g_ptr_array_add (notes, NULL);
    return g_strjoinv ("\n", (char **)notes->pdata);
}

static void
expect (const char *notes, const char *part)
{
    if (*part == '\0' ? *notes != '\0' : strstr (notes, part) == NULL)
        g_error ("expected '%s', found '%s'", part, notes);
}

static void
test_a_clock_in_1970 (void)
{
    g_autofree char *with = notes_at ("2026-11-22T08:30:00Z", "2027-01-01T00:00:00Z", 3);
    g_autofree char *without = notes_at (NULL, NULL, 3);
    g_autofree char *older = notes_at ("2020-01-01T00:00:00Z", NULL, 3);

    expect (with, "it shows 1970-01-01 00:00 UTC, and 2026-11-22 08:30 UTC was when this release");
    g_assert_null (strchr (with, '\n'));
    expect (without, "and 2026-11-01 00:00 UTC was before this handcarry was made");
    expect (older, "and 2026-11-01 00:00 UTC was before this handcarry was made");
}

static void
test_a_clock_that_may_be_right (void)
{
    g_autofree char *then = notes_at ("2026-11-22T08:30:00Z", "2027-01-01T00:00:00Z", ISSUED);
    g_autofree char *second_before =
        notes_at ("2026-11-22T08:30:00Z", "2027-01-01T00:00:00Z", ISSUED - 1);

    expect (then, "");
    expect (second_before, "the clock here is wrong");
}

static void
test_032_a_release_that_is_old (void)
{
    g_autofree char *on_time = notes_at (NULL, "2026-11-22T08:30:00Z", ISSUED);
    g_autofree char *late = notes_at (NULL, "2026-11-22T08:30:00Z", ISSUED + 1);
    g_autofree char *in_2099 = notes_at (NULL, "2026-11-22T08:30:00Z", 4070908800);

    expect (on_time, "");
    expect (late, "release 7 of p is advised until 2026-11-22 08:30 UTC only");
    expect (in_2099, "and the clock here shows 2099-01-01 00:00 UTC");
}

static void
test_032_the_age_of_a_release (void)
{
    Release release = { .issued = (char *)"2026-11-22T08:30:00Z" }, none = { 0 };
    g_autofree char *before = release_clock_age (&release, ISSUED - 1);
    g_autofree char *same = release_clock_age (&release, ISSUED + DAY - 1);
    g_autofree char *next = release_clock_age (&release, ISSUED + DAY);

    g_assert_null (release_clock_age (&none, ISSUED));
    g_assert_cmpstr (before, ==, "2026-11-22 08:30 UTC");
    g_assert_cmpstr (same, ==, "2026-11-22 08:30 UTC, 0 days ago");
    g_assert_cmpstr (next, ==, "2026-11-22 08:30 UTC, 1 day ago");
}

static void
test_moments_are_read_in_one_form (void)
{
    static const char *const bad[] = { "",
                                       "2026-11-22",
                                       "2026-11-22T08:30:00",
                                       "2026-11-22T08:30:00+00:00",
                                       "2026-11-22 08:30:00Z",
                                       "2026-11-22T08:30:00.5Z",
                                       "2026-13-22T08:30:00Z",
                                       "2026-11-22T24:30:00Z",
                                       "2026-11-22T08:30:00Z\n",
                                       "x2026-11-22T08:30:00Z" };
    gint64 seconds = 0;

    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
        g_assert_false (moment_parse (bad[i], &seconds));
    g_assert_true (moment_parse ("2026-11-22T08:30:00Z", &seconds));
    g_assert_cmpint (seconds, ==, ISSUED);
}

static void
test_moments_of_any_clock_can_be_shown (void)
{
    g_autofree char *first = moment_to_text (G_MININT64);
    g_autofree char *last = moment_to_text (G_MAXINT64);

    g_assert_cmpstr (first, ==, "1000-01-01T00:00:00Z");
    g_assert_cmpstr (last, ==, "9999-12-31T23:59:59Z");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/release-clock/041-1970", test_a_clock_in_1970);
    g_test_add_func ("/release-clock/right", test_a_clock_that_may_be_right);
    g_test_add_func ("/release-clock/032-old", test_032_a_release_that_is_old);
    g_test_add_func ("/release-clock/032-age", test_032_the_age_of_a_release);
    g_test_add_func ("/moment/form", test_moments_are_read_in_one_form);
    g_test_add_func ("/moment/any", test_moments_of_any_clock_can_be_shown);
    return g_test_run ();
}
