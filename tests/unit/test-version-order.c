/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/version-order.h"

/* Each row ascends. */
static const struct {
    const char *kind;
    const char *versions[16];
} rows[] = {
    { "deb",
      { "~~", "~~a", "~", "1~rc1-1", "1~rc1-2", "1", "1-0.1", "1-1", "1-1+b1", "1-1+deb12u1",
        "1.2a", "1.2b", "1.2+x", "1.10", "1:0.1" } },
    { "deb", { "2.36-9+deb12u4", "2.36-9+deb12u10", "2.36-10", "2.37", "9:1", "10:1" } },
    { "deb", { "3.0.11-1~deb12u1", "3.0.11-1~deb12u2", "3.0.11-1", "3.0.13-1~deb12u1" } },
    { "apk",
      { "1_alpha", "1_alpha1", "1_beta", "1_pre2", "1_rc1", "1", "1-r1", "1-r10", "1_git20200101",
        "1_p1", "1a", "1b", "1.0", "1.2", "1.10", "2" } },
    { "apk", { "1.01", "1.02", "1.1" } },
    { "rpm",
      { "1.0~rc1-1", "1.0-1", "1.0-2", "1.0^git1-1", "1.0a-1", "1.0.1-1", "1.10-1", "1:0-1" } },
    { "npm",
      { "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0" } },
    { "golang",
      { "v0.0.0-20200101000000-abc", "v0.0.0-20210101000000-abc", "v0.1.0", "v1.2.3", "v2" } },
    { "pypi", { "0.9", "1", "1.0.1", "1.2", "1.10", "2024.1" } },
    { "generic", { "1", "18446744073709551616", "18446744073709551617" } },
};

static void
test_ascending (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        for (guint a = 0; a < 16 && rows[i].versions[a] != NULL; a++)
            for (guint b = 0; b < 16 && rows[i].versions[b] != NULL; b++) {
                const char *one = rows[i].versions[a], *other = rows[i].versions[b];
                int order = 99;

                if (!version_order_compare (rows[i].kind, one, other, &order) ||
                    (order > 0) - (order < 0) != (a > b) - (a < b))
                    g_error ("%s: %s, %s: %d", rows[i].kind, one, other, order);
            }
}

static void
test_equal (void)
{
    static const char *const equal[][3] = {
        { "deb", "0:1", "1-0" }, { "deb", "1.01", "1.1" },        { "npm", "1.0.0+a", "1.0.0+b" },
        { "pypi", "1", "1.0" },  { "golang", "v1.0.0", "1.0.0" }, { "apk", "1-r0", "1" },
        { "rpm", "1.0", "1_0" }, { "rpm", "2.50", "2.050" },
    };

    for (guint i = 0; i < G_N_ELEMENTS (equal); i++) {
        int order = 99;

        g_assert_true (version_order_compare (equal[i][0], equal[i][1], equal[i][2], &order));
        g_assert_cmpint (order, ==, 0);
    }
}

/* Where it is not known nothing is said: no upgrade, no downgrade. */
static void
test_not_known (void)
{
    static const char *const unknown[][3] = {
        { "pypi", "1.0rc1", "1.0" }, { "maven", "1.0-SNAPSHOT", "1.0" },
        { "npm", "latest", "1" },    { "apk", "a", "b" },
        { "apk", "1_x", "1_y" },     { "apk", "1~abc", "1~abd" },
        { "pypi", "-", "1" },        { "golang", "(devel)", "v1.0.0" },
        { "cargo", "1.0x", "1.0" },
    };

    for (guint i = 0; i < G_N_ELEMENTS (unknown); i++) {
        int order;

        g_assert_false (
            version_order_compare (unknown[i][0], unknown[i][1], unknown[i][2], &order));
        g_assert_false (
            version_order_compare (unknown[i][0], unknown[i][2], unknown[i][1], &order));
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/version-order/ascending", test_ascending);
    g_test_add_func ("/version-order/equal", test_equal);
    g_test_add_func ("/version-order/not-known", test_not_known);
    return g_test_run ();
}
