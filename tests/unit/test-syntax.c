/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/syntax.h"

#include <glib.h>

/* What ansible-core says, by version, and the one line that a person gets. */
static const struct {
    const char *said, *expected;
} rows[] = {
    /* 2.14 */
    { "ERROR! couldn't resolve module/action 'gone'. This often indicates a misspelling.\n\n"
      "The error appears to be in '/t/x/tree/playbooks/a.yml': line 3, column 7, but may\n"
      "be elsewhere in the file depending on the exact syntax problem.\n",
      "playbooks/a.yml:3:7: ansible-playbook: couldn't resolve module/action 'gone'. This often "
      "indicates a misspelling." },
    { "[WARNING]: something\nERROR! We were unable to read either as JSON nor YAML:\n"
      "JSON: Expecting value: line 1 column 1 (char 0)\n\nSyntax Error while loading YAML.\n"
      "  did not find expected '-' indicator\n\n"
      "The error appears to be in '/t/x/tree/roles/r/tasks/main.yml': line 4, column 6, but may\n",
      "roles/r/tasks/main.yml:4:6: ansible-playbook: We were unable to read either as JSON nor "
      "YAML: JSON: Expecting value: line 1 column 1 (char 0) Syntax Error while loading YAML. did "
      "not find expected '-' indicator" },
    { "ERROR! the role 'gone' was not found in /t/x/tree/playbooks/roles:/t/x/tree\n",
      "site.yml: ansible-playbook: the role 'gone' was not found in "
      "playbooks/roles:." },
    /* 2.19 */
    { "[ERROR]: conflicting action statements: debug, foo\n"
      "Origin: /t/x/tree/playbooks/a.yml:1:3\n\n1 - debug: {}\n    ^ column 3\n",
      "playbooks/a.yml:1:3: ansible-playbook: conflicting action statements: debug, foo" },
    { "[ERROR]: no column\nOrigin: /t/x/tree/a.yml:9\n", "a.yml:9:1: ansible-playbook: no column" },
    { "\x1b[31mkilled\n", "site.yml: ansible-playbook: \\x1b[31mkilled" },
    { "", "site.yml: ansible-playbook: " },
};

static void
test_messages_have_file_line_and_column (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *message = syntax_message (rows[i].said, "/t/x/tree", "site.yml");

        g_assert_cmpstr (message, ==, rows[i].expected);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/syntax/messages", test_messages_have_file_line_and_column);
    return g_test_run ();
}
