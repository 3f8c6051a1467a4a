/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors
 *
 * flip [--every N] [--spare] BUNDLE TRUST: flips bits of a good bundle of one file, one at a time,
 * opens it as an installer does, and expects a refusal: every bit of tail and footer, one in each
 * byte of frame n, which is compared byte by byte with what it must be, and one in every 4 KiB of
 * the frames before. --every N takes only each N-th. With --spare the bundle
 * has more votes on the statement than it needs: only their bits are flipped, and a bundle that is
 * accepted must be reported on. The counts are printed; exit status 1 says that one was otherwise.
 */
#include "bundle/bundle.h"
#include "bundle/format.h"
#include "bundle/parts.h"
#include "bundle/tail.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYLOAD_STEP (4096 * 8) /* in bits */
#define FRAME_N_STEP 7          /* no byte is left out, and each bit has its turn */
#define MAX_REGIONS 64

typedef struct {
    const char *name;
    guint64 begin, end; /* in bytes */
    guint64 step;       /* in bits */
} Stretch;

/* Of one region, written by all processes. */
typedef struct {
    gint bits, damaged, untrusted, reported, wrong;
} Count;

static int every = 1;
static gboolean spare;

static void
add_region (GArray *regions, const char *name, guint64 begin, guint64 end, guint64 step)
{
    Stretch region = { name, begin, end, step };

    g_array_append_val (regions, region);
}

