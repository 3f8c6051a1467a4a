/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* Which packages an image holds: member packages/<config digest> (bundle/FORMAT.md, section 8). */

#define PACKAGE_KIND_APK "apk"
#define PACKAGE_KIND_DEB "deb"
/* In the place of a version or architecture that a package does not have. */
#define PACKAGE_NONE "-"

typedef struct {
    char *kind;                  /* a type of package URLs: "apk", "deb", "npm", "pypi" … */
    char *name, *version, *arch; /* each one word of printable ASCII */
    /* What only the packer knows, each perhaps NULL: the source package where it has another name
     * or version, and the licence in the packager's words. */
    char *source, *source_version, *licence;
} Package;

/* What the packer saw but could not read: the list may lack packages. */
typedef enum {
    UNREAD_APK = 1 << 0,   /* a database of apk */
    UNREAD_DEB = 1 << 1,   /* a database of dpkg */
    UNREAD_LAYER = 1 << 2, /* a layer that is no tar to its end */
    UNREAD_SBOM = 1 << 3,  /* a package that the image's given SBOM names */
} PackagesUnread;

typedef struct {
    GPtrArray *packages; /* Package */
    guint unread;        /* PackagesUnread */
} PackageList;

PackageList *package_list_new (void);
void package_list_free (PackageList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PackageList, package_list_free)

/* Copies the words. ERR_FORMAT where one is empty, longer than LIMIT_NAME_BYTES or more than one
 * word of printable ASCII, where kind is no type of package URLs, and beyond LIMIT_PACKAGES.
 * The result belongs to the list. */
Package *package_list_add (PackageList *list, const char *kind, const char *name,
                           const char *version, const char *arch,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Sorts the list by the bytes of its lines and drops what is there twice. */
void package_list_sort (PackageList *list);
/* The one text of a list, which is sorted on the way. */
GBytes *package_list_write (PackageList *list);
/* Anything that package_list_write does not write is ERR_FORMAT. */
PackageList *package_list_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The member that carries the list of the image with this config. Caller frees. */
char *package_list_member (const Digest *config);
/* In the order of a list: kind, name, version, architecture. */
int package_compare (const Package *a, const Package *b);
/* A version or architecture, or NULL where the package has none (PACKAGE_NONE). */
const char *package_known (const char *word);
