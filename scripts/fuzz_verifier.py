"""Fuzz the verifier's readers with coverage: `python -m scripts.fuzz_verifier [--seconds 60] [TARGET ...]` (`make fuzz`).

atheris is for this alone: `bench/atheris.txt`, installed into `bench/.peers` with its hash, and no dependency of ours. Each target runs as
a process of its own, which ends at the first exception that is no refusal, at 10 seconds for one input, or at 1 GiB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS, WANTED = ROOT / "bench" / ".peers", ROOT / "bench" / "atheris.txt"
CORPUS = ROOT / ".state" / "fuzz"


def main() -> int:
    """Run every target named, or all, one after the other; return 1 where one found a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return fuzz(options.child, options.seconds)
    if not (PEERS / "atheris").exists():
        wanted = ("install", "--quiet", "--no-deps", "--require-hashes", "--target", str(PEERS), "-r", str(WANTED))
        subprocess.run([sys.executable, "-m", "pip", *wanted], check=True)
    from tests.verifier.fuzz_targets import TARGETS

    failed = []
    for target in options.targets or TARGETS:
        command = [sys.executable, "-m", "scripts.fuzz_verifier", "--child", target, "--seconds", str(options.seconds)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(target)
    print(f"{len(failed)} of {len(options.targets or TARGETS)} targets found a fault: {', '.join(failed)}" if failed else "no fault found")
    return 1 if failed else 0


def fuzz(target: str, seconds: int) -> int:
    """Fuzz one target in this process; the fuzzer ends it."""
    sys.path.insert(0, str(PEERS))
    import atheris  # type: ignore[import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["verifier"]):
        from tests.verifier.fuzz_targets import KEPT, TARGETS
    folder = CORPUS / target.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {"bundle": "line.lingtan.json", "whole bundle": "line.lingtan.json", "policy": "witnessed.policy.json"}
    if target in seeds:
        (folder / "seed").write_bytes((KEPT / seeds[target]).read_bytes())
    limits = ["-timeout=10", "-rss_limit_mb=1024", f"-max_total_time={seconds}", "-max_len=65536", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", str(folder)], TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
