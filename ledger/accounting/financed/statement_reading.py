"""Read `lingtan.financed/1` strictly: every finding at its place, sums that contradict each other among them (spec: documents §14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields as fields_of
from typing import TypeVar

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import Excluded, TieOut
from ledger.accounting.financed.methods import METHODS, get_method
from ledger.accounting.financed.portfolio import Waci
from ledger.accounting.financed.statement import (
    MEASURES,
    SCHEMA,
    Coverage,
    FinancedStatement,
    Groups,
    NamedBlock,
    OptionSum,
    Reductions,
)
from ledger.errors import InputError
from ledger.loans.exposure import ASSET_CLASSES, HIGH_CARBON, OPTIONS, USES
from ledger.records.dataset_statement import CommittedTree, read_origin
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding, has_errors

T = TypeVar("T")
BLOCK_FIELDS = tuple(item.name for item in fields_of(Block))
FIELDS = (
    *("schema", "institution", "period", "revision", "cause", "supersedes", "method", "dataset", "library", "policies", "rows"),
    *("excluded", "totals", "classes", "sectors", "branches", "high_carbon", "uses", "options", "reductions", "waci", "coverage"),
    *("tie_out", "groups", "commitment"),
)
_SIGNED = re.compile(r"0|-?[1-9][0-9]{0,38}")
_PART_OF_ALL = ("classes", "sectors", "branches")


def read_financed_statement(document: object) -> tuple[FinancedStatement | None, tuple[Finding, ...]]:
    """Return the statement of a document (None if any error was found) and every finding."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, FIELDS)
    fields.schema(SCHEMA)
    method = fields.choice("method", tuple(item.id for item in METHODS))
    fields.choice("dataset", (get_method(method).dataset,))
    origin = read_origin(fields)
    reductions, coverage, groups = (
        fields.nested(name, names)
        for name, names in (
            ("reductions", ("g", "rows")),
            ("coverage", ("exposure_cents", "total_cents", "unknown_rows")),
            ("groups", ("n", "rows")),
        )
    )
    statement = FinancedStatement(
        origin=origin,
        method=method,
        policies=_policies(document, method, fields),
        rows=fields.integer_text("rows"),
        excluded=_list(fields, "excluded", "reason", ("reason", "rows", "exposure_cents"), _excluded),
        totals=_block(fields.nested("totals", BLOCK_FIELDS)),
        classes=_blocks(fields, "classes", "class", ASSET_CLASSES),
        sectors=_blocks(fields, "sectors", "sector", None),
        branches=_blocks(fields, "branches", "branch", None),
        high_carbon=_blocks(fields, "high_carbon", "sector", HIGH_CARBON),
        uses=_blocks(fields, "uses", "use", USES),
        options=_list(fields, "options", "option", ("option", "rows", "exposure_cents"), _option),
        reductions=Reductions(reductions.integer_text("g"), reductions.integer_text("rows")),
        waci=fields.optional("waci", lambda name: _waci(fields.nested(name, ("value_micro", "exposure_cents")))),
        coverage=Coverage(*(coverage.integer_text(name) for name in ("exposure_cents", "total_cents", "unknown_rows"))),
        tie_out=_list(fields, "tie_out", "id", ("id", "asset_class", "declared_cents", "computed_cents"), _tie_out),
        groups=Groups(groups.integer_text("n"), groups.integer_text("rows")),
        commitment=_commitment(fields.nested("commitment", ("n", "totals", "tree_root", "root"))),
    )
    if not has_errors(findings):
        findings.extend(_contradictions(statement))
    return (None if has_errors(findings) else statement), tuple(findings)


def financed_statement_from_document(document: object) -> FinancedStatement:
    """Return the statement of a document.

    Raises:
        MalformedDocument: it is no financed statement, or contradicts itself.
    """
    statement, findings = read_financed_statement(document)
    raise_first("financed statement", findings)
    if statement is None:
        raise InputError("the financed statement is refused")
    return statement


def _policies(document: object, method: str, fields: Fields) -> dict[str, object]:
    given = document.get("policies") if isinstance(document, dict) else None
    if not isinstance(given, dict):
        fields.refuse("FIELD_INVALID", "/policies", "write the object that the method names", expected="an object")
        return {}
    try:
        whole = get_method(method).read_policies(given).to_document()
    except InputError as error:
        fields.refuse("FIELD_INVALID", "/policies", error.hint or "write the method's policies", got=str(error)[:80])
        return {}
    for name in sorted(set(whole) - set(given)):
        fields.refuse("FIELD_MISSING", f"/policies/{name}", "name every policy of the method", expected=name)
    return whole


def _list(fields: Fields, name: str, key: str, names: tuple[str, ...], read: Callable[[Fields], tuple[str, T]]) -> tuple[T, ...]:
    found = [read(item) for item in fields.objects(name, names)]
    keys = [item for item, _ in found]
    for index in range(1, len(keys)):
        if keys[index - 1].encode() >= keys[index].encode():
            code = "ITEM_TWICE" if keys[index - 1] == keys[index] else "ITEM_UNSORTED"
            action = "list each once, in the order of the names' bytes"
            fields.refuse(code, f"/{name}/{index}", action, got=keys[index][:80], expected=f"after {keys[index - 1][:80]}")
    return tuple(value for _, value in found)


