"""Write proof bundles by hand from bundle.md §1, with other people's libraries alone: a short period, small tries, every kind of bundle."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_hash.auto import keccak

from tests.verifier.bank import CHAIN_ID, CLAIMS, CONTRACT, ORIGIN, hexed, jcs, raw_public, sha, sid
from tests.verifier.block import Tree, plain_path, plain_root, vkey
from tests.verifier.bundle_chain import (
    APPROVER,
    CERTIFICATE_SLOT,
    CERTIFIER,
    CLAIM_SLOT,
    LEDGER_CODE,
    LOG_KEY,
    POLICY_KEYS,
    RECORDS,
    REGISTRY_CODE,
    VALIDATORS,
    VERIFIERS,
    WITNESSES,
    ClaimChain,
    address,
    mapping,
    shown,
    word,
)
from tests.verifier.bundle_chain import BLOCK_TIME as BLOCK_TIME
from tests.verifier.bundle_chain import NOW as NOW
from tests.verifier.bundle_chain import STRANGER as STRANGER
from tests.verifier.bundle_chain import Options as Options
from tests.verifier.bundle_leaves import (
    ACTIVITY,
    INSTANTS,
    LIBRARY,
    METER_COUNT,
    ORGANISATION,
    REDUCTION_COUNT,
    exposures,
    meter_record,
    statement,
)


class World(ClaimChain):
    """The chain, and the bundles that prove what is on it."""

    def checkpoint(self, size: int, witnesses: dict[str, Ed25519PrivateKey], key: Ed25519PrivateKey = LOG_KEY) -> str:
        root = plain_root([sha(b"\x00" + header) for header in self.headers[:size]])
        text = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
        lines = [line(ORIGIN, vkey(key, ORIGIN)[1] + key.sign(text.encode()))]
        lines += [cosignature(name, item, text, self.options.cosigned_at) for name, item in witnesses.items()]
        return text + "\n" + "".join(lines)

    def block(self, number: int, used: list[int]) -> int:
        if number not in used:
            used.append(number)
        return number  # replaced by its index at the end

    def event(self, number: int, index: int, used: list[int]) -> dict[str, Any]:
        trie = self.receipts[number]
        proof = [hexed(rlp.encode(node)) for node in trie.get_proof(rlp.encode(index))]
        value = hexed(trie[rlp.encode(index)])
        receipt = {"type": "2", "value": value, "proof": proof, "log_index": "1"}
        return {"block": self.block(number, used), "transaction": str(index), "receipt": receipt}

    def storage_proofs(self, contract: str, base: int, offsets: Sequence[int]) -> list[dict[str, Any]]:
        trie = self.storage[contract]
        slots = [word(base + at) for at in offsets]
        return [{"slot": hexed(slot), "proof": [hexed(rlp.encode(node)) for node in trie.get_proof(keccak(slot))]} for slot in slots]

    def account_proof(self, contract: str) -> list[str]:
        return [hexed(rlp.encode(node)) for node in self.state.get_proof(keccak(bytes.fromhex(contract[2:])))]

    def anchor(self, name: str, used: list[int]) -> dict[str, Any]:
        storage = self.storage_proofs(CONTRACT, mapping(self.record_id(name), RECORDS), (0, 1, 2))
        state = {"account_proof": self.account_proof(CONTRACT), "storage": storage}
        return {"id": hexed(self.record_id(name)), **self.event(3, list(self.datasets).index(name), used), "state": state}

    def item(self, name: str, index: int, **more: Any) -> dict[str, Any]:
        tree = self.datasets[name]["tree"]
        key, salt, values, record, asset = tree.leaves[index]
        return {
            "index": index,
            "asset": None if name == "METERS" else asset,
            "key": key.hex(),
            "salt": salt.hex(),
            "values": [str(value) for value in values],
            "record": base64.b64encode(record).decode(),
            "path": tree.path(index),
            "slots": None,
            "exposures": None,
            **more,
        }

    def dataset(self, name: str, items: list[Any], used: list[int]) -> dict[str, Any]:
        signed = self.attested[name]
        shape = {"signature": hexed(signed["signature"]), "signer": hexed(signed["signer"]), "digest": hexed(signed["digest"])}
        attestation = {"dataset": name, "message": shown(signed["message"]), **shape}
        return {**self.datasets[name]["item"], "attestation": attestation, "anchor": self.anchor(name, used), "items": items}

    def signed_item(self, signed: dict[str, Any], number: int, used: list[int]) -> dict[str, Any]:
        proof = {"signature": hexed(signed["signature"]), "signer": hexed(signed["signer"])}
        return {"message": shown(signed["message"]), **proof, "event": self.event(number, 0, used)}

    def claim_item(self, used: list[int]) -> dict[str, Any]:
        certified = self.options.certificate
        certificate = self.storage_proofs(CLAIMS, mapping(sid("certificate", "z-1"), CERTIFICATE_SLOT), (3, 4, 5))
        return {
            "id": "c1",
            **self.signed_item(self.claim, 4, used),
            "verdicts": [{"result": self.result, **self.signed_item(item, 5 + at, used)} for at, item in enumerate(self.verdicts)],
            "certificate": self.signed_item(self.certificate, 7, used) if certified else None,
            "status": {
                "block": self.block(8, used),
                "account_proof": self.account_proof(CLAIMS),
                "claim": self.storage_proofs(CLAIMS, self.claim_base(), (3, 5, 7, 8)),
                "certificate": certificate if certified else None,
            },
        }

    def bundle(self, kind: str, items: dict[str, list[Any]], *, inputs: Any = None) -> dict[str, Any]:
        """The bundle document of a kind over the datasets that `items` names."""
        used: list[int] = []
        datasets = [self.dataset(name, items[name], used) for name in sorted(items)]
        claim = self.claim_item(used) if kind == "claim" else None
        document = {
            "schema": "lingtan.bundle/1",
            "subject": {
                "kind": kind, "institution": "bank-a", "start": INSTANTS[0], "end": INSTANTS[1], "revision": self.options.revision,
            },
            "datasets": datasets,
            "headers": [hexed(self.headers[number]) for number in sorted(used)],
            "finality": {"kind": "seals"} if self.options.qbft else self.finality(sorted(used)),
            "claim": claim,
            "inputs": inputs,
        }  # fmt: skip
        renumber(document, {number: at for at, number in enumerate(sorted(used))})
        return document

    def finality(self, numbers: list[int]) -> dict[str, Any]:
        size, pinned = self.options.log_size, self.options.pinned
        hashes = [sha(b"\x00" + header) for header in self.headers]
        joined = None if pinned is None else [node.hex() for node in consistency(pinned, hashes[:size])]
        proofs = [{"block": number, "inclusion": [node.hex() for node in plain_path(number, hashes)]} for number in numbers]
        chosen = dict(list(WITNESSES.items())[: self.options.witnesses])
        return {"kind": "checkpoint", "checkpoint": self.checkpoint(size, chosen), "proofs": proofs, "consistency": joined}

    def policy(self) -> dict[str, Any]:
        """The unsigned policy that an auditor of this world would hold."""
        pinned = self.options.pinned

        def contract(name: str, code: bytes, slots: dict[str, int]) -> dict[str, Any]:
            return {"address": name, "code_hash": hexed(keccak(code)), "slots": slots}

        def key(institution: str, kind: str, role: str, account: Any) -> dict[str, Any]:
            window = {"valid_from": "2025-01-01T00:00:00Z", "valid_to": None}
            return {"institution": institution, "kind": kind, "role": role, "address": account.address.lower(), **window}

        return {
            "schema": "lingtan.policy/1",
            "version": 3,
            "issued": "2025-01-01T00:00:00Z",
            "expires": "2026-01-01T00:00:00Z",
            "chain": {"id": str(CHAIN_ID), "kind": "qbft" if self.options.qbft else "embedded", "genesis": "0123456789abcdef" + "0" * 48},
            "contracts": {
                "PeriodLedger": contract(CONTRACT, LEDGER_CODE, {"records": RECORDS}),
                "ClaimRegistry": contract(CLAIMS, REGISTRY_CODE, {"claims": CLAIM_SLOT, "certificates": CERTIFICATE_SLOT}),
            },
            "schemas": {name: sha(name.encode()).hex() for name in self.datasets},
            "libraries": [sha(jcs(LIBRARY)).hex()],
            "keys": [
                key("bank-a", "bank", "approver", APPROVER),
                *(key(org, "centre", "verifier", account) for org, account in zip(self.options.verifier_orgs, VERIFIERS, strict=True)),
                key("gfc", "centre", "certifier", CERTIFIER),
            ],
            "checkpoint": None
            if self.options.qbft
            else {
                "origin": ORIGIN, "vkey": vkey(LOG_KEY, ORIGIN)[0], "pinned": None if pinned is None else self.checkpoint(pinned, {}),
            },
            "validators": [{"from": 0, "to": None, "addresses": [hexed(address(key)) for key in VALIDATORS]}]
            if self.options.qbft
            else None,
            "witnesses": None if self.options.qbft else {"quorum": 2, "keys": [witness_key(name, key) for name, key in WITNESSES.items()]},
            "max_age": 30 * 86_400 if not self.options.qbft else None,
            "previous": None,
            "signers": {"threshold": 2, "keys": sorted(raw_public(key).hex() for key in POLICY_KEYS)},
        }  # fmt: skip


def sign_policy(body: dict[str, Any], keys: Sequence[Ed25519PrivateKey] = tuple(POLICY_KEYS[:2])) -> dict[str, Any]:
    body = {name: value for name, value in body.items() if name != "signatures"}
    signatures = [{"public_key": raw_public(key).hex(), "value": key.sign(jcs(body)).hex()} for key in keys]
    return {**body, "signatures": sorted(signatures, key=lambda item: item["public_key"])}


def renumber(value: Any, index: dict[int, int]) -> None:
    """Replace block numbers by their index in `headers`."""
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        renumber(item, index)
    if isinstance(value, dict) and isinstance(value.get("block"), int):
        value["block"] = index[value["block"]]


def line(name: str, payload: bytes) -> str:
    return f"\u2014 {name} {base64.b64encode(payload).decode()}\n"


def witness_id(name: str, key: Ed25519PrivateKey) -> bytes:
    return sha(name.encode() + b"\n\x04" + raw_public(key))[:4]


def witness_key(name: str, key: Ed25519PrivateKey) -> str:
    return f"{name}+{witness_id(name, key).hex()}+{base64.b64encode(bytes([4]) + raw_public(key)).decode()}"


def cosignature(name: str, key: Ed25519PrivateKey, text: str, time: int) -> str:
    signed = key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    return line(name, witness_id(name, key) + time.to_bytes(8, "big") + signed)


def consistency(old: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    """The proof of RFC 9162 §2.1.4.1 by its definition."""
    n = len(hashes)
    if old == n:
        return [] if whole else [plain_root(hashes)]
    split = Tree.split(n)
    if old <= split:
        return [*consistency(old, hashes[:split], whole), plain_root(hashes[split:])]
    return [*consistency(old - split, hashes[split:], False), plain_root(hashes[:split])]


def meter_number(world: World, index: int) -> int:
    """The number of the meter whose leaf is at `index`."""
    return int(world.datasets["METERS"]["tree"].leaves[index][4].split("/")[1][1:])


Maker = Callable[[World], dict[str, Any]]


def make_statement(world: World) -> dict[str, Any]:
    return world.bundle("statement", {"METERS": [], "OPERATIONAL": []})


def whole_inputs(world: World) -> dict[str, Any]:
    return {"organisation": ORGANISATION, "activity": ACTIVITY, "library": LIBRARY, "statement": statement(world.options.revision)}


def make_statement_with_inputs(world: World) -> dict[str, Any]:
    meters = [world.item("METERS", at) for at in range(METER_COUNT)]
    return world.bundle("statement", {"METERS": meters, "OPERATIONAL": []}, inputs=whole_inputs(world))


def make_line(world: World) -> dict[str, Any]:
    return world.bundle("leaf", {"OPERATIONAL": [world.item("OPERATIONAL", 2)]})


def make_two_lines(world: World) -> dict[str, Any]:
    return world.bundle("leaf", {"OPERATIONAL": [world.item("OPERATIONAL", 0), world.item("OPERATIONAL", 4)]})


def make_meter(world: World) -> dict[str, Any]:
    return world.bundle("leaf", {"METERS": [world.item("METERS", 1)]})


def make_named_meter(world: World) -> dict[str, Any]:
    number = meter_number(world, 0)
    slots = base64.b64encode(meter_record(number)[1]).decode()
    inputs = {"organisation": None, "activity": None, "library": None, "statement": statement(world.options.revision)}
    item = world.item("METERS", 0, slots=slots, asset=f"meter/M{number}/el.import")
    return world.bundle("leaf", {"METERS": [item]}, inputs=inputs)


def make_group(world: World) -> dict[str, Any]:
    number = int(world.datasets["FINANCED_PCAF"]["tree"].leaves[1][4][6:])
    opened: list[Any] = [{"salt": salt.hex(), "record": base64.b64encode(record).decode()} for salt, record, _ in exposures(number)]
    return world.bundle("leaf", {"FINANCED_PCAF": [world.item("FINANCED_PCAF", 1, exposures=opened)]})


def make_erased_group(world: World) -> dict[str, Any]:
    document = make_group(world)
    opened = document["datasets"][0]["items"][0]["exposures"]
    for at in (3, 7):
        opened[at] = {"leaf": sha(b"\x00" + bytes.fromhex(opened[at]["salt"]) + base64.b64decode(opened[at]["record"])).hex()}
    return document


def make_claim(world: World) -> dict[str, Any]:
    return world.bundle("claim", {"METERS": [], "OPERATIONAL": []})


def make_claim_with_inputs(world: World) -> dict[str, Any]:
    meters = [world.item("METERS", at) for at in range(METER_COUNT)]
    return world.bundle("claim", {"METERS": meters, "OPERATIONAL": []}, inputs=whole_inputs(world))


def make_reductions(world: World) -> dict[str, Any]:
    return world.bundle("leaf", {"REDUCTIONS": [world.item("REDUCTIONS", at) for at in range(REDUCTION_COUNT)]})
