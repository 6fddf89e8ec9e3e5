"""A headless Chromium with a real mouse and real keys, over the DevTools protocol through two pipes.

    with Browser() as browser:
        page = browser.open(path.as_uri())
        page.click("#mode [data-mode=instances]")
        page.press("Escape")
        assert page.value("selection.frameCount") == 30

Source of the protocol: https://chromedevtools.github.io/devtools-protocol. With `--remote-debugging-pipe` Chromium
reads commands from file 3 and writes answers and events to file 4, JSON with a zero byte after each.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_SECONDS, _SECONDS_TO_END = 60.0, 10.0
# Names of keys that write nothing -> their codes on Windows, which the protocol wants.
_KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
_KEYS |= {"Home": 36, "End": 35, "PageUp": 33, "PageDown": 34, "Backspace": 8}
_MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}


class BrowserError(Exception):
    """Chromium is missing, does not answer, or says that something went wrong."""


def find_chromium() -> str:
    """The program in CHROMIUM, or the first of PROGRAMS that there is."""
    given = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [given] if given else PROGRAMS)), None)
    if not found:
        raise BrowserError("There is no Chromium; run `python tools/chromium.py` as root on Debian, or set CHROMIUM")
    return found


class Browser:
    """A browser of its own, with settings in a temporary folder; to be used in a with statement."""

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(prefix="labelpass-browser-", ignore_cleanup_errors=True)
        commands, self._write = _pipe()
        self._read, answers = _pipe()
        options = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={self._home.name}", "--no-first-run"]
        options += ["--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # it does not start as root otherwise
        environment = os.environ | {"HOME": self._home.name, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        program = find_chromium()
        files: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
        files += [(os.POSIX_SPAWN_DUP2, commands, 3), (os.POSIX_SPAWN_DUP2, answers, 4)]
        self._pid = os.posix_spawn(program, [program, *options], environment, file_actions=files)
        os.close(commands)
        os.close(answers)
        self._number, self._left, self.events = 0, b"", list[dict[str, Any]]()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrowserError, OSError):
            self.send("Browser.close")
        end = time.monotonic() + _SECONDS_TO_END
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.02)
        os.close(self._write)
        os.close(self._read)
        self._home.cleanup()

    def open(
        self, address: str, width: int = 1280, height: int = 800, dark: bool = False, scale: float = 1.0
    ) -> "Page":
        """Open an address in a page of this size in CSS pixels, and wait for it to be ready."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        page.send("Emulation.setDeviceMetricsOverride", size)
        page.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.send("Emulation.setEmulatedMedia", {"features": [scheme]})
        page.go(address)
        return page

    def send(self, method: str, parameters: Mapping[str, Any] | None = None, session: str | None = None) -> Any:
        """Send a command and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        command: dict[str, Any] = {"id": self._number, "method": method, "params": parameters or {}}
        if session:
            command["sessionId"] = session
        os.write(self._write, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + _SECONDS
        while True:
            answer = self._next(end, method)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def _next(self, end: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            more = os.read(self._read, 1 << 20) if ready else b""
            if not more:
                raise BrowserError(f"Chromium does not answer {method}")
            self._left += more
        message, _, self._left = self._left.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


class Page:
    """A page that is open."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target

    def send(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return self._browser.send(method, parameters, self._session)

    def go(self, address: str, ready: str = "document.documentElement?.dataset.ready") -> None:
        """Open another address, and wait until an expression is true in it."""
        self.send("Page.navigate", {"url": address})
        self.wait_for(ready)

    def close(self) -> None:
        self._browser.send("Target.closeTarget", {"targetId": self._target})

    def value(self, expression: str) -> Any:
        """The value of an expression in the page, as JSON; promises are waited for."""
        wanted = {"expression": expression, "returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = self.send("Runtime.evaluate", wanted)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = _SECONDS) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise BrowserError(f"This did not become true: {expression}")
            time.sleep(0.02)

    @property
    def problems(self) -> list[str]:
        """What went wrong in the page so far: errors of scripts, and what its policy has refused."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event.get("method") == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"])
        return found

    # Mouse and keys

    def middle_of(self, selector: str) -> tuple[float, float]:
        """Where the first element that a selector finds is in sight."""
        found = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            "e.scrollIntoView({ block: 'nearest' }); const b = e.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2] })()"
        )
        if found is None:
            raise BrowserError(f"There is no {selector}")
        return found[0], found[1]

    def click(self, selector: str) -> None:
        self.click_at(*self.middle_of(selector))

    def click_at(self, x: float, y: float) -> None:
        self.drag([(x, y)])

    def drag(self, places: list[tuple[float, float]]) -> None:
        """Press the left button at the first place, move through the others, and let go at the last."""
        self.move(*places[0])
        self._mouse("mousePressed", *places[0])
        for x, y in places[1:]:
            self._mouse("mouseMoved", x, y, buttons=1)
        self._mouse("mouseReleased", *places[-1])

    def move(self, x: float, y: float) -> None:
        self.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def wheel(self, x: float, y: float, down: float) -> None:
        self.send("Input.dispatchMouseEvent", {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": down})

    def _mouse(self, kind: str, x: float, y: float, buttons: int = 0) -> None:
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
        self.send("Input.dispatchMouseEvent", event)

    def press(self, key: str) -> None:
        """Press a key: "Enter", "b", "?", "Shift+ArrowRight"."""
        *held, key = key.split("+") if len(key) > 1 else [key]
        modifiers = sum(_MODIFIERS[one] for one in held)
        event: dict[str, Any] = {"key": key, "modifiers": modifiers}
        event["windowsVirtualKeyCode"] = _KEYS.get(key) or (ord(key.upper()) if key.isalnum() else 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.send("Input.dispatchKeyEvent", {"type": "keyDown", **event, **({"text": text} if text else {})})
        self.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def write(self, text: str) -> None:
        for letter in text:
            self.press(letter)

    # Pictures

    def save_picture(self, path: Path) -> None:
        """What is seen, as PNG, after the next time that it is drawn."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        picture = self.send("Page.captureScreenshot", {"format": "png"})
        path.write_bytes(base64.b64decode(picture["data"]))

    def as_pdf(self) -> bytes:
        """The page as it is printed."""
        wanted = {"printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self.send("Page.printToPDF", wanted)["data"])


def _pipe() -> tuple[int, int]:
    """Both ends of a pipe, with numbers that files 3 and 4 of the browser cannot collide with."""
    ends = os.pipe()
    moved = fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, 10)
    for end in ends:
        os.close(end)
    return moved
