/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a WWW-Authenticate header asks for (RFC 9110, 11.6.1). */
typedef struct {
    char *scheme; /* lower case */
    char *realm;  /* these are NULL where it does not say */
    char *service;
    char *scope;
} Challenge;

/* Adds each challenge of one header to out (Challenge, frees itself); ERR_FORMAT adds none. */
gboolean challenge_parse (const char *text, GPtrArray *out,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *challenge_list_new (void);
/* The one to answer: bearer before basic; NULL: neither is there. Borrowed. */
const Challenge *challenge_choose (const GPtrArray *list);
