"""What tables are made from: figures of a financed statement or an answer (spec: documents §14, financed-input §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import Excluded
from ledger.accounting.financed.green_loans import GreenLoan
from ledger.accounting.financed.portfolio import Waci
from ledger.accounting.financed.report.labels import industry_of
from ledger.accounting.financed.statement import FinancedStatement, NamedBlock
from ledger.errors import MalformedDocument
from ledger.records import canonical

ANSWER_SCHEMA = "lingtan.loans/1"
CNY = "CNY"
_BLOCK_FIELDS = tuple(item.name for item in fields(Block))
Blocks = Mapping[str, Block]


@dataclass(frozen=True)
class ReportFigures:
    """Sums by name, cents and grams. `industries` are by (asset class, section of GB/T 4754), None where no exposure is at hand."""

    institution: str
    period: str
    method: str
    currency: str
    totals: Block
    classes: Blocks
    sectors: Blocks
    branches: Blocks
    high_carbon: Blocks
    uses: Blocks
    options: tuple[tuple[str, int, int], ...]
    excluded: tuple[Excluded, ...]
    total_cents: int
    unknown_rows: int
    reductions_g: int
    reduction_rows: int
    waci: Waci | None
    statement: str | None = None
    industries: Mapping[tuple[str, str], Block] | None = None
    green: tuple[GreenLoan, ...] | None = None


def figures_of_statement(statement: FinancedStatement, records: Iterable[bytes] | None = None) -> ReportFigures:
    """Return the figures of a statement; `records` (the vault's, those that are not erased) give industries by class."""
    return ReportFigures(
        institution=statement.origin.institution,
        period=statement.origin.period.id,
        method=statement.method,
        currency=CNY,
        totals=statement.totals,
        classes=_by_name(statement.classes),
        sectors=_by_name(statement.sectors),
        branches=_by_name(statement.branches),
        high_carbon=_by_name(statement.high_carbon),
        uses=_by_name(statement.uses),
        options=tuple((item.option, item.rows, item.exposure_cents) for item in statement.options),
        excluded=statement.excluded,
        total_cents=statement.coverage.total_cents,
        unknown_rows=statement.coverage.unknown_rows,
        reductions_g=statement.reductions.g,
        reduction_rows=statement.reductions.rows,
        waci=statement.waci,
        statement=statement.digest(),
        industries=None if records is None else industries_of(map(canonical.load, records)),
    )


def figures_of_answer(answer: Mapping[str, Any]) -> ReportFigures:
    """Return the figures of an answer `lingtan.loans/1`.

    Raises:
        MalformedDocument: it is none, or holds no totals because an exposure was refused.
    """
    if answer.get("schema") != ANSWER_SCHEMA:
        raise MalformedDocument("this is neither a financed statement nor an answer of `lingtan loans compute`")
    if answer.get("totals") is None:
        raise MalformedDocument("the answer has no totals", hint="mend what its findings name and compute again")
    try:
        return _of_answer(answer)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedDocument(f"the answer lacks a figure: {error}", hint="compute it again") from error


def _of_answer(answer: Mapping[str, Any]) -> ReportFigures:
    period, waci, exposures = answer["period"], answer["waci"], answer["exposures"]
    calculated = None if exposures is None else [item for item in exposures if item["state"] == "calculated"]
    return ReportFigures(
        institution=str(answer["institution"]),
        period="" if period is None else str(period["id"]),
        method=str(answer["method"]),
        currency=str(answer["currency"]),
        totals=_block(answer["totals"]),
        **{name: {item[key]: _block(item) for item in answer[name]} for name, key in _LISTS},  # type: ignore[arg-type]
        options=tuple((item["option"], int(item["rows"]), int(item["exposure_cents"])) for item in answer["options"]),
        excluded=tuple(Excluded(item["reason"], int(item["rows"]), int(item["exposure_cents"])) for item in answer["excluded"]),
        total_cents=int(answer["coverage"]["total_cents"]),
        unknown_rows=int(answer["coverage"]["unknown_rows"]),
        reductions_g=int(answer["reductions"]["g"]),
        reduction_rows=int(answer["reductions"]["rows"]),
        waci=None if waci is None else Waci(int(waci["value_micro"]), int(waci["exposure_cents"])),
        industries=None if calculated is None else industries_of(calculated),
    )


_LISTS = (("classes", "class"), ("sectors", "sector"), ("branches", "branch"), ("high_carbon", "sector"), ("uses", "use"))


def industries_of(exposures: Iterable[Any]) -> dict[tuple[str, str], Block]:
    """Return the sums by asset class and section of GB/T 4754, from exposure records or the exposures of an answer."""
    found: dict[tuple[str, str], list[int]] = {}
    for item in exposures:
        key = (str(item["asset_class"]), industry_of(str(item["sector"])))
        sums = found.setdefault(key, [0] * len(_BLOCK_FIELDS))
        for at, figure in enumerate(_figures_of_exposure(item)):
            sums[at] += figure
    return {key: Block(*found[key]) for key in sorted(found)}


def by_industry(sectors: Blocks) -> dict[str, Block]:
    """Return the blocks of sectors added up by section of GB/T 4754."""
    found: dict[str, Block] = {}
    for name, block in sectors.items():
        letter = industry_of(name)
        found[letter] = found.get(letter, Block()) + block
    return {letter: found[letter] for letter in sorted(found, key=lambda letter: (letter == "-", letter))}


def _figures_of_exposure(item: Any) -> list[int]:
    """Return one exposure's figures in the order of a block's."""
    given, cents, score = item["attributed"], int(item["exposure_cents"]), item["score_s3"]
    grams = [int(given[name] or 0) for name in _BLOCK_FIELDS[2:6]]
    ledgers = [int(given[name]) for name in _BLOCK_FIELDS[8:12]]
    s3 = [0, 0] if score is None else [1, cents]
    return [1, cents, *grams, *s3, *ledgers, cents * int(item["score_s12"]), cents * int(score or 0)]


def _by_name(blocks: Iterable[NamedBlock]) -> dict[str, Block]:
    return {item.name: item.block for item in blocks}


def _block(item: Mapping[str, Any]) -> Block:
    return Block(*(int(item[name]) for name in _BLOCK_FIELDS))
