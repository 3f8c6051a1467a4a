# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Tells handcarry how each task ended: one JSON object per line in $HANDCARRY_TASKS.

Names, results and times only, for what a task was given or printed may hold secrets; of a task that
failed also what it said last, which handcarry masks."""
import json
import os
import time

from ansible.plugins.callback import CallbackBase
from ansible.release import __version__

DOCUMENTATION = '''
    name: handcarry
    type: notification
    short_description: results for handcarry
    description: Writes the result of each task for the handcarry program.
'''
SAID = ('msg', 'module_stderr', 'stderr', 'module_stdout', 'stdout')
SAID_CHARACTERS = 4000


def failed_item(result):
    """Of a loop, whose own message says nothing, the first item that failed."""
    items = result.get('results')
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and (item.get('failed') or item.get('unreachable')):
            return item
    return result


def said(result):
    """What a failed task said, the end of each part."""
    item = failed_item(result)
    if item.get('censored'):
        return str(item['censored'])
    parts = [str(item[key]).strip()[-SAID_CHARACTERS:] for key in SAID if item.get(key)]
    return '\n'.join(dict.fromkeys(parts))


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
        self.started = {}

    def write(self, **record):
        if self.out:
            self.out.write(json.dumps(record, sort_keys=True) + '\n')
            self.out.flush()

    def result(self, result, status, **more):
        task, host = result._task, result._host.get_name()
        begin = self.started.pop((host, task._uuid), None)
        spent = 0 if begin is None else int((time.monotonic() - begin) * 1000)
        self.write(event='task', status=status, host=host, play=self.play,
                   task=task.get_name(), ms=spent, **more)

    def v2_playbook_on_start(self, playbook):
        self.write(event='start', ansible=__version__)

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()
        self.write(event='play', play=self.play)

    def v2_playbook_on_no_hosts_matched(self):
        self.write(event='no-hosts', play=self.play)

    def v2_runner_on_start(self, host, task):
        self.started[host.get_name(), task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result):
        self.result(result, 'changed' if result.is_changed() else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if ignore_errors:
            self.result(result, 'ignored')
        else:
            self.result(result, 'failed', said=said(result._result))

    def v2_runner_on_skipped(self, result):
        self.result(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self.result(result, 'unreachable', said=said(result._result))

    def v2_playbook_on_stats(self, stats):
        self.write(event='end')
