/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors
 *
 * old-kernel PROGRAM [ARGUMENT…]: runs it as on Linux 4.18, which knows no system call that came
 * later. What a program confines itself with comes on top. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#define MACHINE AUDIT_ARCH_X86_64
#define LAST_OF_4_18 334 /* rseq */
#else
#define MACHINE AUDIT_ARCH_AARCH64
#define LAST_OF_4_18 293 /* rseq */
#endif

int
main (int argc, char **argv)
{
    struct sock_filter rules[] = {
        BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch)),
        BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 0, 3),
        BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
        BPF_JUMP (BPF_JMP | BPF_JGT | BPF_K, LAST_OF_4_18, 0, 1),
        BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof rules / sizeof *rules, rules };

    if (argc < 2 || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
        perror ("old-kernel");
        return 126;
    }
    execv (argv[1], argv + 1);
    perror (argv[1]);
    return 127;
}
