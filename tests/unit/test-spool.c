/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/spool.h"

#include <string.h>
#include <sys/stat.h>

#define SLOTS 64

typedef struct {
    guint64 at, length;
    guint8 fill;
} Slot;

static void
fill_slot (Spool *spool, Slot *slot, guint64 length, guint8 fill)
{
    g_autofree guint8 *bytes = g_malloc (length);
    g_autoptr (GError) error = NULL;

    memset (bytes, fill, length);
    *slot = (Slot){ spool_reserve (spool, length), length, fill };
    g_assert_true (spool_write (spool, slot->at, bytes, length, &error));
}

static void
check_slot (Spool *spool, const Slot *slot)
{
    g_autofree guint8 *bytes = g_malloc (slot->length);
    g_autoptr (GError) error = NULL;

    g_assert_true (spool_read (spool, slot->at, bytes, slot->length, &error));
    for (guint64 i = 0; i < slot->length; i++)
        g_assert_cmpuint (bytes[i], ==, slot->fill);
}

static void
test_gaps_are_used_again (void)
{
    g_autoptr (Spool) spool = spool_new (NULL, NULL);
    guint64 a = spool_reserve (spool, 100), b = spool_reserve (spool, 50);
    guint64 c = spool_reserve (spool, 10);

    g_assert_cmpuint (spool_peak (spool), ==, 160);
    spool_release (spool, a, 100);
    g_assert_cmpuint (spool_reserve (spool, 60), ==, a);
    g_assert_cmpuint (spool_reserve (spool, 41), ==, 160);
    g_assert_cmpuint (spool_reserve (spool, 40), ==, a + 60);
    spool_release (spool, b, 50);
    spool_release (spool, c, 10);
    g_assert_cmpuint (spool_reserve (spool, 60), ==, b);
    g_assert_cmpuint (spool_peak (spool), ==, 201);
}

/* Whatever the order, nothing in use is overwritten, and when all is given back the whole file is
 * one gap. */
static void
test_random (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (7);
    g_autoptr (Spool) spool = spool_new (NULL, NULL);
    Slot slots[SLOTS] = { { 0 } };
    guint64 peak;

    for (guint step = 0; step < 20000; step++) {
        Slot *slot = &slots[g_rand_int_range (rand, 0, SLOTS)];

        if (slot->length == 0) {
            fill_slot (spool, slot, (guint64)g_rand_int_range (rand, 1, 300), (guint8)step);
            continue;
        }
        check_slot (spool, slot);
        spool_release (spool, slot->at, slot->length);
        slot->length = 0;
    }
    for (guint i = 0; i < SLOTS; i++)
        if (slots[i].length > 0)
            spool_release (spool, slots[i].at, slots[i].length);
    peak = spool_peak (spool);
    g_assert_cmpuint (spool_reserve (spool, peak), ==, 0);
    g_assert_cmpuint (spool_peak (spool), ==, peak);
}

/* The spool is the one file of this process that has no name. */
static guint64
disk_bytes (void)
{
    g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
        struct stat st;

        if (stat (path, &st) == 0 && S_ISREG (st.st_mode) && st.st_nlink == 0)
            return (guint64)st.st_blocks * 512;
    }
    g_assert_not_reached ();
}

/* Every second piece is given back, then larger ones come that fit no gap. */
static void
test_gaps_take_no_disk (void)
{
    g_autoptr (Spool) spool = spool_new (NULL, NULL);
    Slot slots[SLOTS], more;

    for (guint i = 0; i < SLOTS; i++)
        fill_slot (spool, &slots[i], 65536, (guint8)i);
    g_assert_cmpuint (disk_bytes (), >=, SLOTS * 65536);
    for (guint i = 0; i < SLOTS; i += 2)
        spool_release (spool, slots[i].at, 65536);
    fill_slot (spool, &more, SLOTS / 2 * 65536, 99);
    g_assert_cmpuint (spool_used (spool), ==, SLOTS * 65536);
    g_assert_cmpuint (disk_bytes (), <=, SLOTS * 65536 + 65536);
    for (guint i = 1; i < SLOTS; i += 2)
        check_slot (spool, &slots[i]);
    check_slot (spool, &more);
}

static void
test_nowhere (void)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (spool_new ("/nonexistent", &error));
    g_assert_nonnull (strstr (error->message, "/nonexistent"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/spool/gaps-are-used-again", test_gaps_are_used_again);
    g_test_add_func ("/spool/random", test_random);
    g_test_add_func ("/spool/gaps-take-no-disk", test_gaps_take_no_disk);
    g_test_add_func ("/spool/nowhere", test_nowhere);
    return g_test_run ();
}
