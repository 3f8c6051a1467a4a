/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/adopt.h"

#include "install/receipt-chain.h"
#include "install/receipt.h"
#include "install/records.h"
#include "install/stored.h"
#include "install/transaction.h"
#include "keys/trust-folder.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOST_JOURNAL "journal.lost"

gboolean
adopt_check (const Run *run, const Adoption *adoption, GError **error)
{
    g_autofree char *trust = g_build_filename (run->host->etc_path, "trust", NULL);
    g_autoptr (Records) records = NULL;
    g_autoptr (State) state = NULL;

    if (!trust_folder_has_root (trust))
        return fail (error, ERR_NOT_READY,
                     "this host believes no trust root yet, so nothing was lost: its state is made "
                     "by 'handcarry trust import'");
    /* One that was interrupted is begun anew. */
    if ((run->journal != NULL && strcmp (journal_text (run->journal, "verb"), "adopt") == 0) ||
        !records_read (run->host->state_fd, &records, NULL) || records == NULL ||
        !state_read (run->host->state_fd, adoption->product, &state, NULL) || state == NULL)
        return TRUE;
    return fail (error, ERR_POLICY,
                 "nothing of '%s' was lost: its state is there and is the newest; see 'handcarry "
                 "status'",
                 adoption->product);
}

/* "current" points to "rN"; 0 where it does not. */
static guint64
current_number (int product_fd)
{
    char target[32];
    ssize_t length = readlinkat (product_fd, "current", target, sizeof target - 1);
    guint64 number = 0;

    if (length < 0)
        return 0;
    target[length] = '\0';
    return stored_parse_number (target, '\0', &number) ? number : 0;
}

/* Products that were installed and whose state is gone too must not pass for new ones. */
static gboolean
close_others (Records *records, int state_fd, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (state_fd, "the state folder", error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *current = g_build_filename (name, "current", NULL);
        struct stat st;

        if (path_check_product (name, NULL) &&
            fstatat (state_fd, current, &st, AT_SYMLINK_NOFOLLOW) == 0)
            records_set_generation (records, name, 1);
    }
    return names != NULL;
}

