/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* How programs of another root file system are started from where it lies: by their own loader,
 * with their own libraries, so that the host's may be older, newer or none at all. */

typedef struct {
    char *machine; /* "x86-64", or the number of another */
    char *loader;  /* absolute, as the program names it; NULL: it needs none */
} AnsibleElf;

void ansible_elf_clear (AnsibleElf *elf);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnsibleElf, ansible_elf_clear)
/* Of a 64-bit ELF program, given its first bytes (ANSIBLE_ELF_BYTES, or all that it has).
 * ERR_FORMAT for anything else. name is for the message. */
#define ANSIBLE_ELF_BYTES 8192
gboolean ansible_elf_read (const guint8 *bytes, gsize length, const char *name, AnsibleElf *elf,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a program beside the Python that ansible-playbook asks for, by which that one starts from
 * any folder of the host. root: absolute path of the file system, which dirfd is. *python is its
 * path, *playbook that of ansible-playbook, both relative to root; caller frees. ERR_NOT_READY
 * names what the image lacks. */
gboolean ansible_program_write (int dirfd, const char *root, char **python, char **playbook,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
