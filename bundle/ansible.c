/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/ansible.h"

#include <string.h>

GBytes *
ansible_config (const char *work, const char *tree, const char *playbook)
{
    g_autofree char *path = g_build_filename (tree, playbook, NULL);
    g_autofree char *dir = g_path_get_dirname (path);
    char *text = g_strdup_printf ("[defaults]\n"
                                  "home = %s\n"
                                  "local_tmp = %s/tmp\n"
                                  "callback_plugins = %s\n"
                                  "callbacks_enabled = handcarry\n"
                                  "stdout_callback = default\n"
                                  "collections_path = %s/collections:%s/collections\n"
                                  "collections_scan_sys_path = False\n"
                                  "roles_path = %s/roles:%s/roles\n"
                                  "inventory = %s/inventory\n"
                                  "retry_files_enabled = False\n"
                                  "nocows = True\n"
                                  "force_handlers = False\n"
                                  "[galaxy]\n"
                                  "server_list =\n",
                                  work, work, work, dir, tree, dir, tree, work);

    return g_bytes_new_take (text, strlen (text));
}
