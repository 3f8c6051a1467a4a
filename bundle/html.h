/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Writes a page whose texts come from outside (make side). Names of elements and attributes are
 * the program's own words; every text and every value of an attribute is escaped. */
typedef struct Html Html;

Html *html_new (void);
void html_free (Html *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Html, html_free)
/* The page; all elements must be closed. */
GBytes *html_finish (Html *html);

/* Begins an element. After its name come names and values of attributes, ended by NULL; where a
 * value is NULL, its attribute is left out. */
void html_open (Html *html, const char *element, ...) G_GNUC_NULL_TERMINATED;
/* Begins one that has no content and no end, as meta. */
void html_void (Html *html, const char *element, ...) G_GNUC_NULL_TERMINATED;
/* Ends the element begun last, which must be this one. */
void html_close (Html *html, const char *element);

/* Text made inert: markup is escaped; control characters, what is not UTF-8, what is not seen or
 * turns the direction of writing, and marks heaped on one letter are shown as \xNN or \u{N}. */
void html_text (Html *html, const char *text);
void html_textf (Html *html, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same for text of several lines: line breaks and tabs stay. */
void html_lines (Html *html, const char *text);
/* An element with a text and, where it is not NULL, a class. */
void html_element (Html *html, const char *element, const char *class, const char *text);
void html_elementf (Html *html, const char *element, const char *class, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* The content of a style element: the program's own, as it is. */
void html_style (Html *html, const char *css);
