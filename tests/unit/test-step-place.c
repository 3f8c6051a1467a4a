/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step-place.h"
#include "manifest/error.h"

#include <string.h>

static Step *
make (gboolean replaces)
{
    Step *step = g_new0 (Step, 1);
    StepPlace *place = g_new0 (StepPlace, 1);

    step->kind = &step_config_kind;
    step->data = place;
    place->place.path = g_strdup ("/etc/app.conf");
    place->place.tag = g_strdup ("r7");
    place->place.staged = 0xfedcba9876543210;
    place->place.wanted = (PlaceThing){ .kind = PLACE_FILE,
                                        .digest = digest_of ("new", 3),
                                        .mode = 0640,
                                        .uid = 4000000000,
                                        .gid = 7 };
    if (!replaces)
        return step;
    place->place.found = (PlaceThing){ .kind = PLACE_FILE, .digest = digest_of ("old", 3) };
    place->place.keep_as = g_strdup ("app.conf.handcarry-old.r7");
    place->bytes = g_bytes_new_static ("password", 8);
    place->tracked = g_strdup ("/etc/app.conf");
    place->tracked_digest = digest_of ("new", 3);
    return step;
}

static char *
text_of (const Step *step)
{
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

    json_node_take_object (node, json_object_new ());
    step_place_write (step, json_node_get_object (node));
    return json_to_string (node, FALSE);
}

static void
test_the_journal_gives_back_what_it_was_told (gconstpointer replaces)
{
    g_autoptr (Step) step = make (replaces != NULL), again = g_new0 (Step, 1);
    g_autofree char *text = text_of (step), *second = NULL;
    g_autoptr (JsonNode) node = json_from_string (text, NULL);
    g_autoptr (GError) error = NULL;

    again->kind = &step_config_kind;
    g_assert_true (step_place_read (again, NULL, json_node_get_object (node), &error));
    g_assert_no_error (error);
    second = text_of (again);
    g_assert_cmpstr (text, ==, second);
    g_assert_cmpuint (((StepPlace *)again->data)->place.staged, ==, 0xfedcba9876543210);
    g_assert_cmpuint (((StepPlace *)again->data)->place.wanted.uid, ==, 4000000000);
    g_assert_null (strstr (text, "password"));
}

static void
test_a_member_that_is_missing_is_refused (void)
{
    static const char *const needed[] = { "path", "tag", "found", "wanted", "tracked-digest" };

    for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
        g_autoptr (Step) step = make (TRUE), again = g_new0 (Step, 1);
        g_autofree char *text = text_of (step);
        g_autoptr (JsonNode) node = json_from_string (text, NULL);
        g_autoptr (GError) error = NULL;

        again->kind = &step_config_kind;
        json_object_remove_member (json_node_get_object (node), needed[i]);
        g_assert_false (step_place_read (again, NULL, json_node_get_object (node), &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_NEEDS_ATTENTION);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_data_func ("/step-place/new", NULL, test_the_journal_gives_back_what_it_was_told);
    g_test_add_data_func ("/step-place/replaced", "", test_the_journal_gives_back_what_it_was_told);
    g_test_add_func ("/step-place/missing", test_a_member_that_is_missing_is_refused);
    return g_test_run ();
}
