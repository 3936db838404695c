"""Add records up to the blocks of a financed statement, and find where a statement contradicts itself (documents.md §14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from verifier.exposure import Exposure
from verifier.financed_methods import USE_OF
from verifier.financed_shapes import BLOCK_FIELDS

Sums = list[int]  # in the order of BLOCK_FIELDS
Difference = tuple[str, object, object]  # JSON pointer into financed.json, expected, found
_WIDTH = len(BLOCK_FIELDS)
_LISTS = (("classes", "class"), ("sectors", "sector"), ("branches", "branch"), ("high_carbon", "sector"), ("options", "option"))
_FOLD_AT = 50_000
_UNNAMED = "-"  # the use of a row without a denominator, which only a balance of 0 lacks under pboc_2021


def block_of(record: Exposure) -> Sums:
    """Return what one record adds to a block."""
    weight = record.exposure_cents
    knows_s3 = record.s3 is not None
    return [
        1,
        weight,
        record.s1 or 0,
        record.s2 or 0,
        record.s12,
        record.s3 or 0,
        1 if knows_s3 else 0,
        weight if knows_s3 else 0,
        record.removals,
        record.avoided,
        record.credits_retired,
        record.credits_generated,
        weight * record.score_s12,
        weight * (record.score_s3 or 0),
    ]


def measures_of(record: Exposure) -> tuple[int, int, int, int]:
    """Return the four measures of a group that one record adds to: exposure, S1+2, S3, exposure × score."""
    return record.exposure_cents, record.s12, record.s3 or 0, record.exposure_cents * record.score_s12


def _add(into: Sums, sums: Sums) -> None:
    for index, value in enumerate(sums):
        into[index] += value


class Tally:
    """Add records up by every name of a statement, in memory that depends on the statement's names and not on the records."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._pending: dict[tuple[str, str, str, str | None, str, str], Sums] = {}
        self.totals: Sums = [0] * _WIDTH
        self.blocks: dict[str, dict[str, Sums]] = {
            name: {item[key]: [0] * _WIDTH for item in statement[name]} for name, key in (*_LISTS, ("uses", "use"))
        }
        self.blocks["uses"][_UNNAMED] = [0] * _WIDTH
        self.strays: dict[str, str] = {}  # by list, the first name of a record that the statement does not have

    def add(self, record: Exposure) -> None:
        """Add one record."""
        use = USE_OF.get(record.denominator_name or "", _UNNAMED)
        key = (record.asset_class, record.sector, record.branch, record.high_carbon, record.option, use)
        sums = self._pending.get(key)
        if sums is None:
            if len(self._pending) >= _FOLD_AT:
                self._fold()
            self._pending[key] = block_of(record)
        else:
            _add(sums, block_of(record))

    def _fold(self) -> None:
        uses = self._statement["method"] == "pboc_2021"
        for (asset_class, sector, branch, high_carbon, option, use), sums in self._pending.items():
            _add(self.totals, sums)
            names: list[tuple[str, str]] = [("classes", asset_class), ("sectors", sector), ("branches", branch), ("options", option)]
            if high_carbon is not None:
                names.append(("high_carbon", high_carbon))
            if uses:
                names.append(("uses", use))
            for name, value in names:
                block = self.blocks[name].get(value)
                if block is None:
                    self.strays.setdefault(name, value)
                else:
                    _add(block, sums)
        self._pending.clear()

    def differences(self) -> Iterator[Difference]:
        """Yield where the statement says otherwise than its records: totals first, then each list."""
        self._fold()
        yield from _compare(self._statement["totals"], self.totals, "/totals")
        for name, key in _LISTS:
            if name in self.strays:
                yield f"/{name}", f"a block of {self.strays[name]}", "none"
            for index, item in enumerate(self._statement[name]):
                yield from _compare(item, self.blocks[name][item[key]], f"/{name}/{index} {item[key]}")
        yield from self._uses()

    def _uses(self) -> Iterator[Difference]:
        """Yield differences of the uses; a row with a balance of 0 and no denominator may be of either, and adds to counts alone."""
        if "uses" in self.strays:
            yield "/uses", f"a block of {self.strays['uses']}", "none"
        loose = self.blocks["uses"][_UNNAMED]
        spare = {field: loose[BLOCK_FIELDS.index(field)] for field in ("rows", "s3_rows")}
        for index, item in enumerate(self._statement["uses"]):
            own = self.blocks["uses"][item["use"]]
            for position, field in enumerate(BLOCK_FIELDS):
                found = int(item[field])
                over = found - own[position]
                if field in spare and 0 <= over <= spare[field]:
                    spare[field] -= over
                elif over:
                    yield f"/uses/{index} {item['use']} /{field}", own[position], found


