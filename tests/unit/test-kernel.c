/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/kernel.h"

#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* From here on this process runs on a kernel without what kernel.h names. */
static void
become_old (void)
{
    scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);

    g_assert_nonnull (filter);
    g_assert_cmpint (seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (openat2), 0), ==,
                     0);
    g_assert_cmpint (seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (close_range), 0),
                     ==, 0);
    g_assert_cmpint (seccomp_load (filter), ==, 0);
    seccomp_release (filter);
    errno = 0;
    g_assert_cmpint (close_range (1000, 1001, 0), ==, -1);
    g_assert_cmpint (errno, ==, ENOSYS);
}

/* name → errno, or 0 where it opens what it names. */
static const struct {
    const char *name;
    int flags;
    int number;
} rows[] = {
    { "file", O_RDONLY, 0 },
    { "a/b/file", O_RDONLY, 0 },
    { "./a/./b//file", O_RDONLY, 0 },
    { "a/b", O_RDONLY | O_DIRECTORY, 0 },
    { "a/b/", O_RDONLY, 0 },
    { ".", O_RDONLY | O_DIRECTORY, 0 },
    { "a/new", O_WRONLY | O_CREAT | O_EXCL, 0 },
    { "", O_RDONLY, ENOENT },
    { "none", O_RDONLY, ENOENT },
    { "a/none/file", O_RDONLY, ENOENT },
    { "file/", O_RDONLY, ENOTDIR },
    { "file/x", O_RDONLY, ENOTDIR },
    { "a/b/link", O_RDONLY, ELOOP },
    { "a/folder-link", O_RDONLY, ELOOP },
    { "a/folder-link/file", O_RDONLY, ELOOP },
    { "a/out/passwd", O_RDONLY, ELOOP },
    { "../file", O_RDONLY, EXDEV },
    { "a/../../file", O_RDONLY, EXDEV },
    { "/etc/passwd", O_RDONLY, EXDEV },
};

static int
make_folder (char **path)
{
    int fd;

    *path = g_dir_make_tmp ("kernel-XXXXXX", NULL);
    fd = openat (AT_FDCWD, *path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint (mkdirat (fd, "a", 0755) + mkdirat (fd, "a/b", 0755), ==, 0);
    close (openat (fd, "file", O_WRONLY | O_CREAT, 0644));
    close (openat (fd, "a/b/file", O_WRONLY | O_CREAT, 0644));
    g_assert_cmpint (symlinkat ("file", fd, "a/b/link"), ==, 0);
    g_assert_cmpint (symlinkat ("b", fd, "a/folder-link"), ==, 0);
    g_assert_cmpint (symlinkat ("/etc", fd, "a/out"), ==, 0);
    return fd;
}

static void
remove_folder (int fd, const char *path)
{
    const char *const names[] = { "file",  "a/b/file", "a/b/link", "a/folder-link",
                                  "a/out", "a/new",    NULL };

    for (gsize i = 0; names[i] != NULL; i++)
        unlinkat (fd, names[i], 0);
    g_assert_cmpint (unlinkat (fd, "a/b", AT_REMOVEDIR) + unlinkat (fd, "a", AT_REMOVEDIR), ==, 0);
    close (fd);
    g_rmdir (path);
}

static void
check_rows (int folder)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        autofd int fd = kernel_open_below (folder, rows[i].name, rows[i].flags);
        struct stat opened, named;

        if ((fd >= 0 ? 0 : errno) != rows[i].number)
            g_error ("'%s' gives '%s' in place of '%s'", rows[i].name,
                     g_strerror (fd >= 0 ? 0 : errno), g_strerror (rows[i].number));
        if (fd < 0)
            continue;
        g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
        g_assert_cmpint (fstat (fd, &opened), ==, 0);
        g_assert_cmpint (fstatat (folder, rows[i].name, &named, AT_SYMLINK_NOFOLLOW), ==, 0);
        g_assert_cmpuint (opened.st_ino, ==, named.st_ino);
        if ((rows[i].flags & O_CREAT) != 0)
            g_assert_cmpuint (opened.st_mode & 07777, ==, 0600);
    }
}

static void
check_closing (void)
{
    int low = dup (STDERR_FILENO), high = fcntl (STDERR_FILENO, F_DUPFD, 700);
    int spared = fcntl (STDERR_FILENO, F_DUPFD, 900);

    g_assert_cmpint (low, <, 700);
    g_assert_true (kernel_close_range ((guint)low, 899));
    g_assert_cmpint (fcntl (low, F_GETFD), ==, -1);
    g_assert_cmpint (fcntl (high, F_GETFD), ==, -1);
    g_assert_cmpint (fcntl (spared, F_GETFD), >=, 0);
    g_assert_true (kernel_close_range (900, ~0U));
    g_assert_cmpint (fcntl (spared, F_GETFD), ==, -1);
    g_assert_cmpint (fcntl (STDERR_FILENO, F_GETFD), >=, 0);
}

