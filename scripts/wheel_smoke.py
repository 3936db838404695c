"""Build the wheel, install it alone into a fresh environment, and use its commands outside the checkout.

Alone means: beside the wheel only what it declares stands in that environment, and what that declares in turn. Those distributions are the
ones of this environment (which came from the lock file, hashes checked), linked file by file: a package that the wheel needs and does not
declare is missing there, and nothing is downloaded twice.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SECRET = secrets.token_urlsafe(16)
START_SECONDS = 60
READINGS = "meter,timestamp,kW\n" + "".join(f"M-1,2025-03-01T{slot // 4:02}:{slot % 4 * 15:02}:00+08:00,4.2\n" for slot in range(96))
FUELS = (
    "id,unit,indicator,value,quantity_unit,start,end,source_kind,reference,quality\n"
    "petrol,hq,fuel.petrol.vehicles,120.5,L,2025-03-01,2025-03-01,invoice,fuel cards,2\n"
)


def main() -> int:
    """Build, install, run; exit 0 only if every command did."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)], cwd=ROOT)
        wheel = next((folder / "dist").glob("*.whl"))
        binaries = _install(wheel, folder / "venv")
        House(folder / "story", binaries).tell()
    print(f"wheel: {wheel.name} installs alone, and a bank's period goes from its readings to verified evidence")
    return 0


def _install(wheel: Path, venv: Path) -> Path:
    """Make an environment of the wheel and the distributions it declares; return the folder of its commands."""
    _run([sys.executable, "-m", "venv", "--without-pip", str(venv)], cwd=wheel.parent)
    python = venv / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], cwd=wheel.parent)
    packages = venv / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    made = next(Distribution.discover(name="lingtan", path=[str(packages)]))
    for found in _closure(made):
        _link(found, packages)
    _run([*pip, "check"], cwd=wheel.parent)
    return python.parent


def _closure(made: Distribution) -> list[Distribution]:
    """Return what a distribution requires on this machine, and what that requires in turn, with the extras that are asked for."""
    seen: dict[tuple[str, str], Distribution] = {}
    waiting = [(made, "")]
    while waiting:
        current, extra = waiting.pop()
        for text in current.requires or ():
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            for wanted in ("", *sorted(requirement.extras)):
                key = canonicalize_name(requirement.name), wanted
                if key not in seen:
                    seen[key] = distribution(requirement.name)
                    waiting.append((seen[key], wanted))
    return list({key[0]: found for key, found in seen.items()}.values())


def _link(found: Distribution, packages: Path) -> None:
    """Link the files of an installed distribution, as its record lists them, into another environment; commands are left out."""
    for entry in found.files or ():
        if entry.is_absolute() or ".." in entry.parts:
            continue
        target = packages / entry
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(Path(str(found.locate_file(entry))).resolve())


