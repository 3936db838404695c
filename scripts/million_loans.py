"""Take a made-up book of a million loans from Parquet to a signed and anchored statement on this machine, and say what each step took.

Every step is the command that a bank runs, in a process of its own, against a server on an embedded chain in a temporary directory; on a
terminal each shows its progress. Seconds are of the wall clock and of the processor; memory is the peak resident set of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ledger.client.lending import ATTESTED
from ledger.demo import seeds
from ledger.demo.banks import MOGAN
from ledger.demo.drill import Trust
from ledger.demo.people import Person, write_private
from ledger.demo.run import demo_settings
from ledger.demo.server import serving
from ledger.demo.story import Cast, Story
from ledger.demo.voice import Voice
from ledger.services.house import init_house, open_house
from scripts.machine import describe_machine

ROOT = Path(__file__).resolve().parents[1]
BANK = MOGAN
POLL_SECONDS = 0.05
INCOMPLETE = 4


@dataclass(frozen=True)
class Step:
    """What one step took: seconds, processor seconds, peak memory in bytes; and what it wrote to standard output."""

    name: str
    seconds: float
    processor: float
    peak: int
    output: str

    def line(self) -> str:
        """Return the step as a row of the table."""
        return f"| {self.name} | {self.seconds:.1f} | {self.processor:.1f} | {self.peak / 2**20:,.0f} |"


@dataclass(frozen=True)
class Run:
    """One run: where its files are, what is asked for, and what it has taken so far."""

    folder: Path
    rows: int
    seed: int
    method: str
    steps: list[Step]

    def take(self, name: str, arguments: list[str], accepted: tuple[int, ...] = (0,)) -> Step:
        """Run a step as a process and keep what it took.

        Raises:
            SystemExit: it ended with another status than those accepted.
        """
        print(f"-- {name}", flush=True)
        out = self.folder / "output"
        before, begin = os.times(), time.perf_counter()
        with out.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=file, cwd=ROOT)
            peak = 0
            while process.poll() is None:
                peak = max(peak, _peak_memory(str(process.pid)))
                time.sleep(POLL_SECONDS)
        seconds, after = time.perf_counter() - begin, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        text = out.read_text(encoding="utf-8")
        if process.returncode not in accepted:
            raise SystemExit(f"error: {name} ended with status {process.returncode}: {text[-2000:]}")
        step = Step(name, seconds, used, peak, text)
        self.steps.append(step)
        print(f"   {seconds:.1f} s, processor {used:.1f} s, peak {peak / 2**20:,.0f} MiB", flush=True)
        return step


def main(arguments: list[str] | None = None) -> int:
    """Take the book through every step and print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.million_loans", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--method", choices=("pcaf_2", "pboc_2021"), default="pcaf_2")
    parser.add_argument("--verify", action="store_true", help="also disclose the whole book and have the independent verifier recompute it")
    parser.add_argument("--folder", type=Path, help="keep all files here instead of in a temporary directory; it must be empty")
    options = parser.parse_args(arguments)
    if options.rows < 1:
        parser.error("--rows takes 1 or more")
    if options.folder is None:
        with tempfile.TemporaryDirectory(prefix="lingtan-loans-") as name:
            return _measure(Run(Path(name), options.rows, options.seed, options.method, []), verify=options.verify)
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    return _measure(Run(options.folder.absolute(), options.rows, options.seed, options.method, []), verify=options.verify)


