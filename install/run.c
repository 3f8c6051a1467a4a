/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run-open.h"
#include "install/run.h"

#include "install/ansible-root.h"
#include "install/base.h"
#include "install/candidates.h"
#include "install/isolate.h"
#include "install/policy.h"
#include "install/stored.h"
#include "install/tree-source.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

void
run_take (Run *run, VerifiedBundle *verified, VoteReport *votes)
{
    run->verified = verified;
    run->bundle = verified_bundle_get (verified);
    bundle_start_reader (run->bundle);
    run->statement = bundle_statement (run->bundle);
    run->release = run->statement->release;
    run->digest = *bundle_release_digest (run->bundle);
    vote_report_free (run->votes);
    run->votes = votes;
}

/* The states of this product and of the others. */
gboolean
run_open_states (Run *run, const char *product, GError **error)
{
    GPtrArray *all;

    if (run->others != NULL)
        return TRUE;
    all = state_read_all (run->host->state_fd, error);
    if (all == NULL)
        return FALSE;
    run->others = all;
    for (guint i = 0; i < all->len; i++) {
        State *state = g_ptr_array_index (all, i);

        if (strcmp (state->product, product) != 0)
            continue;
        run->state = g_ptr_array_steal_index (all, i);
        if (state->note != NULL)
            run_note (run, "%s", state->note);
        return TRUE;
    }
    return TRUE;
}

static gboolean
open_engine (Run *run, GError **error)
{
    run->engine = engine_open (run->options.engine, error);
    return run->engine != NULL;
}

/* One bundle is judged before the engine is asked anything. */
static gboolean
open_one (Run *run, GError **error)
{
    VoteReport *votes = vote_report_new ();
    VerifiedBundle *verified =
        run_trust_open_bundle (run->trust, run->options.paths[0], votes, error);

    if (verified == NULL) {
        vote_report_free (votes);
        return FALSE;
    }
    run_take (run, verified, votes);
    return run_open_states (run, run->release->product, error) &&
           host_check_target (run->host, run->release, error) &&
           policy_check_number (run, run->verified, error) && open_engine (run, error) &&
           policy_check_platform (run, run->statement, error);
}

static gboolean
open_several (Run *run, GError **error)
{
    return open_engine (run, error) && run_choose (run, error);
}

static gboolean
open_trust (Run *run, GError **error)
{
    g_autofree char *usual = g_build_filename (run->host->etc_path, "trust", NULL);
    const char *dir = run->options.trust != NULL ? run->options.trust : usual;

    run->trust = run_trust_open (dir, run->host->site, run->options.paths, run->notes, error);
    return run->trust != NULL;
}

static gboolean
open_bundles (Run *run, GError **error)
{
    gboolean one = run->options.paths[1] == NULL && !candidates_is_folder (run->options.paths[0]);

    if (!open_trust (run, error) || !host_check_state (run->host, run->notes, error))
        return FALSE;
    run->lasting_notes = run->notes->len;
    return (one ? open_one (run, error) : open_several (run, error)) ||
           run_trust_explain (run->trust, error);
}

static gboolean
open_host (Run *run, GError **error)
{
    run->host = host_open (run->options.root, run->options.write, error);
    return run->host != NULL && (!run->options.write || host_lock (run->host, error)) &&
           journal_open (run->host->state_fd, run->options.write, &run->journal, error);
}

static gboolean
open_all (Run *run, GError **error)
{
    if (!open_host (run, error) || !open_bundles (run, error))
        return FALSE;
    policy_note_clock (run);
    isolate_note (run->barrier, run->notes);
    if (!run->options.write)
        return TRUE;
    run->product_fd = host_open_product (run->host, run->release->product, error);
    for (guint i = 0; i < run->links->len; i++)
        ((Run *)run->links->pdata[i])->product_fd = run->product_fd;
    return run->product_fd >= 0;
}

