"""A real browser that a test steers: it opens pages, types, presses buttons, chooses files and takes pictures.

Spoken over two pipes in the browser's own protocol, so that nothing but the browser is needed.
"""

import base64
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.stack.browser import OPTIONS, find_browser

ANSWER_SECONDS = 60
LOOK_SECONDS = 0.1
READ_FD, WRITE_FD = 3, 4
"""Where the browser reads what it is asked, and writes what it answers."""


class Pilot:
    """One open page. console: what its scripts complained of."""

    def __init__(self, asks: int, answers: int) -> None:
        self._asks, self._answers = asks, answers
        self._count, self._session = 0, ""
        self._said: dict[int, dict[str, Any]] = {}
        self._news = threading.Condition()
        self.console: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command, and its answer."""
        with self._news:
            self._count += 1
            number = self._count
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._asks, json.dumps(message).encode() + b"\0")
        with self._news:
            assert self._news.wait_for(lambda: number in self._said, ANSWER_SECONDS), f"no answer to {method}"
            answer = self._said.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there with its scripts."""
        self.ask("Page.navigate", url=url)
        self.wait_for("location.href !== 'about:blank' && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """What an expression comes to in the page."""
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            pytest.fail(f"{script}: {done['exceptionDetails'].get('exception', {}).get('description')}")
        return done["result"].get("value")

    def wait_for(self, script: str, *, seconds: float = ANSWER_SECONDS) -> Any:
        """Wait until an expression is true in the page."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.ask("Runtime.evaluate", expression=f"(() => {{ try {{ return {script} }} catch {{}} }})()")
            if found["result"].get("value") or found["result"].get("objectId"):
                return True
            if time.monotonic() > deadline:
                shown = self.run("document.body.innerText.slice(0, 3000)")
                pytest.fail(f"not so after {seconds:g} s: {script}\n{self.console}\n{shown}")
            time.sleep(LOOK_SECONDS)

    def fill(self, selector: str, value: str) -> None:
        """Type into a field, or choose in a list, as its listeners hear it."""
        one = f"document.querySelector({json.dumps(selector)})"
        events = "['input', 'change'].forEach((name) => one.dispatchEvent(new Event(name, {bubbles: true})))"
        self.run(f"(() => {{ const one = {one}; one.focus(); one.value = {json.dumps(value)}; {events}; }})()")

    def click(self, selector: str) -> None:
        """Press what the selector finds first."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def press(self, key: str) -> None:
        """One key of the keyboard, to what has the focus."""
        code = {"Enter": 13, "Tab": 9, " ": 32, "ArrowRight": 39, "ArrowLeft": 37}.get(key, 0)
        text = {"Enter": "\r", " ": " "}.get(key)
        more = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    def choose_files(self, selector: str, files: Sequence[Path]) -> None:
        """Put files into a field for them."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def resize(self, width: int, height: int) -> None:
        """The window's size in pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def photograph(self, path: Path) -> Path:
        """The whole page as a PNG."""
        picture = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    def _listen(self) -> None:
        kept = b""
        while part := os.read(self._answers, 1_000_000):
            *messages, kept = (kept + part).split(b"\0")
            for message in messages:
                self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.console.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif message.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif "id" in message:
            with self._news:
                self._said[message["id"]] = message
                self._news.notify_all()


@contextmanager
def piloting(folder: Path, *, width: int = 1280, height: int = 900) -> Iterator[Pilot]:
    """A browser with one empty page. folder: for the browser's files."""
    ours_read, theirs_write = os.pipe()
    theirs_read, ours_write = os.pipe()
    command = [find_browser(), *OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"]
    places = f'exec {READ_FD}<&{theirs_read} {WRITE_FD}>&{theirs_write}; exec "$@"'
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        browser = subprocess.Popen(
            ["/bin/bash", "-c", places, "bash", *command],
            pass_fds=(theirs_read, theirs_write),
            stdout=log,
            stderr=log,
            env=os.environ | {"TMPDIR": str(folder.parent)},
            start_new_session=True,
        )
    os.close(theirs_read)
    os.close(theirs_write)
    try:
        pilot = Pilot(ours_write, ours_read)
        pilot.resize(width, height)
        yield pilot
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        os.close(ours_write)
