/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step-place.h"

#include "install/json-member.h"
#include "manifest/error.h"

static const char *const kinds[] = { "nothing", "file", "folder" };

static void
write_thing (JsonObject *data, const char *name, const PlaceThing *thing)
{
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "kind", kinds[thing->kind]);
    if (thing->kind != PLACE_NOTHING) {
        json_member_set_digest (object, "digest", &thing->digest);
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

    json_member_set_text (data, "path", place->path);
    json_member_set_text (data, "tag", place->tag);
    write_thing (data, "found", &place->found);
    write_thing (data, "wanted", &place->wanted);
    json_member_set_text (data, "made-from", place->made_from);
    json_member_set_text (data, "keep-as", place->keep_as);
    /* An inode may have all 64 bits; its bits come back the same. */
    json_object_set_int_member (data, "staged", (gint64)place->staged);
    json_member_set_text (data, "folder", step->folder);
    json_member_set_text (data, "from", step->from);
    json_object_set_boolean_member (data, "exact", step->exact);
    json_member_set_text (data, "tracked", step->tracked);
    if (step->tracked != NULL)
        json_member_set_digest (data, "tracked-digest", &step->tracked_digest);
}

static gboolean
read_digest (JsonObject *data, const char *name, Digest *digest, GError **error)
{
    const char *text = json_member_string (data, name);

    return (text != NULL && digest_parse (text, digest, NULL)) ||
           fail (error, ERR_NEEDS_ATTENTION, "the journal has no '%s' of a path", name);
}

static gboolean
read_thing (JsonObject *data, const char *name, PlaceThing *thing, GError **error)
{
    JsonObject *object = json_member_object (data, name);
    const char *kind = json_member_string (object, "kind");

    for (guint i = 0; kind != NULL && i < G_N_ELEMENTS (kinds); i++) {
        if (!g_str_equal (kind, kinds[i]))
            continue;
        thing->kind = (PlaceKind)i;
        thing->mode = (mode_t)json_member_count (object, "mode");
        thing->uid = (uid_t)json_member_count (object, "uid");
        thing->gid = (gid_t)json_member_count (object, "gid");
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
    place->path = g_strdup (json_member_string (data, "path"));
    place->tag = g_strdup (json_member_string (data, "tag"));
    place->made_from = g_strdup (json_member_string (data, "made-from"));
    place->keep_as = g_strdup (json_member_string (data, "keep-as"));
    place->staged = (guint64)json_member_integer (data, "staged");
    step->folder = g_strdup (json_member_string (data, "folder"));
    step->from = g_strdup (json_member_string (data, "from"));
    step->exact = json_member_boolean (data, "exact");
    step->tracked = g_strdup (json_member_string (data, "tracked"));
    if (place->path == NULL || place->tag == NULL)
        return fail (error, ERR_NEEDS_ATTENTION, "the journal does not name the path of a step");
    return read_thing (data, "found", &place->found, error) &&
           read_thing (data, "wanted", &place->wanted, error) &&
           (step->tracked == NULL ||
            read_digest (data, "tracked-digest", &step->tracked_digest, error));
}
