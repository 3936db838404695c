"""Write proof bundles by hand from bundle.md §1, with other people's libraries alone: a short period, small tries, every kind of bundle."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import coincurve
import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_hash.auto import keccak
from trie import HexaryTrie

from tests.verifier.bank import ATTESTATION_FIELDS, CHAIN_ID, CLAIMS, CONTRACT, EVENT, ORIGIN, hexed, jcs, raw_public, sha, sid
from tests.verifier.block import Tree, context_hash, plain_path, plain_root, typed, vkey
from tests.verifier.financed_bank import pcaf_records

START, END = 1_740_758_400, 1_740_758_400 + 24 * 900  # six hours: slots that fit on a page
BLOCK_TIME, NOW = 1_744_000_000, 1_750_000_000
INSTANTS = ("2025-02-28T16:00:00Z", "2025-02-28T22:00:00Z")
LEDGER_CODE, REGISTRY_CODE = b"code of PeriodLedger", b"code of ClaimRegistry"
RECORDS, CLAIM_SLOT, CERTIFICATE_SLOT = 0, 4, 7
APPROVER, VERIFIERS, CERTIFIER = (
    Account.from_key("0x" + "11" * 32),
    [Account.from_key("0x" + "12" * 32), Account.from_key("0x" + "13" * 32)],
    Account.from_key("0x" + "14" * 32),
)
LOG_KEY, POLICY_KEYS = (
    Ed25519PrivateKey.from_private_bytes(b"\x33" * 32),
    [Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (0x21, 0x22, 0x23)],
)
WITNESSES = {f"witness-{at}.example": Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2, 3)}
STRANGER = ("stranger.example", Ed25519PrivateKey.from_private_bytes(b"\x09" * 32))
CLAIM_FIELDS = (
    "bytes32 claim,bytes32 org,bytes32 scheme,uint64 periodStart,uint64 periodEnd,bytes32[] attestations,bytes32 packageHash,"
    "uint8 verifiersRequired,uint64 deadline"
)
VERDICT_FIELDS = (
    "bytes32 claim,bytes32 org,bytes32 packageHash,bytes32 resultHash,bytes32 findingsHash,uint8 assurance,uint32 materialityBp,"
    "uint8 opinion,bytes32 samplingSeed,uint32 sampleSize,bytes32 toolHash,bytes32 salt,uint32 sequence,uint64 deadline"
)
CERTIFICATE_FIELDS = "bytes32 certificate,bytes32 claim,bytes32 org,bytes32 documentHash,uint64 validFrom,uint64 validTo,uint64 deadline"
Log = tuple[str, list[bytes], bytes]  # contract, topics, data
Row = tuple[bytes, bytes, list[int], bytes, str]


def address(key: Any) -> bytes:
    return keccak(key.public_key.format(compressed=False)[1:])[12:]


VALIDATORS = sorted((coincurve.PrivateKey(bytes([at]) * 32) for at in range(1, 5)), key=address)


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def shown(message: dict[str, Any]) -> dict[str, Any]:
    def text(value: Any) -> Any:
        return hexed(value) if isinstance(value, bytes) else [text(item) for item in value] if isinstance(value, list) else str(value)

    return {name: text(value) for name, value in message.items()}


@dataclass
class Options:
    """What a world is like; the defaults are the good case with everything."""

    qbft: bool = False
    sealers: int = 3
    verdicts: int = 1
    required: int = 1
    opinion: int = 1
    certificate: bool = True
    state: int | None = None
    certificate_status: int = 1
    window: tuple[int, int] = (BLOCK_TIME, BLOCK_TIME + 10**8)
    witnesses: int = 2
    cosigned_at: int = NOW - 100
    pinned: int | None = None  # size of the checkpoint that the policy pins
    log_size: int = 9
    revision: int = 1
    verifier_org: str = "gfc"
    certifier: Any = CERTIFIER


@dataclass
class World:
    """A chain with the commitments of one bank, a claim and what became of it, and the bundles that prove it."""

    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.datasets = {name: self._commit(name, rows) for name, rows in leaves().items()}
        self.attested = {name: self._attest(name) for name in self.datasets}
        self.result = self._result()
        self.claim = self._claim()
        self.verdicts = [self._verdict(at) for at in range(self.options.verdicts)]
        self.certificate = self._certificate()
        # Blocks by number: 3 the anchors, 4 the claim, 5 and 6 verdicts, 7 the certificate, 8 the status.
        self.logs: dict[int, list[Log]] = {3: [self._attested_log(name) for name in self.datasets], 4: [self._claim_log()]}
        self.logs |= {5 + at: [self._verdict_log(at)] for at in range(self.options.verdicts)}
        if self.options.certificate:
            self.logs[7] = [self._certificate_log()]
        self.storage = {CONTRACT: self._ledger_storage(), CLAIMS: self._registry_storage()}
        self.receipts = {number: self._receipts(number) for number in range(self.options.log_size)}
        self.state = self._state()
        self.headers = [self._header(number) for number in range(self.options.log_size)]

    # Commitments and what is signed.

    def _commit(self, name: str, rows: Sequence[Row]) -> dict[str, Any]:
        context = {
            "alg": 1,
            "measures": 4,
            "chain_id": str(CHAIN_ID),
            "contract": CONTRACT,
            "org": sid("org", "bank-a").hex(),
            "dataset": sid("dataset", name).hex(),
            "period_start": str(START),
            "period_end": str(END),
            "revision": self.options.revision,
            "schema_hash": sha(name.encode()).hex(),
        }
        tree = Tree(context_hash(context), sorted(rows))
        count, totals, digest = tree.node(0, len(rows))
        return {
            "tree": tree,
            "item": {
                "dataset": name,
                "context": context,
                "n": str(count),
                "totals": [str(total) for total in totals],
                "tree_root": digest.hex(),
                "root": tree.root().hex(),
            },
        }

    def record_id(self, name: str) -> bytes:
        words = ["bytes32", "bytes32", "uint64", "uint64", "uint32"]
        return keccak(abi_encode(words, [sid("org", "bank-a"), sid("dataset", name), START, END, self.options.revision]))

    def _attest(self, name: str) -> dict[str, Any]:
        item = self.datasets[name]["item"]
        message = {
            "org": sid("org", "bank-a"),
            "dataset": sid("dataset", name),
            "periodStart": START,
            "periodEnd": END,
            "revision": self.options.revision,
            "cause": 0 if self.options.revision == 1 else 2,
            "alg": 1,
            "measures": 4,
            "schemaHash": bytes.fromhex(item["context"]["schema_hash"]),
            "n": int(item["n"]),
            "totals": [int(total) for total in item["totals"]],
            "treeRoot": bytes.fromhex(item["tree_root"]),
            "root": bytes.fromhex(item["root"]),
            "libraryHash": sha(jcs(LIBRARY)),
            "statementHash": sha(jcs(statement(self.options.revision))),
            "deadline": BLOCK_TIME + 3600,
        }
        return self._sign("PeriodAttestation", ATTESTATION_FIELDS, message, APPROVER, CONTRACT)

    def _sign(self, name: str, fields: str, message: dict[str, Any], signer: Any, contract: str) -> dict[str, Any]:
        signable = typed(message, name, fields, contract)
        signature = bytes(signer.sign_message(signable).signature)
        return {
            "message": message,
            "hash": bytes(signable.body),
            "digest": keccak(b"\x19\x01" + signable.header + signable.body),
            "signature": signature,
            "signer": bytes.fromhex(signer.address[2:]),
        }

    def _result(self) -> dict[str, Any]:
        grams = {"scope1_g": "1", "scope2_location_g": "2", "scope2_market_g": "3", "scope3_g": "4"}
        return {
            "schema": "lingtan.verdict/1",
            "claim": sid("claim", "bank-a/c1").hex(),
            "package": sha(b"package").hex(),
            "datasets": [{"dataset": name, **self._of(name, "root", "totals")} for name in self.named()],
            "recomputed": grams,
            "differences": dict.fromkeys(grams, "0"),
            "checks": [{"id": "package.manifest", "subject": "manifest", "outcome": "PASS"}],
            "findings": sha(b"findings").hex(),
            "opinion": ("unqualified", "qualified", "adverse")[self.options.opinion - 1],
            "assurance": "limited",
            "materiality_bp": 500,
            "exceptions": [{"place": "line/branch-1", "text": "抄表 estimated"}] if self.options.opinion == 2 else [],
        }

    def _of(self, name: str, *fields: str) -> dict[str, Any]:
        return {field: self.datasets[name]["item"][field] for field in fields}

    def named(self) -> tuple[str, ...]:
        """The datasets that the claim is about."""
        return ("METERS", "OPERATIONAL")

    def _claim(self) -> dict[str, Any]:
        message = {
            "claim": sid("claim", "bank-a/c1"),
            "org": sid("org", "bank-a"),
            "scheme": sid("scheme", "green-branch"),
            "periodStart": START,
            "periodEnd": END,
            "attestations": [self.record_id(name) for name in self.named()],
            "packageHash": sha(b"package"),
            "verifiersRequired": self.options.required,
            "deadline": BLOCK_TIME + 3600,
        }
        return self._sign("Claim", CLAIM_FIELDS, message, APPROVER, CLAIMS)

    def _verdict(self, at: int) -> dict[str, Any]:
        message = {
            "claim": sid("claim", "bank-a/c1"),
            "org": sid("org", self.options.verifier_org),
            "packageHash": sha(b"package"),
            "resultHash": sha(jcs(self.result)),
            "findingsHash": sha(b"findings"),
            "assurance": 1,
            "materialityBp": 500,
            "opinion": self.options.opinion,
            "samplingSeed": bytes(32),
            "sampleSize": 299,
            "toolHash": sha(b"tool"),
            "salt": sha(b"salt"),
            "sequence": at,
            "deadline": BLOCK_TIME + 3600,
        }
        return self._sign("Verdict", VERDICT_FIELDS, message, VERIFIERS[at], CLAIMS)

    def _certificate(self) -> dict[str, Any]:
        message = {
            "certificate": sid("certificate", "z-1"),
            "claim": sid("claim", "bank-a/c1"),
            "org": sid("org", "gfc"),
            "documentHash": sha(b"document"),
            "validFrom": self.options.window[0],
            "validTo": self.options.window[1],
            "deadline": BLOCK_TIME + 3600,
        }
        return self._sign("Certificate", CERTIFICATE_FIELDS, message, self.options.certifier, CLAIMS)

    # The chain.

    def _attested_log(self, name: str) -> Log:
        signed = self.attested[name]
        m = signed["message"]
        names = ("periodStart", "periodEnd", "revision", "cause", "alg", "schemaHash", "n")
        values = [*(m[key] for key in names), *m["totals"], *(m[key] for key in ("treeRoot", "root", "libraryHash", "statementHash"))]
        data = b"".join(word(value) if isinstance(value, int) else value for value in values) + bytes(12) + signed["signer"]
        return CONTRACT, [keccak(EVENT.encode()), self.record_id(name), m["org"], m["dataset"]], data + signed["hash"]

    def _claim_log(self) -> Log:
        m, signed = self.claim["message"], self.claim
        kinds = ["uint64", "uint64", "bytes32[]", "bytes32", "uint8", "uint64", "address", "bytes32"]
        names = ("periodStart", "periodEnd", "attestations", "packageHash", "verifiersRequired", "deadline")
        data = abi_encode(kinds, [*(m[name] for name in names), hexed(signed["signer"]), signed["hash"]])
        event = "ClaimSubmitted(bytes32,bytes32,bytes32,uint64,uint64,bytes32[],bytes32,uint8,uint64,address,bytes32)"
        return CLAIMS, [keccak(event.encode()), m["claim"], m["org"], m["scheme"]], data

    def _verdict_log(self, at: int) -> Log:
        signed = self.verdicts[at]
        m = signed["message"]
        types = [part.split(" ")[0] for part in VERDICT_FIELDS.split(",")]
        names = [part.split(" ")[1] for part in VERDICT_FIELDS.split(",")]
        data = abi_encode([*types[2:], "bytes32"], [*(m[name] for name in names[2:]), signed["hash"]])
        event = f"VerdictGiven({','.join(types)},address,bytes32)"
        return CLAIMS, [keccak(event.encode()), m["claim"], m["org"], bytes(12) + signed["signer"]], data

    def _certificate_log(self) -> Log:
        m, signed = self.certificate["message"], self.certificate
        kinds = ["bytes32", "uint64", "uint64", "uint64", "address", "bytes32"]
        values = [m["documentHash"], m["validFrom"], m["validTo"], m["deadline"], hexed(signed["signer"]), signed["hash"]]
        event = "CertificateIssued(bytes32,bytes32,bytes32,bytes32,uint64,uint64,uint64,address,bytes32)"
        return CLAIMS, [keccak(event.encode()), m["certificate"], m["claim"], m["org"]], abi_encode(kinds, values)

    def _ledger_storage(self) -> HexaryTrie:
        trie = HexaryTrie({})
        for name in self.datasets:
            totals = [int(total) for total in self.datasets[name]["item"]["totals"]]
            base = mapping(self.record_id(name), RECORDS)
            words = (int(self.datasets[name]["item"]["root"], 16), totals[0] | totals[1] << 128, totals[2] | totals[3] << 128)
            fill(trie, {base + at: value for at, value in enumerate(words)})
        return trie

    def _registry_storage(self) -> HexaryTrie:
        trie, certified = HexaryTrie({}), self.options.certificate
        claim, certificate = self.claim_base(), mapping(sid("certificate", "z-1"), CERTIFICATE_SLOT)
        state = self.options.state if self.options.state is not None else (5 if certified else 2 if self.options.verdicts else 1)
        signer = int.from_bytes(self.claim["signer"], "big")
        first = int.from_bytes(self.verdicts[0]["message"]["resultHash"], "big") if self.verdicts else 0
        words = {claim + 3: first, claim + 5: int.from_bytes(self.claim["hash"], "big")}
        words[claim + 7] = signer | BLOCK_TIME << 160 | state << 224 | self.options.required << 232
        words[claim + 8] = START | END << 64 | 0 << 128 | self.options.verdicts << 160
        if certified:
            signer, (start, end) = int.from_bytes(self.certificate["signer"], "big"), self.options.window
            words |= {certificate + 3: int.from_bytes(self.certificate["hash"], "big"), certificate + 5: start | end << 64}
            words[certificate + 4] = signer | BLOCK_TIME << 160 | self.options.certificate_status << 224
        fill(trie, words)
        return trie

    def claim_base(self) -> int:
        return mapping(sid("claim", "bank-a/c1"), CLAIM_SLOT)

    def _receipts(self, number: int) -> HexaryTrie:
        trie = HexaryTrie({})
        for index, log in enumerate(self.logs.get(number, [])):
            trie[rlp.encode(index)] = self.receipt(number, index, log)
        return trie

    @staticmethod
    def receipt(number: int, index: int, log: Log) -> bytes:
        logs = [[b"\xaa" * 20, [], b""], [bytes.fromhex(log[0][2:]), log[1], log[2]]]
        return b"\x02" + rlp.encode([1, 100_000 * (index + number), bytes(256), logs])

    def _state(self) -> HexaryTrie:
        trie = HexaryTrie({})
        for at in range(3):
            trie[keccak(bytes([at]) * 20)] = rlp.encode([at, 10**18, keccak(b"\x80"), keccak(b"")])
        for contract, code in ((CONTRACT, LEDGER_CODE), (CLAIMS, REGISTRY_CODE)):
            trie[keccak(bytes.fromhex(contract[2:]))] = rlp.encode([1, 0, self.storage[contract].root_hash, keccak(code)])
        return trie

    def _header(self, number: int) -> bytes:
        proposer = address(VALIDATORS[number % len(VALIDATORS)]) if self.options.qbft else b"\x01" * 20
        mix = b"ctical byzantine fault tolerance" if self.options.qbft else bytes(32)
        fields = [
            sha(b"parent %d" % number), keccak(b"\xc0"), proposer, self.state.root_hash, keccak(b"\x80"),
            self.receipts[number].root_hash, bytes(256), 1, number, 30_000_000, 100_000, BLOCK_TIME + number, b"extra", mix, bytes(8),
            7,
        ]  # fmt: skip
        return self.sealed(fields) if self.options.qbft else bytes(rlp.encode(fields))

    def sealed(self, fields: list[Any]) -> bytes:
        validators = [address(key) for key in VALIDATORS]

        def with_seals(seals: list[bytes]) -> bytes:
            extra = rlp.encode([bytes(32), validators, [], 1, seals])
            return bytes(rlp.encode([*fields[:12], extra, *fields[13:]]))

        digest = keccak(with_seals([]))
        return with_seals([key.sign_recoverable(digest, hasher=None) for key in VALIDATORS[: self.options.sealers]])

    # Bundles.

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
                *(key("gfc", "centre", "verifier", account) for account in VERIFIERS),
                key("gfc", "centre", "certifier", CERTIFIER),
            ],
            "checkpoint": None
            if self.options.qbft
            else {
                "origin": ORIGIN, "vkey": vkey(LOG_KEY, ORIGIN)[0], "pinned": None if pinned is None else self.checkpoint(pinned, {}),
            },
            "validators": [{"from": 0, "addresses": [hexed(address(key)) for key in VALIDATORS]}] if self.options.qbft else None,
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


def mapping(key: bytes, slot: int) -> int:
    return int.from_bytes(keccak(key + word(slot)), "big")


def fill(trie: HexaryTrie, words: dict[int, int]) -> None:
    for slot, value in words.items():
        if value:
            trie[keccak(word(slot))] = rlp.encode(value)


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


# What the leaves are about.


def meter_record(number: int) -> tuple[bytes, bytes]:
    """The header and slots of a small meter."""
    quality = bytes([1, 1, 0, 2, 3, 4, 5] * 4)[:24]
    values = [0 if flag == 0 else 1_000 * number + at for at, flag in enumerate(quality)]
    counts = [quality.count(1) + quality.count(5), quality.count(2) + quality.count(4), quality.count(3), quality.count(0)]
    header = b"LTM1" + struct.pack("<HH32sqIB3xqIIII16x", 1, 15, meter_key(number), START, 24, 1, sum(values), *counts)
    return header, struct.pack("<24q", *values) + quality


def meter_key(number: int) -> bytes:
    return sha(b"key meter %d" % number)


def statement_line(number: int) -> dict[str, Any]:
    return {
        "schema": "lingtan.line/1",
        "unit": f"branch-{number}",
        "indicator": "electricity.purchased",
        "scope": 2,
        "quantity": {"value": "1234.5", "unit": "kWh"},
        "factor": "grid-电",
        "gases": {"CO2": "700", "CH4": "0", "N2O": "0"},
        "fluorinated": [{"gas": "SF6", "g": "1"}],
        "market": {"factor": "residual", "covered": [{"instrument": "gec-1", "quantity": "10"}], "rest": "1224.5"},
        "scope1_g": "0",
        "scope2_location_g": str(700_000 + number),
        "scope2_market_g": str(690_000 + number),
        "scope3_g": "0",
        "quality": 1,
        "uncertainty": {"activity_bp": 100, "factor_bp": 500},
        "sources": [{"kind": "meter", "id": f"M{number}"}],
    }


def reduction(number: int) -> dict[str, Any]:
    """A retrofit (even numbers: the grams come to a half, and go to the even) or a PV roof."""
    saved, used = (0, 2_000_500 + number) if number % 2 else (2_500 + 1_000 * number, 0)
    value, unit = ("0.5703", "tCO2/MWh") if number % 2 else ("1", "kgCO2e/MWh")
    avoided = round(Fraction(saved + used) * Fraction(value) / (1 if number % 2 else 1000))
    return {
        "schema": "lingtan.reduction/1",
        "id": f"p-{number}",
        "unit": f"branch-{number}",
        "kind": "pv" if number % 2 else "retrofit",
        "option": "B" if number % 2 else "C",
        "factor": {"id": "grid", "value": value, "unit": unit},
        "avoided_g": str(avoided),
        "saved_wh": str(saved),
        "self_used_wh": str(used),
        "exported_wh": "77" if number % 2 else "0",
        "evidence": [{"kind": "meter_csv", "id": "m.csv", "sha256": None}, {"kind": "meter_csv", "id": "m.csv", "sha256": "ab" * 32}],
    }


ORGANISATION = {"schema": "lingtan.organisation/1", "institution": "bank-a"}
ACTIVITY = {"schema": "lingtan.activity/1", "institution": "bank-a"}
LIBRARY = {"schema": "lingtan.library/1", "release": "2025"}
METER_COUNT, LINE_COUNT, REDUCTION_COUNT, GROUP_SIZES = 3, 5, 3, (50, 50, 51)


def statement(revision: int = 1) -> dict[str, Any]:
    """The statement that is signed; what a browser looks at of it is there."""
    meters = []
    for number in range(METER_COUNT):
        header, slots = meter_record(number)
        total, *counts = struct.unpack_from("<qIIII", header, 56)
        figures = dict(zip(("measured", "estimated", "manual", "missing"), map(str, counts), strict=True))
        meters.append(
            {"meter": f"M{number}", "unit": f"branch-{number}", "quantity": "el.import", "record": sha(header + slots).hex()}
            | {"total": str(total), **figures}
        )
    return {
        "schema": "lingtan.statement/1",
        "institution": "bank-a",
        "period": {"id": "night", "start": INSTANTS[0], "end": INSTANTS[1], "timezone": "Asia/Shanghai"},
        "revision": revision,
        "organisation": sha(jcs(ORGANISATION)).hex(),
        "activity": sha(jcs(ACTIVITY)).hex(),
        "library": {"release": "2025", "hash": sha(jcs(LIBRARY)).hex()},
        "meters": meters,
        "lines": [statement_line(number) for number in range(LINE_COUNT)],
    }


def exposures(group: int) -> list[tuple[bytes, bytes, list[int]]]:
    """(salt, record, measures) of one group of a book, in the order of pseudonyms."""
    records = sorted(pcaf_records(sum(GROUP_SIZES)), key=lambda record: str(record["exposure"]))
    first = sum(GROUP_SIZES[:group])
    found = []
    for record in records[first : first + GROUP_SIZES[group]]:
        cents, said = int(record["exposure_cents"]), record["attributed"]
        measures = [cents, int(said["s12_g"]), int(said["s3_g"] or 0), cents * record["score_s12"]]
        found.append((sha(b"salt " + record["exposure"].encode()), jcs(record), measures))
    return found


def leaves() -> dict[str, list[Row]]:
    """The leaves of each dataset: key, salt, values, record, asset."""

    def row(asset: str, values: list[int], record: bytes, key: bytes | None = None) -> Row:
        return key or sha(b"key " + asset.encode()), sha(b"salt " + asset.encode()), values, record, asset

    meters = []
    for number in range(METER_COUNT):
        header, slots = meter_record(number)
        total, measured, estimated, manual, missing = struct.unpack_from("<qIIII", header, 56)
        values = [total, measured, estimated + manual, missing]
        meters.append(row(f"meter/M{number}/el.import", values, header + sha(b"\x02" + slots), meter_key(number)))
    measures = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
    lines = [statement_line(number) for number in range(LINE_COUNT)]
    groups = []
    for number, size in enumerate(GROUP_SIZES):
        opened = exposures(number)
        root = plain_root([sha(b"\x00" + salt + record) for salt, record, _ in opened])
        record = jcs({"schema": "lingtan.group/1", "group": number, "n": size, "root": root.hex()})
        groups.append(row(f"group/{number:06d}", [sum(column) for column in zip(*(m for _, _, m in opened), strict=True)], record))
    columns = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
    projects = [reduction(number) for number in range(REDUCTION_COUNT)]
    return {
        "REDUCTIONS": [row(f"reduction/{item['id']}", [int(item[name]) for name in columns], jcs(item)) for item in projects],
        "FINANCED_PCAF": groups,
        "METERS": meters,
        "OPERATIONAL": [
            row(f"line/{item['unit']}/{item['indicator']}", [int(item[name]) for name in measures], jcs(item)) for item in lines
        ],
    }


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
