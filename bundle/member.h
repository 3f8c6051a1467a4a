/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Tar members as handcarry writes them: ustar, or with a pax header where the name needs one;
 * owner 0:0 without names, mode 0644 or 0755, time 0. One dialect, so a reader can compare the
 * header it finds with the one it would have written. */

/* The header block or blocks of a member. */
GBytes *member_header (const char *name, guint64 size, gboolean executable);
/* Zero bytes that follow size bytes of content. */
gsize member_padding (guint64 size);

/* Reads members one after the other from a run of tar bytes; a region of a bundle. read fills
 * buffer with up to length bytes and returns how many, 0 at the end, -1 with error set. */
typedef gssize (*MemberRead) (guint8 *buffer, gsize length, gpointer data, GError **error);
typedef struct MemberReader MemberReader;

MemberReader *member_reader_new (MemberRead read, gpointer data);
/* The next member: TRUE with *name NULL at the end. name is owned by the reader. Anything but a
 * regular file as member_header writes it is ERR_FORMAT. */
gboolean member_reader_next (MemberReader *reader, const char **name, guint64 *size,
                             gboolean *executable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Content of the current member: up to length bytes; 0 at its end; -1 on error. */
gssize member_reader_read (MemberReader *reader, guint8 *buffer, gsize length, GError **error);
void member_reader_free (MemberReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MemberReader, member_reader_free)
