/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"
#include "tests/fuzz/sections.h"

#include <glib/gstdio.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A release that declares a value with a default and one without. */
static Release *
make_release (void)
{
    static const char text[] = "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
                               "platforms: [linux/amd64]\nfor: {sites: [plant-a]}\nvalues:\n"
                               "  - {name: name, description: what it is}\n"
                               "  - {name: port, default: \"8080\"}\n"
                               "files: [{from: x, to: /opt/x}]\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, sizeof text - 1);
    Release *release = release_parse_authored (bytes, "release.yaml", NULL, NULL, NULL);

    g_assert_nonnull (release);
    return release;
}

/* host.yaml and values/PRODUCT.yaml have one form in common; the input is both. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static Release *release;
    g_autofree char *folder = scratch_path ("etc/handcarry/values");
    g_autoptr (GError) error = NULL;
    g_autoptr (Host) host = NULL;

    if (release == NULL) {
        release = make_release ();
        g_mkdir_with_parents (folder, 0700);
    }
    scratch_write ("etc/handcarry/host.yaml", data, size);
    scratch_write ("etc/handcarry/values/p.yaml", data, size);
    host = host_open (scratch_folder (), FALSE, &error);
    g_assert_true ((host == NULL) == (error != NULL));
    if (host != NULL) {
        g_autofree char *name = host_key_name (host, NULL);

        (void)!host_check_target (host, release, NULL);
    } else {
        scratch_write ("etc/handcarry/host.yaml", "site: plant-a\n", 14);
        host = host_open (scratch_folder (), FALSE, NULL);
        g_assert_nonnull (host);
    }
    g_autoptr (GPtrArray) values = host_values (host, release, NULL, "", NULL);

    g_assert_true (values == NULL || host_value_find (values, "port", 4) != NULL);
    return 0;
}
