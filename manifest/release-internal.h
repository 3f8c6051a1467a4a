/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/field.h"
#include "manifest/release.h"

/* Shared by the release-*.c files. */

#define RELEASE_LIMIT_ITEMS 1000 /* of any list in a release but images */

Release *release_new (const char *file);

/* The words of an enum's values, in their order, ended by NULL. */
extern const char *const release_playbook_runs[];
extern const char *const release_conflicts[];

/* Readers of the lists in a release; target is a GPtrArray ** of the Release. */
void release_read_values (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_images (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_playbooks (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_compose (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_configs (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_files (FieldReader *reader, const YamlNode *node, gpointer target);
void release_read_health (FieldReader *reader, const YamlNode *node, gpointer target);

/* Notes a mistake where text does not match the anchored pattern. expected ends the sentence
 * "'TEXT' is not …". */
gboolean release_check_pattern (FieldReader *reader, const YamlNode *node, const char *text,
                                const char *pattern, const char *expected);
/* field_texts, each of which must match; no text twice. */
void release_read_names (FieldReader *reader, const YamlNode *node, char ***target,
                         const char *pattern, const char *expected);

/* What can only be judged when all keys are read. map is the whole text. */
void release_check_whole (FieldReader *reader, const YamlNode *map, const Release *release);
