"""Check the parts of a package: manifest, input hashes, meter records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from verifier import documents
from verifier.checks import Checks
from verifier.errors import Malformed
from verifier.meter import MeterRecord, read_record
from verifier.operational_1 import METHOD
from verifier.package import BOOK, OPENINGS, REQUIRED, STREAMED, Package, meter_path
from verifier.policy import seconds
from verifier.quantities import Metered

_OPTIONAL = ("attestations.json", "anchors.json")


@dataclass
class Parts:
    """Hold what was read of a package; a part that is absent here was withheld, missing or unreadable."""

    documents: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    meters: dict[str, MeterRecord] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Say whether these documents were read."""
        return all(name in self.documents for name in names)

    def lacking(self, *names: str) -> str:
        """Return the names that were not read, for a NOT CHECKED answer."""
        return ", ".join(f"{name}.json" for name in names if name not in self.documents)


def read_parts(checks: Checks, package: Package) -> Parts:
    """Read every part once and answer package.manifest."""
    parts = Parts(withheld=package.withheld)
    before = len(checks.items)
    for path in sorted(set(package.names()) - set(package.parts) - {"manifest.json"}):
        checks.failed("package.manifest", path, "PART_UNLISTED", "only parts that the manifest lists", path)
    for path, part in package.parts.items():
        if not package.has(path):
            checks.failed("package.manifest", path, "PART_MISSING", part.sha256, "nothing")
            continue
        with checks.guard("package.manifest", path):
            if path in STREAMED:  # a book of a million exposures is never held whole
                data, (found, size) = None, package.digest(path)
            else:
                data = package.read(path)
                found, size = hashlib.sha256(data).hexdigest(), len(data)
            parts.hashes[path] = found
            if size != part.size:
                checks.failed("package.manifest", path, "PART_SIZE", f"{part.size} bytes", f"{size} bytes")
            elif found != part.sha256:
                checks.failed("package.manifest", path, "PART_HASH", part.sha256, found)
            if data is not None:
                _read_part(parts, path, data)
    for path in required_parts(package):
        if path not in package.parts and path not in package.withheld and path not in _OPTIONAL:
            checks.failed("package.manifest", path, "PART_MISSING", "a part of this name", "nothing")
    if parts.has("statement") or (parts.has("financed") and not holds_inventory(package)):
        _compare_manifest(checks, package, parts)
    if parts.has("answers", "findings"):
        _compare_answers(checks, parts)
    for path, reason in package.withheld.items():
        checks.unchecked("package.manifest", path, "PART_WITHHELD", reason=reason)
    if len(checks.items) == before:
        checks.passed("package.manifest", f"{len(package.parts)} parts")
    return parts


def holds_inventory(package: Package) -> bool:
    """Say whether a package is about an inventory: always, but for one that lists a book and no statement."""
    return package.lists("statement.json") or not package.lists(BOOK)


def required_parts(package: Package) -> tuple[str, ...]:
    """Return the documents that a package must list, here or withheld; a book's own are answered for by financed.manifest."""
    return REQUIRED if holds_inventory(package) else (BOOK,)


def _read_part(parts: Parts, path: str, data: bytes) -> None:
    if path.startswith("meters/") and path.endswith(".ltm"):
        # The first record is counted twice, by numpy and plainly, so that the two are seen to agree on this machine.
        parts.meters[path[7:-4]] = read_record(data, thorough=not parts.meters)
    elif path in REQUIRED or path == BOOK:
        parts.documents[path[:-5]] = documents.read(data, path[:-5], path)
    elif not path.startswith(("schemas/", OPENINGS)):
        raise Malformed("PART_UNKNOWN", path, "no part of an evidence package has this name")


