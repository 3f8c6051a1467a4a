/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process of its own does; the value is its exit status. */
typedef int (*Life) (gconstpointer data);

static int
live (Life life, gconstpointer data)
{
    pid_t pid = fork ();
    int status = 0;

    g_assert_cmpint (pid, >=, 0);
    if (pid == 0)
        _exit (life (data));
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    return status;
}

static void
assert_lives (Life life, gconstpointer data, int expected)
{
    int status = live (life, data);

    g_assert_true (WIFEXITED (status));
    g_assert_cmpint (WEXITSTATUS (status), ==, expected);
}

static int
open_outside (gconstpointer data)
{
    if (!confine_privileges (NULL) || !confine_folders (NULL, 0, NULL))
        return 1;
    return open ("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int
open_inside (gconstpointer data)
{
    const char *folder = data;
    int fds[] = { -1, open (folder, O_RDONLY | O_DIRECTORY) };

    if (!confine_privileges (NULL) || !confine_folders (fds, G_N_ELEMENTS (fds), NULL))
        return 1;
    if (openat (fds[1], "made", O_WRONLY | O_CREAT, 0600) < 0)
        return 2;
    return openat (fds[1], "../", O_RDONLY) < 0 ? errno : 0;
}

static void
test_folders_are_all_that_is_left (void)
{
    g_autofree char *folder = g_dir_make_tmp ("confine-XXXXXX", NULL);
    g_autofree char *made = g_build_filename (folder, "made", NULL);

    if (syscall (SYS_landlock_create_ruleset, NULL, 0, 1) < 2) {
        g_test_skip ("the kernel has no landlock of version 2");
        return;
    }
    assert_lives (open_outside, NULL, EACCES);
    assert_lives (open_inside, folder, EACCES);
    g_assert_cmpint (unlink (made), ==, 0);
    g_assert_cmpint (rmdir (folder), ==, 0);
}

static int
be_nobody (gconstpointer data)
{
    uid_t real, effective, saved;

    if (!confine_user (NULL) || getresuid (&real, &effective, &saved) < 0)
        return 1;
    if (real != 65534 || effective != 65534 || saved != 65534 || getgroups (0, NULL) != 0 ||
        getegid () != 65534)
        return 2;
    if (!confine_capabilities (NULL) || setuid (0) == 0 || kill (getppid (), 0) == 0)
        return 3;
    return 0;
}

static gboolean
put (const char *path, const char *text)
{
    int fd = open (path, O_WRONLY);

    return fd >= 0 && write (fd, text, strlen (text)) == (gssize)strlen (text);
}

/* As `unshare --user --map-root-user` of a plain user. */
static int
be_root_by_name (gconstpointer data)
{
    if (unshare (CLONE_NEWUSER) < 0)
        return 77;
    if (!put ("/proc/self/setgroups", "deny") || !put ("/proc/self/uid_map", "0 0 1") ||
        !put ("/proc/self/gid_map", "0 0 1"))
        return 1;
    return geteuid () == 0 && confine_user (NULL) && confine_capabilities (NULL) &&
                   sethostname ("x", 1) < 0
               ? 0
               : 2;
}

static void
test_root_by_name_only_stays (void)
{
    int status = live (be_root_by_name, NULL);

    if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
        g_test_skip ("user namespaces are not allowed here");
    else
        assert_lives (be_root_by_name, NULL, 0);
}

static void
test_root_becomes_nobody (void)
{
    if (geteuid () != 0) {
        g_test_skip ("needs root");
        return;
    }
    assert_lives (be_nobody, NULL, 0);
}

static gboolean
is_open (int fd)
{
    return fcntl (fd, F_GETFD) >= 0;
}

static int
keep_some (gconstpointer data)
{
    struct stat null, found;
    int kept[] = { 40, STDERR_FILENO, 7 };

    for (int fd = 3; fd < 50; fd++)
        dup2 (STDERR_FILENO, fd);
    close (STDIN_FILENO);
    if (!confine_descriptors (kept, G_N_ELEMENTS (kept), NULL))
        return 1;
    for (int fd = 3; fd < 60; fd++)
        if (is_open (fd) != (fd == 7 || fd == 40))
            return fd;
    if (stat ("/dev/null", &null) < 0)
        return 61;
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        if (fstat (fd, &found) < 0 || found.st_rdev != null.st_rdev)
            return 62;
    return fstat (STDERR_FILENO, &found) == 0 && found.st_rdev != null.st_rdev ? 0 : 63;
}

static void
test_other_descriptors_are_closed (void)
{
    int before = dup (STDERR_FILENO), pair[2];

    g_assert_cmpint (pipe (pair), ==, 0);
    dup2 (pair[1], STDERR_FILENO);
    assert_lives (keep_some, NULL, 0);
    dup2 (before, STDERR_FILENO);
    close (before);
    close (pair[0]);
    close (pair[1]);
}

#define MEMORY (64 * 1024 * 1024)

static int
take_more (gconstpointer data)
{
    struct rlimit core;
    void *fits;

    if (!confine_limits (MEMORY, 3, 4096, NULL))
        return 1;
    fits = mmap (NULL, MEMORY / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fits == MAP_FAILED)
        return 2;
    if (mmap (NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
        MAP_FAILED)
        return 3;
    if (getrlimit (RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
        return 4;
    return dup (STDERR_FILENO) < 0 && errno == EMFILE ? 0 : 5;
}

static int
write_more (gconstpointer data)
{
    char name[] = "/tmp/confine-XXXXXX";
    int fd = mkstemp (name);

    unlink (name);
    if (!confine_limits (MEMORY, 20, 4096, NULL) || pwrite (fd, "x", 1, 4095) != 1)
        return 1;
    return pwrite (fd, "x", 1, 4096) < 0 ? 2 : 3;
}

static void
test_limits_hold (void)
{
    int status;

    assert_lives (take_more, NULL, 0);
    status = live (write_more, NULL);
    g_assert_true (WIFSIGNALED (status));
    g_assert_cmpint (WTERMSIG (status), ==, SIGXFSZ);
}

static const ConfineCall few[] = {
    { SCMP_SYS (exit_group), 0 },
    /* Of malloc and free, and of sanitizers. */
    { SCMP_SYS (sigaltstack), 0 },
    { SCMP_SYS (mmap), 0 },
    { SCMP_SYS (munmap), 0 },
    { SCMP_SYS (madvise), 0 },
    { SCMP_SYS (brk), 0 },
    { SCMP_SYS (openat), EACCES },
    { SCMP_SYS (socket), 0, 0, ~0ULL, AF_UNIX },
};

static int
refused_or_allowed (gconstpointer data)
{
    if (!confine_privileges (NULL) ||
        !confine_calls (few, G_N_ELEMENTS (few), CONFINE_OTHERS_KILL, NULL))
        return 1;
    if (open ("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return 2;
    return syscall (SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 3;
}

static int
unlisted (gconstpointer data)
{
    if (!confine_privileges (NULL) ||
        !confine_calls (few, G_N_ELEMENTS (few), CONFINE_OTHERS_KILL, NULL))
        return 1;
    syscall (*(const int *)data, AF_INET, SOCK_STREAM, 0);
    return 2;
}

static void
test_calls_are_filtered (void)
{
    static const int calls[] = { SYS_socket, SYS_execve, SYS_kill, SYS_ptrace, SYS_getppid };

    assert_lives (refused_or_allowed, NULL, 0);
    for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
        int status = live (unlisted, &calls[i]);

        g_assert_true (WIFSIGNALED (status));
        g_assert_cmpint (WTERMSIG (status), ==, SIGSYS);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/confine/folders-are-all-that-is-left", test_folders_are_all_that_is_left);
    g_test_add_func ("/confine/root-becomes-nobody", test_root_becomes_nobody);
    g_test_add_func ("/confine/root-by-name-only-stays", test_root_by_name_only_stays);
    g_test_add_func ("/confine/other-descriptors-are-closed", test_other_descriptors_are_closed);
    g_test_add_func ("/confine/limits-hold", test_limits_hold);
    g_test_add_func ("/confine/calls-are-filtered", test_calls_are_filtered);
    return g_test_run ();
}
