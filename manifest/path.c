/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/path.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define LIMIT_VERSION_BYTES 64

/* github.com/distribution/reference, regexp.go. */
#define HOST_LABEL "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)"
#define HOST "(?:" HOST_LABEL "(?:\\." HOST_LABEL ")*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?"
#define NAME_COMPONENT "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
#define IMAGE_NAME                                                                                 \
    "\\A(?:" HOST "/)?" NAME_COMPONENT "(?:/" NAME_COMPONENT                                       \
    ")*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"                                                         \
    "\\z"

static gboolean
refuse (GError **error, const char *kind, const char *name, const char *why)
{
    g_autofree char *shown = error_quote (name);

    return fail (error, ERR_FORMAT, "%s '%s' %s", kind, shown, why);
}

static gboolean
check_component (const char *path, const char *component, GError **error)
{
    if (*component == '\0')
        return refuse (error, "path", path, "has an empty component (a '/' too many)");
    if (strcmp (component, ".") == 0 || strcmp (component, "..") == 0)
        return refuse (error, "path", path, "has a '.' or '..' component");
    if (strlen (component) > LIMIT_PATH_COMPONENT_BYTES)
        return refuse (error, "path", path, "has a component of more than 255 bytes");
    return TRUE;
}

/* path is what messages show, rest the part after a leading '/'. */
static gboolean
check_path (const char *path, const char *rest, GError **error)
{
    g_auto (GStrv) components = NULL;

    if (*rest == '\0')
        return refuse (error, "path", path, "is empty");
    if (strlen (path) > LIMIT_PATH_BYTES)
        return refuse (error, "path", path, "has more than 4096 bytes");
    if (!g_utf8_validate (path, -1, NULL))
        return refuse (error, "path", path, "is not valid UTF-8");
    for (const char *p = path; *p != '\0'; p = g_utf8_next_char (p)) {
        if (g_unichar_iscntrl (g_utf8_get_char (p)))
            return refuse (error, "path", path, "contains a control character");
        if (*p == '\\')
            return refuse (error, "path", path, "contains a backslash");
    }
    components = g_strsplit (rest, "/", -1);
    for (char **component = components; *component != NULL; component++)
        if (!check_component (path, *component, error))
            return FALSE;
    return TRUE;
}

/* libarchive composes the names it reads, so a name in another form would come back as another. */
static gboolean
check_composed (const char *path, GError **error)
{
    g_autofree char *composed = NULL;

    if (g_str_is_ascii (path))
        return TRUE;
    composed = g_utf8_normalize (path, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    return g_strcmp0 (path, composed) == 0 ||
           refuse (error, "path", path,
                   "has letters taken apart, as macOS names files; rename it to Unicode's "
                   "composed form (NFC)");
}

gboolean
path_check_relative (const char *path, GError **error)
{
    if (*path == '/')
        return refuse (error, "path", path, "is absolute; it must be relative");
    return check_path (path, path, error) && check_composed (path, error);
}

gboolean
path_check_absolute (const char *path, GError **error)
{
    if (*path != '/')
        return refuse (error, "path", path, "does not begin with '/'");
    return check_path (path, path + 1, error);
}

static gboolean
matches (const char *pattern, const char *text)
{
    return g_utf8_validate (text, -1, NULL) && g_regex_match_simple (pattern, text, 0, 0);
}

gboolean
path_check_product (const char *name, GError **error)
{
    if (strlen (name) > LIMIT_NAME_BYTES)
        return refuse (error, "name", name, "has more than 255 bytes");
    if (!matches ("\\A[a-z0-9]+(?:-[a-z0-9]+)*\\z", name))
        return refuse (error, "name", name,
                       "must be lower-case letters and digits, in words joined by single '-'");
    return TRUE;
}

gboolean
path_is_taken (const char *product)
{
    static const char *const taken[] = { "journal", "log", "ostree", "receipts", NULL };

    return g_strv_contains (taken, product);
}

gboolean
path_check_version (const char *version, GError **error)
{
    if (strlen (version) > LIMIT_VERSION_BYTES)
        return refuse (error, "version", version, "has more than 64 bytes");
    if (!matches ("\\A[A-Za-z0-9][A-Za-z0-9._+~-]*\\z", version))
        return refuse (error, "version", version,
                       "must begin with a letter or digit and have only letters, digits and "
                       "'.', '_', '+', '~', '-'");
    return TRUE;
}

gboolean
path_check_image_name (const char *name, GError **error)
{
    if (*name == '\0')
        return refuse (error, "image name", name, "is empty");
    if (strlen (name) > LIMIT_NAME_BYTES)
        return refuse (error, "image name", name, "has more than 255 bytes");
    if (strchr (name, '@') != NULL)
        return refuse (error, "image name", name, "has a digest; name it by a tag");
    if (strrchr (name, ':') == NULL || strchr (strrchr (name, ':'), '/') != NULL)
        return refuse (error, "image name", name, "has no tag; write NAME:TAG");
    if (!matches (IMAGE_NAME, name))
        return refuse (error, "image name", name,
                       "is not an image reference: [HOST[:PORT]/]PATH:TAG, PATH in lower case");
    if (matches ("\\A[a-f0-9]{64}:", name))
        return refuse (error, "image name", name,
                       "is 64 hexadecimal digits, which engines take for an image ID");
    return TRUE;
}

char *
path_fold (const char *path)
{
    g_autofree char *composed = g_utf8_normalize (path, -1, G_NORMALIZE_NFC);
    g_autofree char *folded = g_utf8_casefold (composed != NULL ? composed : path, -1);
    char *again = g_utf8_normalize (folded, -1, G_NORMALIZE_NFC);

    return again != NULL ? again : g_steal_pointer (&folded);
}

/* The part before the first '/' is a host only when it looks like one (reference/normalize.go,
 * splitDockerDomain). */
static gboolean
has_host (const char *name)
{
    const char *slash = strchr (name, '/');
    g_autofree char *first = NULL;

    if (slash == NULL)
        return FALSE;
    first = g_strndup (name, (gsize)(slash - name));
    if (strpbrk (first, ".:") != NULL || strcmp (first, "localhost") == 0)
        return TRUE;
    return strpbrk (first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

char *
path_normalize_image_name (const char *name)
{
    const char *rest = name;

    if (g_str_has_prefix (name, "docker.io/"))
        rest = name + strlen ("docker.io/");
    else if (g_str_has_prefix (name, "index.docker.io/"))
        rest = name + strlen ("index.docker.io/");
    else if (has_host (name))
        return g_strdup (name);
    return g_strconcat ("docker.io/", strchr (rest, '/') == NULL ? "library/" : "", rest, NULL);
}

const char *
path_short_image_name (const char *full)
{
    static const char *const usual[] = { "docker.io/library/", "docker.io/" };

    for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
        if (g_str_has_prefix (full, usual[i]))
            return full + strlen (usual[i]);
    return full;
}
