/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What an operator decided about a config that was changed on the host: --config PATH=… */

typedef enum {
    CHOICE_NONE,
    CHOICE_KEEP, /* the edit stays, the release's goes beside it */
    CHOICE_NEW,  /* the release's is placed, the edit is kept beside it */
    CHOICE_FILE, /* these bytes are placed, the edit is kept beside them */
} ConfigChoiceKind;

typedef struct {
    char *path;
    ConfigChoiceKind kind;
    char *file;    /* its name, for messages; NULL where it is no file */
    GBytes *bytes; /* read once, here */
} ConfigChoice;

/* ConfigChoice of texts (NULL-terminated, may be NULL). ERR_USAGE where one is malformed, where its
 * FILE cannot be read, or where two name one path. */
GPtrArray *config_choices_parse (char **texts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL where nothing was decided; owned by choices, which may be NULL. */
const ConfigChoice *config_choice_find (const GPtrArray *choices, const char *path);
