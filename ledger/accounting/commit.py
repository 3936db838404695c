"""Commit to a statement: one sum tree per dataset over its meters and lines (spec: documents §5, commitments §3–5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ledger.errors import IntegrityError, MalformedDocument, NotFound
from ledger.identifiers import sid
from ledger.merkle.dataset_schema import INVENTORY_DATASETS, schema_hash
from ledger.merkle.keys import CommitmentKeys, line_asset, meter_asset
from ledger.merkle.sums import MEASURES, Context, Leaf, SumTree, record_hash
from ledger.records import canonical
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.records.period import Period
from ledger.records.statement import Statement

SCHEMA = "lingtan.commitments/1"
ALGORITHM = 1
METERS, OPERATIONAL = INVENTORY_DATASETS
Asset = tuple[str, tuple[int, ...], bytes]


@dataclass(frozen=True)
class Opening:
    """What a leaf commits to: asset name, key and salt of 32 bytes, four measures, the record's bytes."""

    asset: str
    key: bytes
    salt: bytes
    values: tuple[int, ...]
    record: bytes

    def leaf(self, alg: int) -> Leaf:
        """Return the leaf of the sum tree."""
        return Leaf(self.key, self.values, record_hash(self.salt, self.record, alg))


@dataclass(frozen=True)
class CommittedDataset:
    """One dataset of a statement: its context and openings, ascending by key, and the tree over them."""

    dataset: str
    context: Context
    openings: tuple[Opening, ...]

    @cached_property
    def tree(self) -> SumTree:
        """Return the sum tree."""
        return SumTree.build(self.context, (opening.leaf(self.context.alg) for opening in self.openings))

    def opening(self, asset: str) -> tuple[int, Opening]:
        """Return (index in the tree, opening) of an asset.

        Raises:
            NotFound: the dataset has no such asset.
        """
        for index, opening in enumerate(self.openings):
            if opening.asset == asset:
                return index, opening
        raise NotFound(f"the dataset {self.dataset} has no leaf {asset[:140]!r}", dataset=self.dataset, asset=asset)

    def to_document(self) -> dict[str, object]:
        """Return the dataset as an item of the commitments document."""
        leaves = [
            {"asset": item.asset, "key": item.key.hex(), "salt": item.salt.hex(), "values": [str(value) for value in item.values]}
            for item in self.openings
        ]
        return {
            "dataset": self.dataset,
            "context": context_document(self.context),
            "n": str(self.tree.n),
            "totals": [str(total) for total in self.tree.totals],
            "tree_root": self.tree.tree_root.hex(),
            "root": self.tree.root.hex(),
            "leaves": leaves,
        }


