/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <sys/stat.h>

static void
check_configs (Lint *lint)
{
    for (guint i = 0; i < lint->release->configs->len; i++) {
        const ReleaseConfig *config = lint->release->configs->pdata[i];
        g_autofree char *to = error_quote (config->to);
        LintPlace place;

        if ((config->mode & S_IWOTH) == 0)
            continue;
        place = lint_place (lint, "configs", i, "mode");
        lint_add (lint, LINT_WORLD_WRITABLE, &place, "'%s' would have mode %04o", to, config->mode);
    }
}

/* What is carried gets 0644 or 0755 whatever it has here; so one finding says it of all. */
static void
check_sources (Lint *lint)
{
    g_autofree char *shown = NULL, *more = NULL;
    const char *first = NULL;
    LintPlace place = { NULL, 1, 1, 0 };
    guint count = 0;

    for (guint i = 0; i < lint->paths->len; i++) {
        const char *path = lint->paths->pdata[i];
        autofd int fd = file_open_below (lint->dirfd, path, O_RDONLY | O_NONBLOCK, NULL);
        struct stat st;

        if (fd < 0 || fstat (fd, &st) < 0 || (st.st_mode & S_IWOTH) == 0)
            continue;
        first = count++ == 0 ? path : first;
    }
    if (count == 0)
        return;
    shown = error_quote (first);
    more = count > 1 ? message_printf (" (and %u more)", count - 1) : g_strdup ("");
    place.file = first;
    lint_add (lint, LINT_WRITABLE_SOURCE, &place, "every user here can write '%s'%s", shown, more);
}

void
lint_modes (Lint *lint)
{
    check_configs (lint);
    check_sources (lint);
}
