"""A small city on a chain: the four contracts, two banks, the centre, a verifier institution, and their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tests.contracts.engines import Engine, Log, Outcome, Reverted
from tests.contracts.messages import FUNCTIONS, Message, as_arguments, compute_context, compute_root, digest, sid, sign

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"
NAMES = ("ParticipantRegistry", "LibraryRegistry", "PeriodLedger", "ClaimRegistry")
NEVER = 2**64 - 1
ZERO = bytes(32)

BANK, OTHER_BANK, CENTRE, FIRM, OTHER_FIRM = (sid("org", name) for name in ("bank-a", "bank-b", "centre", "firm", "firm-2"))
METERS, OPERATIONAL = sid("dataset", "METERS"), sid("dataset", "OPERATIONAL")
LIBRARY, SCHEMA, SCHEME = digest("library 1"), digest("schema METERS"), digest("scheme 1")
PERIOD = (1_767_225_600, 1_769_904_000)

APPROVER, LOGKEEPER, VERIFIER, CERTIFIER, LIBRARIAN, PUBLISHER = range(1, 7)
PEOPLE: Mapping[str, tuple[bytes, int]] = {
    "approver": (BANK, APPROVER),
    "logkeeper": (BANK, LOGKEEPER),
    "other approver": (OTHER_BANK, APPROVER),
    "verifier": (FIRM, VERIFIER),
    "verifier 2": (OTHER_FIRM, VERIFIER),
    "verifier 3": (CENTRE, VERIFIER),
    "colleague": (FIRM, VERIFIER),
    "certifier": (CENTRE, CERTIFIER),
    "certifier 2": (CENTRE, CERTIFIER),
    "librarian": (CENTRE, LIBRARIAN),
    "publisher": (CENTRE, PUBLISHER),
}
KINDS = ((BANK, 1), (OTHER_BANK, 1), (CENTRE, 2), (FIRM, 3), (OTHER_FIRM, 3))


def key_of(person: str) -> bytes:
    """Return a person's private key; every name has one."""
    return keccak(text=f"lingtan test key of {person}")


def address_of(person: str) -> str:
    """Return a person's address."""
    return str(Account.from_key(key_of(person)).address)


@dataclass(frozen=True)
class Event:
    """A decoded log; `time` is its block's."""

    name: str
    arguments: Mapping[str, Any]
    time: int


@dataclass(frozen=True)
class Done:
    outcome: Outcome
    events: tuple[Event, ...]

    @property
    def time(self) -> int:
        return self.outcome.time

    def only(self, name: str) -> Mapping[str, Any]:
        """Return the arguments of the one event of this name."""
        (found,) = [event for event in self.events if event.name == name]
        return found.arguments


@dataclass(frozen=True)
class Refusal:
    """A custom error, its arguments in order."""

    name: str
    arguments: tuple[Any, ...]


def abi_type(entry: Mapping[str, Any]) -> str:
    """Return the type of an ABI entry with tuples written out."""
    kind = str(entry["type"])
    if kind.startswith("tuple"):
        return "(" + ",".join(abi_type(part) for part in entry["components"]) + ")" + kind[5:]
    return kind


def signature_of(entry: Mapping[str, Any]) -> str:
    """Return a function's, event's or error's name with its types."""
    return str(entry["name"]) + "(" + ",".join(abi_type(part) for part in entry["inputs"]) + ")"


