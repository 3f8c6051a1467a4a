/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret.h"

#include "keys/lines.h"
#include "keys/password.h"
#include "keys/secret-text.h"
#include "keys/selftest.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"
#include "manifest/message.h"

#include <sodium.h>
#include <string.h>

#define FILE_MAX 2048
#define COMMENT_MAX 1023
#define OPS_MAX crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE
#define MEMORY_MAX crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE
#define MEMORY_LEAST (64ULL * 1024 * 1024)

/* The 104 bytes that scrypt's output covers. */
typedef struct {
    guint8 id[PUBLIC_KEY_ID_BYTES];
    guint8 secret[64]; /* seed, public key */
    guint8 check[32];
} Core;

/* The 158 bytes of the file, as they lie there. */
typedef struct {
    guint8 algorithm[2], kdf[2], checksum[2];
    guint8 salt[32];
    guint8 ops[8], memory[8];
    Core core;
} Blob;
G_STATIC_ASSERT (sizeof (Blob) == 158);

struct SecretKey {
    Core core;
    gboolean exposed; /* others may read the file */
};

static guint64
read_le64 (const guint8 bytes[8])
{
    guint64 value;

    memcpy (&value, bytes, sizeof value);
    return GUINT64_FROM_LE (value);
}

static void
write_le64 (guint8 bytes[8], guint64 value)
{
    value = GUINT64_TO_LE (value);
    memcpy (bytes, &value, sizeof value);
}

static void
compute_check (const Core *core, guint8 out[32])
{
    crypto_generichash_state state;

    crypto_generichash_init (&state, NULL, 0, 32);
    crypto_generichash_update (&state, (const guint8 *)"Ed", 2);
    crypto_generichash_update (&state, core->id, sizeof core->id);
    crypto_generichash_update (&state, core->secret, sizeof core->secret);
    crypto_generichash_final (&state, out, 32);
}

/* XORs core with scrypt's output; FALSE where the memory is not to be had. */
static gboolean
apply_scrypt (Core *core, const char *password, const guint8 salt[32], guint64 ops, guint64 memory)
{
    guint8 *stream = sodium_malloc (sizeof *core);
    guint8 *bytes = (guint8 *)core;
    gboolean done;

    if (stream == NULL)
        return FALSE;
    done = crypto_pwhash_scryptsalsa208sha256 (stream, sizeof *core, password, strlen (password),
                                               salt, ops, (size_t)memory) == 0;
    for (gsize i = 0; done && i < sizeof *core; i++)
        bytes[i] ^= stream[i];
    sodium_free (stream);
    return done;
}

/* The limits are not covered by the check sum, so a changed file could ask for any memory. */
static gboolean
decrypt (Blob *blob, const char *name, PasswordFunc password, gpointer data, GError **error)
{
    guint64 ops = read_le64 (blob->ops), memory = read_le64 (blob->memory);
    g_autofree char *prompt = message_printf ("Password for '%s': ", name);
    guint8 check[32];
    gboolean done;
    char *text;

    if (ops > OPS_MAX || memory > MEMORY_MAX)
        return fail (error, ERR_FORMAT,
                     "secret key '%s' asks for %" G_GUINT64_FORMAT
                     " bytes of memory and %" G_GUINT64_FORMAT
                     " operations; minisign never asks for more than %u and %u",
                     name, memory, ops, MEMORY_MAX, OPS_MAX);
    text = password (prompt, data, error);
    if (text == NULL)
        return FALSE;
    done = apply_scrypt (&blob->core, text, blob->salt, ops, memory);
    sodium_free (text);
    if (!done)
        return fail (error, ERR_FAILED,
                     "cannot decrypt secret key '%s': scrypt needs %" G_GUINT64_FORMAT
                     " bytes of free memory",
                     name, memory);
    compute_check (&blob->core, check);
    if (!check_holds (sodium_memcmp (check, blob->core.check, sizeof check) == 0))
        return fail (error, ERR_TRUST, "wrong password for secret key '%s'", name);
    return TRUE;
}

/* A key without a password carries no check sum; its second half proves the first. */
static gboolean
check_halves (const Core *core, const char *name, GError **error)
{
    guint8 *derived = sodium_malloc (64);
    guint8 public_key[32];
    gboolean equal;

    if (derived == NULL)
        return fail (error, ERR_FAILED, "no memory for secret key '%s'", name);
    crypto_sign_ed25519_seed_keypair (public_key, derived, core->secret);
    equal = check_holds (sodium_memcmp (derived, core->secret, 64) == 0);
    sodium_free (derived);
    if (!equal)
        return fail (error, ERR_FORMAT, "secret key '%s' is damaged: its two halves do not fit",
                     name);
    return TRUE;
}

static gboolean
open_blob (Blob *blob, const char *name, PasswordFunc password, gpointer data, GError **error)
{
    if (memcmp (blob->algorithm, "Ed", 2) != 0 || memcmp (blob->checksum, "B2", 2) != 0)
        return fail (error, ERR_FORMAT, "'%s' is no minisign Ed25519 secret key", name);
    if (memcmp (blob->kdf, "Sc", 2) == 0) {
        if (!decrypt (blob, name, password, data, error))
            return FALSE;
    } else if (memcmp (blob->kdf, "\0\0", 2) != 0) {
        return fail (error, ERR_FORMAT, "secret key '%s' is encrypted in an unknown way", name);
    }
    return check_halves (&blob->core, name, error);
}

