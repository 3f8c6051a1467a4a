/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-clock.h"

#include "manifest/moment.h"
#include "manifest/message.h"

#define DAY_SECONDS (24 * 60 * 60)
/* No clock that is right shows less: before it there was no handcarry (2026-11-01). */
#define CLOCK_FLOOR 1793491200

static gint64
seconds_of (const char *text)
{
    gint64 seconds = 0;

    return text != NULL && moment_parse (text, &seconds) ? seconds : 0;
}

static void
note_wrong_clock (const Release *release, gint64 now, GPtrArray *notes)
{
    gint64 issued = seconds_of (release->issued);
    g_autofree char *shown = moment_to_words (now);
    g_autofree char *floor = moment_to_words (MAX (issued, CLOCK_FLOOR));

    g_ptr_array_add (notes, message_printf ("the clock here is wrong: it shows %s, and %s was %s; "
                                            "nothing is refused for it, but times in receipts "
                                            "and logs are not to be believed",
                                            shown, floor,
                                            issued > CLOCK_FLOOR ? "when this release was issued"
                                                                 : "before this handcarry was "
                                                                   "made"));
}

void
release_clock_note (const Release *release, gint64 now, GPtrArray *notes)
{
    gint64 until = seconds_of (release->advise_until);
    g_autofree char *shown = moment_to_words (now);
    g_autofree char *end = moment_to_words (until);

    if (now < MAX (CLOCK_FLOOR, seconds_of (release->issued)))
        note_wrong_clock (release, now, notes);
    if (release->advise_until != NULL && now > until)
        g_ptr_array_add (notes, message_printf ("release %" G_GUINT64_FORMAT " of %s is advised "
                                                "until %s only, and the clock here shows %s: ask "
                                                "whether there is a newer one",
                                                release->release, release->product, end, shown));
}

char *
release_clock_age (const Release *release, gint64 now)
{
    gint64 issued = seconds_of (release->issued);
    gint64 days = (now - issued) / DAY_SECONDS;
    g_autofree char *words = moment_to_words (issued);

    if (release->issued == NULL)
        return NULL;
    if (now < issued)
        return g_steal_pointer (&words);
    return g_strdup_printf ("%s, %" G_GINT64_FORMAT " day%s ago", words, days,
                            days == 1 ? "" : "s");
}
