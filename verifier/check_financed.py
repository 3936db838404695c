"""Check a disclosed book: every record, group and block of its statement, in one pass over exposures.jsonl (documents.md §14, §16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from verifier.check_commitment import Record
from verifier.check_inputs import Parts
from verifier.checks import Checks
from verifier.errors import Malformed
from verifier.exposure import Exposure, lines_of, read_exposure
from verifier.financed_blocks import Difference, Tally, contradictions, measures_of
from verifier.financed_groups import asset_of, group_count, group_record, group_size, salted_leaf
from verifier.financed_methods import Rules, differences
from verifier.package import BOOK, EXPOSURES, GROUPS, OPENINGS, SALTS, Package

SALT_SIZE = 32
MOST_EXPOSURES = 10_000_000
SHOWN = 8


@dataclass
class Mismatches:
    """Count mismatches under one id, and record the first few: a million lines of one kind tell nothing more."""

    checks: Checks
    id: str
    code: str
    count: int = 0

    def add(self, subject: str, expected: object, found: object) -> None:
        """Record one mismatch, or count it."""
        self.count += 1
        if self.count <= SHOWN:
            self.checks.failed(self.id, subject, self.code, expected, found)

    def extend(self, place: str, items: Iterable[Difference]) -> None:
        """Record each of these differences."""
        for pointer, expected, found in items:
            self.add(f"{place} {pointer}".strip(), expected, found)

    def close(self, subject: str) -> None:
        """Say how many more there are, or that all held."""
        if self.count > SHOWN:
            self.checks.failed(self.id, subject, "FINANCED_MORE", f"{SHOWN} of {self.count} are listed", f"{self.count - SHOWN} more")
        elif not self.count:
            self.checks.passed(self.id, subject)


def is_disclosed(package: Package) -> bool:
    """Say whether the package discloses the book; one whose records are withheld may open groups of it instead."""
    return EXPOSURES in package.parts or SALTS in package.parts


def opening_paths(package: Package) -> list[str]:
    """Return the openings of a package, in order."""
    return sorted(path for path in package.parts if path.startswith(OPENINGS))


def check_book_manifest(checks: Checks, package: Package, parts: Parts) -> None:
    """Answer financed.manifest: the parts of a disclosed or of an undisclosed book, and nothing of the one in the other."""
    before = len(checks.items)
    check_id, manifest = "financed.manifest", package.manifest
    disclosed = is_disclosed(package)
    for path in (EXPOSURES, SALTS, "commitments.json") if disclosed else (GROUPS,):
        if path in package.withheld:
            checks.unchecked(check_id, path, "PART_WITHHELD", reason=package.withheld[path])
        elif path not in package.parts:
            checks.failed(check_id, path, "PART_MISSING", "a part of this name", "nothing")
    if disclosed and opening_paths(package):
        checks.failed(check_id, opening_paths(package)[0], "FINANCED_FORM", "no openings: the whole book is disclosed", "an opening")
    if parts.has("financed"):
        statement = parts.documents["financed"]
        for name in ("institution", "period", "revision"):
            if manifest[name] != statement[name]:
                checks.failed(check_id, f"manifest.json /{name}", "MANIFEST_FIELD", statement[name], manifest[name])
        if package.has(SALTS) and package.size(SALTS) != SALT_SIZE * int(statement["groups"]["rows"]):
            wanted = f"{SALT_SIZE} × {statement['groups']['rows']} bytes"
            checks.failed(check_id, SALTS, "PART_SIZE", wanted, f"{package.size(SALTS)} bytes")
    elif BOOK not in package.withheld:
        checks.unchecked(check_id, BOOK, "PART_ABSENT", parts=BOOK)
    if len(checks.items) == before:
        checks.passed(check_id, "disclosed book" if disclosed else f"undisclosed book, {len(opening_paths(package))} opened groups")


@dataclass
class Recount:
    """Hold what the records of a book, or of its opened groups, give."""

    records: int = 0
    whole: bool = False
    tally: Tally | None = None
    groups: dict[str, Record] | None = None


def check_disclosed(checks: Checks, package: Package, statement: Any, rules: Rules) -> Recount:
    """Answer financed.records from exposures.jsonl, and return what the records add up to; groups is None where they cannot be formed."""
    recount = Recount(tally=Tally(statement), groups={})
    missing = [path for path in (EXPOSURES, SALTS) if not package.has(path)]
    if missing:
        for check_id in ("financed.records", "financed.groups"):
            checks.unchecked(check_id, BOOK, "PART_ABSENT", parts=", ".join(missing))
        return Recount()
    found = Mismatches(checks, "financed.records", "FINANCED_RECORD")
    order = Mismatches(checks, "financed.groups", "FINANCED_ORDER")
    try:
        _read_book(package, rules, recount, found, order)
    except Malformed as error:
        checks.malformed("financed.records", EXPOSURES, error)
        checks.unchecked("financed.groups", EXPOSURES, "PART_ABSENT", parts=EXPOSURES)
        return Recount(records=recount.records)
    recount.whole = True
    found.close(f"{recount.records} exposures")
    if order.count:
        order.close("order of the exposures")
    return recount


def _read_book(package: Package, rules: Rules, recount: Recount, found: Mismatches, order: Mismatches) -> None:
    expected = package.size(SALTS) // SALT_SIZE
    if expected > MOST_EXPOSURES:
        raise Malformed("BOOK_SIZE", SALTS, f"a book has at most {MOST_EXPOSURES} exposures")
    tally, groups = recount.tally, recount.groups
    previous = b""
    number, leaves, sums = 0, [], [0, 0, 0, 0]
    size = group_size(expected, 0) if expected else 0
    for data, salt in _salted(package):
        recount.records += 1
        record = read_exposure(data, f"{EXPOSURES} line {recount.records}")
        check_record(record, rules, found)
        if record.exposure <= previous:
            order.add(f"line {recount.records}", f"a pseudonym above {previous.hex()}", record.exposure.hex())
        previous = record.exposure
        if tally is not None:
            tally.add(record)
        leaves.append(salted_leaf(salt, data))
        for index, value in enumerate(measures_of(record)):
            sums[index] += value
        if len(leaves) == size and groups is not None:
            groups[asset_of(number)] = (group_record(number, leaves), tuple(sums))
            number, leaves, sums = number + 1, [], [0, 0, 0, 0]
            size = group_size(expected, number) if number < group_count(expected) else 0


def _salted(package: Package) -> Iterator[tuple[bytes, bytes]]:
    """Yield (record bytes, salt). Raises: Malformed where one file ends before the other."""
    with package.stream(EXPOSURES) as exposures, package.stream(SALTS) as salts:
        for data in lines_of(exposures):
            salt = salts.read(SALT_SIZE)
            if len(salt) != SALT_SIZE:
                raise Malformed("SALTS_SHORT", SALTS, f"ends before {EXPOSURES} does")
            yield data, salt
        if salts.read(1):
            raise Malformed("SALTS_LONG", SALTS, f"goes on after {EXPOSURES} ends")


def check_record(record: Exposure, rules: Rules, found: Mismatches) -> None:
    """Count what the method gives otherwise than a record says: its first difference, which is the cause of the others."""
    for pointer, expected, value in differences(record, rules):
        found.add(f"exposure {record.exposure.hex()} /{pointer}", expected, value)
        return


def check_blocks(checks: Checks, statement: Any, recount: Recount) -> None:
    """Answer financed.blocks: the statement agrees with itself, and with the records where all of them are here."""
    found = Mismatches(checks, "financed.blocks", "FINANCED_BLOCK")
    found.extend(BOOK, contradictions(statement))
    if recount.whole and recount.tally is not None:
        found.extend(BOOK, recount.tally.differences())
        found.close(f"{recount.records} exposures")
        return
    if found.count:
        found.close(BOOK)
    checks.unchecked("financed.blocks", BOOK, "FINANCED_UNDISCLOSED")


def check_groups(checks: Checks, item: Any | None, statement: Any, recount: Recount) -> None:
    """Answer financed.groups of a disclosed book: number, order, sizes and sums, against the leaves of the commitment."""
    if recount.groups is None or not recount.whole:
        return  # answered where it failed
    found = Mismatches(checks, "financed.groups", "FINANCED_GROUP")
    rows, groups = int(statement["groups"]["rows"]), recount.groups
    if recount.records != rows:
        found.add("financed.json /groups/rows", recount.records, rows)
    if group_count(rows) != int(statement["groups"]["n"]):
        found.add("financed.json /groups/n", group_count(rows), statement["groups"]["n"])
    if item is None:
        checks.unchecked("financed.groups", "commitments.json", "PART_ABSENT", parts="commitments.json")
        return
    leaves = {leaf["asset"]: leaf["values"] for leaf in item["leaves"]}
    for asset in sorted(set(groups) - set(leaves)):
        found.add(asset, "a leaf", "none")
    for asset in sorted(set(leaves) - set(groups)):
        found.add(asset, "no such group", "a leaf")
    for asset, (_, values) in groups.items():
        if asset in leaves and list(map(str, values)) != leaves[asset]:
            found.add(asset, list(map(str, values)), leaves[asset])
    if found.count or "financed.groups" not in {check.id for check in checks.items}:
        found.close(f"{len(groups)} groups of {recount.records} exposures")
