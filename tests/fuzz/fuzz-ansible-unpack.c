/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"
#include "manifest/file.h"
#include "tests/fuzz/stream-input.h"

#include <stdlib.h>
#include <string.h>

/* The reader of an image's export that writes its files, with the input in the place of the
 * engine. */
#include "install/ansible-unpack.c"

#define LIMIT 4096

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* In memory: a million inputs would wear a disk. */
static char outer_path[] = "/dev/shm/handcarry-fuzz-XXXXXX"; /* lint: allow-global: for atexit */

static void
remove_outer (void)
{
    (void)!place_remove_tree (AT_FDCWD, outer_path, NULL);
}

static int
open_outer (void)
{
    static int fd = -1;

    if (fd < 0 && mkdtemp (outer_path) != NULL) {
        fd = openat (AT_FDCWD, outer_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint (mkdirat (fd, "root", 0755), ==, 0);
        atexit (remove_outer);
    }
    g_assert_cmpint (fd, >=, 0);
    return fd;
}

static void
check_outer (int outer)
{
    g_autoptr (GPtrArray) names = file_list (outer, "the folder around it", NULL);

    g_assert_cmpuint (names->len, ==, 1);
    g_assert_cmpstr (names->pdata[0], ==, "root");
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    int outer = open_outer ();
    autofd int fd = openat (outer, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Input input = { data, size };
    g_autofree guint8 *buffer = g_malloc (READ_BYTES);
    Unpack one = { .stream = (gpointer)&input, .dirfd = fd, .left = LIMIT, .buffer = buffer };
    g_autoptr (GError) error = NULL;
    guint64 bytes;
    Digest digest;

    g_assert_true (read_tar (&one, &error) == (error == NULL));
    g_assert_true (ansible_unpack_hash (fd, &digest, &bytes, NULL));
    check_outer (outer);
    g_assert_true (place_remove_tree (outer, "root", NULL));
    g_assert_cmpint (mkdirat (outer, "root", 0755), ==, 0);
    return 0;
}
