"""Build the wheel, install it alone into a fresh environment, and use its commands outside the checkout."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Build, install, run; exit 0 only if every command did."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)], cwd=ROOT)
        wheel = next((folder / "dist").glob("*.whl"))
        _run([sys.executable, "-m", "venv", str(folder / "venv")], cwd=folder)
        python = folder / "venv" / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, "--require-hashes", "-r", str(ROOT / "requirements.lock")], cwd=folder)
        _run([*install, "--no-deps", str(wheel)], cwd=folder)
        binaries = folder / "venv" / "bin"
        _run([str(binaries / "lingtan"), "--help"], cwd=folder)
        _run([str(binaries / "lingtan-verify"), "--help"], cwd=folder)
        _run([str(binaries / "lingtan"), "demo", "--data", str(folder / "demo"), "--no-serve"], cwd=folder)
    print(f"wheel: {wheel.name} installs alone and runs the whole story")
    return 0


def _run(command: list[str], cwd: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(command[:6])} … ended with status {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