static void
run_file_free (gpointer data)
{
    RunFile *file = data;

    g_clear_pointer (&file->content, g_bytes_unref);
    g_free (file);
}

static int
open_stop (void)
{
    sigset_t set;

    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGTERM);
    return signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static Run *
run_new (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier)
{
    Run *run = g_new0 (Run, 1);

    run->options = *options;
    run->launcher = launcher;
    run->barrier = barrier;
    run->product_fd = -1;
    run->stop_fd = -1;
    run->votes = vote_report_new ();
    run->links = g_ptr_array_new_with_free_func ((GDestroyNotify)run_free);
    run->brought = g_ptr_array_new ();
    run->steps = g_ptr_array_new_with_free_func ((GDestroyNotify)step_free);
    run->named = g_ptr_array_new_with_free_func ((GDestroyNotify)engine_image_free);
    run->changed = g_ptr_array_new_with_free_func (g_free);
    run->outlook = outlook_new ();
    run->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    run->tree = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, run_file_free);
    return run;
}

gboolean
run_open_product (Run *run, const char *product, GError **error)
{
    if (!run_open_states (run, product, error) || !open_engine (run, error))
        return FALSE;
    run->product_fd = host_open_product (run->host, product, error);
    return run->product_fd >= 0;
}

static Run *
open_as (Run *fresh, gboolean (*open_it) (Run *run, GError **error), GError **error)
{
    g_autoptr (Run) run = fresh;

    run->stop_fd = open_stop ();
    run->notes = g_ptr_array_new_with_free_func (g_free);
    return open_it (run, error) ? g_steal_pointer (&run) : NULL;
}

Run *
run_open_on_host (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier,
                  GError **error)
{
    return open_as (run_new (options, launcher, barrier), open_host, error);
}

Run *
run_open (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier, GError **error)
{
    return open_as (run_new (options, launcher, barrier), open_all, error);
}

/* Of what a bundle brings, only the bundle says what it declares. */
static char *
edit_command (const Run *run)
{
    const RunOptions *options = &run->options;
    GString *command = g_string_new ("handcarry values edit ");

    g_string_append (command, run->release->product);
    for (char **path = options->paths; run->bundle != NULL && *path != NULL; path++) {
        g_autofree char *word = error_shell_word (*path);

        g_string_append_printf (command, " %s", word);
    }
    if (options->root != NULL) {
        g_autofree char *word = error_shell_word (options->root);

        g_string_append_printf (command, " --root %s", word);
    }
    return g_string_free (command, FALSE);
}

GPtrArray *
run_read_values (const Run *run, GError **error)
{
    g_autofree char *command = edit_command (run);

    return host_values (run->host, run->release, run->launcher, command, error);
}

Run *
run_borrow (Run *like)
{
    Run *run = run_new (&like->options, like->launcher, like->barrier);

    run->borrows = TRUE;
    run->verb = like->verb;
    run->host = like->host;
    run->engine = like->engine;
    run->state = like->state;
    run->others = like->others;
    run->stop_fd = like->stop_fd;
    run->output = like->output;
    run->output_data = like->output_data;
    run->log = like->log;
    run->notes = g_ptr_array_ref (like->notes);
    return run;
}

void
run_add_link (Run *run, VerifiedBundle *verified, VoteReport *votes)
{
    Run *link = run_borrow (run);

    run_take (link, verified, votes);
    link->foresee = TRUE;
    g_ptr_array_extend (link->brought, run->brought, NULL, NULL);
    g_ptr_array_add (run->links, link);
    g_ptr_array_add (run->brought, (gpointer)link->statement);
    run->foresee = TRUE;
}

