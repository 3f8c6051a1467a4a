# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Tells handcarry how each task ended: one JSON object per line in $HANDCARRY_TASKS.

Names and results only: what a task was given or printed may hold secrets."""
import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
    name: handcarry
    type: notification
    short_description: results for handcarry
    description: Writes the result of each task for the handcarry program.
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'handcarry'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        path = os.environ.get('HANDCARRY_TASKS')
        self.out = open(path, 'a', encoding='utf-8') if path else None
        self.play = ''

    def write(self, **record):
        if self.out:
            self.out.write(json.dumps(record, sort_keys=True) + '\n')
            self.out.flush()

    def result(self, result, status):
        task = result._task
        self.write(event='task', status=status, host=result._host.get_name(),
                   play=self.play, task=task.name or task.action)

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()
        self.write(event='play', play=self.play)

    def v2_playbook_on_no_hosts_matched(self):
        self.write(event='no-hosts', play=self.play)

    def v2_runner_on_ok(self, result):
        self.result(result, 'changed' if result.is_changed() else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result(result, 'ignored' if ignore_errors else 'failed')

    def v2_runner_on_skipped(self, result):
        self.result(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self.result(result, 'unreachable')

    def v2_playbook_on_stats(self, stats):
        self.write(event='end')