/* Both must hold: what this kernel answers, and what is done without it. */
static void
run_check (gboolean old)
{
    g_autofree char *path = NULL;
    int folder = make_folder (&path);
    pid_t pid = fork ();
    int status;

    if (pid == 0) {
        if (old)
            become_old ();
        check_rows (folder);
        check_closing ();
        _exit (0);
    }
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_cmpint (status, ==, 0);
    remove_folder (folder, path);
}

static void
test_084_no_link_is_followed (void)
{
    run_check (FALSE);
}

static void
test_084_no_link_is_followed_without_openat2 (void)
{
    run_check (TRUE);
}

/* A folder and a link to one that lies elsewhere trade places all the time; each has a "file". */
static pid_t
swap_for_ever (int folder)
{
    pid_t pid = fork ();

    while (pid == 0)
        if (renameat2 (folder, "a/b", folder, "a/elsewhere", RENAME_EXCHANGE) < 0)
            _exit (1);
    return pid;
}

static int
open_while_it_swaps (int folder, ino_t outside)
{
    guint opened = 0, refused = 0;

    become_old ();
    for (guint i = 0; i < 3000 || ((opened == 0 || refused == 0) && i < 3000000); i++) {
        autofd int fd = kernel_open_below (folder, "a/b/file", O_RDONLY);
        struct stat st;
        if (fd < 0) {
            refused++;
            continue;
        }
        opened++;
        if (fstat (fd, &st) < 0 || st.st_ino == outside)
            return 1;
    }
    return opened > 0 && refused > 0 ? 0 : 2;
}

/* The folder itself stands at "a/b" again. */
static void
end_swapping (int folder, pid_t swaps)
{
    struct stat st;

    kill (swaps, SIGKILL);
    g_assert_cmpint (waitpid (swaps, NULL, 0), ==, swaps);
    g_assert_cmpint (fstatat (folder, "a/b", &st, AT_SYMLINK_NOFOLLOW), ==, 0);
    if (S_ISLNK (st.st_mode))
        g_assert_cmpint (renameat2 (folder, "a/b", folder, "a/elsewhere", RENAME_EXCHANGE), ==, 0);
    g_assert_cmpint (unlinkat (folder, "a/elsewhere", 0), ==, 0);
}

static void
test_086_a_folder_swapped_for_a_link_leads_nowhere_else (void)
{
    g_autofree char *path = NULL;
    g_autofree char *elsewhere = g_dir_make_tmp ("kernel-XXXXXX", NULL);
    g_autofree char *file = g_build_filename (elsewhere, "file", NULL);
    int folder = make_folder (&path), status;
    pid_t swaps, opens;
    struct stat outside;

    g_assert_true (g_file_set_contents (file, "", 0, NULL));
    g_assert_cmpint (stat (file, &outside), ==, 0);
    g_assert_cmpint (symlinkat (elsewhere, folder, "a/elsewhere"), ==, 0);
    swaps = swap_for_ever (folder);
    opens = fork ();
    if (opens == 0)
        _exit (open_while_it_swaps (folder, outside.st_ino));
    g_assert_cmpint (waitpid (opens, &status, 0), ==, opens);
    end_swapping (folder, swaps);
    g_assert_cmpint (status, ==, 0);
    remove_folder (folder, path);
    g_unlink (file);
    g_rmdir (elsewhere);
}

static void
test_a_child_that_has_ended_is_not_reaped (void)
{
    pid_t pid = fork ();
    int status;

    if (pid == 0) {
        pause ();
        _exit (0);
    }
    g_assert_false (kernel_has_ended (pid));
    kill (pid, SIGKILL);
    while (!kernel_has_ended (pid))
        g_usleep (1000);
    g_assert_true (kernel_has_ended (pid));
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_false (kernel_has_ended (pid));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/kernel/beneath", test_084_no_link_is_followed);
    g_test_add_func ("/kernel/beneath-old", test_084_no_link_is_followed_without_openat2);
    g_test_add_func ("/kernel/swapped", test_086_a_folder_swapped_for_a_link_leads_nowhere_else);
    g_test_add_func ("/kernel/has-ended", test_a_child_that_has_ended_is_not_reaped);
    return g_test_run ();
}
