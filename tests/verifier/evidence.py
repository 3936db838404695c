"""Build evidence with other people's libraries alone: rfc8785, eth_account, rlp, trie, cryptography; nothing of verifier or ledger."""

from __future__ import annotations

import base64
import copy
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction as Fraction
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_hash.auto import keccak

from tests.verifier.bank import (
    APPROVER,
    CHAIN_ID,
    CLAIMS,
    CONTRACT,
    LOG_KEY,
    MEASURES,
    METERS,
    ORIGIN,
    PERIOD,
    POLICY_KEY,
    RECORDS_SLOT,
    ROOT,
    RUNTIME_CODE,
    Change,
    activity,
    hexed,
    jcs,
    library,
    meter_record,
    organisation,
    raw_public,
    sha,
    statement,
)
from tests.verifier.bank import ATTESTATION_FIELDS as ATTESTATION_FIELDS
from tests.verifier.bank import CONTRACT_FACTOR as CONTRACT_FACTOR
from tests.verifier.bank import GAS_KG as GAS_KG
from tests.verifier.bank import GRID_KG as GRID_KG
from tests.verifier.bank import REGISTER as REGISTER
from tests.verifier.bank import SLOTS as SLOTS
from tests.verifier.bank import START as START
from tests.verifier.bank import decimal as decimal
from tests.verifier.bank import half_even as half_even
from tests.verifier.bank import line as line
from tests.verifier.bank import pro_rata as pro_rata
from tests.verifier.bank import quadrature as quadrature
from tests.verifier.bank import roll_up as roll_up
from tests.verifier.bank import sid as sid
from tests.verifier.bank_library import ACTIVITY_BP as ACTIVITY_BP
from tests.verifier.bank_library import FACTOR_BP as FACTOR_BP
from tests.verifier.bank_library import RESIDUAL as RESIDUAL
from tests.verifier.block import Chain, Tree, attest, context, context_hash, vkey
from tests.verifier.block import note as note
from tests.verifier.block import plain_path as plain_path
from tests.verifier.block import plain_root as plain_root
from tests.verifier.block import typed as typed


