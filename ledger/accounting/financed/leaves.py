"""The leaves of a financed book's groups as a bank hands them in: key, four values and record hash, nothing that opens a group.

A million exposures make 20,000 leaves. They travel as JSON (`lingtan.financed-submission/1`), are stored as packed columns, and stand in
the evidence package as groups.jsonl (spec: documents §16).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.accounting.commit import CommittedDataset
from ledger.accounting.financed.statement import FinancedStatement
from ledger.accounting.financed.statement_reading import read_financed_statement
from ledger.errors import InputError, IntegrityError
from ledger.merkle.bulk import SealedTree, seal_columns
from ledger.merkle.sum_nodes import VALUE_LIMIT, pack_sums
from ledger.merkle.sums import MEASURES, Context
from ledger.records import canonical
from ledger.records.fields import Fields
from ledger.records.findings import Finding, has_errors

SCHEMA = "lingtan.financed-submission/1"
MAX_LEAVES = 20_000
HASH_BYTES = 32
VALUE_BYTES = 16 * MEASURES
LEAF_BYTES = 2 * HASH_BYTES + VALUE_BYTES
_HEX = re.compile(r"[0-9a-f]{64}")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,28}")
_LEAF_FIELDS = frozenset({"key", "record_hash", "values"})


@dataclass(frozen=True)
class LeafColumns:
    """Leaves ascending by key, packed: keys and record hashes of 32 bytes each, values as four u128 big-endian."""

    keys: bytes
    values: bytes
    record_hashes: bytes

    @property
    def n(self) -> int:
        """Return how many leaves there are."""
        return len(self.keys) // HASH_BYTES

    @classmethod
    def of(cls, committed: CommittedDataset) -> LeafColumns:
        """Return the leaves of a committed dataset, as the bank has it."""
        leaves = [opening.leaf(committed.context.alg) for opening in committed.openings]
        return cls(
            b"".join(leaf.key for leaf in leaves),
            b"".join(pack_sums(leaf.values) for leaf in leaves),
            b"".join(leaf.record_hash for leaf in leaves),
        )

    @classmethod
    def unpack(cls, data: bytes) -> LeafColumns:
        """Return the columns of their stored bytes.

        Raises:
            IntegrityError: no whole number of leaves.
        """
        n, rest = divmod(len(data), LEAF_BYTES)
        if rest:
            raise IntegrityError(f"{len(data)} bytes are no whole number of leaves", hint="restore the row from a backup")
        first, second = HASH_BYTES * n, (HASH_BYTES + VALUE_BYTES) * n
        return cls(data[:first], data[first:second], data[second:])

    def pack(self) -> bytes:
        """Return the columns one after the other, as they are stored."""
        return self.keys + self.values + self.record_hashes

    def seal(self, context: Context) -> SealedTree:
        """Return the seal of the sum tree over the leaves.

        Raises:
            InputError: the keys do not ascend strictly.
        """
        return seal_columns(context, self.keys, self.values, self.record_hashes)

    def documents(self) -> Iterator[dict[str, object]]:
        """Yield each leaf as an object."""
        for at in range(self.n):
            start, end = HASH_BYTES * at, HASH_BYTES * (at + 1)
            values = self.values[VALUE_BYTES * at : VALUE_BYTES * (at + 1)]
            numbers = [str(int.from_bytes(values[first : first + 16], "big")) for first in range(0, VALUE_BYTES, 16)]
            yield {"key": self.keys[start:end].hex(), "record_hash": self.record_hashes[start:end].hex(), "values": numbers}

    def to_lines(self) -> bytes:
        """Return groups.jsonl: one canonical line per leaf."""
        return b"".join(canonical.dump(leaf) + b"\n" for leaf in self.documents())


@dataclass(frozen=True)
class Submission:
    """What a bank hands in: the statement and its leaves, both readable; whether they agree is for check_commitment."""

    statement: FinancedStatement
    leaves: LeafColumns


def submission_document(statement: bytes, leaves: LeafColumns) -> dict[str, object]:
    """Return the `lingtan.financed-submission/1` document of a statement's canonical bytes and its leaves."""
    return {"schema": SCHEMA, "statement": canonical.load_canonical(statement), "leaves": list(leaves.documents())}


def read_submission(document: object) -> tuple[Submission | None, tuple[Finding, ...]]:
    """Return what a document hands in (None if any error was found) and every finding."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, ("schema", "statement", "leaves"))
    fields.schema(SCHEMA)
    leaves = _read_leaves(fields)
    given = document.get("statement") if isinstance(document, dict) else None
    statement, found = read_financed_statement(given)
    findings += (
        Finding(item.code, item.severity, f"/statement{item.place}", item.action, item.got, item.expected, item.params) for item in found
    )
    made = None if statement is None or has_errors(findings) else Submission(statement, leaves)
    return made, tuple(findings)


def check_commitment(statement: FinancedStatement, leaves: LeafColumns, context: Context) -> Iterator[Finding]:
    """Yield where the sum tree over the leaves, in its context, is not the one that the statement names."""
    action = "compute the book again for this chain, period and revision, and hand in statement and leaves of one computation"
    try:
        tree = leaves.seal(context)
    except InputError as error:
        yield Finding(
            "LEAVES_REFUSED", "error", "/leaves", "hand in the leaves as the vault has them", str(error), "ascending keys, each once"
        )
        return
    named = statement.commitment
    pairs = [("n", str(named.n), str(tree.n))]
    pairs += [(f"totals/{at}", str(got), str(want)) for at, (got, want) in enumerate(zip(named.totals, tree.totals, strict=True))]
    pairs += [("tree_root", named.tree_root, tree.tree_root.hex()), ("root", named.root, tree.root.hex())]
    for name, got, expected in pairs:
        if got != expected:
            yield Finding("COMMITMENT_DIFFERS", "error", f"/statement/commitment/{name}", action, got, expected)


def _read_leaves(fields: Fields) -> LeafColumns:
    keys, values, hashes = bytearray(), bytearray(), bytearray()
    count = 0
    for pointer, item in fields.items("leaves"):
        count += 1
        if count > MAX_LEAVES:
            fields.refuse("LEAVES_TOO_MANY", "/leaves", f"hand in at most {MAX_LEAVES} groups", expected=f"at most {MAX_LEAVES}")
            break
        leaf = _leaf(item)
        if leaf is None:
            fields.refuse("LEAF_INVALID", pointer, "write {key, record_hash, values}: two hashes and four decimal strings below 2^96")
            continue
        keys += leaf[0]
        values += leaf[1]
        hashes += leaf[2]
    return LeafColumns(bytes(keys), bytes(values), bytes(hashes))


def _leaf(item: object) -> tuple[bytes, bytes, bytes] | None:
    if not isinstance(item, dict) or item.keys() != _LEAF_FIELDS:
        return None
    key, digest, numbers = item["key"], item["record_hash"], item["values"]
    hashes = [text for text in (key, digest) if isinstance(text, str) and _HEX.fullmatch(text)]
    if len(hashes) != 2 or not isinstance(numbers, list) or len(numbers) != MEASURES:
        return None
    sums = [int(number) for number in numbers if isinstance(number, str) and _INTEGER.fullmatch(number)]
    if len(sums) != MEASURES or max(sums) >= VALUE_LIMIT:
        return None
    return bytes.fromhex(hashes[0]), pack_sums(sums), bytes.fromhex(hashes[1])
