/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <locale.h>

/* As main.c: without it libarchive takes no name that is not ASCII. */
__attribute__ ((constructor)) static void
set_locale (void)
{
    setlocale (LC_CTYPE, "C.UTF-8");
}
