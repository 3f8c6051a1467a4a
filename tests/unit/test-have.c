/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/have.h"
#include "tests/unit/corpus.h"

static gboolean
take (GBytes *text, GError **error)
{
    g_autoptr (Have) have = have_parse (text, error);
    g_autoptr (GBytes) again = NULL;

    if (have == NULL)
        return FALSE;
    again = have_write (have);
    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                     g_bytes_get_data (again, NULL), g_bytes_get_size (again));
    return TRUE;
}

static void
test_files_of_good_and_bad_have_files (void)
{
    corpus_walk ("have", take);
}

static Have *
make (gboolean turned)
{
    Have *have = have_new ();
    const char *names[] = { "b:1", "a:1" };

    have->host = g_strdup ("ws-3");
    have->platform = g_strdup ("linux/amd64");
    have->engine = (HaveEngine){ .kind = g_strdup ("docker"),
                                 .version = g_strdup ("20.10.24"),
                                 .store = g_strdup ("graphdriver") };
    for (guint i = 0; i < 2; i++) {
        guint k = turned ? 1 - i : i;
        HaveImage *image = have_add_image (have);
        HaveProduct *product = have_add_product (have);

        image->id.b[0] = (guint8)k;
        if (k == 0)
            for (guint j = 0; j < 2; j++)
                g_ptr_array_add (image->names, g_strdup (names[turned ? 1 - j : j]));
        product->product = g_strdup (k == 0 ? "one" : "two");
        product->channel = g_strdup ("stable");
        product->version = g_strdup ("1");
        product->release = 1;
    }
    return have;
}

static void
test_one_text_whatever_order_the_engine_has (void)
{
    g_autoptr (Have) one = make (FALSE);
    g_autoptr (Have) other = make (TRUE);
    g_autoptr (GBytes) text = have_write (one);
    g_autoptr (GBytes) turned = have_write (other);
    g_autoptr (GError) error = NULL;
    g_autoptr (Have) parsed = have_parse (text, &error);

    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (text, turned));
    g_assert_false (parsed->has_engine_free);
    g_assert_null (parsed->site);
    g_assert_cmpstr (((HaveProduct *)parsed->products->pdata[0])->product, ==, "one");
    g_assert_cmpstr (((HaveImage *)parsed->images->pdata[0])->names->pdata[0], ==, "a:1");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/have/files", test_files_of_good_and_bad_have_files);
    g_test_add_func ("/have/one-text", test_one_text_whatever_order_the_engine_has);
    return g_test_run ();
}