@dataclass(frozen=True)
class Commitments:
    """The committed datasets of a statement, in the order METERS, OPERATIONAL; datasets without leaves are left out."""

    datasets: tuple[CommittedDataset, ...]

    def find_dataset(self, name: str) -> CommittedDataset | None:
        """Return the dataset, or None where it has no leaves."""
        return next((dataset for dataset in self.datasets if dataset.dataset == name), None)

    def dataset(self, name: str) -> CommittedDataset:
        """Return the dataset.

        Raises:
            NotFound: it has no leaves.
        """
        dataset = self.find_dataset(name)
        if dataset is None:
            raise NotFound(f"no dataset {name[:40]!r} was committed: it has no leaves", dataset=name)
        return dataset

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.commitments/1` document. It holds salts: only who may see the leaves may have it."""
        return {"schema": SCHEMA, "datasets": [dataset.to_document() for dataset in self.datasets]}

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document."""
        return canonical.dump(self.to_document())

    def digest(self) -> str:
        """Return the hash of the document."""
        return canonical.digest(self.to_document())


def commit(statement: Statement, records: Mapping[str, MeterRecord], keys: CommitmentKeys, chain_id: int, contract: bytes) -> Commitments:
    """Return the commitments of a statement for one chain and PeriodLedger (`contract`: its 20 address bytes).

    `records` holds the record of every el.import meter of the statement that is no sub-meter, by meter id.

    Raises:
        IntegrityError: a record is missing, is not the one the statement names, or carries another leaf key.
    """
    wanted = _assets(statement, records)
    datasets = []
    for name in INVENTORY_DATASETS:
        if wanted[name]:
            context = statement_context(statement, name, chain_id, contract)
            datasets.append(commit_assets(name, context, wanted[name], keys))
    committed = Commitments(tuple(datasets))
    _verify_meter_keys(committed, records)
    return committed


def rebuild(document: object, statement: Statement, records: Mapping[str, MeterRecord]) -> Commitments:
    """Return the commitments of a stored `lingtan.commitments/1` document, rebuilt from statement and records without the key K.

    Raises:
        MalformedDocument: the document has other fields.
        IntegrityError: statement and records do not lead to the document's leaves and roots.
    """
    stored = _read_leaves(document)
    wanted = _assets(statement, records)
    datasets = []
    for name, (chain_id, contract, leaves) in stored.items():
        context = statement_context(statement, name, chain_id, contract)
        by_asset = {asset: (values, record) for asset, values, record in wanted[name]}
        openings = tuple(Opening(asset, key, salt, *by_asset.get(asset, ((), b""))) for asset, key, salt in leaves)
        datasets.append(CommittedDataset(name, context, openings))
    rebuilt = Commitments(tuple(datasets))
    assets = {item.dataset: sorted(opening.asset for opening in item.openings) for item in datasets}
    complete = assets == {name: sorted(asset for asset, _, _ in items) for name, items in wanted.items() if items}
    if not complete or rebuilt.to_document() != document:
        raise IntegrityError(
            "the stored commitments do not follow from statement and meter records",
            hint="compare the statement's hash with the one the commitments were made for",
        )
    _verify_meter_keys(rebuilt, records)
    return rebuilt


def statement_context(statement: Statement, dataset: str, chain_id: int, contract: bytes) -> Context:
    """Return the tree context of one dataset of a statement.

    Raises:
        NotFound: no dataset of this release has that name.
    """
    return dataset_context(statement.institution, statement.period, statement.revision, dataset, chain_id, contract)


def dataset_context(institution: str, period: Period, revision: int, dataset: str, chain_id: int, contract: bytes) -> Context:
    """Return the tree context of a dataset of an institution's period and revision.

    Raises:
        NotFound: no dataset of this release has that name.
    """
    return Context(
        alg=ALGORITHM,
        measures=MEASURES,
        chain_id=chain_id,
        contract=contract,
        org=sid("org", institution),
        dataset=sid("dataset", dataset),
        period_start=period.start,
        period_end=period.end,
        revision=revision,
        schema_hash=schema_hash(dataset),
    )


def context_document(context: Context) -> dict[str, object]:
    """Return the `context` object of a commitments document or line proof."""
    return {
        "alg": context.alg,
        "measures": context.measures,
        "chain_id": str(context.chain_id),
        "contract": "0x" + context.contract.hex(),
        "org": context.org.hex(),
        "dataset": context.dataset.hex(),
        "period_start": str(context.period_start),
        "period_end": str(context.period_end),
        "revision": context.revision,
        "schema_hash": context.schema_hash.hex(),
    }


def _assets(statement: Statement, records: Mapping[str, MeterRecord]) -> dict[str, list[Asset]]:
    lines = [(line_asset(line.unit, line.indicator), line.measures.as_tuple(), line.to_bytes()) for line in statement.lines]
    return {METERS: list(_meter_assets(statement, records)), OPERATIONAL: [*lines]}


def _meter_assets(statement: Statement, records: Mapping[str, MeterRecord]) -> Iterable[Asset]:
    for meter in statement.meters:
        if meter.quantity != Quantity.EL_IMPORT.value or meter.sub_meter_of is not None:
            # METERS adds up: what hangs behind another meter is in that one's total.
            continue
        record = records.get(meter.meter)
        if record is None or record.digest() != meter.record:
            got = "none" if record is None else record.digest()
            raise IntegrityError(
                f"the record of meter {meter.meter} is not the one the statement names: got {got}, expected {meter.record}",
                hint="compute the statement again from the stored records",
                meter=meter.meter,
            )
        yield meter_asset(meter.meter, meter.quantity), record.measures, record.leaf_record()


def commit_assets(dataset: str, context: Context, assets: Iterable[Asset], keys: CommitmentKeys) -> CommittedDataset:
    """Return the committed dataset of assets, each as (name, four measures, record)."""
    digest = context.digest()
    openings = []
    for asset, values, record in assets:
        key = keys.leaf_key(asset, context.period_start, context.period_end)
        openings.append(Opening(asset, key, keys.salt(digest, key), values, record))
    return CommittedDataset(dataset, context, tuple(sorted(openings, key=lambda opening: opening.key)))


def _read_leaves(document: object) -> dict[str, tuple[int, bytes, list[tuple[str, bytes, bytes]]]]:
    """Return (chain id, contract, leaves as (asset, key, salt)) of each dataset; the rest is compared after rebuilding."""
    try:
        found = {}
        for item in document["datasets"]:  # type: ignore[index]  # every wrong shape ends in the except below
            context = item["context"]
            leaves = [(str(leaf["asset"]), bytes.fromhex(leaf["key"]), bytes.fromhex(leaf["salt"])) for leaf in item["leaves"]]
            contract = bytes.fromhex(context["contract"].removeprefix("0x"))
            found[INVENTORY_DATASETS[INVENTORY_DATASETS.index(item["dataset"])]] = (int(context["chain_id"]), contract, leaves)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedDocument("not a commitments document", hint=f"expected {SCHEMA}, spec documents §5") from error
    return found


def _verify_meter_keys(committed: Commitments, records: Mapping[str, MeterRecord]) -> None:
    dataset = committed.find_dataset(METERS)
    for opening in () if dataset is None else dataset.openings:
        meter = opening.asset.split("/")[1]
        if records[meter].key != opening.key:
            raise IntegrityError(
                f"the record of meter {meter} carries the key {records[meter].key.hex()}, expected {opening.key.hex()}",
                hint="assemble the record with the leaf key of this institution and period",
                meter=meter,
            )
