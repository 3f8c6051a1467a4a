/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
parse (GBytes *input, GError **error)
{
    g_autofree char *platform = NULL;
    g_autoptr (GArray) diffids = NULL;
    gboolean ok = oci_config_parse (input, &platform, &diffids, error);

    g_assert_true (ok == (platform != NULL) && ok == (diffids != NULL));
    return ok;
}

static void
test_corpus (void)
{
    corpus_walk ("oci-config", parse);
}

static void
test_034_platform_and_layers (void)
{
    static const char text[] =
        "{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\",\"rootfs\":{\"type\":"
        "\"layers\",\"diff_ids\":[\"sha256:"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"]}}";
    g_autoptr (GBytes) input = g_bytes_new_static (text, strlen (text));
    g_autofree char *platform = NULL;
    g_autoptr (GArray) diffids = NULL;
    Digest abc = digest_of ("abc", 3);

    g_assert_true (oci_config_parse (input, &platform, &diffids, NULL));
    g_assert_cmpstr (platform, ==, "linux/arm/v7");
    g_assert_cmpuint (diffids->len, ==, 1);
    g_assert_true (digest_equal (&g_array_index (diffids, Digest, 0), &abc));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/oci-config/corpus", test_corpus);
    g_test_add_func ("/oci-config/034-platform-and-layers", test_034_platform_and_layers);
    return g_test_run ();
}
