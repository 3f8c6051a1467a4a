# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A headless Chromium, spoken to through pipes (the DevTools protocol), which notes what a page
complains of and asks for."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium")
PATIENCE = 60


class Browser:
    """One process; open() loads a page in a tab of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        theirs_in, self.to = os.pipe()
        self.of, theirs_out = os.pipe()

        def hand_over():
            # By way of high numbers: one of them may be 3 or 4 itself.
            here, there = os.dup2(theirs_in, 100), os.dup2(theirs_out, 101)
            os.dup2(here, 3)
            os.dup2(there, 4)

        self.process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--user-data-dir=" + self.folder, "about:blank"],
            pass_fds=(3, 4), preexec_fn=hand_over, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.waiting, self.number, self.events = b"", 0, []

    def receive(self):
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.waiting:
            if not select.select([self.of], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.of, 1 << 20)
            if not piece:
                raise EOFError("the browser ended: %s" % self.process.wait(PATIENCE))
            self.waiting += piece
        message, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.of)
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, path, **settings):
        return Page(self, path, **settings)


class Page:
    """A page in its tab."""

    def __init__(self, browser, path, width=1280, scripts=True, dark=False):
        self.browser = browser
        self.address = path.resolve().as_uri()
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=self.address)
        self.wait("Page.loadEventFired")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def said(self, *methods):
        """What the page had to say by these events."""
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] in methods]

    def wait(self, method):
        while not self.said(method):
            self.browser.events.append(self.browser.receive())

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self):
        return self.said("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")

    def requests(self):
        """Addresses that it asked for, but for its own and what it holds itself."""
        asked = [event["request"]["url"] for event in self.said("Network.requestWillBeSent")]
        return [url for url in asked if url != self.address and not url.startswith("data:")]

    def screenshot(self):
        """PNG of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def paper(self):
        """PDF of it as it prints."""
        made = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(made["data"])