void
run_drop_bundles (Run *run)
{
    g_clear_pointer (&run->tree_source, tree_source_free);
    g_ptr_array_set_size (run->links, 0);
    g_ptr_array_set_size (run->brought, 0);
    run->foresee = run->images_planned = FALSE;
    g_ptr_array_set_size (run->steps, 0); /* they may read from bases */
    g_clear_pointer (&run->bases, bases_free);
    g_ptr_array_set_size (run->named, 0);
    g_clear_pointer (&run->in_engine, g_ptr_array_unref);
    g_clear_pointer (&run->listed, g_ptr_array_unref);
    g_array_set_size (run->layers, 0);
    g_clear_pointer (&run->cost, g_free);
    g_clear_pointer (&run->verified, verified_bundle_free);
    g_clear_pointer (&run->votes, vote_report_free);
    run->bundle = NULL;
    run->statement = NULL;
    run->release = NULL;
}

/* What a link has only borrowed. */
static void
free_host_side (Run *run)
{
    g_clear_pointer (&run->journal, journal_free);
    g_clear_pointer (&run->others, g_ptr_array_unref);
    state_free (run->state);
    engine_free (run->engine);
    file_clear_fd (&run->product_fd);
    file_clear_fd (&run->stop_fd);
    run_log_free (run->log);
    host_free (run->host);
}

/* A product that was never installed leaves no folder; one with something in it stays. */
static void
drop_empty_folder (const Run *run)
{
    if (!run->borrows && run->product_fd >= 0 && run->release != NULL && run->state == NULL)
        unlinkat (run->host->state_fd, run->release->product, AT_REMOVEDIR);
}

void
run_free (Run *run)
{
    if (run == NULL)
        return;
    drop_empty_folder (run);
    run_drop_bundles (run);
    g_ptr_array_unref (run->links);
    g_ptr_array_unref (run->brought);
    g_ptr_array_unref (run->steps);
    g_ptr_array_unref (run->named);
    g_clear_pointer (&run->notes, g_ptr_array_unref);
    g_ptr_array_unref (run->changed);
    outlook_free (run->outlook);
    g_array_unref (run->layers);
    g_hash_table_unref (run->tree);
    g_clear_pointer (&run->values, g_ptr_array_unref);
    run_trust_free (run->trust);
    statement_free (run->own_statement);
    run_free (run->leaving);
    ansible_root_free (run->ansible);
    if (!run->borrows)
        free_host_side (run);
    g_free (run);
}

gboolean
run_stopped (gpointer data)
{
    Run *run = data;
    struct signalfd_siginfo info;

    /* On the way back there is nothing better to stop for. */
    if (!run->stopped && run->stop_fd >= 0 && read (run->stop_fd, &info, sizeof info) > 0)
        run->stopped = run->back_from == 0;
    return run->stopped;
}

gboolean
run_stopped_again (Run *run)
{
    struct signalfd_siginfo info;

    return run->stop_fd >= 0 && read (run->stop_fd, &info, sizeof info) > 0;
}

gboolean
run_check_stop (Run *run, GError **error)
{
    return !run_stopped (run) || fail (error, ERR_FAILED, "stopped by a signal");
}

void
run_take_log (Run *run, RunLog *log)
{
    run->log = log;
    if (run->leaving != NULL)
        run->leaving->log = log;
}

void
run_note (Run *run, const char *format, ...)
{
    va_list args;

    va_start (args, format);
    g_ptr_array_add (run->notes, message_vprintf (format, args));
    va_end (args);
}

char *
run_folder (const Run *run)
{
    return stored_path (run->release->release, NULL);
}

char *
run_tree_path (const Run *run)
{
    g_autofree char *folder = run_folder (run);

    return g_build_filename (run->host->state_path, run->release->product, folder, "tree", NULL);
}

guint64
run_old_release (const Run *run)
{
    return run->state != NULL ? run->state->release : 0;
}

gboolean
run_is (const Run *run, const char *verb)
{
    return g_strcmp0 (run->verb, verb) == 0;
}

guint64
run_target (const Run *run)
{
    return run_is (run, "remove") ? 0 : run->release->release;
}
