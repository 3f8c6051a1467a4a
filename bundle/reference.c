/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/reference.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define DEFAULT_HOST "docker.io"
#define DEFAULT_FOLDER "library/"
#define DEFAULT_TAG "latest"

/* distribution-spec 1.1, "Pulling manifests"; \z, for $ would let a line break pass. */
#define REPOSITORY_COMPONENT "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
#define REPOSITORY_PATTERN "\\A" REPOSITORY_COMPONENT "(?:/" REPOSITORY_COMPONENT ")*\\z"
#define TAG_PATTERN "\\A[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\\z"
#define HOST_LABEL "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#define HOST_PATTERN                                                                               \
    "\\A(?:" HOST_LABEL "(?:\\." HOST_LABEL ")*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?\\z"

static gboolean
matches (const char *pattern, const char *text)
{
    return strlen (text) <= LIMIT_NAME_BYTES &&
           g_regex_match_simple (pattern, text, G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0);
}

gboolean
image_reference_is_host (const char *text)
{
    const char *port = strrchr (text, ':');

    if (!matches (HOST_PATTERN, text))
        return FALSE;
    /* In "[::1]" the last colon is the address's own. */
    if (port == NULL || strchr (port, ']') != NULL)
        return TRUE;
    return g_ascii_string_to_unsigned (port + 1, 10, 1, 65535, NULL, NULL);
}

/* Docker's rule: what stands before the first slash is a host where it can be no folder of
 * docker.io. */
static gboolean
looks_like_host (const char *first)
{
    return strcmp (first, "localhost") == 0 || strpbrk (first, ".:") != NULL;
}

static gboolean
take_digest (char *text, ImageReference *out, GError **error)
{
    char *at = strchr (text, '@');

    if (at == NULL)
        return TRUE;
    *at = '\0';
    out->has_digest = TRUE;
    return digest_parse (at + 1, &out->digest, error);
}

/* The colon before a port lies in front of a slash, the one before a tag does not. */
static gboolean
take_tag (char *text, ImageReference *out, GError **error)
{
    char *slash = strrchr (text, '/');
    char *colon = strrchr (slash == NULL ? text : slash, ':');
    g_autofree char *shown = NULL;

    if (colon == NULL) {
        out->tag = out->has_digest ? NULL : g_strdup (DEFAULT_TAG);
        return TRUE;
    }
    *colon = '\0';
    shown = error_quote (colon + 1);
    if (!matches (TAG_PATTERN, colon + 1))
        return fail (error, ERR_FORMAT,
                     "'%s' is no tag: letters, digits, '_', '.' and '-', at most 128", shown);
    out->tag = g_strdup (colon + 1);
    return TRUE;
}

static gboolean
take_host (const char **text, ImageReference *out, GError **error)
{
    const char *slash = strchr (*text, '/');
    g_autofree char *first = slash == NULL ? g_strdup ("") : g_strndup (*text, slash - *text);
    g_autofree char *shown = error_quote (first);

    if (!looks_like_host (first)) {
        out->host = g_strdup (DEFAULT_HOST);
        return TRUE;
    }
    if (!image_reference_is_host (first))
        return fail (error, ERR_FORMAT, "'%s' is no registry: HOST or HOST:PORT is expected",
                     shown);
    *text = slash + 1;
    out->host = g_ascii_strdown (first, -1);
    if (strcmp (out->host, "index.docker.io") == 0 ||
        strcmp (out->host, "registry-1.docker.io") == 0) {
        g_free (out->host);
        out->host = g_strdup (DEFAULT_HOST);
    }
    return TRUE;
}

static gboolean
take_repository (const char *text, ImageReference *out, GError **error)
{
    gboolean is_short = strcmp (out->host, DEFAULT_HOST) == 0 && strchr (text, '/') == NULL;
    g_autofree char *shown = error_quote (text);

    out->repository = g_strconcat (is_short ? DEFAULT_FOLDER : "", text, NULL);
    if (matches (REPOSITORY_PATTERN, out->repository))
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "'%s' is no repository: lower-case letters and digits, with single '.', '_', "
                 "'__' or '-' between them, in folders parted by '/'",
                 shown);
}

ImageReference *
image_reference_parse (const char *text, GError **error)
{
    g_autoptr (ImageReference) out = g_new0 (ImageReference, 1);
    g_autofree char *rest = g_strdup (text);
    g_autofree char *shown = error_quote (text);
    const char *name = rest;

    if (take_digest (rest, out, error) && take_tag (rest, out, error) &&
        take_host (&name, out, error) && take_repository (name, out, error))
        return g_steal_pointer (&out);
    fail_prefix (error, "image name '%s'", shown);
    return NULL;
}

char *
image_reference_asked (const ImageReference *reference)
{
    return reference->has_digest ? digest_to_text (&reference->digest) : g_strdup (reference->tag);
}

char *
image_reference_to_text (const ImageReference *reference)
{
    g_autofree char *digest =
        reference->has_digest ? digest_to_text (&reference->digest) : g_strdup ("");

    return g_strconcat (reference->host, "/", reference->repository,
                        reference->tag != NULL ? ":" : "",
                        reference->tag != NULL ? reference->tag : "",
                        reference->has_digest ? "@" : "", digest, NULL);
}

void
image_reference_free (ImageReference *reference)
{
    if (reference == NULL)
        return;
    g_free (reference->host);
    g_free (reference->repository);
    g_free (reference->tag);
    g_free (reference);
}
