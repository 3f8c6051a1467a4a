/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step-place.h"

#include "manifest/error.h"

static const char *const kinds[] = { "nothing", "file", "folder" };

static void
write_text (JsonObject *data, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_string_member (data, name, text);
}

static void
write_digest (JsonObject *data, const char *name, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    json_object_set_string_member (data, name, text);
}

static void
write_thing (JsonObject *data, const char *name, const PlaceThing *thing)
{
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "kind", kinds[thing->kind]);
    if (thing->kind != PLACE_NOTHING) {
        write_digest (object, "digest", &thing->digest);
        json_object_set_int_member (object, "mode", thing->mode);
        json_object_set_int_member (object, "uid", thing->uid);
        json_object_set_int_member (object, "gid", thing->gid);
    }
    json_object_set_object_member (data, name, object);
}

void
step_place_write (const Step *base, JsonObject *data)
{
    const StepPlace *step = base->data;
    const PlaceData *place = &step->place;

    write_text (data, "path", place->path);
    write_text (data, "tag", place->tag);
    write_thing (data, "found", &place->found);
    write_thing (data, "wanted", &place->wanted);
    write_text (data, "made-from", place->made_from);
    write_text (data, "keep-as", place->keep_as);
    /* An inode may have all 64 bits; its bits come back the same. */
    json_object_set_int_member (data, "staged", (gint64)place->staged);
    write_text (data, "folder", step->folder);
    write_text (data, "from", step->from);
    json_object_set_boolean_member (data, "exact", step->exact);
    write_text (data, "tracked", step->tracked);
    if (step->tracked != NULL)
        write_digest (data, "tracked-digest", &step->tracked_digest);
}

static const char *
text_of (JsonObject *data, const char *name)
{
    return json_object_get_string_member_with_default (data, name, NULL);
}

static gboolean
read_digest (JsonObject *data, const char *name, Digest *digest, GError **error)
{
    const char *text = text_of (data, name);

    return (text != NULL && digest_parse (text, digest, NULL)) ||
           fail (error, ERR_NEEDS_ATTENTION, "the journal has no '%s' of a path", name);
}

static gboolean
read_thing (JsonObject *data, const char *name, PlaceThing *thing, GError **error)
{
    JsonNode *node = json_object_get_member (data, name);
    JsonObject *object =
        node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    const char *kind = object != NULL ? text_of (object, "kind") : NULL;

    for (guint i = 0; kind != NULL && i < G_N_ELEMENTS (kinds); i++) {
        if (!g_str_equal (kind, kinds[i]))
            continue;
        thing->kind = (PlaceKind)i;
        thing->mode = (mode_t)json_object_get_int_member_with_default (object, "mode", 0);
        thing->uid = (uid_t)json_object_get_int_member_with_default (object, "uid", 0);
        thing->gid = (gid_t)json_object_get_int_member_with_default (object, "gid", 0);
        return i == PLACE_NOTHING || read_digest (object, "digest", &thing->digest, error);
    }
    return fail (error, ERR_NEEDS_ATTENTION, "the journal does not say what is '%s' at a path",
                 name);
}

gboolean
step_place_read (Step *base, Run *run, JsonObject *data, GError **error)
{
    StepPlace *step = g_new0 (StepPlace, 1);
    PlaceData *place = &step->place;

    base->data = step;
    place->path = g_strdup (text_of (data, "path"));
    place->tag = g_strdup (text_of (data, "tag"));
    place->made_from = g_strdup (text_of (data, "made-from"));
    place->keep_as = g_strdup (text_of (data, "keep-as"));
    place->staged = (guint64)json_object_get_int_member_with_default (data, "staged", 0);
    step->folder = g_strdup (text_of (data, "folder"));
    step->from = g_strdup (text_of (data, "from"));
    step->exact = json_object_get_boolean_member_with_default (data, "exact", FALSE);
    step->tracked = g_strdup (text_of (data, "tracked"));
    if (place->path == NULL || place->tag == NULL)
        return fail (error, ERR_NEEDS_ATTENTION, "the journal does not name the path of a step");
    return read_thing (data, "found", &place->found, error) &&
           read_thing (data, "wanted", &place->wanted, error) &&
           (step->tracked == NULL ||
            read_digest (data, "tracked-digest", &step->tracked_digest, error));
}
