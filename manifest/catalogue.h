/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A catalogue of translated messages, as msgfmt of GNU gettext writes them (*.mo, "The Format of
 * GNU MO Files"). libintl is not used to read it: it translates nothing in the locales "C" and
 * where "C.UTF-8" is not installed, which is all that a bare host has; and what it is told, by
 * LANGUAGE and a locale, holds for every library and every program that is started, so that what
 * they say would reach the records in another language. */
typedef struct Catalogue Catalogue;

/* Checks all of it, so that nothing is checked when a message is looked up. ERR_FORMAT where it is
 * no catalogue of UTF-8. */
Catalogue *catalogue_new (GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void catalogue_free (Catalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Catalogue, catalogue_free)

/* The translation, owned by the catalogue; NULL where it has none. */
const char *catalogue_find (const Catalogue *catalogue, const char *text);

/* What the user wants to read, best first, from the variables as gettext reads them: LC_ALL,
 * LC_MESSAGES or LANG name a locale, and where that is not C or POSIX, LANGUAGE may name others.
 * Only names such as "ko_KR" and "ko" come out, whatever is in the variables. Each may be NULL. */
char **catalogue_languages (const char *locale, const char *language);