def _blocks(fields: Fields, name: str, key: str, choices: tuple[str, ...] | None) -> tuple[NamedBlock, ...]:
    def read(item: Fields) -> tuple[str, NamedBlock]:
        text = item.text(key) if choices is None else item.choice(key, choices)
        return text, NamedBlock(text, _block(item))

    return _list(fields, name, key, (key, *BLOCK_FIELDS), read)


def _block(fields: Fields) -> Block:
    return Block(*(fields.integer_text(name) for name in BLOCK_FIELDS))


def _signed(fields: Fields, name: str) -> int:
    text = fields.decimal(name)
    if not _SIGNED.fullmatch(text):
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/{name}", "write an integer", got=text[:80], expected="an integer")
        return 0
    return int(text)


def _excluded(item: Fields) -> tuple[str, Excluded]:
    reason = item.text("reason")
    return reason, Excluded(reason, item.integer_text("rows"), item.integer_text("exposure_cents"))


def _option(item: Fields) -> tuple[str, OptionSum]:
    option = item.choice("option", OPTIONS)
    return option, OptionSum(option, item.integer_text("rows"), item.integer_text("exposure_cents"))


def _tie_out(item: Fields) -> tuple[str, TieOut]:
    id = item.identifier("id")
    asset_class = item.optional("asset_class", lambda name: item.choice(name, ASSET_CLASSES))
    return id, TieOut(id, asset_class, _signed(item, "declared_cents"), _signed(item, "computed_cents"))


def _waci(item: Fields) -> Waci:
    return Waci(item.integer_text("value_micro"), item.integer_text("exposure_cents"))


def _commitment(item: Fields) -> CommittedTree:
    totals: list[int] = []
    for pointer, value in item.items("totals"):
        if isinstance(value, str) and _SIGNED.fullmatch(value) and not value.startswith("-"):
            totals.append(int(value))
        else:
            item.refuse("FIELD_INVALID", pointer, "write an integer as a decimal string", expected="an integer of 0 or more")
            totals.append(0)
    if len(totals) != MEASURES:
        item.refuse("FIELD_INVALID", f"{item.pointer}/totals", "write four totals", got=str(len(totals)), expected=str(MEASURES))
        totals = [0] * MEASURES
    first, second, third, fourth = totals
    return CommittedTree(item.integer_text("n"), (first, second, third, fourth), item.digest("tree_root"), item.digest("root"))


def _contradictions(statement: FinancedStatement) -> Iterable[Finding]:
    """Yield what the statement's own sums disagree on."""
    totals, tree = statement.totals, statement.commitment
    for name in (*_PART_OF_ALL, *(["uses"] if statement.method == "pboc_2021" else [])):
        parts = Block.sum(item.block for item in getattr(statement, name))
        if parts != totals:
            wrong = next(field for field in BLOCK_FIELDS if getattr(parts, field) != getattr(totals, field))
            yield _differs(f"/{name}", f"{wrong} {getattr(parts, wrong)}", f"{wrong} {getattr(totals, wrong)} of the totals")
    if statement.method != "pboc_2021" and statement.uses:
        yield _differs("/uses", f"{len(statement.uses)} uses", f"none with {statement.method}")
    left_out = sum(item.rows for item in statement.excluded)
    cents = sum(item.exposure_cents for item in statement.excluded)
    sums = (
        ("/rows", statement.rows, totals.rows + left_out),
        ("/options", sum(item.rows for item in statement.options), totals.rows),
        ("/options", sum(item.exposure_cents for item in statement.options), totals.exposure_cents),
        ("/coverage/exposure_cents", statement.coverage.exposure_cents, totals.exposure_cents),
        ("/coverage/total_cents", statement.coverage.total_cents, totals.exposure_cents + cents),
        ("/groups/rows", statement.groups.rows, totals.rows),
        ("/commitment/n", tree.n, statement.groups.n),
        ("/commitment/totals/0", tree.totals[0], totals.exposure_cents),
        ("/commitment/totals/1", tree.totals[1], totals.s12_g),
        ("/commitment/totals/2", tree.totals[2], totals.s3_g),
        ("/commitment/totals/3", tree.totals[3], totals.weighted),
    )
    for place, got, expected in sums:
        if got != expected:
            yield _differs(place, str(got), str(expected))
    for index, item in enumerate(statement.tie_out):
        if item.declared_cents != item.computed_cents:
            yield _differs(f"/tie_out/{index}", str(item.computed_cents), str(item.declared_cents))
    if statement.coverage.unknown_rows > left_out:
        yield _differs("/coverage/unknown_rows", str(statement.coverage.unknown_rows), f"at most {left_out}")


def _differs(place: str, got: str, expected: str) -> Finding:
    return Finding("STATEMENT_SUM_DIFFERS", "error", place, "compute the statement again from the book", got, expected)
