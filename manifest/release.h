/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/yaml.h"

#include <glib.h>

/* What a release is, as a person wrote it in release.yaml (manifest/FORMAT.md). The same struct
 * is the main part of the statement; there the images have no source. */

typedef struct {
    char *name, *description;
    char *fallback; /* "default" in the file; NULL where the host must supply it */
    gboolean secret;
} ReleaseValue;

typedef struct {
    char *name; /* reference with a tag, ${version} filled in */
    char *from; /* "docker-archive:…"; NULL in a statement */
    char *sbom; /* path of the SBOM that the build has; NULL: none, and in a statement */
    guint sbom_line, sbom_column;
    gboolean ansible; /* playbooks run with the Ansible that it carries */
} ReleaseImage;

/* before: while the old release still serves. install: towards this release, also when rolling back
 * to it. undo: leaving this release by rollback. remove: taking the product off. */
typedef enum { PLAYBOOK_BEFORE, PLAYBOOK_INSTALL, PLAYBOOK_UNDO, PLAYBOOK_REMOVE } PlaybookRun;

typedef struct {
    char *path;
    PlaybookRun run;
    char *inventory; /* NULL: localhost */
    guint line;      /* in the authored file; 0 in a statement. So below. */
} ReleasePlaybook;

typedef struct {
    char *path;
    guint line;
} ReleaseCompose;

typedef enum { CONFLICT_KEEP, CONFLICT_REPLACE, CONFLICT_FAIL } ConfigConflict;

typedef struct {
    char *from; /* path in the tree */
    char *to;   /* absolute path on the host */
    gboolean template;
    guint mode;  /* permission bits; 0644 where the file says nothing */
    char *owner; /* "user:group"; "root:root" where the file says nothing */
    ConfigConflict on_conflict;
    guint line;
} ReleaseConfig;

typedef struct {
    char *from; /* file, or folder with a final "/" */
    char *to;   /* with a final "/" too where from has one */
    guint line;
} ReleaseFiles;

typedef enum { HEALTH_CONTAINER, HEALTH_HTTP, HEALTH_COMMAND } HealthKind;

typedef struct {
    HealthKind kind;
    char *target;   /* container name or URL; NULL for a command */
    char **command; /* NULL unless a command */
    guint within;   /* seconds */
} ReleaseHealth;

typedef struct {
    char *file; /* name of the text it was read from, for messages */
    char *product, *channel, *version;
    guint64 release;
    guint64 epoch; /* of the trust root that it is made for (keys/FORMAT.md) */
    char **platforms;
    char *source;          /* URI of what it is made from; not in a statement; NULL: not said */
    char **sites, **hosts; /* NULL: everywhere */
    char *requires_handcarry, *requires_docker; /* versions; NULL: no requirement */
    char *requires_ansible;                     /* or "bundled": in an image */
    char **requires_python;                     /* module names */
    GPtrArray *values, *images, *playbooks, *compose, *configs, *files, *health;
    char **volumes;
    guint64 upgrade_from, rollback_to; /* 0: none */
    char *issued, *advise_until;       /* RFC 3339 UTC; NULL: none */
} Release;

typedef struct {
    const char *version; /* --version, or NULL */
    guint64 release;     /* --release, or 0 */
    const char *issued;  /* for a file that says no time, or NULL */
} ReleaseOverrides;

/* Reads release.yaml. Checks all that can be known from the text alone; a message has
 * NAME:LINE:COLUMN. Every mistake found is added to problems (array of char *) where that is not
 * NULL, so that lint can show them all; the first one is in *error. */
Release *release_parse_authored (GBytes *text, const char *name, const ReleaseOverrides *overrides,
                                 GPtrArray *problems, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks against the folder the file lies in: carried paths exist, are regular files or folders,
 * and stay below it. */
gboolean release_check_folder (const Release *release, int dirfd, GPtrArray *problems,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the compose files of a release, which lie below dirfd: each service has an image that the
 * release carries. Problems as above. Caller frees with compose_free. */
typedef struct Compose Compose;
Compose *release_read_compose_files (const Release *release, int dirfd, GPtrArray *problems,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The image that engines take for the same as name, as the release spells it; NULL: none. Only of
 * an authored release: in a statement the images are not here. */
const char *release_find_image (const Release *release, const char *name);
gboolean release_carries_ansible (const Release *release);

/* For statement.c: the same keys in a sealed text, and back. */
Release *release_parse_sealed (const YamlNode *map, const char *name,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void release_write (const Release *release, YamlWriter *writer);
/* What it says, without its images, as lines to be compared by. */
GBytes *release_to_text (const Release *release);

void release_free (Release *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Release, release_free)
