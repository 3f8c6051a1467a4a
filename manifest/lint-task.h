/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/lint.h"
#include "manifest/yaml.h"

#include <glib.h>

/* Tasks in other people's playbooks, as far as lint must know them. */

typedef struct {
    LintPlace place;       /* of the module's name; first is where the task begins */
    const char *key;       /* the module as it is written: "ansible.builtin.apt" */
    const char *module;    /* without a collection that is known here: "apt" */
    const YamlNode *args;  /* its own map, or NULL */
    const YamlNode *more;  /* the map "args" beside it, or NULL */
    const char *free_form; /* what stands behind its name as a text, or NULL */
    YamlNode *built;       /* args made of "name=value" in that text, or NULL */
} LintTask;

typedef void (*LintTaskFunc) (const LintTask *task, gpointer data);

/* Calls func for every task in a file's documents (yaml-loose.h), also in blocks and plays. */
void lint_task_walk (const YamlNode *documents, const char *file, LintTaskFunc func, gpointer data);
/* An argument, or NULL. */
const YamlNode *lint_task_arg (const LintTask *task, const char *name);
/* The same where it is a text. */
const char *lint_task_text (const LintTask *task, const char *name);
/* Is it one of the words that Ansible takes for true? */
gboolean lint_task_is_true (const LintTask *task, const char *name);
/* The text that a module which runs a command is given. Caller frees; NULL: none. */
char *lint_task_command (const LintTask *task);

/* lint_tasks for one text. path outlives lint. */
void lint_tasks_read (Lint *lint, const char *path, GBytes *text);

/* Package sources that carried tasks set up from carried files. */
typedef struct {
    gboolean apt, yum;
} LintSources;

/* Does a text name a place in the network? Not where only the run knows: "http://{{ host }}/". */
gboolean lint_is_remote (const char *text);
/* The text fit for a message: without a user's name and password. Caller frees. */
char *lint_show_url (const char *text);
/* Is it a file, and no name of a package? */
gboolean lint_is_local_file (const char *text);
/* How a task reaches for the network, as what its module does; NULL: it does not. Caller frees. */
char *lint_task_network (const LintTask *task, const LintSources *sources, const Release *release);
/* The same of a shell's text. */
char *lint_command_network (const char *text, const LintSources *sources);
/* The argument of a chmod there that lets everybody write, or NULL. Caller frees. */
char *lint_command_mode (const char *text);
/* Does a mode, in octal digits or as "a+w", let everybody write? A sticky folder is fine. */
gboolean lint_mode_is_open (const char *mode);