class Contract:
    """One artifact, with what is needed to talk to it."""

    def __init__(self, name: str) -> None:
        self.artifact = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
        self.abi: list[dict[str, Any]] = self.artifact["abi"]
        self.functions = {entry["name"]: entry for entry in self.abi if entry["type"] == "function"}
        self.events = {keccak(text=signature_of(entry)): entry for entry in self.abi if entry["type"] == "event"}
        self.errors = {keccak(text=signature_of(entry))[:4]: entry for entry in self.abi if entry["type"] == "error"}

    def encode(self, function: str, *arguments: Any) -> bytes:
        entry = self.functions[function]
        return keccak(text=signature_of(entry))[:4] + encode([abi_type(part) for part in entry["inputs"]], arguments)

    def decode(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return what a function returned; structs become mappings by field."""
        outputs = self.functions[function]["outputs"]
        return tuple(_named(part, value) for part, value in zip(outputs, decode([abi_type(part) for part in outputs], data), strict=True))

    def decode_event(self, log: Log, time: int) -> Event:
        entry = self.events[log.topics[0]]
        indexed = [part for part in entry["inputs"] if part["indexed"]]
        plain = [part for part in entry["inputs"] if not part["indexed"]]
        values = {part["name"]: decode([part["type"]], topic)[0] for part, topic in zip(indexed, log.topics[1:], strict=True)}
        values.update(zip((part["name"] for part in plain), decode([part["type"] for part in plain], log.data), strict=True))
        return Event(entry["name"], values, time)

    def decode_error(self, data: bytes) -> Refusal:
        entry = self.errors.get(data[:4])
        if entry is None:
            return Refusal(data.hex(), ())
        return Refusal(entry["name"], tuple(decode([part["type"] for part in entry["inputs"]], data[4:])))


def _named(part: Mapping[str, Any], value: Any) -> Any:
    if part["type"] != "tuple":
        return value
    return {field["name"]: _named(field, item) for field, item in zip(part["components"], value, strict=True)}


class World:
    """Contracts on an engine, and people who sign."""

    contracts: ClassVar[Mapping[str, Contract]] = {name: Contract(name) for name in NAMES}

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.addresses: dict[str, str] = {}
        self.history: list[Event] = []
        self.versions: dict[bytes, int] = {}
        self.gas: dict[str, int] = {}

    def copy(self) -> World:
        """Return the same city with books of its own."""
        twin = World(self.engine)
        twin.addresses, twin.history, twin.versions, twin.gas = self.addresses, list(self.history), dict(self.versions), dict(self.gas)
        return twin

    def deploy(self) -> None:
        """Deploy the four contracts."""
        wanted: Mapping[str, tuple[str, ...]] = {
            "ParticipantRegistry": (),
            "LibraryRegistry": ("ParticipantRegistry",),
            "PeriodLedger": ("ParticipantRegistry", "LibraryRegistry"),
            "ClaimRegistry": ("ParticipantRegistry", "LibraryRegistry", "PeriodLedger"),
        }
        for name, needs in wanted.items():
            arguments = [self.addresses[need] for need in needs] or [address_of("admin")]
            outcome = self.create(name, arguments)
            assert outcome.status == 1, name
            assert outcome.address is not None
            self.addresses[name] = to_checksum_address(outcome.address)
            self.history.extend(self._events(name, outcome))
            self.gas[f"deploy {name}"] = outcome.gas_used

    def create(self, name: str, addresses: Sequence[str]) -> Outcome:
        """Send a deployment."""
        code = bytes.fromhex(self.contracts[name].artifact["bytecode"][2:])
        return self.engine.send(None, code + encode(["address"] * len(addresses), addresses))

    def settle(self) -> None:
        """Register everybody and publish the library, the schema and the scheme."""
        for org, kind in KINDS:
            self.send("registerInstitution", self.registration(org, kind), by="admin")
        for person, (org, role) in PEOPLE.items():
            self.send("addKey", self.key(org, person, role), by="admin")
        for release, kind in ((LIBRARY, 1), (SCHEMA, 2), (SCHEME, 3)):
            self.send("propose", self.proposal(release, kind), by="librarian")
            self.send("publish", self.publication(release), by="publisher")

    # --- talking ---

    def view(self, contract: str, function: str, *arguments: Any) -> Any:
        """Return what a view answers: one value, or a tuple of them."""
        kind = self.contracts[contract]
        values = kind.decode(function, self.engine.call(self.addresses[contract], kind.encode(function, *arguments)))
        return values[0] if len(values) == 1 else values

    def sign(self, function: str, message: Message, by: str) -> bytes:
        """Return a person's signature over the message of a function, for this chain and contract."""
        contract, struct = FUNCTIONS[function]
        return sign(struct, message, key_of(by), self.engine.chain_id, self.addresses[contract])

    def data(self, function: str, message: Message, signature: bytes) -> bytes:
        """Return the call data of a signed message."""
        contract, struct = FUNCTIONS[function]
        return self.contracts[contract].encode(function, as_arguments(struct, message), signature)

    def send(self, function: str, message: Message, *, by: str = "", signature: bytes | None = None) -> Done:
        """Relay a signed message that must be accepted."""
        contract = FUNCTIONS[function][0]
        data = self.data(function, message, self.sign(function, message, by) if signature is None else signature)
        outcome = self.engine.send(self.addresses[contract], data)
        if outcome.status != 1:
            raise AssertionError(f"{function} was refused: {self._refusal(contract, data)}")
        events = self._events(contract, outcome)
        self.history.extend(events)
        self.gas[function] = outcome.gas_used
        if contract == "ParticipantRegistry" and "org" in message and events:
            self.versions[message["org"]] = message["version"]
        return Done(outcome, events)

    def refusal(self, function: str, message: Message, *, by: str = "", signature: bytes | None = None) -> Refusal:
        """Return the error with which a signed message is refused; fails where it would be accepted."""
        data = self.data(function, message, self.sign(function, message, by) if signature is None else signature)
        refusal = self._refusal(FUNCTIONS[function][0], data)
        assert refusal is not None, f"{function} was accepted"
        return refusal

    def find_refusal(self, function: str, message: Message, *, by: str) -> Refusal | None:
        """Return the error with which a signed message would be refused now, or None."""
        return self._refusal(FUNCTIONS[function][0], self.data(function, message, self.sign(function, message, by)))

    def _refusal(self, contract: str, data: bytes) -> Refusal | None:
        try:
            self.engine.call(self.addresses[contract], data)
        except Reverted as error:
            return self.contracts[contract].decode_error(error.data)
        return None

    def _events(self, contract: str, outcome: Outcome) -> tuple[Event, ...]:
        return tuple(self.contracts[contract].decode_event(log, outcome.time) for log in outcome.logs)

    # --- messages with ordinary contents; every field can be given ---

    def registration(self, org: bytes, kind: int = 1, **changes: Any) -> dict[str, Any]:
        return {"org": org, "kind": kind, "nameHash": digest("name"), "version": 1, "deadline": NEVER} | changes

    def _next(self, org: bytes) -> int:
        return self.versions.get(org, 0) + 1

    def key(self, org: bytes, person: str, role: int, **changes: Any) -> dict[str, Any]:
        window = {"validFrom": 0, "validTo": 0, "version": self._next(org), "deadline": NEVER}
        return {"org": org, "key": address_of(person), "role": role} | window | changes

    def key_end(self, org: bytes, person: str, role: int, valid_to: int, **changes: Any) -> dict[str, Any]:
        rest = {"validTo": valid_to, "version": self._next(org), "deadline": NEVER}
        return {"org": org, "key": address_of(person), "role": role} | rest | changes

    def key_standing(self, org: bytes, person: str, role: int, suspended: bool, **changes: Any) -> dict[str, Any]:
        rest = {"suspended": suspended, "reason": digest("reason"), "version": self._next(org), "deadline": NEVER}
        return {"org": org, "key": address_of(person), "role": role} | rest | changes

    def standing(self, org: bytes, suspended: bool, **changes: Any) -> dict[str, Any]:
        return {"org": org, "suspended": suspended, "reason": digest("reason"), "version": self._next(org), "deadline": NEVER} | changes

    def proposal(self, release: bytes, kind: int = 1, **changes: Any) -> dict[str, Any]:
        return {"release": release, "org": CENTRE, "kind": kind, "validFrom": 0, "supersedes": ZERO, "deadline": NEVER} | changes

    def publication(self, release: bytes, **changes: Any) -> dict[str, Any]:
        return {"release": release, "org": CENTRE, "deadline": NEVER} | changes

    def attestation(self, **changes: Any) -> dict[str, Any]:
        """An attestation whose root is right unless `root` is given."""
        start, end = PERIOD
        m: dict[str, Any] = {"org": BANK, "dataset": METERS, "periodStart": start, "periodEnd": end, "revision": 1, "cause": 0}
        m |= {
            "alg": 1,
            "measures": 4,
            "schemaHash": SCHEMA,
            "n": 3,
            "totals": [6_000, 288, 0, 2**97],
            "treeRoot": digest("tree"),
            "root": ZERO,
        }
        m |= {"libraryHash": LIBRARY, "statementHash": digest("statement"), "deadline": NEVER} | changes
        if "root" not in changes:
            context = compute_context(m, self.engine.chain_id, self.addresses["PeriodLedger"])
            m["root"] = compute_root(context, m["n"], m["totals"], m["treeRoot"])
        return m

    def checkpoint(self, size: int, root: bytes | None = None, **changes: Any) -> dict[str, Any]:
        return {"org": BANK, "size": size, "root": digest(f"log {size}") if root is None else root, "deadline": NEVER} | changes

    def claim(self, name: str, attestations: Sequence[bytes], **changes: Any) -> dict[str, Any]:
        start, end = PERIOD
        m: dict[str, Any] = {"claim": sid("claim", name), "org": BANK, "scheme": SCHEME, "periodStart": start, "periodEnd": end}
        m |= {"attestations": list(attestations), "packageHash": digest("package")}
        return m | {"verifiersRequired": 1, "deadline": NEVER} | changes

    def commitment(self, name: str, person: str, result: bytes, salt: bytes, **changes: Any) -> dict[str, Any]:
        value = keccak(encode(["bytes32", "bytes32"], [result, salt]))
        return {"claim": sid("claim", name), "org": PEOPLE[person][0], "commitment": value, "deadline": NEVER} | changes

    def verdict(self, name: str, person: str, sequence: int = 0, **changes: Any) -> dict[str, Any]:
        m: dict[str, Any] = {"claim": sid("claim", name), "org": PEOPLE[person][0], "packageHash": digest("package")}
        m |= {"resultHash": digest("result"), "findingsHash": digest("findings"), "assurance": 1, "materialityBp": 500, "opinion": 1}
        m |= {"samplingSeed": digest("seed"), "sampleSize": 30, "toolHash": digest("tool"), "salt": ZERO}
        return m | {"sequence": sequence, "deadline": NEVER} | changes

    def resolution(self, name: str, result: bytes, **changes: Any) -> dict[str, Any]:
        return {"claim": sid("claim", name), "org": CENTRE, "resultHash": result, "reason": digest("reason"), "deadline": NEVER} | changes

    def certificate(self, name: str, **changes: Any) -> dict[str, Any]:
        now = self.engine.now()
        m: dict[str, Any] = {"certificate": sid("certificate", name), "claim": sid("claim", name), "org": CENTRE}
        return m | {"documentHash": digest("document"), "validFrom": now, "validTo": now + 31_536_000, "deadline": NEVER} | changes

    def status(self, name: str, status: int, sequence: int = 0, **changes: Any) -> dict[str, Any]:
        m: dict[str, Any] = {"certificate": sid("certificate", name), "org": CENTRE, "status": status, "reason": digest("reason")}
        return m | {"sequence": sequence, "deadline": NEVER} | changes

    # --- states that several tests start from ---

    def attested(self, **changes: Any) -> bytes:
        """Submit an attestation and return its id."""
        m = self.attestation(**changes)
        self.send("submit", m, by="approver" if m["org"] == BANK else "other approver")
        return id_of(m)

    def claimed(self, name: str, **changes: Any) -> dict[str, Any]:
        """Submit a claim over one attestation (made where it is not there yet) and return its message."""
        m = self.attestation()
        if self.view("PeriodLedger", "latestRevision", BANK, METERS, *PERIOD) == 0:
            self.send("submit", m, by="approver")
        message = self.claim(name, [id_of(m)], **changes)
        self.send("submitClaim", message, by="approver")
        return message

    def certified(self, name: str, **changes: Any) -> dict[str, Any]:
        """Bring a claim all the way to a certificate and return the certificate's message."""
        self.claimed(name)
        self.send("submitVerdict", self.verdict(name, "verifier"), by="verifier")
        message = self.certificate(name, **changes)
        self.send("issueCertificate", message, by="certifier")
        return message

    def disputed(self, name: str) -> tuple[bytes, bytes]:
        """Bring a claim into dispute with two committed verdicts and return the two results."""
        results = digest("result 1"), digest("result 2")
        self.claimed(name, verifiersRequired=2)
        both = list(zip(("verifier", "verifier 2"), results, (digest("salt 1"), digest("salt 2")), strict=True))
        for person, result, salt in both:
            self.send("commitVerdict", self.commitment(name, person, result, salt), by=person)
        for sequence, (person, result, salt) in enumerate(both):
            self.send("submitVerdict", self.verdict(name, person, sequence, resultHash=result, salt=salt), by=person)
        return results


def id_of(m: Message) -> bytes:
    """Return the id of an attestation."""
    kinds = ["bytes32", "bytes32", "uint64", "uint64", "uint32"]
    return bytes(keccak(encode(kinds, [m["org"], m["dataset"], m["periodStart"], m["periodEnd"], m["revision"]])))
