/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci-index.h"
#include "tests/unit/corpus.h"

#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"

static gboolean
parse_index (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) list = oci_index_parse (input, NULL, error);

    for (guint i = 0; list != NULL && i < list->len; i++)
        g_assert_cmpint (((OciDescriptor *)list->pdata[i])->kind, <=, OCI_MANIFEST);
    return list != NULL;
}

static gboolean
parse_manifest (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) list = oci_manifest_parse (input, TYPE_MANIFEST, error);

    for (guint i = 0; list != NULL && i < list->len; i++)
        g_assert_cmpint (((OciDescriptor *)list->pdata[i])->kind, ==,
                         i == 0 ? OCI_CONFIG : OCI_LAYER);
    return list != NULL;
}

static void
test_index_corpus (void)
{
    corpus_walk ("oci-index", parse_index);
}

static void
test_manifest_corpus (void)
{
    corpus_walk ("oci-manifest", parse_manifest);
}

static void
test_034_platforms (void)
{
    g_assert_true (oci_platform_fits ("linux/amd64", "linux/amd64"));
    g_assert_true (oci_platform_fits ("linux/arm64/v8", "linux/arm64"));
    g_assert_true (oci_platform_fits ("linux/arm64", "linux/arm64/v8"));
    g_assert_false (oci_platform_fits ("linux/arm/v6", "linux/arm/v7"));
    g_assert_false (oci_platform_fits ("linux/arm64", "linux/amd64"));
    g_assert_false (oci_platform_fits ("windows/amd64", "linux/amd64"));
    g_assert_false (oci_platform_fits ("linux", "linux/amd64"));
    g_assert_false (oci_platform_fits ("linux/amd64", "linux"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/oci-index/index-corpus", test_index_corpus);
    g_test_add_func ("/oci-index/manifest-corpus", test_manifest_corpus);
    g_test_add_func ("/oci-index/034-platforms", test_034_platforms);
    return g_test_run ();
}
