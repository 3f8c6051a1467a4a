/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt.h"

#include "install/host-key.h"
#include "install/json-member.h"
#include "install/records.h"
#include "keys/secret.h"
#include "manifest/file.h"

#include <string.h>

/* What the journal's first record holds for the receipt. */

char *
receipt_boot (void)
{
    g_autoptr (GBytes) bytes = file_read_given ("/proc/sys/kernel/random/boot_id", 64, NULL);
    gsize length = 0;
    const char *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
    char *text = g_strndup (data != NULL ? data : "", length);

    return g_strchomp (text);
}

static void
add_before (JsonObject *begin, const State *state)
{
    JsonObject *before = NULL;

    if (state == NULL || state->release == 0) {
        json_object_set_null_member (begin, "before");
        return;
    }
    before = json_object_new ();
    json_object_set_int_member (before, "release", (gint64)state->release);
    json_member_set_text (before, "version", state->version);
    json_member_set_digest (before, "digest", &state->digest);
    json_object_set_object_member (begin, "before", before);
}

static void
add_votes (JsonObject *begin, const VoteReport *votes)
{
    JsonArray *roles = json_array_new ();

    for (guint i = 0; votes != NULL && i < votes->roles->len; i++) {
        const RoleVotes *role = votes->roles->pdata[i];
        JsonObject *object = json_object_new ();

        json_member_set_text (object, "role", role->role);
        json_object_set_int_member (object, "threshold", role->threshold);
        json_member_set_texts (object, "voted", role->voted);
        json_array_add_object_element (roles, object);
    }
    json_object_set_array_member (begin, "votes", roles);
}

static gboolean
add_host (JsonObject *begin, const Host *host, GError **error)
{
    g_autofree char *name = host_key_name (host, error);
    g_autofree char *boot = receipt_boot ();
    g_autofree char *shown = NULL;
    g_autoptr (SecretKey) key = NULL;
    PublicKey public_key;
    gboolean fresh;

    if (name == NULL)
        return FALSE;
    key = host_key_open (host, &fresh, error);
    if (key == NULL)
        return FALSE;
    secret_key_get_public (key, &public_key);
    shown = public_key_to_base64 (&public_key);
    json_member_set_text (begin, "host", name);
    json_member_set_text (begin, "site", host->site);
    json_member_set_text (begin, "key", shown);
    json_member_set_text (begin, "boot", boot);
    return TRUE;
}

/* Which root counted the votes. */
static void
add_trust (JsonObject *begin, const TrustRoot *trust)
{
    JsonObject *object = json_object_new ();

    json_object_set_int_member (object, "root", (gint64)trust_number (trust));
    json_object_set_int_member (object, "epoch", (gint64)trust_epoch (trust));
    json_object_set_object_member (begin, "trust", object);
}

gboolean
receipt_begin (const Run *run, JsonObject *begin, GError **error)
{
    if (!add_host (begin, run->host, error))
        return FALSE;
    json_member_set_text (begin, "by", run->options.by);
    json_member_set_text (begin, "ref", run->options.ref);
    json_member_set_text (begin, "issued", run->release->issued);
    add_votes (begin, run->votes);
    if (run->verified != NULL)
        add_trust (begin, verified_bundle_root (run->verified));
    add_before (begin, run->state);
    return TRUE;
}
