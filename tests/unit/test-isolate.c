/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/isolate.h"
#include "manifest/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each in a process of its own: nothing of it can be taken back. */

typedef const char *(*Attempt) (void);

/* What a process that was taken over could try; NULL: all was refused. */
static const char *
attempt_all (void)
{
    char *const argv[] = { (char *)"/bin/true", NULL };
    struct io_uring_params ring = { 0 };
    const struct {
        const char *name;
        long result;
    } tried[] = {
        { "execve", execv (argv[0], argv) },
        { "execveat", syscall (SYS_execveat, AT_FDCWD, argv[0], argv, NULL, 0) },
#ifndef __SANITIZE_ADDRESS__
        { "ptrace", ptrace (PTRACE_TRACEME, 0, 0, 0) },
#endif
        { "mount", mount ("x", "/", "tmpfs", MS_REMOUNT, NULL) },
        { "umount", umount ("/nowhere") },
        { "chroot", chroot ("/") },
        { "setns", syscall (SYS_setns, -1, 0) },
        { "unshare", syscall (SYS_unshare, 0) },
        { "bpf", syscall (SYS_bpf, 0, NULL, 0) },
        { "perf", syscall (SYS_perf_event_open, NULL, 0, 0, 0, 0) },
        { "keyctl", syscall (SYS_keyctl, 0, 0, 0, 0, 0) },
        { "io_uring", syscall (SYS_io_uring_setup, 1, &ring) },
        { "init_module", syscall (SYS_init_module, NULL, 0, "") },
        { "kexec", syscall (SYS_kexec_load, 0, 0, NULL, 0) },
        { "reboot", syscall (SYS_reboot, 0, 0, 0, NULL) },
        { "clock_settime", syscall (SYS_clock_settime, 0, NULL) },
        { "mknod", mknod ("/tmp/isolate-device", S_IFCHR | 0600, 259) },
        { "memory of another", syscall (SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0) },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (tried); i++)
        if (tried[i].result >= 0)
            return tried[i].name;
    return NULL;
}

static const char *
attempt_sockets (void)
{
    static const int families[] = { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG };

    for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
        if (socket (families[i], SOCK_RAW, 0) >= 0 || socket (families[i], SOCK_STREAM, 0) >= 0 ||
            errno != EAFNOSUPPORT)
            return "a socket that is not local";
    return socket (AF_UNIX, SOCK_STREAM, 0) < 0 ? "no local socket" : NULL;
}

static const char *
attempt_powers (void)
{
    for (int power = 0; power <= CAP_LAST_CAP; power++) {
        gboolean kept = power == CAP_CHOWN || power == CAP_DAC_OVERRIDE || power == CAP_FOWNER ||
                        power == CAP_FSETID || power == CAP_KILL || power == CAP_SETUID ||
                        power == CAP_SETGID || power == CAP_SETFCAP || power == CAP_SYS_ADMIN;

        if (geteuid () == 0 && !kept && prctl (PR_CAPBSET_READ, power, 0, 0, 0) == 1)
            return "a power is left";
    }
    return prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? NULL : "privileges can be gained";
}

static const char *
attempt_environment (void)
{
    static const char *const gone[] = { "LD_PRELOAD",    "LD_LIBRARY_PATH", "ANSIBLE_CONFIG",
                                        "XDG_DATA_DIRS", "GIO_MODULE_DIR",  "PYTHONPATH" };

    for (gsize i = 0; i < G_N_ELEMENTS (gone); i++)
        if (g_getenv (gone[i]) != NULL)
            return gone[i];
    if (g_strcmp0 (g_getenv ("PATH"), "/usr/bin:/bin") != 0)
        return "PATH";
    return g_strcmp0 (g_getenv ("SUDO_USER"), "ada") == 0 ? NULL : "SUDO_USER is gone";
}

static const char *
attempt_descriptors (void)
{
    for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
        if (fcntl (fd, F_GETFD) >= 0)
            return "a descriptor is open";
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl (fd, F_GETFD) < 0)
            return "a standard descriptor is closed";
    return umask (0) == 022 ? NULL : "the caller's umask";
}

/* As a hostile caller leaves it. */
static void
spoil (void)
{
    static const char *const variables[] = { "LD_PRELOAD",    "LD_LIBRARY_PATH", "ANSIBLE_CONFIG",
                                             "XDG_DATA_DIRS", "GIO_MODULE_DIR",  "PYTHONPATH" };

    for (gsize i = 0; i < G_N_ELEMENTS (variables); i++)
        setenv (variables[i], "/tmp/trap", 1);
    setenv ("PATH", ".:/usr/bin::bin:/bin:", 1);
    setenv ("SUDO_USER", "ada", 1);
    dup2 (STDERR_FILENO, 200);
    close (STDIN_FILENO);
    umask (0);
}

static void
test_attempt (gconstpointer data)
{
    Attempt attempt = (Attempt)data;
    int status;
    pid_t pid = fork ();

    if (pid == 0) {
        const char *failed;

        spoil ();
        failed = isolate_alone (NULL) ? attempt () : "it could not be isolated";
        if (failed != NULL)
            dprintf (STDERR_FILENO, "# %s\n", failed);
        _exit (failed != NULL);
    }
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_cmpint (status, ==, 0);
}

static void
add (const char *path, Attempt attempt)
{
    g_test_add_data_func (path, (gconstpointer)attempt, test_attempt);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    add ("/isolate/calls", attempt_all);
    add ("/isolate/sockets", attempt_sockets);
    add ("/isolate/powers", attempt_powers);
    add ("/isolate/120-environment", attempt_environment);
    add ("/isolate/119-120-descriptors-and-mask", attempt_descriptors);
    return g_test_run ();
}
