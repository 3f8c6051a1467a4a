/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/packages.h"

/* Package databases as they lie in images (make side). */

/* /var/lib/dpkg/status, or a file of status.d as distroless images have it: paragraphs of
 * deb-control(5) fields. Counted is a package whose files are there, whatever its configuration
 * lacks; without a Status field it is (status.d has none). ERR_FORMAT is a text that dpkg would not
 * have written: then nothing of it is in the result. */
PackageList *package_db_parse_dpkg (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* /lib/apk/db/installed, apk's "installed" format: lines of a letter, a colon and a value. */
PackageList *package_db_parse_apk (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
