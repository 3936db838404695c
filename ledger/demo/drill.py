"""The tamper drill: somebody with full rights on the server changes one stored value, and somebody else finds and names it.

Everything is done on copies; the ledger itself stays as it was. The insider drops the append-only trigger first and mends every checksum
within reach, so that what notices is the commitment, not a forgotten hash. Two readers look: `lingtan fsck` on the database, and the
independent verifier, as a process of its own, on the evidence package.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.accounting.package import MANIFEST, write_zip
from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.meter_record import MeterRecord
from ledger.units import format_decimal, parse_decimal

EXPOSURES = "exposures.jsonl"


@dataclass(frozen=True)
class Verification:
    """What `lingtan-verify` said: exit code, the word, the checks, and of a bundle whether its figures were recomputed."""

    code: int
    verdict: str
    level: str
    checks: tuple[dict[str, Any], ...]
    recomputation: str = ""

    @property
    def failures(self) -> tuple[dict[str, Any], ...]:
        """The checks that proved a mismatch."""
        return tuple(check for check in self.checks if check["outcome"] == "FAIL")


@dataclass(frozen=True)
class Caught:
    """One forgery: what was changed, who noticed, and the words that name it."""

    name: str
    changed: str
    check: str
    named: str
    holds: bool


@dataclass(frozen=True)
class Trust:
    """What the auditor was handed out of band (policy file and its key), and the log proofs that came with the evidence."""

    policy: Path
    key: str
    log_proofs: Path

    def arguments(self) -> tuple[str, ...]:
        """Return the options of `lingtan-verify`."""
        return ("--policy", str(self.policy), "--policy-key", self.key, "--consistency", str(self.log_proofs))


def verify(command: str, file: Path, trust: Trust, *more: str) -> Verification:
    """Run the independent verifier as its user would and return its answer."""
    arguments = [sys.executable, "-m", "verifier", command, str(file), *trust.arguments(), "--json", *more]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=file.parent)
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        answer = {"verdict": done.stderr.strip()[-300:], "level": "", "checks": []}
    return Verification(done.returncode, str(answer["verdict"]), str(answer.get("level")), tuple(answer["checks"]), _outcome(answer))


def _outcome(answer: dict[str, Any]) -> str:
    found = answer.get("recomputation")
    return str(found["outcome"]) if isinstance(found, dict) else ""


def forge_package(package: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the package with one part changed and its manifest mended, as a careful forger would hand it on."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts.pop(MANIFEST))
    parts[path] = change(parts[path])
    for entry in manifest["parts"]:
        if entry["path"] == path:
            entry["sha256"], entry["bytes"] = hashlib.sha256(parts[path]).hexdigest(), len(parts[path])
    return write_zip([(MANIFEST, canonical.dump(manifest)), *((entry["path"], parts[entry["path"]]) for entry in manifest["parts"])])


def find_high_slot(values: bytes) -> int | None:
    """Return the first slot of more than a kilowatt-hour in the second half of `values` (i64 little-endian, mWh), or None."""
    n = len(values) // 8
    return next((at for at in range(n // 2, n) if int.from_bytes(values[8 * at : 8 * at + 8], "little") > 1_000_000), None)


def change_values(values: bytes) -> bytes:
    """Return a meter's values with one reading a kilowatt-hour lower."""
    slot = find_high_slot(values)
    if slot is None:
        raise NotFound("no reading of more than 1 kWh to change", hint="choose another meter or day")
    lower = int.from_bytes(values[8 * slot : 8 * slot + 8], "little") - 1_000_000
    return values[: 8 * slot] + lower.to_bytes(8, "little") + values[8 * slot + 8 :]


def change_reading(record: bytes) -> bytes:
    """Return a meter record with one reading a kilowatt-hour lower, total and header in order."""
    value = MeterRecord.from_bytes(record)
    values = change_values(value.values)
    return MeterRecord(value.key, value.start, value.interval_minutes, value.quantity, values, value.quality).to_bytes()


def change_factor(factor: str) -> Callable[[bytes], bytes]:
    """Return a change that lowers a factor's published value by a tenth."""

    def change(library: bytes) -> bytes:
        document = json.loads(library)
        found = next(item for item in document["factors"] if item["id"] == factor)
        if found["value"] is not None:
            found["value"] = _tenth_less(found["value"])
        else:
            found["fuel"]["carbon"] = _tenth_less(found["fuel"]["carbon"])
        return canonical.dump(document)

    return change


def change_line(unit: str, indicator: str) -> Callable[[bytes], bytes]:
    """Return a change that takes a tonne off one line, off every total above it, and off the statement's total."""

    def change(statement: bytes) -> bytes:
        document = json.loads(statement)
        line = next(item for item in document["lines"] if (item["unit"], item["indicator"]) == (unit, indicator))
        measure = next(name for name in ("scope1_g", "scope2_location_g") if int(line[name]) > 1_000_000)
        line[measure] = str(int(line[measure]) - 1_000_000)
        for entry in document["rollup"]:
            if entry["unit"] == unit:
                entry["own"][measure] = str(int(entry["own"][measure]) - 1_000_000)
        document["totals"][measure] = str(int(document["totals"][measure]) - 1_000_000)
        return canonical.dump(document)

    return change


