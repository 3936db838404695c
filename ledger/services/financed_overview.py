"""Financed emissions over all banks: bank by bank for the centre, sums without a bank in them for the government.

Only anchored statements count, the highest revision of each bank and method; figures of different methods are never added. A cell of
the government's sums has three banks at least, and its totals are those of the cells that are shown, so that no cell follows from others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.statement import FinancedStatement
from ledger.identifiers import check_identifier
from ledger.services.context import Work, require_role
from ledger.services.financed import FINANCED_KIND
from ledger.store.repositories import financed

LEAST_BANKS = 3
CENTRE = ("admin", "operator", "auditor", "verifier", "certifier")


@dataclass(frozen=True)
class ClassTotals:
    """The block of one asset class over `banks` banks."""

    asset_class: str
    banks: int
    block: dict[str, object]


@dataclass(frozen=True)
class BankFinanced:
    """One bank's anchored statement: its totals and its asset classes."""

    institution: str
    statement: str
    method: str
    revision: int
    totals: dict[str, object]
    classes: tuple[ClassTotals, ...]


@dataclass(frozen=True)
class MethodTotals:
    """Sums of one method over all banks. `suppressed` classes are left out: fewer than three banks hold them."""

    method: str
    banks: int
    totals: dict[str, object] | None
    classes: tuple[ClassTotals, ...]
    suppressed: int


@dataclass(frozen=True)
class FinancedOverview:
    """What the caller may see of a period; `banks` is empty for the government."""

    period: str
    banks: tuple[BankFinanced, ...]
    methods: tuple[MethodTotals, ...]


def get_financed_overview(work: Work, period: str) -> FinancedOverview:
    """Return the financed emissions of all periods with this id.

    Raises:
        Forbidden: for a bank's people.
    """
    require_role(work, *CENTRE, "government")
    check_identifier(period)
    rows = financed.list_anchored(work.session, period)
    statements = [(str(row.id), FINANCED_KIND.load(row)) for row in rows]
    # A token of the centre sees banks; the government's does not, whatever else its holder is.
    sees_banks = bool(work.actor.roles & frozenset(CENTRE)) and "government" not in work.actor.roles
    banks = tuple(_bank(id, statement) for id, statement in statements) if sees_banks else ()
    methods = sorted({statement.method for _, statement in statements})
    sums = (_method(name, [statement for _, statement in statements if statement.method == name], sees_banks) for name in methods)
    return FinancedOverview(period, banks, tuple(item for item in sums if sees_banks or item.banks >= LEAST_BANKS))


def _bank(id: str, statement: FinancedStatement) -> BankFinanced:
    classes = tuple(ClassTotals(item.name, 1, item.block.to_document()) for item in statement.classes)
    origin = statement.origin
    return BankFinanced(origin.institution, id, statement.method, origin.revision, statement.totals.to_document(), classes)


def _method(name: str, statements: list[FinancedStatement], every: bool) -> MethodTotals:
    least = 1 if every else LEAST_BANKS
    cells: dict[str, list[Block]] = {}
    for statement in statements:
        for item in statement.classes:
            cells.setdefault(item.name, []).append(item.block)
    shown = {key: blocks for key, blocks in cells.items() if len(blocks) >= least}
    classes = tuple(ClassTotals(key, len(shown[key]), _sum(shown[key])) for key in sorted(shown))
    totals = _sum(block for blocks in shown.values() for block in blocks) if shown else None
    return MethodTotals(name, len(statements), totals, classes, len(cells) - len(shown))


def _sum(blocks: Iterable[Block]) -> dict[str, object]:
    return Block.sum(blocks).to_document()