def _compare(block: Any, own: Sums, pointer: str) -> Iterator[Difference]:
    for index, field in enumerate(BLOCK_FIELDS):
        if field in block and int(block[field]) != own[index]:
            yield f"{pointer}/{field}", own[index], block[field]


def contradictions(statement: Any) -> Iterator[Difference]:
    """Yield where a statement does not agree with itself (STATEMENT_SUM_DIFFERS): a reader refuses such a one whatever its records say."""
    totals = statement["totals"]
    pboc = statement["method"] == "pboc_2021"
    for name in ("classes", "sectors", "branches", *(("uses",) if pboc else ())):
        for field in BLOCK_FIELDS:
            yield from _equal(f"/{name} Σ {field}", totals[field], _sum(statement[name], field))
    if not pboc:
        yield from _equal("/uses", 0, len(statement["uses"]))
    for field in ("rows", "exposure_cents"):
        yield from _equal(f"/options Σ {field}", totals[field], _sum(statement["options"], field))
    excluded_rows, excluded_cents = (_sum(statement["excluded"], field) for field in ("rows", "exposure_cents"))
    yield from _equal("/rows", int(totals["rows"]) + excluded_rows, statement["rows"])
    yield from _equal("/coverage/exposure_cents", totals["exposure_cents"], statement["coverage"]["exposure_cents"])
    yield from _equal("/coverage/total_cents", int(totals["exposure_cents"]) + excluded_cents, statement["coverage"]["total_cents"])
    if int(statement["coverage"]["unknown_rows"]) > excluded_rows:
        yield "/coverage/unknown_rows", f"at most the {excluded_rows} excluded rows", statement["coverage"]["unknown_rows"]
    for index, item in enumerate(statement["tie_out"]):
        yield from _equal(f"/tie_out/{index} {item['id']}", item["declared_cents"], item["computed_cents"])
    yield from _equal("/groups/rows", totals["rows"], statement["groups"]["rows"])
    yield from _equal("/commitment/n", statement["groups"]["n"], statement["commitment"]["n"])
    for index, field in enumerate(("exposure_cents", "s12_g", "s3_g", "weighted")):
        yield from _equal(f"/commitment/totals/{index}", totals[field], statement["commitment"]["totals"][index])
    waci = statement["waci"]
    if waci is not None and int(waci["exposure_cents"]) > int(totals["exposure_cents"]):
        yield "/waci/exposure_cents", f"at most {totals['exposure_cents']}", waci["exposure_cents"]
    if statement["dataset"] != {"pcaf_2": "FINANCED_PCAF", "pboc_2021": "FINANCED_PBOC"}[statement["method"]]:
        yield "/dataset", f"the dataset of {statement['method']}", statement["dataset"]
    first = statement["revision"] == 1
    if first != (statement["cause"] == "first") or first != (statement["supersedes"] is None):
        yield "/revision", "revision 1 with cause first, later ones with what they supersede", statement["revision"]


def _sum(items: Any, field: str) -> int:
    return sum(int(item[field]) for item in items)


def _equal(pointer: str, expected: object, found: object) -> Iterator[Difference]:
    if int(str(expected)) != int(str(found)):
        yield pointer, expected, found
