"""Put a made-up bank's commitments, its claim and what became of it on a chain, with other people's libraries alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import coincurve
import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_hash.auto import keccak
from trie import HexaryTrie

from tests.verifier.bank import ATTESTATION_FIELDS, CHAIN_ID, CLAIMS, CONTRACT, EVENT, hexed, jcs, sha, sid
from tests.verifier.block import Tree, context_hash, typed
from tests.verifier.bundle_leaves import END, LIBRARY, START, Row, leaves, statement

BLOCK_TIME, NOW = 1_744_000_000, 1_750_000_000
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
    verifier_orgs: tuple[str, str] = ("gfc", "auditors")
    certifier: Any = CERTIFIER


@dataclass
class ClaimChain:
    """A chain with the commitments of one bank, a claim, and what became of it."""

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
            "org": sid("org", self.options.verifier_orgs[at]),
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


def mapping(key: bytes, slot: int) -> int:
    return int.from_bytes(keccak(key + word(slot)), "big")


def fill(trie: HexaryTrie, words: dict[int, int]) -> None:
    for slot, value in words.items():
        if value:
            trie[keccak(word(slot))] = rlp.encode(value)