def _compare_manifest(checks: Checks, package: Package, parts: Parts) -> None:
    name = "statement" if parts.has("statement") else "financed"
    statement, manifest, digest = parts.documents[name], package.manifest, parts.hashes[f"{name}.json"]
    for field_name in ("institution", "period", "revision"):
        if manifest[field_name] != statement[field_name]:
            checks.failed("package.manifest", f"manifest.json /{field_name}", "MANIFEST_FIELD", statement[field_name], manifest[field_name])
    if manifest["statement"] != digest:
        checks.failed("package.manifest", "manifest.json /statement", "MANIFEST_FIELD", digest, manifest["statement"])
    if parts.has("commitments"):
        for item in parts.documents["commitments"]["datasets"]:
            context = item["context"]
            if context["chain_id"] != manifest["chain_id"]:
                checks.failed("package.manifest", "manifest.json /chain_id", "MANIFEST_FIELD", context["chain_id"], manifest["chain_id"])
            if context["contract"] != manifest["period_ledger"]:
                checks.failed(
                    "package.manifest", "manifest.json /period_ledger", "MANIFEST_FIELD", context["contract"], manifest["period_ledger"]
                )


def _compare_answers(checks: Checks, parts: Parts) -> None:
    findings = {(item["code"], item["place"]) for item in parts.documents["findings"]["items"]}
    for index, item in enumerate(parts.documents["answers"]["items"]):
        if (item["code"], item["place"]) not in findings:
            place = f"answers.json /items/{index}"
            checks.failed("package.manifest", place, "ANSWER_STRAY", "a finding of findings.json", f"{item['code']} {item['place']}")


def check_input_hashes(checks: Checks, parts: Parts) -> None:
    """Answer inputs.hashes: the statement names these inputs, and all are of one institution and period."""
    if not parts.has("statement"):
        checks.unchecked("inputs.hashes", "statement.json", "PART_ABSENT", parts=parts.lacking("statement"))
        return
    statement = parts.documents["statement"]
    before = len(checks.items)
    for name in ("organisation", "activity"):
        if not parts.has(name):
            checks.unchecked("inputs.hashes", f"{name}.json", "PART_ABSENT", parts=parts.lacking(name))
            continue
        if statement[name] != parts.hashes[f"{name}.json"]:
            checks.failed("inputs.hashes", f"{name}.json", "INPUT_HASH", statement[name], parts.hashes[f"{name}.json"])
        for field_name in ("institution", "period"):
            document = parts.documents[name]
            if field_name in document and document[field_name] != statement[field_name]:
                checks.failed("inputs.hashes", f"{name}.json /{field_name}", "INPUT_FIELD", statement[field_name], document[field_name])
    first = statement["revision"] == 1
    if first != (statement["cause"] == "first") or first != (statement["supersedes"] is None):
        checks.failed(
            "inputs.hashes",
            "statement.json /revision",
            "REVISION",
            "revision 1 with cause first, later ones with what they supersede",
            statement["revision"],
        )
    if statement["method"] != METHOD:
        checks.failed("inputs.hashes", "statement.json /method", "METHOD", METHOD, statement["method"])
    if len(checks.items) == before:
        checks.passed("inputs.hashes", "organisation.json, activity.json")


def check_library_named(checks: Checks, parts: Parts) -> str | None:
    """Return the library's hash where library.json and statement name the same release; answers library.trusted where they do not."""
    if not parts.has("library", "statement"):
        checks.unchecked("library.trusted", "library.json", "PART_ABSENT", parts=parts.lacking("library", "statement"))
        return None
    stated, found = parts.documents["statement"]["library"], parts.hashes["library.json"]
    if stated["hash"] != found:
        checks.failed("library.trusted", "library.json", "LIBRARY_HASH", stated["hash"], found)
        return None
    if stated["release"] != parts.documents["library"]["release"]:
        checks.failed("library.trusted", "library.json /release", "LIBRARY_HASH", stated["release"], parts.documents["library"]["release"])
        return None
    return found