class House:
    """A centre and a bank on one server, by the installed commands alone."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        folder.mkdir()
        self.folder, self.binaries = folder, binaries
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"} and "LINGTAN" not in name}
        ours = {"DATA": str(folder / "server"), "PASSPHRASE": SECRET, "KEY_PASSPHRASE": SECRET, "LIGHT_KEYS": "1"}
        self.environment = kept | {f"LINGTAN_{name}": value for name, value in ours.items()}

    def tell(self) -> None:
        """Go from nothing to a signed, anchored and verified statement."""
        self.run("--help")
        _run([str(self.binaries / "lingtan-verify"), "--help"], cwd=self.folder, environment=self.environment)
        addresses = {name: self.ask("keys", "new", name + ".key")["address"] for name in ("admin", "librarian", "publisher", "approver")}
        self.run("init", "--admin", addresses["admin"])
        with self.serving():
            self.found(addresses)
            self.report()
        self.run("fsck")

    def found(self, addresses: dict[str, str]) -> None:
        """Register centre and bank with their keys, and publish what the wheel ships."""
        self.run("token", "create", "--subject", "operator", "--roles", "operator", "--out", "operator.token")
        for id, kind in (("gfc", "centre"), ("bank", "bank")):
            self.run("institution", "create", id, "--kind", kind, "--en", id, "--zh", "机构", who="operator")
        for name, institution in (
            *((name, "gfc") for name in ("admin", "librarian", "publisher")),
            ("approver", "bank"),
            ("preparer", "bank"),
        ):
            self.run("token", "create", "--subject", name, "--institution", institution, "--roles", name, "--out", f"{name}.token")
        by_admin = ("--key", "admin.key", "--yes")
        for id in ("gfc", "bank"):
            self.run("institution", "register", id, *by_admin, "--wait", "0", who="admin")
        for id, name in (("gfc", "librarian"), ("gfc", "publisher"), ("bank", "approver")):
            key = ("--address", addresses[name], "--role", name, "--valid-from", "2025-01-01T00:00:00+08:00")
            self.run("institution", "key-add", id, *key, *by_admin, "--wait", "60" if name == "approver" else "0", who="admin")
        # A statement without loans needs the library and the schemas of two datasets; a command proposes each, another publishes it.
        items = [item for item in self.ask("library", "shipped", "--out", "shipped")["items"] if "FINANCED" not in item["file"]]
        last = items[-1]
        for item in items:
            words = (item["file"], "--key", "librarian.key", "--valid-from", "2025-01-01T00:00:00+08:00")
            self.run("library", "propose", *words, "--wait", "60" if item is last else "0", who="librarian")
        for item in items:
            words = (item["hash"], "--key", "publisher.key", "--yes", "--wait", "60" if item is last else "0")
            self.run("library", "publish", *words, who="publisher")

    def report(self) -> None:
        """Report a day of the bank, sign it, and verify the evidence of it with the other command."""
        unit = {"closed": None, "county": None, "area_m2": "1200", "headcount": 40, "opened": "2010-01-01"}
        name = {"en": "Bank", "zh": "银行"}
        tree = {
            "schema": "lingtan.organisation/1",
            "institution": "bank",
            "name": name,
            "timezone": "Asia/Shanghai",
            "region": "CN-ZJ",
            "units": [{"id": "hq", "name": name, "kind": "institution", "parent": None, **unit}],
        }
        for file, text in (("tree.json", json.dumps(tree)), ("meters.csv", READINGS), ("fuels.csv", FUELS)):
            (self.folder / file).write_text(text, encoding="utf-8")
        self.run("keys", "commitment", "--bank", "bank", "--file", "commitment.key", who="preparer")
        self.run("submit", "organisation", "tree.json", who="preparer")
        self.run("meter", "add", "M-1", "--unit", "hq", who="preparer")
        self.run("period", "open", "2025-03-01", "--first-day", "2025-03-01", "--last-day", "2025-03-01", who="preparer")
        self.run("meter", "import", "meters.csv", who="preparer")
        self.run("submit", "activity", "fuels.csv", "--period", "2025-03-01", who="preparer")
        statement = self.ask("statement", "prepare", "--period", "2025-03-01", "--cause", "first", who="preparer")["id"]
        self.run("sign", statement, "--key", "approver.key", "--yes", who="approver")
        public = self.ask("keys", "policy", "policy.key")["public_key"]
        self.run("policy", "export", "--version", "1", "--key", "policy.key", "--out", "policy.json", who="admin")
        self.run("package", statement, "--out", "evidence.zip", who="approver")
        verifier = str(self.binaries / "lingtan-verify")
        trust = ["--policy", "policy.json", "--policy-key", public, *self.join()]
        _run([verifier, "package", "evidence.zip", *trust], cwd=self.folder, environment=self.environment)

    def join(self) -> list[str]:
        """Fetch what joins the checkpoints of the package's anchors to the one that the policy pins: blocks come when they come."""
        with zipfile.ZipFile(self.folder / "evidence.zip") as package:
            anchors = json.loads(package.read("anchors.json"))["items"]
        pinned = int(json.loads((self.folder / "policy.json").read_bytes())["checkpoint"]["pinned"].split("\n")[1])
        token = (self.folder / "approver.token").read_text(encoding="utf-8").strip()
        found: list[Any] = []
        for size in sorted({int(item["finality"]["tree_size"]) for item in anchors} - {pinned}):
            path = f"/v1/checkpoints/consistency?old={min(size, pinned)}&new={max(size, pinned)}"
            asked = urllib.request.Request(self.environment["LINGTAN_URL"] + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                found.append(json.load(answer))
        if not found:
            return []
        document = found[0] | {"proofs": [proof for item in found for proof in item["proofs"]]}
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        (self.folder / "consistency.json").write_text(text, encoding="utf-8")
        return ["--consistency", "consistency.json"]

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Let `lingtan serve` run meanwhile; it must end with 0 when told to."""
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        words = [str(self.binaries / "lingtan"), "serve", "--port", str(port)]
        with subprocess.Popen(words, cwd=self.folder, env=self.environment, stderr=subprocess.DEVNULL) as server:
            try:
                _wait(url + "/readyz", server)
                self.environment["LINGTAN_URL"] = url
                yield
                server.terminate()
                if server.wait(timeout=START_SECONDS):
                    raise SystemExit(f"error: lingtan serve ended with status {server.returncode}")
            finally:
                server.kill()

    def run(self, *words: str, who: str | None = None) -> str:
        """Run `lingtan` as somebody; return what it wrote."""
        as_whom = [] if who is None else ["--token-file", f"{who}.token"]
        return _run([str(self.binaries / "lingtan"), *words, *as_whom], cwd=self.folder, environment=self.environment)

    def ask(self, *words: str, who: str | None = None) -> Any:
        """Run it with --json and return its document."""
        return json.loads(self.run(*words, "--json", who=who))


def _run(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> str:
    kept = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment or kept, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise SystemExit(f"error: {' '.join(command[:6])} … ended with status {done.returncode}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit(f"error: lingtan serve ended at once with status {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"error: lingtan serve did not answer within {START_SECONDS} seconds")


if __name__ == "__main__":
    sys.exit(main())