def _measure(run: Run, *, verify: bool) -> int:
    machine = describe_machine()
    cast = Cast(run.folder / "house")
    settings = demo_settings(cast.data)
    init_house(settings, cast.admin.make_key())
    house = open_house(settings)
    try:
        with serving(house, 0) as url:
            story = Story(cast, house, url, Voice(Console()))
            story.found_centre()
            story.set_up_banks([BANK])
            _take_book(run, story, verify=verify)
    finally:
        house.close()
    print(f"\n{run.rows:,} loans by {run.method}, seed {run.seed}; load before {machine['load_before']}")
    print(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, SHA-256 {machine['sha256_mb_per_s']} MB/s")
    print("| step | seconds | processor seconds | peak memory (MiB) |\n|---|---:|---:|---:|")
    print("\n".join(step.line() for step in run.steps))
    print(f"the server beside them: peak {_peak_memory('self') / 2**20:,.0f} MiB")
    return 0


def _take_book(run: Run, story: Story, *, verify: bool) -> None:
    cast = story.cast
    preparer, approver = cast.preparer(BANK.id), cast.approver(BANK.id)
    client = story.party(preparer).client
    for person in (approver, cast.auditor):
        story.party(person).client.get("/v1/me")
    client.post(f"/v1/institutions/{BANK.id}/periods", {"id": seeds.PERIOD, "first_day": seeds.FIRST_DAY, "last_day": seeds.LAST_DAY})
    book, vault, names = run.folder / "book.parquet", run.folder / "vault", preparer.folder / "pseudonym.key"
    write_private(names, secrets.token_hex(32))
    head = book.with_suffix(".head.json")
    made = ["--rows", str(run.rows), "--seed", str(run.seed), "--method", run.method]
    of_bank = ["--institution", BANK.id, "--year", seeds.PERIOD]
    run.take("generate", ["scripts.make_loan_book", *made, *of_bank, "--out", str(book)])
    of_method = ["--head", str(head), "--method", run.method]
    run.take("check", ["ledger.cli", "loans", "check", str(book), *of_method])
    policy = story.trust([]).policy
    keys = ["--pseudonym-key", str(names), "--commitment-key", str(preparer.folder / "commitment.key"), "--centre-policy", str(policy)]
    run.take("compute, commit, vault", ["ledger.cli", "loans", "compute", str(book), *of_method, "--vault", str(vault), *keys])
    run.take("hand in", _lingtan(story, preparer, "submit", "--vault", str(vault), "--period", seeds.PERIOD))
    (statement,) = client.get_all(f"/v1/institutions/{BANK.id}/periods/{seeds.PERIOD}/financed")
    id = str(statement["id"])
    run.take("sign, anchor", _lingtan(story, approver, "sign", id, "--key", str(approver.key_file)))
    state = client.get(f"/v1/financed/{id}")["state"]
    if state not in ATTESTED:
        raise SystemExit(f"error: the statement is {state}, expected anchored")
    package = run.folder / "package.zip"
    run.take("download the package", _lingtan(story, preparer, "package", "--id", id, "--out", str(package)))
    if verify:
        whole = run.folder / "disclosed.zip"
        given = ["--vault", str(vault), "--package", str(package), "--disclose", "--out", str(whole)]
        run.take("disclose the book", _lingtan(story, preparer, "package", *given))
        _verify(run, whole, story.trust([package]), statement["totals"])


def _verify(run: Run, package: Path, trust: Trust, totals: dict[str, str]) -> None:
    # 4: of a book something stays unchecked always, what the raw book alone shows.
    step = run.take("verify every record", ["verifier", "financed", str(package), *trust.arguments(), "--json"], (0, INCOMPLETE))
    answer = json.loads(step.output)
    recomputed = answer["recomputed"]["financed"]
    own = recomputed["totals"]
    if any(check["outcome"] == "FAIL" for check in answer["checks"]) or any(own[name] != totals[name] for name in own):
        raise SystemExit(f"error: the verifier has {recomputed}, the statement {totals}")
    print(f"   {recomputed['records']:,} records recomputed, S1+2 {own['s12_g']} g, S3 {own['s3_g']} g: the statement's, to the gram")


def _lingtan(story: Story, person: Person, *command: str) -> list[str]:
    common = ["--url", story.url, "--token-file", str(person.token_file)]
    return ["ledger.cli", *common, "--passphrase-file", str(person.passphrase_file), "--yes", "loans", *command]


def _peak_memory(process: str) -> int:
    """Return the peak resident set of a process in bytes: of itself, not of what it was forked from; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    sys.exit(main())
