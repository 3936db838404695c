"""Open one group of a committed book: its exposures, and the path that shows it in the tree (spec: documents §15).

An opening carries nothing of another group but what the path needs: sums and hashes of whole subtrees.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.accounting.commit import CommittedDataset, context_document
from ledger.accounting.financed.groups import GROUP_LEAST
from ledger.accounting.financed.groups import SCHEMA as GROUP_SCHEMA
from ledger.accounting.financed.records import read_record
from ledger.errors import InputError, MalformedDocument
from ledger.identifiers import sid
from ledger.merkle import plain
from ledger.merkle.dataset_schema import FINANCED_DATASETS, schema_hash
from ledger.merkle.keys import group_asset
from ledger.merkle.plain import ProofRefused
from ledger.merkle.sum_nodes import VALUE_LIMIT, PathNode, seal
from ledger.merkle.sums import MEASURES, Context, Leaf, SumProof, record_hash, verify_sum_proof
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding

SCHEMA = "lingtan.opening/1"
MAX_BYTES = 4 * 1024 * 1024
MAX_PATH = 64
MAX_EXPOSURES = 2 * GROUP_LEAST - 1
MAX_RECORD = 16_384

CONTEXT_FIELDS = ("alg", "measures", "chain_id", "contract", "org", "dataset", "period_start", "period_end", "revision", "schema_hash")
_FIELDS = ("schema", "dataset", "context", "group", "index", "path", "n", "totals", "tree_root", "root", "exposures")
_GROUP = ("asset", "key", "salt", "values", "record")
_ASSET = re.compile(r"group/[0-9]{6,9}")
_CONTRACT = re.compile(r"0x[0-9a-f]{40}")


@dataclass(frozen=True)
class OpenExposure:
    """An exposure that is shown: its salt (32 bytes) and the bytes of its record."""

    salt: bytes
    record: bytes

    def leaf(self) -> bytes:
        """Return its leaf hash in the group's tree."""
        return plain.leaf_hash(self.salt + self.record)


@dataclass(frozen=True)
class ErasedExposure:
    """An exposure whose record was erased: only its leaf hash is left."""

    hash: bytes

    def leaf(self) -> bytes:
        """Return its leaf hash in the group's tree."""
        return self.hash


Shown = OpenExposure | ErasedExposure


