/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-program.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <elf.h>
#include <string.h>

/* ELF-64 Object File Format: the file header, and of the program headers the one that names the
 * interpreter. */

static const struct {
    guint16 number;
    const char *name;
} machines[] = { { EM_X86_64, "x86-64" }, { EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv" },
                 { EM_S390, "s390x" },    { EM_PPC64, "ppc64le" },   { EM_386, "i386" },
                 { EM_ARM, "arm" } };

void
ansible_elf_clear (AnsibleElf *elf)
{
    g_clear_pointer (&elf->machine, g_free);
    g_clear_pointer (&elf->loader, g_free);
}

static char *
name_machine (guint16 number)
{
    for (gsize i = 0; i < G_N_ELEMENTS (machines); i++)
        if (machines[i].number == number)
            return g_strdup (machines[i].name);
    return message_printf ("machine %u", number);
}

static gboolean
read_loader (const guint8 *bytes, gsize length, const Elf64_Phdr *part, const char *name,
             AnsibleElf *elf, GError **error)
{
    const char *text = NULL;

    if (part->p_offset < length && part->p_filesz > 1 && part->p_filesz <= length - part->p_offset)
        text = (const char *)bytes + part->p_offset;
    if (text == NULL || *text != '/' || text[part->p_filesz - 1] != '\0' ||
        strlen (text) + 1 != part->p_filesz)
        return fail (error, ERR_FORMAT, "'%s' names no loader that can be read", name);
    g_free (elf->loader);
    elf->loader = g_strdup (text);
    return TRUE;
}

gboolean
ansible_elf_read (const guint8 *bytes, gsize length, const char *name, AnsibleElf *elf,
                  GError **error)
{
    Elf64_Ehdr header;

    if (length < sizeof header || memcmp (bytes, ELFMAG, SELFMAG) != 0)
        return fail (error, ERR_FORMAT, "'%s' is no ELF program", name);
    memcpy (&header, bytes, sizeof header);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return fail (error, ERR_FORMAT, "'%s' is no 64-bit little-endian program", name);
    if (header.e_phentsize != sizeof (Elf64_Phdr) || header.e_phoff > length ||
        header.e_phnum > (length - header.e_phoff) / sizeof (Elf64_Phdr))
        return fail (error, ERR_FORMAT, "the program headers of '%s' are not where they should be",
                     name);
    elf->machine = name_machine (GUINT16_FROM_LE (header.e_machine));
    for (guint i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr part;

        memcpy (&part, bytes + header.e_phoff + i * sizeof part, sizeof part);
        if (part.p_type == PT_INTERP && !read_loader (bytes, length, &part, name, elf, error))
            return FALSE;
    }
    return TRUE;
}