/* The chain goes on behind the newest receipt that is there. */
static gboolean
take_receipts (Records *records, int state_fd, GError **error)
{
    g_autoptr (ReceiptChain) chain = NULL;
    const ReceiptLink *newest;
    struct stat st;
    autofd int fd = -1;

    if (fstatat (state_fd, RECEIPT_FOLDER, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return TRUE;
    fd = file_open_below (state_fd, RECEIPT_FOLDER, O_RDONLY | O_DIRECTORY, error);
    chain = fd >= 0 ? receipt_chain_read (fd, error) : NULL;
    if (chain == NULL)
        return FALSE;
    if (chain->links->len == 0)
        return TRUE;
    newest = chain->links->pdata[chain->links->len - 1];
    records->receipts = newest->number;
    records->head = newest->digest;
    return TRUE;
}

/* Written before the state, and in a way that the host stays closed until that is there. */
static gboolean
open_records (Run *run, const char *product, guint64 *generation, GError **error)
{
    int state_fd = run->host->state_fd;
    g_autoptr (Records) records = NULL;

    if (!records_read (state_fd, &records, NULL) || records == NULL) {
        records = records_new ();
        run_note (run, "what this host knew of its receipts was lost: the chain goes on behind the "
                       "newest one that is there");
        if (!take_receipts (records, state_fd, error) || !close_others (records, state_fd, error))
            return FALSE;
    }
    *generation = MAX (records_generation (records, product), 1);
    records_set_generation (records, product, *generation);
    return records_write (state_fd, records, error);
}

/* What a run left that nobody can end any more. */
static gboolean
give_up_journal (Run *run, const char *product, GError **error)
{
    if (run->journal == NULL)
        return TRUE;
    if (strcmp (journal_text (run->journal, "verb"), "adopt") != 0)
        run_note (run,
                  "the run %s was open and is given up; its journal is '%s/%s/" LOST_JOURNAL "'",
                  journal_text (run->journal, "run"), run->host->state_path, product);
    if (!journal_end (run->journal, run->host->state_fd, run->product_fd, LOST_JOURNAL, error))
        return FALSE;
    g_clear_pointer (&run->journal, journal_free);
    return TRUE;
}

static gboolean
take_stored (Run *run, const char *product, guint64 number, GError **error)
{
    g_autoptr (GError) unknown = NULL;
    g_autoptr (Journal) journal = NULL;

    if (!stored_take (run, number, error))
        return FALSE;
    if (strcmp (run->release->product, product) != 0)
        return fail (error, ERR_NOT_READY, "'%s/%s/current' is of another product",
                     run->host->state_path, product);
    journal = stored_journal (run, number, &unknown);
    if (journal == NULL)
        run_note (run, "%s; its configs count as not placed", unknown->message);
    else if (!steps_read (run, journal, error))
        return FALSE;
    run_note (run, "release %" G_GUINT64_FORMAT " is the current one, as '%s/%s/current' says",
              number, run->host->state_path, product);
    return TRUE;
}

/* What this run carries to the engine's names is nothing: they are only looked at. */
static gboolean
note_images (Run *run, const State *state, GError **error)
{
    g_autoptr (GPtrArray) images = engine_list (run->engine, error);
    g_autofree char *keeper = g_strdup_printf ("handcarry.local/%s/", state->product);
    g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    guint found = 0;

    for (guint i = 0; images != NULL && i < images->len; i++) {
        const EngineImage *image = images->pdata[i];

        for (guint j = 0; j < image->names->len; j++) {
            const char *name = image->names->pdata[j];

            g_hash_table_add (names, path_normalize_image_name (name));
            if (strncmp (name, keeper, strlen (keeper)) == 0)
                run_note (run, "the engine keeps %s", name);
        }
    }
    if (images == NULL)
        return FALSE;
    for (guint i = 0; i < state->images->len; i++)
        found += g_hash_table_contains (names, ((StateImage *)state->images->pdata[i])->name);
    run_note (run, "%u of %u image names of the release are in the engine", found,
              state->images->len);
    return TRUE;
}

/* The release digest of a number that only a person knows is not known: zeros (policy.h). The
 * number is one of the epoch that this host's trust root is of. */
static gboolean
set_floor (Run *run, State *state, const Adoption *adoption, GError **error)
{
    const StateChannel *known = state_find_channel (state, state->channel);
    g_autofree char *folder = g_build_filename (run->host->etc_path, "trust", NULL);
    g_autoptr (TrustRoot) trust = trust_load (folder, error);
    StateChannel typed = { .channel = state->channel, .highest = adoption->floor };

    if (trust == NULL)
        return FALSE;
    typed.epoch = trust_epoch (trust);
    run_note (run,
              "the floor, release %" G_GUINT64_FORMAT " of %s (%s), was typed in, for epoch "
              "%" G_GUINT64_FORMAT,
              adoption->floor, adoption->product, state->channel, typed.epoch);
    if (known != NULL && known->epoch > typed.epoch)
        return fail (error, ERR_POLICY,
                     "what is left of '%s' is of epoch %" G_GUINT64_FORMAT
                     ", and the trust root in '%s' of epoch %" G_GUINT64_FORMAT
                     ": that was lost too; import the newest one first",
                     state->product, known->epoch, folder, typed.epoch);
    if (known != NULL && known->epoch == typed.epoch && adoption->floor < known->highest)
        return fail (error, ERR_POLICY,
                     "release %" G_GUINT64_FORMAT " of %s (%s) was installed here, as what is left "
                     "of it says: the floor cannot be %" G_GUINT64_FORMAT,
                     known->highest, state->product, state->channel, adoption->floor);
    if (known == NULL || known->epoch < typed.epoch || adoption->floor > known->highest)
        state_set_channel (state, &typed);
    return TRUE;
}

static State *
make_state (Run *run, const Adoption *adoption, guint64 current)
{
    State *state;

    if (run->state != NULL && (run->state->release == current || current == 0))
        return g_steal_pointer (&run->state);
    if (current > 0)
        return transaction_installed_state (run);
    state = state_new (adoption->product);
    state->channel = g_strdup (adoption->channel != NULL ? adoption->channel : "stable");
    return state;
}

static gboolean
write_all (Run *run, State *state, guint64 generation, GError **error)
{
    state->generation = MAX (state->generation, generation);
    transaction_set_engine (run, state);
    return transaction_begin (run, error) && state_write (run->product_fd, state, error) &&
           transaction_end (run, 0, NULL, error);
}

gboolean
adopt_product (Run *run, const Adoption *adoption, GError **error)
{
    Release nothing = { .product = (char *)adoption->product,
                        .channel =
                            (char *)(adoption->channel != NULL ? adoption->channel : "stable"),
                        .version = (char *)"" };
    g_autoptr (State) state = NULL;
    guint64 current, generation;
    gboolean done;

    run->verb = "adopt";
    run->engine = engine_open (run->options.engine, error);
    run->product_fd =
        run->engine != NULL ? host_open_product (run->host, adoption->product, error) : -1;
    if (run->product_fd < 0)
        return FALSE;
    current = current_number (run->product_fd);
    run->state = state_read_alone (run->host->state_fd, adoption->product);
    if (current > 0 && !take_stored (run, adoption->product, current, error))
        return FALSE;
    if (run->release == NULL)
        /* cppcheck-suppress autoVariables; taken out again below */
        run->release = &nothing;
    state = make_state (run, adoption, current);
    done = set_floor (run, state, adoption, error) && note_images (run, state, error) &&
           open_records (run, adoption->product, &generation, error) &&
           give_up_journal (run, adoption->product, error) &&
           write_all (run, state, generation, error);
    if (run->release == &nothing)
        run->release = NULL;
    return done;
}
