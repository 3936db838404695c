"""Fetch the third-party files that the API serves, or compare the committed ones with their checksums (--check, no network).

Without an option the committed files are compared, and fetched again with `npm pack` only where one is missing. --fetch fetches always.
The archive's integrity is compared with the one written here before a file is taken out of it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "api" / "static" / "vendor"
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Package:
    """One release of an npm package, the files of it that we ship, and the archive's sha512."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The folder of this release; its version is part of the path, so that a browser may keep the files for ever."""
        return f"{self.name}-{self.version}"


PACKAGES = (
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        ("LICENSE", "NOTICE", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css"),
    ),
)


def fetch(package: Package, folder: Path) -> None:
    """Download one package and write its files and their checksums.

    Raises:
        ValueError: the archive is not the release named in PACKAGES.
        subprocess.CalledProcessError: npm failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError("npm is not installed: expected Node with npm for fetching; --check needs neither")
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", f"{package.name}@{package.version}", "--silent", "--pack-destination", scratch]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        archive = Path(scratch) / f"{package.name}-{package.version}.tgz"
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package.integrity:
            raise ValueError(f"{archive.name}: got {found}, expected {package.integrity}")
        target = folder / package.folder
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            for name in package.files:
                member = tar.extractfile(f"package/{name}")
                if member is None:
                    raise ValueError(f"{archive.name} has no file {name}")
                (target / name).write_bytes(member.read())
    lines = [f"{hashlib.sha256((target / name).read_bytes()).hexdigest()}  {name}\n" for name in package.files]
    (target / CHECKSUMS).write_text("".join(lines), encoding="ascii")


def check(package: Package, folder: Path) -> list[str]:
    """Return what is wrong with the committed files of one package; empty when every byte is as fetched."""
    target = folder / package.folder
    try:
        lines = (target / CHECKSUMS).read_text(encoding="ascii").splitlines()
    except OSError:
        return [f"{package.folder}/{CHECKSUMS} is missing"]
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    problems = [f"{package.folder}/{name} has no checksum" for name in package.files if name not in expected]
    present = {path.name for path in target.iterdir()} - {CHECKSUMS}
    problems += [f"{package.folder}/{name} is not one of ours" for name in sorted(present - set(package.files))]
    for name, digest in expected.items():
        path = target / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        if found != digest:
            problems.append(f"{package.folder}/{name}: got {found}, expected {digest}")
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Compare or fetch; 0 when the committed files are the ones named here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, without network")
    parser.add_argument("--fetch", action="store_true", help="fetch even where the files are present")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    for package in PACKAGES:
        if options.fetch or (not options.check and check(package, FOLDER)):
            try:
                fetch(package, FOLDER)
            except (ValueError, subprocess.CalledProcessError) as error:
                problems.append(str(error))
        problems += check(package, FOLDER)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        print("hint: python -m scripts.vendor_assets --fetch, then look at what git says changed", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