SecretKey *
secret_key_parse (const char *text, gsize length, const char *name, PasswordFunc password,
                  gpointer data, GError **error)
{
    SecretKey *key = NULL;
    Line lines[2];
    Blob *blob;

    if (!keys_start (error) ||
        !lines_split (text, length, lines, G_N_ELEMENTS (lines), name, error) ||
        !lines_take_comment (&lines[0], "untrusted comment", COMMENT_MAX, name, error))
        return NULL;
    if (lines[1].length == 56)
        return fail_null (error, ERR_FORMAT,
                          "'%s' is a public key; expected the secret key (NAME.key)", name);
    blob = sodium_malloc (sizeof *blob);
    if (blob == NULL)
        return fail_null (error, ERR_FAILED, "no memory for secret key '%s'", name);
    if (lines_decode (&lines[1], "secret key", (guint8 *)blob, sizeof *blob, name, error) &&
        open_blob (blob, name, password, data, error)) {
        key = sodium_malloc (sizeof *key);
        if (key == NULL)
            fail (error, ERR_FAILED, "no memory for secret key '%s'", name);
        else
            *key = (SecretKey){ .core = blob->core };
    }
    sodium_free (blob);
    return key;
}

/* In guarded memory from the start: a key without a password is readable in its file. */
SecretKey *
secret_key_load (const char *path, GError **error)
{
    gboolean exposed;
    gsize length;
    char *text = secret_text_read (path, FILE_MAX, &length, &exposed, error);
    SecretKey *key;

    if (text == NULL)
        return fail_prefix (error, "secret key"), NULL;
    key = secret_key_parse (text, length, path, password_read, NULL, error);
    sodium_free (text);
    if (key != NULL)
        key->exposed = exposed;
    return key;
}

gboolean
secret_key_is_exposed (const SecretKey *key)
{
    return key->exposed;
}

SecretKey *
secret_key_generate (GError **error)
{
    guint8 public_key[32];
    SecretKey *key;

    if (!keys_start (error))
        return NULL;
    key = sodium_malloc (sizeof *key);
    if (key == NULL)
        return fail_null (error, ERR_FAILED, "no memory for a secret key");
    memset (key, 0, sizeof *key);
    randombytes_buf (key->core.id, sizeof key->core.id);
    crypto_sign_ed25519_keypair (public_key, key->core.secret);
    return key;
}

/* As minisign does: half of both until the machine can, but not below a quarter of an ordinary
 * phone's memory. */
static gboolean
encrypt (Blob *blob, const char *password, guint64 *memory, GError **error)
{
    guint64 ops = OPS_MAX;

    memcpy (blob->kdf, "Sc", 2);
    randombytes_buf (blob->salt, sizeof blob->salt);
    compute_check (&blob->core, blob->core.check);
    for (*memory = MEMORY_MAX; *memory >= MEMORY_LEAST; *memory /= 2, ops /= 2) {
        write_le64 (blob->ops, ops);
        write_le64 (blob->memory, *memory);
        if (apply_scrypt (&blob->core, password, blob->salt, ops, *memory))
            return TRUE;
    }
    return fail (error, ERR_FAILED,
                 "cannot encrypt the secret key: scrypt needs 64 MiB of free memory at least");
}

static GBytes *
blob_to_text (const Blob *blob, GError **error)
{
    static const char comment[] = "untrusted comment: minisign encrypted secret key\n";
    gsize size = sodium_base64_ENCODED_LEN (sizeof *blob, sodium_base64_VARIANT_ORIGINAL);
    gsize prefix = sizeof comment - 1;
    char *text = sodium_malloc (prefix + size + 1);

    if (text == NULL)
        return fail_null (error, ERR_FAILED, "no memory for a secret key");
    memcpy (text, comment, prefix);
    sodium_bin2base64 (text + prefix, size, (const guint8 *)blob, sizeof *blob,
                       sodium_base64_VARIANT_ORIGINAL);
    text[prefix + size - 1] = '\n';
    return g_bytes_new_with_free_func (text, prefix + size, sodium_free, text);
}

GBytes *
secret_key_write (const SecretKey *key, const char *password, guint64 *memory, GError **error)
{
    Blob *blob = sodium_malloc (sizeof *blob);
    GBytes *text = NULL;
    guint64 used = 0;

    if (blob == NULL)
        return fail_null (error, ERR_FAILED, "no memory for a secret key");
    memset (blob, 0, sizeof *blob);
    memcpy (blob->algorithm, "Ed", 2);
    memcpy (blob->checksum, "B2", 2);
    blob->core = key->core;
    memset (blob->core.check, 0, sizeof blob->core.check);
    if (password == NULL || encrypt (blob, password, &used, error))
        text = blob_to_text (blob, error);
    sodium_free (blob);
    if (text != NULL && memory != NULL)
        *memory = used;
    return text;
}

void
secret_key_get_public (const SecretKey *key, PublicKey *out)
{
    memcpy (out->id, key->core.id, sizeof out->id);
    memcpy (out->key, key->core.secret + 32, sizeof out->key);
}

void
secret_key_sign (const SecretKey *key, const guint8 *bytes, gsize length, guint8 out[64])
{
    crypto_sign_ed25519_detached (out, NULL, bytes, length, key->core.secret);
}

char *
secret_key_id (const SecretKey *key)
{
    return public_key_id_to_text (key->core.id);
}

void
secret_key_free (SecretKey *key)
{
    sodium_free (key);
}