def change_covered(statement: bytes) -> bytes:
    """Return the statement with a kilowatt-hour more covered by the first certificate that covers anything, and less left over."""
    document = json.loads(statement)
    market = _first_covered(document)["market"]
    market["covered"][0]["quantity"] = _more(market["covered"][0]["quantity"], 1)
    market["rest"] = _more(market["rest"], -1)
    return canonical.dump(document)


def _first_covered(statement: dict[str, Any]) -> dict[str, Any]:
    lines: list[dict[str, Any]] = statement["lines"]
    found = next((line for line in lines if line["market"] is not None and line["market"]["covered"]), None)
    if found is not None:
        return found
    raise NotFound("no line of the statement is covered by an instrument", hint="choose a statement with green certificates")


def flip_proof_byte(anchors: bytes) -> bytes:
    """Return the anchors with one byte of a receipt proof flipped."""
    document = json.loads(anchors)
    proof = document["items"][0]["receipt"]["proof"]
    node = bytearray.fromhex(proof[-1][2:])
    node[len(node) // 2] ^= 0x01
    proof[-1] = "0x" + node.hex()
    return canonical.dump(document)


def flip_line_proof(proof: bytes) -> bytes:
    """Return a line's proof with one byte of its record changed."""
    document = copy.deepcopy(json.loads(proof))
    record = bytearray(base64.b64decode(document["item"]["record"]))
    place = record.index(b'"co') if b'"co' in record else len(record) // 2
    record[place + 1] ^= 0x01
    document["item"]["record"] = base64.b64encode(bytes(record)).decode()
    return canonical.dump(document)


def run_package_drill(package: Path, folder: Path, trust: Trust) -> tuple[Caught, ...]:
    """Forge five packages, one value each, and return what the verifier said to each."""
    data = package.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        statement = json.loads(archive.read("statement.json"))
    meter = statement["meters"][0]["meter"]
    line = max(statement["lines"], key=lambda item: int(item["scope1_g"]) + int(item["scope2_location_g"]))
    where = f"{line['unit']} × {line['indicator']}"
    covered = _first_covered(statement)
    instrument = covered["market"]["covered"][0]["instrument"]
    forgeries = (
        ("reading", f"meter {meter}: one reading lowered by 1 kWh", f"meters/{meter}.ltm", change_reading, "meters.records", meter),
        (
            "factor",
            f"factor {line['factor']}: a tenth less",
            "library.json",
            change_factor(line["factor"]),
            "lines.recompute",
            line["factor"],
        ),
        (
            "line",
            f"line {where}: a tonne less",
            "statement.json",
            change_line(line["unit"], line["indicator"]),
            "lines.recompute",
            line["unit"],
        ),
        (
            "certificate",
            f"certificate {instrument} at {covered['unit']}: 1 kWh more covered",
            "statement.json",
            change_covered,
            "lines.recompute",
            instrument,
        ),
        ("proof", "anchor: one byte of the receipt proof", "anchors.json", flip_proof_byte, "anchor.receipt", "receipt"),
    )
    caught = []
    for name, changed, path, change, check, word in forgeries:
        forged = folder / f"forged-{name}.zip"
        forged.write_bytes(forge_package(data, path, change))
        caught.append(_judge(name, changed, check, word, verify("package", forged, trust)))
    return tuple(caught)


def forge_exposure(package: Path, folder: Path, trust: Trust) -> Caught:
    """Take a tonne off the largest exposure of a disclosed book, and return what the verifier said."""
    data = package.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = archive.read(EXPOSURES).splitlines(keepends=True)
    grams, at = max((int(json.loads(line)["attributed"]["s12_g"]), at) for at, line in enumerate(lines))
    record = json.loads(lines[at])
    record["attributed"]["s12_g"] = str(grams - 1_000_000)
    lines[at] = canonical.dump(record) + b"\n"
    forged = folder / "forged-exposure.zip"
    forged.write_bytes(forge_package(data, EXPOSURES, lambda _: b"".join(lines)))
    changed = f"exposure {record['exposure'][:12]}…: a tonne less"
    return _judge("exposure", changed, "financed.records", record["exposure"], verify("financed", forged, trust))


def _judge(name: str, changed: str, check: str, word: str, answer: Verification) -> Caught:
    hits = [failure for failure in answer.failures if failure["id"].startswith(check)]
    named = " ".join(str(hit.get(part) or "") for hit in hits for part in ("id", "subject", "expected", "found", "means"))
    text = f"{hits[0]['id']}: {hits[0]['subject']}; {hits[0].get('means') or ''}" if hits else f"exit {answer.code}: {answer.verdict}"
    return Caught(name, changed, check, text, answer.code == 1 and bool(hits) and word.lower() in named.lower())


def _more(text: str, kwh: int) -> str:
    return format_decimal(parse_decimal(text) + kwh)


def _tenth_less(text: str) -> str:
    digits = text.replace(".", "")
    places = len(text.partition(".")[2])
    lowered = str(int(digits) * 9 // 10).rjust(places + 1, "0")
    return f"{lowered[:-places]}.{lowered[-places:]}" if places else lowered
