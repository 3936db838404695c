"""Drive the shipped page in headless Chromium by its DevTools protocol: choose files as a person does, read what is shown."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.child import started

PAGE = Path(__file__).resolve().parents[2] / "verifier/browser/lingtan-verify.html"
LIMIT = 60.0


def find_chromium() -> str | None:
    """The path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Window:
    """One tab of a running Chromium."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        self._sent += 1
        self._connection.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._connection.recv(timeout=LIMIT))
            if said.get("method") == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            elif said.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(json.dumps(said["params"])[:500])
            elif said.get("id") == self._sent:
                if "error" in said:
                    raise AssertionError(f"{method}: {said['error']}")
                return said["result"]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression on the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Return the expression's value as soon as it is true."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if value := self.evaluate(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"not within {LIMIT:.0f} s: {expression}; {self.complaints}")

    def open(self, page: Path = PAGE, language: str = "en") -> None:
        """Open the page as a file and choose its language."""
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.call(f"{domain}.enable")
        self.requests.clear()
        self.call("Page.navigate", url=page.as_uri())
        self.wait("document.readyState === 'complete' && document.getElementById('print')?.textContent !== ''")
        self.click(f"[data-language={language}]")

    def click(self, selector: str) -> None:
        """Press a button."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, field: str, file: Path) -> None:
        """Choose a file in a field, as the file dialogue does."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=f"#{field}")["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def type(self, field: str, text: str) -> None:
        """Fill a text field."""
        name = json.dumps(field)
        self.evaluate(
            f"(() => {{ const f = document.getElementById({name}); f.value = {json.dumps(text)}; f.dispatchEvent(new Event('change')) }})()"
        )

    def report(self) -> dict[str, Any]:
        """What the page shows: the status word with its code, the level's steps, and the outcome of each check."""
        self.wait("Boolean(document.querySelector('.report .status'))")
        self.wait("Boolean(document.querySelector('.identity .words')) || !document.querySelector('.checks')")
        return dict(self.evaluate(_READ))

    def picture(self, path: Path, *, scheme: str = "light", media: str = "screen", width: int = 1000) -> None:
        """Save what is seen, the whole page, as PNG."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
        self.call("Emulation.setEmulatedMedia", media="", features=[])


_READ = """(() => {
  const text = (selector) => document.querySelector(selector)?.textContent ?? '';
  return {
    word: document.querySelector('.status').className.replace('status ', ''),
    shown: text('.verdict h2'),
    code: text('.verdict .code'),
    level: [...document.querySelectorAll('.levels .reached')].at(-1)?.textContent ?? '-',
    checks: Object.fromEntries(
      [...document.querySelectorAll('.group li')].map((row) => [row.querySelector('code').textContent, row.className.replaceAll('-', ' ')]),
    ),
    text: document.getElementById('result').innerText,
  };
})()"""


@contextmanager
def window(folder: Path) -> Iterator[Window]:
    """Start Chromium with a profile of its own in `folder`, and yield its one tab."""
    chromium = find_chromium()
    if chromium is None:
        raise FileNotFoundError("chromium is not installed")
    profile = folder / "profile"
    words = [chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run", "--disable-gpu"]
    words += ["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-proxy-server"]
    words += ["--no-sandbox"] if os.geteuid() == 0 else []
    with (folder / "chromium.log").open("wb") as log, started([*words, "about:blank"], stdout=log, stderr=log):
        port = _port(profile / "DevToolsActivePort")
        with connect(_tab(port), max_size=None, proxy=None, open_timeout=LIMIT) as connection:
            yield Window(connection)


def _port(file: Path) -> int:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if file.is_file() and (lines := file.read_text().split()):
            return int(lines[0])
        time.sleep(0.1)
    raise AssertionError("chromium did not open its port")


def _tab(port: int) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=LIMIT) as answer:
            for tab in json.load(answer):
                if tab["type"] == "page":
                    return str(tab["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("chromium has no tab")
