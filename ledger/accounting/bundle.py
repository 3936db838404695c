"""Put a proof bundle together: leaves, signatures and what the chain recorded of them, in one file (spec: bundle §1).

Pure: what is proven was captured by whoever calls. Blocks are named by number until `build` knows all of them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ledger.accounting.commit import CommittedDataset, context_document
from ledger.accounting.line_proof import prove_leaf
from ledger.errors import InputError
from ledger.merkle.sums import Context
from ledger.records import canonical

SCHEMA = "lingtan.bundle/1"
MAX_BYTES = 4 * 1024 * 1024
MAX_ITEMS = 2_000
Kind = Literal["statement", "leaf", "claim"]
Item = dict[str, object]


@dataclass(frozen=True)
class Recorded:
    """What the chain recorded by one event: block number, raw header, place in the block, receipt as in spec documents §7."""

    block: int
    header: bytes
    transaction: str
    receipt: Mapping[str, object]

    @classmethod
    def of(cls, evidence: Mapping[str, Any]) -> Recorded:
        """Return what was captured of an event: block, transaction and receipt of spec documents §7."""
        block = evidence["block"]
        return cls(int(block["number"]), bytes.fromhex(block["header"][2:]), evidence["transaction"]["index"], evidence["receipt"])

    def to_document(self) -> dict[str, object]:
        """Return the EVENT of a bundle, its block named by number."""
        return {"block": self.block, "transaction": self.transaction, "receipt": dict(self.receipt)}


@dataclass(frozen=True)
class Proven:
    """One dataset of a bundle: the commitment, the attestation (spec documents §6), the anchor, the leaves shown."""

    dataset: str
    context: Context
    n: int
    totals: Sequence[int]
    tree_root: bytes
    root: bytes
    attestation: Mapping[str, object] | None = None
    anchor: Mapping[str, object] | None = None
    recorded: Recorded | None = None
    items: Sequence[Item] = ()

    @classmethod
    def of(cls, dataset: CommittedDataset, items: Sequence[Item] = ()) -> Proven:
        """Return the commitment of a dataset with these leaves, not signed and not anchored yet."""
        tree = dataset.tree
        return cls(dataset.dataset, dataset.context, tree.n, tree.totals, tree.tree_root, tree.root, items=items)

    def signed(self, attestation: Mapping[str, object], evidence: Mapping[str, Any] | None) -> Proven:
        """Return it with its attestation and, where it is anchored, the evidence that was captured then (spec documents §7)."""
        if evidence is None:
            return replace(self, attestation=attestation)
        recorded = Recorded.of(evidence)
        anchor = {**recorded.to_document(), "id": evidence["id"], "state": evidence["state"]}
        return replace(self, attestation=attestation, anchor=anchor, recorded=recorded)

    def to_document(self) -> dict[str, object]:
        """Return the DATASET of a bundle, its block named by number."""
        return {
            "dataset": self.dataset,
            "context": context_document(self.context),
            "n": str(self.n),
            "totals": [str(total) for total in self.totals],
            "tree_root": self.tree_root.hex(),
            "root": self.root.hex(),
            "attestation": self.attestation,
            "anchor": self.anchor,
            "items": sorted(self.items, key=lambda item: int(str(item["index"]))),
        }


def make_item(dataset: CommittedDataset, asset: str, *, named: bool = True, slots: bytes | None = None) -> Item:
    """Return the ITEM of one leaf.

    Args:
        named: show the asset; a meter's name only where slots and statement bind it.
        slots: of a meter's record, to be shown.

    Raises:
        NotFound: the dataset has no such asset.
    """
    item = prove_leaf(dataset, asset)
    return {**item, "asset": item["asset"] if named else None, "slots": None if slots is None else _base64(slots), "exposures": None}


def item_of_opening(opening: Mapping[str, Any]) -> Item:
    """Return the ITEM of an opened group of exposures (`lingtan.opening/1`)."""
    group = opening["group"]
    own = {name: group[name] for name in ("asset", "key", "salt", "values", "record")}
    return {**own, "index": opening["index"], "path": opening["path"], "slots": None, "exposures": opening["exposures"]}


@dataclass(frozen=True)
class Draft:
    """A bundle before its blocks have their places; period bounds are instants, documents are values of canonical JSON."""

    kind: Kind
    institution: str
    start: str
    end: str
    revision: int
    datasets: Sequence[Proven]
    claim: Mapping[str, object] | None = None
    inputs: Mapping[str, object] | None = None
    headers: Mapping[int, bytes] = field(default_factory=dict)
    """Headers of the claim's blocks, by number; those of the anchors come with the datasets."""

    @property
    def blocks(self) -> tuple[int, ...]:
        """The numbers of all blocks that the bundle rests on, ascending."""
        return tuple(sorted(self._headers()))

    def _headers(self) -> dict[int, bytes]:
        return {**{item.recorded.block: item.recorded.header for item in self.datasets if item.recorded}, **self.headers}

    def build(self, finality: Mapping[str, Any] | None) -> bytes:
        """Return the canonical bytes of the bundle; `finality` names blocks by number too.

        Raises:
            InputError: the bundle would be larger than its limits.
        """
        headers = self._headers()
        places = {number: place for place, number in enumerate(sorted(headers))}
        document = {
            "schema": SCHEMA,
            "subject": {
                "kind": self.kind,
                "institution": self.institution,
                "start": self.start,
                "end": self.end,
                "revision": self.revision,
            },
            "datasets": [_placed(item.to_document(), places) for item in sorted(self.datasets, key=lambda item: item.dataset)],
            "headers": ["0x" + headers[number].hex() for number in places],
            "finality": None if finality is None else _placed(finality, places),
            "claim": None if self.claim is None else _placed(self.claim, places),
            "inputs": self.inputs,
        }
        data = canonical.dump(document)
        items = sum(len(item.items) for item in self.datasets)
        if len(data) > MAX_BYTES or items > MAX_ITEMS:
            raise InputError(
                f"a bundle of {len(data)} bytes and {items} items, at most {MAX_BYTES} and {MAX_ITEMS}",
                hint="ask for single leaves, or for the evidence package",
            )
        return data


def _placed(value: Any, places: Mapping[int, int]) -> Any:
    """Return a part of the bundle with every `block` number replaced by its place among the headers."""
    if isinstance(value, Mapping):
        return {name: places[item] if name == "block" else _placed(item, places) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_placed(item, places) for item in value]
    return value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