def policy_document(library_hash: str, schema_files: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    contracts = {
        name: {
            "address": address,
            "code_hash": keccak(RUNTIME_CODE).hex(),
            "slots": {"records": RECORDS_SLOT if name == "PeriodLedger" else None},
        }
        for name, address in (
            ("ParticipantRegistry", "0x" + "c2" * 20),
            ("LibraryRegistry", "0x" + "c3" * 20),
            ("PeriodLedger", CONTRACT),
            ("ClaimRegistry", CLAIMS),
        )
    }
    document = {
        "schema": "lingtan.policy/1",
        "version": 3,
        "issued": "2025-01-01T00:00:00Z",
        "expires": "2026-01-01T00:00:00Z",
        "chain": {"id": str(CHAIN_ID), "kind": "embedded", "genesis": "0123456789abcdef" + "0" * 48},
        "contracts": contracts,
        "schemas": {dataset: sha(data).hex() for dataset, data in schema_files.items()},
        "libraries": [library_hash],
        "keys": [
            {
                "institution": "bank-a",
                "kind": "bank",
                "role": "approver",
                "address": APPROVER.address.lower(),
                "valid_from": "2025-01-01T00:00:00Z",
                "valid_to": None,
            }
        ],
        "checkpoint": {"origin": ORIGIN, "vkey": vkey(LOG_KEY, ORIGIN)[0], "pinned": None},
        "validators": None,
        "witnesses": None,
        "max_age": None,
        "previous": None,
        "signers": {"threshold": 1, "keys": [raw_public(POLICY_KEY).hex()]},
    }
    document.update(changes)
    return document


def sign_policy(document: dict[str, Any], key: Ed25519PrivateKey = POLICY_KEY) -> bytes:
    body = {name: value for name, value in document.items() if name != "signatures"}
    return jcs({**body, "signatures": [{"public_key": raw_public(key).hex(), "value": hexed(key.sign(jcs(body)))}]})


def pack(parts: dict[str, bytes], manifest: dict[str, Any], order: list[str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in ["manifest.json", *(order if order is not None else sorted(parts))]:
            archive.writestr(zipfile.ZipInfo(path), jcs(manifest) if path == "manifest.json" else parts[path])
    return out.getvalue()


@dataclass
class Evidence:
    """What a bank would hand over, and what an auditor would hold beside it."""

    parts: dict[str, bytes]
    trees: dict[str, Tree]
    chain: Chain
    library_hash: str
    schemas: dict[str, bytes]
    withheld: dict[str, str] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        def listed(path: str) -> dict[str, Any]:
            return {"path": path, "sha256": sha(self.parts[path]).hex(), "bytes": len(self.parts[path])}

        return {
            "schema": "lingtan.package/1",
            "institution": "bank-a",
            "period": PERIOD,
            "revision": 1,
            "statement": sha(self.parts["statement.json"]).hex(),
            "chain_id": str(CHAIN_ID),
            "period_ledger": CONTRACT,
            "parts": [listed(path) for path in sorted(self.parts) if path not in self.withheld],
            "withheld": [{**listed(path), "reason": reason} for path, reason in sorted(self.withheld.items())],
        }

    def package(self) -> bytes:
        return pack({path: data for path, data in self.parts.items() if path not in self.withheld}, self.manifest())

    def json(self, path: str) -> Any:
        return json.loads(self.parts[path])

    def put(self, path: str, value: Any) -> None:
        self.parts[path] = jcs(value)

    def policy(self, **changes: Any) -> bytes:
        return sign_policy(policy_document(self.library_hash, self.schemas, **changes))

    def proof(self, asset: str) -> dict[str, Any]:
        dataset = "METERS" if asset.startswith("meter/") else "OPERATIONAL"
        tree = self.trees[dataset]
        index = next(i for i, leaf in enumerate(tree.leaves) if leaf[4] == asset)
        key, salt, values, record, _ = tree.leaves[index]
        item = next(item for item in self.json("commitments.json")["datasets"] if item["dataset"] == dataset)
        return {
            "schema": "lingtan.proof/1",
            "dataset": dataset,
            **{name: item[name] for name in ("context", "n", "totals", "tree_root", "root")},
            "item": {
                "index": index,
                "asset": asset,
                "key": key.hex(),
                "salt": salt.hex(),
                "values": [str(value) for value in values],
                "record": base64.b64encode(record).decode(),
                "path": tree.path(index),
            },
            "attestation": next(entry for entry in self.json("attestations.json")["items"] if entry["dataset"] == dataset),
            "anchor": next(entry for entry in self.json("anchors.json")["items"] if entry["dataset"] == dataset),
        }


def make_evidence(
    *,
    change_organisation: Change | None = None,
    change_activity: Change | None = None,
    change_library: Change | None = None,
    change_statement: Change | None = None,
    signer: Any = APPROVER,
    chain: Callable[..., Chain] = Chain,
) -> Evidence:
    """Build evidence that is consistent from top to bottom, also where a change makes the bank state something wrong."""
    documents: dict[str, Any] = {"organisation": organisation(), "activity": activity(), "library": library()}
    changes = (change_organisation, "organisation"), (change_activity, "activity"), (change_library, "library")
    for change, document in changes:
        if change is not None:
            change(documents[document])
    meters = {meter: meter_record(meter) for meter in METERS}
    documents["statement"] = statement(documents, meters)
    if change_statement is not None:
        change_statement(documents["statement"])
    schemas = {dataset: (ROOT / "docs/spec/schemas" / f"{dataset}.json").read_bytes() for dataset in ("METERS", "OPERATIONAL")}
    leaves: dict[str, list[tuple[str, bytes, list[int]]]] = {
        "METERS": [
            (f"meter/{meter}/el.import", record[:96] + sha(b"\x02" + record[96:]), list(struct.unpack_from("<qIIII", record, 56)))
            for meter, record in meters.items()
        ],
        "OPERATIONAL": [
            (f"line/{item['unit']}/{item['indicator']}", jcs(item), [int(item[measure]) for measure in MEASURES])
            for item in documents["statement"]["lines"]
        ],
    }
    leaves["METERS"] = [(asset, record, [v[0], v[1], v[2] + v[3], v[4]]) for asset, record, v in leaves["METERS"]]
    trees, datasets = {}, []
    for dataset, items in leaves.items():
        item_context = context(dataset, schemas[dataset])
        rows = sorted(
            (sha(b"key " + asset.encode()), sha(b"salt " + asset.encode()), values, record, asset) for asset, record, values in items
        )
        tree = trees[dataset] = Tree(context_hash(item_context), rows)
        count, totals, digest = tree.node(0, len(rows))
        datasets.append(
            {
                "dataset": dataset,
                "context": item_context,
                "n": str(count),
                "totals": [str(total) for total in totals],
                "tree_root": digest.hex(),
                "root": tree.root().hex(),
                "leaves": [
                    {"asset": asset, "key": key.hex(), "salt": salt.hex(), "values": [str(v) for v in values]}
                    for key, salt, values, _, asset in rows
                ],
            }
        )
    library_hash, statement_hash = (sha(jcs(documents[key])).hex() for key in ("library", "statement"))
    signed = [attest(item, library_hash, statement_hash, signer) for item in datasets]
    block = chain([(item, body, message, signer.address) for item, (_, body, message) in zip(datasets, signed, strict=True)])
    documents["commitments"] = {"schema": "lingtan.commitments/1", "datasets": datasets}
    documents["attestations"] = {"schema": "lingtan.attestations/1", "items": [entry for entry, _, _ in signed]}
    documents["anchors"] = {"schema": "lingtan.anchors/1", "items": [block.anchor(index) for index in range(len(datasets))]}
    documents["findings"] = {"schema": "lingtan.findings/1", "items": []}
    documents["answers"] = {"schema": "lingtan.answers/1", "items": []}
    parts = {f"{key}.json": jcs(document) for key, document in documents.items()}
    parts |= {f"meters/{meter}.ltm": record for meter, record in meters.items()}
    parts |= {f"schemas/{dataset}.json": data for dataset, data in schemas.items()}
    return Evidence(parts, trees, block, library_hash, schemas)


@cache
def _evidence() -> Evidence:
    return make_evidence()


def evidence() -> Evidence:
    """A fresh copy of the ordinary evidence, to be tampered with."""
    made = _evidence()
    return Evidence(dict(made.parts), made.trees, made.chain, made.library_hash, made.schemas, {})


def tampered(proof: dict[str, Any], change: Change) -> bytes:
    """The canonical bytes of a proof after a change."""
    value = copy.deepcopy(proof)
    change(value)
    return jcs(value)