/* What lies where, by the tail's own directory. */
static GArray *
list_regions (const guint8 *bytes, const Tail *tail, guint64 total)
{
    GArray *regions = g_array_new (FALSE, FALSE, sizeof (Stretch));
    g_autoptr (GBytes) texts = tail_texts_frame (tail->statement, tail->packing);
    guint64 before = tail->offset - g_bytes_get_size (texts), end = total - FOOTER_BYTES;
    const char *line = (const char *)bytes + tail->offset + ZSTD_SKIPPABLE_HEADER;
    guint64 first = 0;

    add_region (regions, "payload", 0, before, PAYLOAD_STEP);
    add_region (regions, "frame n", before, tail->offset, FRAME_N_STEP);
    for (line = strchr (line, '\n') + 1; *line != '\n'; line = strchr (line, '\n') + 1) {
        char name[32];
        guint64 offset, length;

        g_assert_cmpint (
            sscanf (line, "%31s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, name, &offset, &length),
            ==, 3);
        if (first == 0)
            first = offset;
        add_region (regions, g_intern_string (name), offset, offset + length, 1);
    }
    add_region (regions, "directory", tail->offset, first, 1);
    add_region (regions, "footer", end, total, 1);
    g_assert_cmpuint (regions->len, <, MAX_REGIONS);
    return regions;
}

/* As install does: the signatures, then every frame. */
static void
try (const char *path, const TrustRoot *trust, Count *count, const char *where)
{
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (VerifiedBundle) verified = bundle_open_verified (path, trust, report, &error);

    g_atomic_int_inc (&count->bits);
    if (verified != NULL && bundle_check_frames (verified_bundle_get (verified), 1, NULL, &error)) {
        if (spare && report->ignored->len > 0) {
            g_atomic_int_inc (&count->reported);
            return;
        }
        fprintf (stderr, "flip: %s: accepted\n", where);
        g_atomic_int_inc (&count->wrong);
    } else if (g_error_matches (error, HANDCARRY_ERROR, ERR_FORMAT)) {
        g_atomic_int_inc (&count->damaged);
    } else if (g_error_matches (error, HANDCARRY_ERROR, ERR_TRUST)) {
        g_atomic_int_inc (&count->untrusted);
    } else {
        fprintf (stderr, "flip: %s: %s\n", where, error->message);
        g_atomic_int_inc (&count->wrong);
    }
}

/* The share of one process: a file of its own, in which each byte is put back. */
static void
sweep (const guint8 *bytes, gsize length, GArray *regions, const TrustRoot *trust, Count *counts,
       guint share, guint shares)
{
    autofd int fd = file_temporary (NULL, NULL);
    g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
    guint64 n = 0;

    g_assert_true (file_pwrite_all (fd, "copy", bytes, length, 0, NULL));
    for (guint i = 0; i < regions->len; i++) {
        const Stretch *region = &g_array_index (regions, Stretch, i);

        if (spare && strcmp (region->name, "vote-statement") != 0)
            continue;
        for (guint64 bit = region->begin * 8; bit < region->end * 8; bit += region->step) {
            guint8 changed = bytes[bit / 8] ^ (guint8)(1 << bit % 8);
            g_autofree char *where = NULL;

            if (n++ % (shares * (guint)every) != share * (guint)every)
                continue;
            where = g_strdup_printf ("%s: bit %u of byte %" G_GUINT64_FORMAT, region->name,
                                     (guint)(bit % 8), bit / 8 - region->begin);
            g_assert_true (file_pwrite_all (fd, "copy", &changed, 1, bit / 8, NULL));
            try (path, trust, &counts[i], where);
            g_assert_true (file_pwrite_all (fd, "copy", &bytes[bit / 8], 1, bit / 8, NULL));
        }
    }
}

static gboolean
print_counts (const GArray *regions, const Count *counts)
{
    Count all = { 0 };

    for (guint i = 0; i < regions->len; i++) {
        const Stretch *region = &g_array_index (regions, Stretch, i);

        if (counts[i].bits == 0)
            continue;
        printf ("flip: %-14s %6" G_GUINT64_FORMAT
                " bytes: %d bits, %d damaged, %d not trusted, %d accepted and reported, %d wrong\n",
                region->name, region->end - region->begin, counts[i].bits, counts[i].damaged,
                counts[i].untrusted, counts[i].reported, counts[i].wrong);
        all.bits += counts[i].bits;
        all.damaged += counts[i].damaged;
        all.untrusted += counts[i].untrusted;
        all.reported += counts[i].reported;
        all.wrong += counts[i].wrong;
    }
    printf ("flip: %d bits, %d refused (%d damaged, %d not trusted), %d accepted and reported, "
            "%d wrong\n",
            all.bits, all.damaged + all.untrusted, all.damaged, all.untrusted, all.reported,
            all.wrong);
    return all.bits > 0 && all.wrong == 0 &&
           all.bits == all.damaged + all.untrusted + all.reported && spare == (all.reported > 0);
}

static gboolean
run_all (const guint8 *bytes, gsize length, GArray *regions, const TrustRoot *trust)
{
    guint shares = g_get_num_processors ();
    Count *counts = mmap (NULL, MAX_REGIONS * sizeof (Count), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    gboolean ended = TRUE;

    g_assert_true (counts != MAP_FAILED);
    for (guint share = 0; share < shares; share++) {
        pid_t pid = fork ();

        g_assert_cmpint (pid, >=, 0);
        if (pid == 0) {
            sweep (bytes, length, regions, trust, counts, share, shares);
            _exit (0);
        }
    }
    for (guint share = 0; share < shares; share++) {
        int status;

        ended = wait (&status) > 0 && WIFEXITED (status) && WEXITSTATUS (status) == 0 && ended;
    }
    return print_counts (regions, counts) && ended;
}

int
main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (Parts) parts = NULL;
    g_autoptr (Tail) tail = NULL;
    g_autoptr (GArray) regions = NULL;
    g_autofree guint8 *bytes = NULL;
    int at = 1;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp (argv[at], "--spare") == 0)
            spare = TRUE;
        else
            every = atoi (argv[++at]);
    }
    if (at + 2 != argc || every < 1)
        return fprintf (stderr, "usage: flip [--every N] [--spare] BUNDLE TRUST\n"), 2;
    trust = trust_load (argv[at + 1], &error);
    parts = trust != NULL ? parts_open (argv[at], &error) : NULL;
    tail = parts != NULL ? tail_read (parts, &error) : NULL;
    if (tail == NULL)
        return fprintf (stderr, "flip: %s\n", error->message), 2;
    bytes = g_malloc (parts_bytes (parts));
    g_assert_true (parts_pread (parts, bytes, parts_bytes (parts), 0, &error));
    regions = list_regions (bytes, tail, parts_bytes (parts));
    /* As it is it must be good, or a refusal means nothing. */
    {
        g_autoptr (VoteReport) report = vote_report_new ();
        g_autoptr (VerifiedBundle) good = bundle_open_verified (argv[at], trust, report, &error);

        if (good == NULL || report->ignored->len > 0)
            return fprintf (stderr, "flip: %s is not good to begin with\n", argv[at]), 2;
    }
    return run_all (bytes, parts_bytes (parts), regions, trust) ? 0 : 1;
}
