"""The financed statement: sums of a book, a function of the book, a method and its policies alone (spec: documents §14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import BookFigures, Excluded, TieOut
from ledger.accounting.financed.methods import get_method
from ledger.accounting.financed.portfolio import Waci
from ledger.records import canonical
from ledger.records.dataset_statement import CommittedTree, Origin

SCHEMA = "lingtan.financed/1"
MEASURES = 4


@dataclass(frozen=True)
class NamedBlock:
    """The sums of one asset class, sector, branch, use or high-carbon sector."""

    name: str
    block: Block


@dataclass(frozen=True)
class OptionSum:
    """Rows and exposure of one option of data quality."""

    option: str
    rows: int
    exposure_cents: int


@dataclass(frozen=True)
class Reductions:
    """The bank's part of green projects' reductions, a ledger of its own."""

    g: int
    rows: int


@dataclass(frozen=True)
class Coverage:
    """Exposure calculated and exposure of all rows; `unknown_rows` are excluded ones whose balance is unknown and counts 0."""

    exposure_cents: int
    total_cents: int
    unknown_rows: int


@dataclass(frozen=True)
class Groups:
    """How many groups of how many exposures are committed."""

    n: int
    rows: int


@dataclass(frozen=True)
class FinancedStatement:
    """One statement. Lists are in the order of their names' bytes; `uses` is empty but for pboc_2021."""

    origin: Origin
    method: str
    policies: Mapping[str, object]
    rows: int
    excluded: tuple[Excluded, ...]
    totals: Block
    classes: tuple[NamedBlock, ...]
    sectors: tuple[NamedBlock, ...]
    branches: tuple[NamedBlock, ...]
    high_carbon: tuple[NamedBlock, ...]
    uses: tuple[NamedBlock, ...]
    options: tuple[OptionSum, ...]
    reductions: Reductions
    waci: Waci | None
    coverage: Coverage
    tie_out: tuple[TieOut, ...]
    groups: Groups
    commitment: CommittedTree

    @property
    def dataset(self) -> str:
        """Return the dataset that the method commits to."""
        return get_method(self.method).dataset

    @classmethod
    def of(
        cls, figures: BookFigures, origin: Origin, method: str, policies: Mapping[str, object], groups: Groups, commitment: CommittedTree
    ) -> FinancedStatement:
        """Return the statement of a book's figures."""
        return cls(
            origin=origin,
            method=method,
            policies=dict(policies),
            rows=figures.rows,
            excluded=figures.excluded,
            totals=figures.total,
            classes=_named(figures.classes),
            sectors=_named(figures.sectors),
            branches=_named(figures.branches),
            high_carbon=_named(figures.high_carbon),
            uses=_named(figures.uses) if method == "pboc_2021" else (),
            options=tuple(OptionSum(item.name, item.block.rows, item.block.exposure_cents) for item in _named(figures.options)),
            reductions=Reductions(figures.reductions_g, figures.reduction_rows),
            waci=figures.waci,
            coverage=Coverage(figures.covered_cents, figures.total_cents, figures.unknown_exposure),
            tie_out=figures.tie_out,
            groups=groups,
            commitment=commitment,
        )

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.financed/1` document."""
        return {
            "schema": SCHEMA,
            **self.origin.to_document(),
            "method": self.method,
            "dataset": self.dataset,
            "policies": dict(self.policies),
            "rows": str(self.rows),
            "excluded": [
                {"reason": item.reason, "rows": str(item.rows), "exposure_cents": str(item.exposure_cents)} for item in self.excluded
            ],
            "totals": self.totals.to_document(),
            "classes": _blocks("class", self.classes),
            "sectors": _blocks("sector", self.sectors),
            "branches": _blocks("branch", self.branches),
            "high_carbon": _blocks("sector", self.high_carbon),
            "uses": _blocks("use", self.uses),
            "options": [
                {"option": item.option, "rows": str(item.rows), "exposure_cents": str(item.exposure_cents)} for item in self.options
            ],
            "reductions": {"g": str(self.reductions.g), "rows": str(self.reductions.rows)},
            "waci": None if self.waci is None else self.waci.to_document(),
            "coverage": {
                "exposure_cents": str(self.coverage.exposure_cents),
                "total_cents": str(self.coverage.total_cents),
                "unknown_rows": str(self.coverage.unknown_rows),
            },
            "tie_out": [
                {
                    "id": item.id,
                    "asset_class": item.asset_class,
                    "declared_cents": str(item.declared_cents),
                    "computed_cents": str(item.computed_cents),
                }
                for item in self.tie_out
            ],
            "groups": {"n": str(self.groups.n), "rows": str(self.groups.rows)},
            "commitment": self.commitment.to_document(),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.dump(self.to_document())

    def digest(self) -> str:
        """Return the statement's hash as hex."""
        return canonical.digest(self.to_document())


def _named(blocks: Mapping[str, Block]) -> tuple[NamedBlock, ...]:
    return tuple(NamedBlock(name, blocks[name]) for name in sorted(blocks, key=str.encode))


def _blocks(key: str, blocks: tuple[NamedBlock, ...]) -> list[object]:
    return [{key: item.name, **item.block.to_document()} for item in blocks]