def check_meters(checks: Checks, parts: Parts) -> None:
    """Answer meters.records, once per meter that differs."""
    if not parts.has("statement"):
        checks.unchecked("meters.records", "statement.json", "PART_ABSENT", parts=parts.lacking("statement"))
        return
    statement = parts.documents["statement"]
    keys = _leaf_keys(parts)
    before = len(checks.items)
    named = set()
    for summary in statement["meters"]:
        meter = summary["meter"]
        named.add(meter)
        path = meter_path(meter)
        if meter in parts.meters:
            _check_meter(checks, summary, parts.meters[meter], statement["period"], keys.get(f"meter/{meter}/{summary['quantity']}"))
        elif path in parts.withheld:
            checks.unchecked("meters.records", f"meter {meter}", "METER_WITHHELD", reason=parts.withheld[path])
        elif path in parts.hashes:
            checks.unchecked("meters.records", f"meter {meter}", "PART_ABSENT", parts=path)  # unreadable: package.manifest has said so
        else:
            checks.failed("meters.records", f"meter {meter}", "METER_MISSING", path, "nothing")
    for meter in sorted(set(parts.meters) - named):
        checks.failed("meters.records", f"meter {meter}", "METER_UNNAMED", "a meter that the statement lists", meter_path(meter))
    if len(checks.items) == before:
        checks.passed("meters.records", f"{len(named)} meters")


def _leaf_keys(parts: Parts) -> dict[str, str]:
    if not parts.has("commitments"):
        return {}
    return {
        leaf["asset"]: leaf["key"]
        for item in parts.documents["commitments"]["datasets"]
        if item["dataset"] == "METERS"
        for leaf in item["leaves"]
    }


Comparison = tuple[str, str | int, str | int]


def header_mismatches(record: MeterRecord) -> list[Comparison]:
    """Return (what, expected, found) for each header field that the slots contradict."""
    header, counts = record.header, record.counts
    comparisons: list[Comparison] = [
        ("sum of the slots", counts.total, header.total),
        ("slots measured", counts.measured, header.measured),
        ("slots estimated", counts.estimated, header.estimated),
        ("slots manual", counts.manual, header.manual),
        ("slots missing", counts.missing, header.missing),
        ("missing slots that hold a value", 0, counts.missing_not_zero),
        ("smallest value, if below zero", 0, min(0, counts.smallest)),
    ]
    return [item for item in comparisons if item[1] != item[2]]


def _check_meter(checks: Checks, summary: Any, record: MeterRecord, period: Any, key: str | None) -> None:
    header, counts = record.header, record.counts
    start, end = seconds(period["start"]), seconds(period["end"])
    comparisons: list[Comparison] = [
        ("digest of the record", str(summary["record"]), record.digest),
        ("start of the period", start, header.start),
        ("number of slots", (end - start) // (60 * header.interval_minutes), header.slots),
        ("quantity", str(summary["quantity"]), header.quantity),
        *header_mismatches(record),
        ("total in the statement", counts.total, int(summary["total"])),
        ("measured in the statement", counts.measured, int(summary["measured"])),
        ("estimated in the statement", counts.estimated, int(summary["estimated"])),
        ("manual in the statement", counts.manual, int(summary["manual"])),
        ("missing in the statement", counts.missing, int(summary["missing"])),
    ]
    if key is not None:
        comparisons.append(("meter key", key, header.key.hex()))
    for what, expected, found in comparisons:
        if expected != found:
            checks.failed("meters.records", f"meter {summary['meter']}", "METER_FIELD", expected, found, field=what)


def metered(parts: Parts) -> tuple[list[Metered], set[str]]:
    """Return (what each meter contributes, the meters that rest on a stated total alone because their record is not here).

    A sub-meter contributes nothing: the meter before it counts its energy.
    """
    contributions, claimed = [], set()
    for summary in parts.documents["statement"]["meters"]:
        if "sub_meter_of" in summary:
            continue
        record = parts.meters.get(summary["meter"])
        if record is not None:
            counts = record.counts
            values = (counts.total, record.header.slots, counts.measured)
        else:
            claimed.add(summary["meter"])
            stated = [int(summary[name]) for name in ("measured", "estimated", "manual", "missing")]
            values = (int(summary["total"]), sum(stated), stated[0])
        contributions.append(Metered(summary["meter"], summary["unit"], summary["quantity"], *values))
    return contributions, claimed
