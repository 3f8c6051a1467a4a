/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-text.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/release-lock.h"
#include "manifest/yaml-loose.h"
#include "manifest/message.h"

#include <string.h>

#define REFERENCE "([A-Za-z0-9][A-Za-z0-9._/:-]*)@sha256:[0-9a-f]{64}(?![0-9a-f])"

/* "host:5000/a/b:1" and the same without a tag, in the form that engines store; without the tag.
 */
static char *
repository_of (const char *reference)
{
    const char *slash = strrchr (reference, '/');
    const char *colon = strrchr (slash != NULL ? slash : reference, ':');
    g_autofree char *bare =
        g_strndup (reference, colon != NULL ? (gsize)(colon - reference) : strlen (reference));
    g_autofree char *tagged = g_strconcat (bare, ":x", NULL);
    char *full = path_normalize_image_name (tagged);

    full[strlen (full) - strlen (":x")] = '\0';
    return full;
}

static const char *
find_carried (const Release *release, const char *reference)
{
    g_autofree char *wanted = repository_of (reference);

    for (guint i = 0; i < release->images->len; i++) {
        const char *name = ((ReleaseImage *)release->images->pdata[i])->name;
        g_autofree char *repository = repository_of (name);

        if (strcmp (repository, wanted) == 0)
            return name;
    }
    return NULL;
}

void
lint_digests_read (Lint *lint, const char *path, const char *text)
{
    g_autoptr (GRegex) regex = NULL;
    g_autoptr (GMatchInfo) match = NULL;
    LintCursor cursor = { .text = text };
    LintPlace place = { .file = path };

    if (strstr (text, "@sha256:") == NULL)
        return;
    regex = g_regex_new (REFERENCE, G_REGEX_RAW, 0, NULL);
    g_regex_match (regex, text, 0, &match);
    for (; g_match_info_matches (match); g_match_info_next (match, NULL)) {
        g_autofree char *reference = g_match_info_fetch (match, 1);
        const char *carried = find_carried (lint->release, reference);
        g_autofree char *shown = error_quote (reference);
        gint start;

        if (carried == NULL)
            continue;
        g_match_info_fetch_pos (match, 0, &start, NULL);
        lint_cursor_seek (&cursor, (gsize)start, &place);
        lint_add (lint, LINT_IMAGE_DIGEST, &place,
                  "the carried image '%s' is named by a digest: '%s@sha256:…'", carried, shown);
    }
}

/* "linux/arm64/v8" is what "linux/arm64" means. */
static gboolean
is_declared (const Release *release, const char *platform)
{
    for (char **one = release->platforms; one != NULL && *one != NULL; one++) {
        gsize length = strlen (*one);

        if (strcmp (*one, platform) == 0 ||
            (g_str_has_prefix (platform, *one) && strcmp (platform + length, "/v8") == 0) ||
            (strchr (platform, '/') == NULL && g_str_has_prefix (*one, "linux/") &&
             strcmp (*one + strlen ("linux/"), platform) == 0))
            return TRUE;
    }
    return FALSE;
}

void
lint_platform_named (Lint *lint, const LintPlace *place, const char *what, const char *platform)
{
    g_autofree char *declared = NULL, *shown = NULL;

    if (lint_is_template (platform) || lint->release->platforms == NULL ||
        is_declared (lint->release, platform))
        return;
    declared = g_strjoinv (", ", lint->release->platforms);
    shown = error_quote (platform);
    lint_add (lint, LINT_PLATFORM, place, "%s is for %s, and the release for %s", what, shown,
              declared);
}

static void
check_compose (Lint *lint, const char *path)
{
    g_autoptr (GBytes) text = file_read_below (lint->dirfd, path, LIMIT_YAML_BYTES, NULL);
    g_autoptr (YamlNode) map = text != NULL ? yaml_parse (text, path, NULL) : NULL;
    const YamlNode *services = map != NULL ? field_find (map, "services") : NULL;

    for (guint i = 0;
         services != NULL && services->kind == YAML_NODE_MAP && i < services->keys->len; i++) {
        const YamlNode *key = services->keys->pdata[i], *service = services->values->pdata[i];
        const YamlNode *platform =
            service->kind == YAML_NODE_MAP ? field_find (service, "platform") : NULL;
        g_autofree char *shown = error_quote (key->text);
        g_autofree char *what = message_printf ("service '%s'", shown);
        LintPlace place = { .file = path, .first = key->line };

        if (platform == NULL || platform->kind != YAML_NODE_SCALAR)
            continue;
        place.line = platform->line;
        place.column = platform->column;
        lint_platform_named (lint, &place, what, platform->text);
    }
}

static gboolean
is_locked (const Lint *lint, const ReleaseLock *lock, const ReleaseImage *image)
{
    for (char **one = lint->release->platforms; one != NULL && *one != NULL; one++) {
        const LockedImage *locked =
            lock != NULL ? release_lock_find (lock, image->name, *one) : NULL;

        if (locked == NULL || strcmp (locked->from, image->from) != 0)
            return FALSE;
    }
    return TRUE;
}

static void
check_tags (Lint *lint)
{
    g_autoptr (ReleaseLock) lock = NULL;
    g_autofree char *file = release_lock_file_name (lint->release->file);
    g_autoptr (GError) error = NULL;

    if (!release_lock_read (lint->dirfd, lint->release->file, &lock, NULL, &error)) {
        g_ptr_array_add (lint->problems, g_strdup (error->message));
        return;
    }
    for (guint i = 0; i < lint->release->images->len; i++) {
        const ReleaseImage *image = lint->release->images->pdata[i];
        LintPlace place;

        if (!g_str_has_prefix (image->from, "docker://") ||
            strstr (image->from, "@sha256:") != NULL || is_locked (lint, lock, image))
            continue;
        place = lint_place (lint, "images", i, "from");
        lint_add (lint, LINT_MUTABLE_TAG, &place,
                  "the image '%s' comes from a registry by its tag, and '%s' does not pin it",
                  image->name, file);
    }
}

void
lint_images (Lint *lint)
{
    check_tags (lint);
    for (guint i = 0; i < lint->release->compose->len; i++)
        check_compose (lint, ((ReleaseCompose *)lint->release->compose->pdata[i])->path);
}
