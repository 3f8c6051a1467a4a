/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-allow.h"
#include "manifest/lint-text.h"

#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What people write and what they leave lying about are small files; of a large one the beginning
 * is looked at. */
#define LOOK_BYTES (1024 * 1024)
#define TELL_BYTES 8192 /* a file without a NUL in these is a text */

void
lint_cursor_seek (LintCursor *cursor, gsize offset, LintPlace *place)
{
    for (; cursor->at < offset; cursor->at++) {
        if (cursor->text[cursor->at] != '\n')
            continue;
        cursor->line++;
        cursor->line_start = cursor->at + 1;
    }
    place->line = cursor->line + 1;
    place->column = (guint)(offset - cursor->line_start) + 1;
}

/* NULL where the file is binary, empty or cannot be read. */
static char *
read_text (int dirfd, const char *path)
{
    autofd int fd = file_open_below (dirfd, path, O_RDONLY | O_NONBLOCK, NULL);
    g_autofree char *text = NULL;
    char begin[TELL_BYTES];
    struct stat st;
    gsize size, first;

    if (fd < 0 || fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || st.st_size == 0)
        return NULL;
    size = (gsize)MIN (st.st_size, LOOK_BYTES);
    first = MIN (size, sizeof begin);
    if (!file_pread_all (fd, path, begin, first, 0, NULL) || memchr (begin, '\0', first) != NULL)
        return NULL;
    text = g_malloc (size + 1);
    if (!file_pread_all (fd, path, text, size, 0, NULL) || memchr (text, '\0', size) != NULL)
        return NULL;
    text[size] = '\0';
    return g_steal_pointer (&text);
}

void
lint_texts (Lint *lint)
{
    gsize size;
    const char *bytes = g_bytes_get_data (lint->text, &size);
    g_autofree char *own = g_strndup (bytes != NULL ? bytes : "", size);

    lint_allow_read (lint, lint->release->file, own);
    lint_secrets_read (lint, lint->release->file, own);
    lint_secrets_values (lint);
    for (guint i = 0; i < lint->paths->len; i++) {
        const char *path = lint->paths->pdata[i];
        g_autofree char *text = read_text (lint->dirfd, path);

        lint_secrets_read (lint, path, text);
        if (text == NULL)
            continue;
        lint_allow_read (lint, path, text);
        lint_digests_read (lint, path, text);
    }
}