@dataclass(frozen=True)
class GroupOpening:
    """A group with its exposures in order, its leaf in the tree of the dataset, and the path from there to the root."""

    dataset: str
    context: Context
    asset: str
    key: bytes
    salt: bytes
    values: tuple[int, ...]
    record: bytes
    index: int
    path: tuple[PathNode, ...]
    n: int
    totals: tuple[int, ...]
    tree_root: bytes
    root: bytes
    exposures: tuple[Shown, ...]

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.opening/1` document."""
        return {
            "schema": SCHEMA,
            "dataset": self.dataset,
            "context": context_document(self.context),
            "group": {
                "asset": self.asset,
                "key": self.key.hex(),
                "salt": self.salt.hex(),
                "values": [str(value) for value in self.values],
                "record": _base64(self.record),
            },
            "index": self.index,
            "path": [{"sums": [str(value) for value in sums], "hash": digest.hex()} for sums, digest in self.path],
            "n": str(self.n),
            "totals": [str(total) for total in self.totals],
            "tree_root": self.tree_root.hex(),
            "root": self.root.hex(),
            "exposures": [
                {"salt": shown.salt.hex(), "record": _base64(shown.record)}
                if isinstance(shown, OpenExposure)
                else {"leaf": shown.hash.hex()}
                for shown in self.exposures
            ],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document."""
        return canonical.dump(self.to_document())


def make_opening(committed: CommittedDataset, number: int, exposures: Sequence[Shown]) -> GroupOpening:
    """Return the opening of group `number`, shown to hold before it leaves the house.

    Raises:
        NotFound: the dataset has no such group.
        ProofRefused: the exposures are not those of the group.
    """
    index, leaf = committed.opening(group_asset(number))
    tree = committed.tree
    made = GroupOpening(
        dataset=committed.dataset,
        context=committed.context,
        asset=leaf.asset,
        key=leaf.key,
        salt=leaf.salt,
        values=leaf.values,
        record=leaf.record,
        index=index,
        path=tree.prove(index).path,
        n=tree.n,
        totals=tree.totals,
        tree_root=tree.tree_root,
        root=tree.root,
        exposures=tuple(exposures),
    )
    verify_opening(made, root=tree.root)
    return made


def verify_opening(opening: GroupOpening, *, root: bytes) -> None:
    """Verify that an opening shows a whole group of the tree whose signed root is `root`, and that its exposures add up to its leaf.

    Who signed and anchored the root, and whether each attribution follows from its record, is for the verifier.

    Raises:
        ProofRefused: it does not.
        MalformedDocument: a record is no exposure record.
    """
    # 1. The context is that of a financed dataset of this release, the root the one that was signed.
    if opening.dataset not in FINANCED_DATASETS:
        raise ProofRefused(f"{opening.dataset[:40]} has no groups of exposures", expected=" or ".join(FINANCED_DATASETS))
    if (opening.context.dataset, opening.context.schema_hash) != (sid("dataset", opening.dataset), schema_hash(opening.dataset)):
        raise ProofRefused(f"the context is not that of {opening.dataset}")
    if opening.root != root:
        raise ProofRefused("the opening is of another root", got=opening.root.hex(), expected=root.hex())
    # 2. The leaf of the group stands in the tree.
    if any(value >= VALUE_LIMIT for value in opening.values):
        raise ProofRefused("a measure of 2^96 or more", got=opening.values)
    leaf = Leaf(opening.key, opening.values, record_hash(opening.salt, opening.record, opening.context.alg))
    verify_sum_proof(opening.context, leaf, SumProof(opening.index, opening.path), opening.n, opening.totals, root)
    if opening.root != seal(opening.context.alg, opening.context.digest(), opening.n, opening.totals, opening.tree_root):
        raise ProofRefused("the tree's own root is another one", got=opening.tree_root.hex())
    # 3. The record of the group is the root over the exposures.
    if not _ASSET.fullmatch(opening.asset):
        raise ProofRefused(f"{opening.asset[:40]!r} is no group")
    number, hashes = int(opening.asset.removeprefix("group/")), [shown.leaf() for shown in opening.exposures]
    document = {"schema": GROUP_SCHEMA, "group": number, "n": len(hashes), "root": plain.root(hashes).hex()}
    if opening.asset != group_asset(number) or opening.record != canonical.dump(document):
        raise ProofRefused(f"the exposures are not those of {opening.asset}", got=canonical.digest(document))
    # 4. The exposures stand in the order of their pseudonyms and add up to the leaf; erased ones hold the rest.
    records = [read_record(shown.record) for shown in opening.exposures if isinstance(shown, OpenExposure)]
    names = [record.exposure for record in records]
    if any(before >= after for before, after in pairwise(names)):
        raise ProofRefused("the exposures are not in the order of their pseudonyms, or one stands twice")
    sums = tuple(map(sum, zip(*(record.measures for record in records), strict=True))) if records else (0,) * MEASURES
    whole = len(records) == len(hashes)
    if sums != opening.values if whole else any(part > all_ for part, all_ in zip(sums, opening.values, strict=True)):
        raise ProofRefused("the exposures do not add up to the group's measures", got=sums, expected=opening.values)


def read_opening(data: bytes) -> GroupOpening:
    """Return the opening of its canonical bytes; whether it holds is for verify_opening.

    Raises:
        MalformedDocument: other bytes, with the place of the first that is wrong.
    """
    if len(data) > MAX_BYTES:
        raise MalformedDocument(f"an opening of {len(data)} bytes, at most {MAX_BYTES}")
    findings: list[Finding] = []
    fields = Fields(canonical.load_canonical(data), "", findings, _FIELDS)
    fields.schema(SCHEMA)
    context, group = read_context(fields.nested("context", CONTEXT_FIELDS)), fields.nested("group", _GROUP)
    path = tuple((_integers(node, "sums"), _hash(node, "hash")) for node in fields.objects("path", ("sums", "hash")))
    exposures = tuple(_exposures(fields))
    made = GroupOpening(
        dataset=fields.choice("dataset", FINANCED_DATASETS),
        context=context,
        asset=_asset(group),
        key=_hash(group, "key"),
        salt=_hash(group, "salt"),
        values=_integers(group, "values"),
        record=group.base64("record", MAX_RECORD),
        index=fields.integer("index", 0, 2**32 - 1),
        path=path,
        n=fields.integer_text("n"),
        totals=_integers(fields, "totals"),
        tree_root=_hash(fields, "tree_root"),
        root=_hash(fields, "root"),
        exposures=exposures,
    )
    for name, count, most in (("path", len(path), MAX_PATH), ("exposures", len(exposures), MAX_EXPOSURES)):
        if count > most or (name == "exposures" and not count):
            fields.refuse("FIELD_INVALID", f"/{name}", f"give at most {most}", got=str(count), expected=f"at most {most}")
    raise_first("opening", tuple(findings))
    return made


def _exposures(fields: Fields) -> list[Shown]:
    found: list[Shown] = []
    for pointer, item in fields.items("exposures"):
        erased = isinstance(item, dict) and "leaf" in item
        shown = Fields(item, pointer, fields.findings, ("leaf",) if erased else ("salt", "record"))
        found.append(
            ErasedExposure(_hash(shown, "leaf")) if erased else OpenExposure(_hash(shown, "salt"), shown.base64("record", MAX_RECORD))
        )
    return found


def read_context(fields: Fields) -> Context:
    """Return the context of its object, whose fields are CONTEXT_FIELDS.

    Raises:
        MalformedDocument: bounds that no context has; other wrong values become findings.
    """
    fields.integer("measures", MEASURES, MEASURES)
    contract = fields.text("contract")
    if not _CONTRACT.fullmatch(contract):
        fields.refuse("FIELD_INVALID", "/context/contract", "write 0x and 40 lower-case hex digits")
        contract = "0x" + "0" * 40
    try:
        return Context(
            alg=fields.integer("alg", 1, 1),
            measures=MEASURES,
            chain_id=fields.integer_text("chain_id"),
            contract=bytes.fromhex(contract[2:]),
            org=_hash(fields, "org"),
            dataset=_hash(fields, "dataset"),
            period_start=fields.integer_text("period_start"),
            period_end=fields.integer_text("period_end"),
            revision=fields.integer("revision", 1, 2**32 - 1),
            schema_hash=_hash(fields, "schema_hash"),
        )
    except InputError as error:
        raise_first("opening", tuple(fields.findings))
        raise MalformedDocument(f"the context of the opening is refused: {error}", hint=error.hint) from error


def _asset(fields: Fields) -> str:
    text = fields.text("asset")
    if _ASSET.fullmatch(text):
        return text
    fields.refuse("FIELD_INVALID", "/group/asset", "write the asset of a group, as group/000012", got=text[:80])
    return group_asset(0)


def _hash(fields: Fields, name: str) -> bytes:
    return bytes.fromhex(fields.digest(name)) or bytes(32)


def _integers(fields: Fields, name: str) -> tuple[int, ...]:
    found = []
    for pointer, item in fields.items(name):
        if not isinstance(item, str) or not re.fullmatch(r"0|[1-9][0-9]{0,38}", item):
            fields.refuse("FIELD_INVALID", pointer, "write a decimal string of an integer", got=str(item)[:80])
            item = "0"
        found.append(int(item))
    if len(found) != MEASURES:
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/{name}", f"give {MEASURES} measures", got=str(len(found)), expected=str(MEASURES))
        return (0,) * MEASURES
    return tuple(found)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
