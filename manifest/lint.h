/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/release.h"

#include <glib.h>

/* What is allowed in a release but most likely a mistake. Each kind of mistake is a rule with a
 * name; the table of rules is also in manifest/FORMAT.md. */

typedef enum {
    LINT_SECRET,
    LINT_SECRET_FILE,
    LINT_MUTABLE_TAG,
    LINT_IMAGE_DIGEST,
    LINT_PLATFORM,
    LINT_NETWORK,
    LINT_NO_HOST,
    LINT_WORLD_WRITABLE,
    LINT_MODE_NUMBER,
    LINT_WRITABLE_SOURCE,
    LINT_NOT_YAML,
    LINT_EXCEPTION,
    LINT_RULES, /* how many there are */
} LintRuleId;

typedef struct {
    const char *name;
    const char *what;   /* is found */
    const char *why;    /* it matters */
    const char *advice; /* what to do, as one sentence */
} LintRule;

/* rule below LINT_RULES. */
const LintRule *lint_rule (LintRuleId rule);

/* Where something is. first is the line at which what it belongs to begins, such as a task: a
 * comment that allows it may stand there too; 0: the same line. */
typedef struct {
    const char *file;
    guint line, column, first;
} LintPlace;

typedef struct {
    LintRuleId rule;
    char *file;
    guint line, column, first;
    char *found;  /* what is wrong, as a person reads it */
    char *reason; /* of the comment that allows it, or NULL */
} LintFinding;

typedef struct {
    const Release *release;
    GBytes *text;          /* of release.yaml */
    int dirfd;             /* where it lies */
    GPtrArray *paths;      /* char *: the files that would be carried, sorted; borrowed */
    GPtrArray *findings;   /* LintFinding */
    GPtrArray *problems;   /* char *: mistakes that no comment allows; borrowed */
    GPtrArray *notes;      /* char *: what could not be looked at */
    GPtrArray *exceptions; /* see lint-allow.c */
    GPtrArray *patterns;   /* see lint-secrets.c */
    gboolean adds_hosts;   /* tasks bring hosts and groups that no inventory has */
} Lint;

void lint_init (Lint *lint, const Release *release, GBytes *text, int dirfd, GPtrArray *paths,
                GPtrArray *problems);
void lint_clear (Lint *lint);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lint, lint_clear)

/* format says what was found, with texts from outside quoted. */
void lint_add (Lint *lint, LintRuleId rule, const LintPlace *place, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* error is of yaml_parse_loose, with path for the name. */
void lint_add_not_yaml (Lint *lint, const char *path, const GError *error);
/* What is not checked, and why. */
void lint_note (Lint *lint, const LintPlace *place, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* "what was found; why it matters. What to do." Caller frees. */
char *lint_message (const LintFinding *finding);
/* The place of a key of the index'th item of a list in release.yaml, or of the item. */
LintPlace lint_place (const Lint *lint, const char *list, guint index, const char *key);

/* The rules, each over all that is carried. Any order; lint_finish comes last. */
void lint_texts (Lint *lint);  /* secrets, digests, and the comments that allow something */
void lint_tasks (Lint *lint);  /* of playbooks and roles: network, modes, platforms */
void lint_plays (Lint *lint);  /* hosts of plays; behind lint_tasks */
void lint_images (Lint *lint); /* tags without a lock, platforms of compose services */
void lint_modes (Lint *lint);  /* of configs, and of the files here */
/* Marks what comments allow, tells comments that allow nothing, and sorts. */
void lint_finish (Lint *lint);
/* How many findings nothing allows. */
guint lint_count (const Lint *lint);
