"""P5: one certificate bundle, verified offline with the standard library alone ÷ the hashes and signatures that it contains.

The work is the command's own: read policy and bundle, run every check of docs/spec/bundle.md, word the JSON answer; without and with the
recomputation of the statement. What it is compared with is counted while it runs (each outermost call of SHA-256, keccak, Ed25519 and
secp256k1 with its arguments) and then done again by the same plain Python with nothing around it. Run: `python -m bench.p5_bundle`; the
measuring child runs with `-I -S`, so that no installed library can help.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import write_result

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "tests" / "compat" / "2026-11-22"
REPEATS, STARTS = 7, 7
GOAL_RATIO, GOAL_START = 50.0, 0.15

CHILD = r"""
import gc, hashlib, json, sys, time
sys.path.insert(0, sys.argv[1])
folder, repeats = sys.argv[2], int(sys.argv[3])
from verifier import ed25519, keccak, secp256k1
from verifier.policy import read_policy
from verifier.report import document_of, json_of
from verifier.verify_bundle import verify_bundle

with open(folder + "/expected.json") as file:
    expected = json.load(file)
answer = next(item for item in expected["answers"] if (item["bundle"], item["policy"]) == ("claim-certified", "witnessed"))
data = open(folder + "/claim-certified.lingtan.json", "rb").read()
policy = open(folder + "/witnessed.policy.json", "rb").read()


def work(recomputing):
    keccak.keccak256.cache_clear()
    found = verify_bundle(data, read_policy(policy), expected["policy_key"], answer["now"], recomputing=recomputing)
    text = json_of(document_of(found, "en"))
    assert found.verdict() == ("VALID", 0) and found.level() == "L5", text
    return text


# 1. Count what the work asks of each primitive; what a primitive asks of another is its own affair.
calls, inside = [], [0]


def counted(name, function):
    def call(*arguments):
        if not inside[0]:
            calls.append((name, function, arguments))
        inside[0] += 1
        try:
            return function(*arguments)
        finally:
            inside[0] -= 1
    return call


class Digest:
    def __init__(self, given=b""):
        self.given = bytes(given)
        if not inside[0]:
            calls.append(("sha256", one_sha256, (self.given,)))
    def digest(self):
        return one_sha256(self.given)
    def hexdigest(self):
        return self.digest().hex()


real_sha256, real_new = hashlib.sha256, hashlib.new
def one_sha256(given):
    return real_sha256(given).digest()


import verifier.recompute_bundle, verifier.check_lines  # what the recomputation loads is loaded before it is counted
modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("verifier.")]
originals = {"ed25519": ed25519.is_valid, "secp256k1": secp256k1._recover, "keccak": keccak.keccak256}
plain_keccak = keccak.keccak256.__wrapped__
wrapped = counted("keccak", plain_keccak)
for module in modules:
    if getattr(module, "keccak256", None) is originals["keccak"] and module is not keccak:
        module.keccak256 = wrapped
keccak.keccak256, kept = wrapped, keccak.keccak256
keccak.keccak256.cache_clear = lambda: None
ed25519.is_valid = counted("ed25519", originals["ed25519"])
def recover(digest, pair, odd, *, low_s):
    return inner(digest, pair, odd, low_s)
inner = counted("secp256k1", lambda digest, pair, odd, low_s: originals["secp256k1"](digest, pair, odd, low_s=low_s))
secp256k1._recover = recover
hashlib.sha256 = Digest
hashlib.new = lambda name, given=b"": Digest(given)
work(False)
counts = {}
for name, _, arguments in calls:
    entry = counts.setdefault(name, {"calls": 0, "bytes": 0})
    entry["calls"] += 1
    if name in ("sha256", "keccak"):
        entry["bytes"] += len(arguments[0])
done = list(calls)
hashlib.sha256, hashlib.new = real_sha256, real_new
ed25519.is_valid, secp256k1._recover = originals["ed25519"], originals["secp256k1"]
for module in modules:
    if getattr(module, "keccak256", None) is wrapped:
        module.keccak256 = originals["keccak"]
keccak.keccak256 = originals["keccak"]
# The same keccak twice is asked once: the verifier remembers it, so the comparison does it once as well.
seen, base = set(), []
for name, function, arguments in done:
    if name == "keccak":
        if arguments in seen:
            continue
        seen.add(arguments)
    base.append((function, arguments))


def primitives():
    keccak.keccak256.cache_clear()
    for function, arguments in base:
        function(*arguments)


def timed(run):
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


sides = {"checks": lambda: work(False), "checks and recomputation": lambda: work(True), "primitives": primitives}
times = {name: [] for name in sides}
for run in sides.values():
    run()
for turn in range(repeats):
    for name in (list(sides), list(sides)[::-1])[turn % 2]:
        times[name].append(timed(sides[name]))
installed = sorted({"coincurve", "cryptography", "numpy"} & set(sys.modules))
print(json.dumps({"counts": counts, "distinct_keccak": len(seen), "times": times, "installed": installed}))
"""


def main() -> None:
    """Measure, print and keep the result; end with 1 where the goal is missed."""
    command = [sys.executable, "-I", "-S", "-c", CHILD, str(ROOT), str(KEPT), str(REPEATS)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert not found["installed"]
    times = found["times"]
    ratios = {
        name: [
            round(f(sorted(a / b for a, b in zip(times[name], times["primitives"], strict=True))), 2) for f in (statistics.median, min, max)
        ]
        for name in ("checks", "checks and recomputation")
    }
    starts = _starts()
    median = statistics.median(starts["version"])
    met = ratios["checks and recomputation"][0] < GOAL_RATIO and median < GOAL_START
    write_result(
        "p5",
        {
            "goal": f"< {GOAL_RATIO:.0f} times its own hashes and signatures in the same plain Python; start below {GOAL_START} s",
            "met": met,
            "bundle_bytes": (KEPT / "claim-certified.lingtan.json").stat().st_size,
            "contains": {**found["counts"], "distinct_keccak": found["distinct_keccak"]},
            "cpu_ms": {name: round(1000 * statistics.median(values), 1) for name, values in times.items()},
            "ratio_median_least_most": ratios,
            "start_cpu_s": {name: round(statistics.median(values), 3) for name, values in starts.items()},
            "repeats": REPEATS,
        },
    )
    if not met:
        raise SystemExit("P5 is missed")


def _starts() -> dict[str, list[float]]:
    """Return the CPU seconds of the one file from the start of Python to its end: an empty program, --version, a whole bundle."""
    import resource

    from scripts.build_verifier_pyz import build

    key = json.loads((KEPT / "expected.json").read_text())
    now = next(item["now"] for item in key["answers"] if item["bundle"] == "claim-certified")
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "lingtan-verify.pyz")
        one.write_bytes(build(ROOT / "verifier"))
        python = [sys.executable, "-I", "-S"]
        trust = ["--policy", str(KEPT / "witnessed.policy.json"), "--policy-key", key["policy_key"], "--now", str(now)]
        commands = {
            "python alone": [*python, "-c", ""],
            "version": [*python, str(one), "--version"],
            "whole bundle": [*python, str(one), "bundle", str(KEPT / "claim-certified.lingtan.json"), *trust],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(STARTS):
            for name, command in commands.items():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(command, check=True, capture_output=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                found[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
                time.sleep(0.01)
    return found


if __name__ == "__main__":
    main()
