"""Spoil good bundles in every way that the design names, each from a seed: what two verifiers must judge alike."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.verifier import bundle_world as bw
from tests.verifier.bank import ROOT, jcs, raw_public, sid

COMPAT = ROOT / "tests/compat"
HOUSE_KEY = Ed25519PrivateKey.from_private_bytes(sid("test-key", "policy"))
KEY = raw_public(bw.POLICY_KEYS[0]).hex()
EDGES = [0, 1, 2**32 - 1, 2**32, 2**53, 2**63, 2**64 - 1, 2**64, 2**96 - 1, 2**96, 2**127, 2**128 - 1, 2**128, 2**256 - 1, 2**256]


@dataclass(frozen=True)
class Case:
    """One question to a verifier: the bytes, whom to trust, and the clock."""

    name: str
    bundle: bytes
    policy: bytes | None
    policy_key: str | None = KEY
    now: int = bw.NOW
    consistency: bytes | None = None


@dataclass(frozen=True)
class Base:
    """A good bundle, its unsigned policy, and the world that it is of (none: a real house, whose policy keys are elsewhere)."""

    name: str
    document: Any
    policy: Any
    now: int = bw.NOW
    world: bw.World | None = None
    sign: Callable[[Any], Any] = bw.sign_policy
    policy_key: str = KEY

    def case(self, name: str, document: Any = None, policy: Any = None, **more: Any) -> Case:
        bundle = jcs(self.document if document is None else document)
        signed = jcs(self.sign(self.policy if policy is None else policy))
        return Case(f"{self.name}: {name}", bundle, signed, **{"policy_key": self.policy_key, "now": self.now, **more})


WORLDS = {
    "embedded": bw.Options(),
    "sealed": bw.Options(qbft=True),
    "pinned": bw.Options(pinned=6, certificate=False, verdicts=2, required=2, revision=2),
    "grown": bw.Options(pinned=4, log_size=13),
}
MAKERS: dict[str, bw.Maker] = {
    "statement": bw.make_statement,
    "statement with inputs": bw.make_statement_with_inputs,
    "line": bw.make_line,
    "two lines": bw.make_two_lines,
    "meter": bw.make_meter,
    "named meter": bw.make_named_meter,
    "group": bw.make_group,
    "erased group": bw.make_erased_group,
    "reductions": bw.make_reductions,
    "claim": bw.make_claim,
    "claim with inputs": bw.make_claim_with_inputs,
}
# Worlds that are odd in one thing, which every signature and proof in them says.
ODD_WORLDS = {
    "revoked": bw.Options(certificate_status=3),
    "suspended": bw.Options(certificate_status=2),
    "certificate of another state": bw.Options(certificate_status=9),
    "certificate over": bw.Options(window=(bw.BLOCK_TIME - 10, bw.BLOCK_TIME + 1)),
    "certificate to come": bw.Options(window=(bw.BLOCK_TIME + 10**6, bw.BLOCK_TIME + 10**7)),
    "disputed": bw.Options(certificate=False, state=4),
    "rejected": bw.Options(certificate=False, state=3, opinion=3),
    "submitted": bw.Options(certificate=False, verdicts=0),
    "certified without a certificate": bw.Options(certificate=False, state=5),
    "a certificate, not certified": bw.Options(state=2),
    "adverse, certified": bw.Options(opinion=3),
    "qualified": bw.Options(opinion=2),
    "one verdict of two": bw.Options(required=2),
    "three required": bw.Options(required=3),
    "its own verifier": bw.Options(verifier_org="bank-a"),
    "certified by its verifier": bw.Options(certifier=bw.VERIFIERS[0]),
    "unwitnessed": bw.Options(witnesses=0),
    "one witness": bw.Options(witnesses=1),
    "all witnesses": bw.Options(witnesses=3),
    "cosigned long ago": bw.Options(cosigned_at=bw.NOW - 40 * 86_400),
    "cosigned ahead": bw.Options(cosigned_at=bw.NOW + 301),
    "cosigned beyond time": bw.Options(cosigned_at=2**63),
    "two seals": bw.Options(qbft=True, sealers=2),
    "four seals": bw.Options(qbft=True, sealers=4),
    "status block not the newest": bw.Options(log_size=12),
}


def bases() -> list[Base]:
    """Every kind of bundle of every good world, and a claim of each odd one."""
    found = []
    for name, options in WORLDS.items():
        world = bw.World(options)
        found += [Base(f"{name} {kind}", make(world), world.policy(), world=world) for kind, make in MAKERS.items()]
    for name, options in ODD_WORLDS.items():
        world = bw.World(options)
        found.append(Base(name, bw.make_claim(world), world.policy(), world=world))
    return found


def kept() -> list[Base]:
    """The bundles that the house itself made and keeps (tests/compat), with the policies and clocks that they are kept with."""
    found = []
    for folder in sorted(path for path in COMPAT.iterdir() if (path / "expected.json").is_file()):
        facts = json.loads((folder / "expected.json").read_bytes())
        if facts["policy_key"] != HOUSE_KEY.public_key().public_bytes_raw().hex():
            continue
        for answer in facts["answers"]:
            document = json.loads((folder / f"{answer['bundle']}.lingtan.json").read_bytes())
            policy = json.loads((folder / f"{answer['policy']}.policy.json").read_bytes())
            name = f"house {answer['bundle']} {answer['policy']}"
            found.append(Base(name, document, policy, answer["now"], None, _sealed, facts["policy_key"]))
    return found


def _sealed(body: Any) -> Any:
    return bw.sign_policy(body, [HOUSE_KEY])


# Ways through a document.


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def get(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at a path; the rest is shared."""
    if not path:
        return value
    changed = copy.copy(document)
    changed[path[0]] = put(document[path[0]], path[1:], value)
    return changed


def pick(rng: random.Random, document: Any, wanted: Callable[[Any, tuple[Any, ...]], bool]) -> tuple[Any, ...] | None:
    """A random place whose value is wanted; every list of many alike is as likely as its neighbours."""
    found = [path for path in places(document) if path and wanted(get(document, path), path)]
    if not found:
        return None
    # Half of the time by the kind of place, so that one long list does not take all of it.
    if rng.random() < 0.5:
        kinds = sorted({tuple(str(key) for key in path if not isinstance(key, int)) for path in found})
        kind = rng.choice(kinds)
        found = [path for path in found if tuple(str(key) for key in path if not isinstance(key, int)) == kind]
    return rng.choice(found)


def is_hex(value: Any) -> bool:
    text = value.removeprefix("0x") if isinstance(value, str) else ""
    return len(text) >= 8 and all(sign in "0123456789abcdef" for sign in text)


def is_decimal(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


# Mutations of a document, bundle or policy alike.


def change_hex(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: is_hex(value))
    if path is None:
        return None
    text = get(document, path)
    at = rng.randrange(2 if text.startswith("0x") else 0, len(text))
    other = rng.choice([sign for sign in "0123456789abcdef" if sign != text[at]])
    return put(document, path, text[:at] + other + text[at + 1 :])


def change_length(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: isinstance(value, str) and len(value) > 2)
    text = get(document, path)  # type: ignore[arg-type]
    return put(document, path, rng.choice([text[:-1], text[:-2], text + text[-1], text + text[-2:], text.upper(), "", text + "\n"]))  # type: ignore[arg-type]


def change_number(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: is_decimal(value) or type(value) is int)
    if path is None:
        return None
    value = get(document, path)
    number = int(value)
    other = rng.choice([number + 1, number - 1, 2 * number, number + 2**32, number + 2**64, -number, rng.choice(EDGES)])
    if isinstance(value, str):
        return put(
            document, path, rng.choice([str(other), str(other), str(other), f"0{number}", f"+{number}", f" {number}", f"{number}.0"])
        )
    return put(document, path, other if abs(other) < 2**53 else 2**53 - 1)


def change_character(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: isinstance(value, str) and len(value) > 0)
    text = get(document, path)  # type: ignore[arg-type]
    at = rng.randrange(len(text))
    sign = rng.choice('aZ09+/=._- \n\t\u2014\u0085\u2003é电\U0001f33f\x00\x7f"\\')
    return put(document, path, text[:at] + sign + text[at + 1 :])  # type: ignore[arg-type]


def change_type(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: True)
    values = [None, True, False, 0, 1, "", "0", "x", [], {}, ["x"], {"x": "y"}, [[]], "0x", "0x00"]
    return put(document, path, rng.choice(values))  # type: ignore[arg-type]


def set_null(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, path: value is not None and isinstance(path[-1], str))
    return put(document, path, None)  # type: ignore[arg-type]


def drop(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: isinstance(value, (dict, list)) and len(value) > 0)
    if path is None:
        return None
    holder = copy.copy(get(document, path))
    del holder[rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))]
    return put(document, path, holder)


def insert(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: isinstance(value, (dict, list)))
    holder = copy.copy(get(document, path))  # type: ignore[arg-type]
    if isinstance(holder, dict):
        holder["odd"] = rng.choice([None, "x"])
    elif holder:
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(rng.choice(holder)))
    else:
        holder.append(rng.choice(["0x80", "x", "00" * 32, {}]))
    return put(document, path, holder)  # type: ignore[arg-type]


def swap_items(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, _: isinstance(value, list) and len(value) > 1)
    if path is None:
        return None
    items = list(get(document, path))
    a, b = rng.sample(range(len(items)), 2)
    items[a], items[b] = items[b], items[a]
    return put(document, path, items)


def swap_fields(rng: random.Random, document: Any) -> Any:
    """Exchange two values of one type in one object, or of one form anywhere."""
    one = pick(rng, document, lambda value, _: isinstance(value, str) and len(value) > 8)
    if one is None:
        return None
    text = get(document, one)
    two = pick(rng, document, lambda value, path: isinstance(value, str) and len(value) == len(text) and path != one)
    return None if two is None else put(put(document, one, get(document, two)), two, text)


def graft(rng: random.Random, document: Any) -> Any:
    """Put one part in the place of another of the same name."""
    one = pick(rng, document, lambda value, path: isinstance(value, (dict, list)) and isinstance(path[-1], str))
    if one is None:
        return None
    two = pick(rng, document, lambda value, path: path[-1] == one[-1] and path != one and value != get(document, one))
    return None if two is None else put(document, one, copy.deepcopy(get(document, two)))


# Mutations that need to know what they spoil.


def move_sums(rng: random.Random, document: Any) -> Any:
    path = pick(rng, document, lambda value, path: path[-1] == "path" and isinstance(value, list) and len(value) > 0)
    if path is None:
        return None
    nodes = copy.deepcopy(get(document, path))
    amount, measure = rng.choice([1, 1000, 2**95, 2**96, 2**127]), rng.randrange(4)
    taken, given = rng.choice(nodes)["sums"], rng.choice(nodes)["sums"]
    taken[measure] = str(max(0, int(taken[measure]) - amount))
    given[measure if rng.random() < 0.7 else rng.randrange(4)] = str(int(given[measure]) + amount)
    return put(document, path, nodes)


def change_tree(rng: random.Random, document: Any) -> Any:
    """The index, size, totals or a leaf's values, by the edges of the arithmetic."""
    names = ("index", "n", "totals", "values", "sums")
    path = pick(rng, document, lambda value, path: any(name in path[-2:] for name in names) and (is_decimal(value) or type(value) is int))
    if path is None:
        return None
    value = get(document, path)
    number = int(value)
    choices = [number + 1, max(0, number - 1), 2 * number, number + 2**32, number ^ 1, *EDGES]
    other = rng.choice(choices)
    return put(document, path, str(other) if isinstance(value, str) else min(other, 2**32 - 1))


def change_record(rng: random.Random, document: Any) -> Any:
    """A byte of what base64 holds."""
    path = pick(rng, document, lambda value, path: path[-1] in ("record", "slots") and isinstance(value, str))
    if path is None:
        return None
    try:
        data = bytearray(base64.b64decode(get(document, path)))
    except ValueError:
        return None
    if not data:
        return None
    chance = rng.random()
    if chance < 0.6:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif chance < 0.8:
        data[rng.randrange(min(96, len(data)))] = rng.choice([0, 1, 2, 6, 7, 0x7F, 0x80, 0xFF])
    else:
        data = data[: rng.randrange(len(data))] if chance < 0.9 else data + bytes(rng.choice([1, 9, 32]))
    return put(document, path, base64.b64encode(bytes(data)).decode())


def change_rlp(rng: random.Random, document: Any) -> Any:
    """An item of a header, receipt or trie node, encoded again as RLP."""
    path = pick(
        rng, document, lambda value, path: is_hex(value) and any(name in path for name in ("headers", "proof", "account_proof", "value"))
    )
    if path is None:
        return None
    data = bytes.fromhex(get(document, path)[2:])
    typed = data[:1] if data[:1] < b"\x80" else b""
    try:
        item = rlp.decode(data[len(typed) :])
    except rlp.exceptions.RLPException:
        return None
    if not isinstance(item, list) or not item:
        return None
    at = rng.randrange(len(item))
    part = item[at]
    empty: list[Any] = []
    others = [b"", b"\x00", bytes(32), empty, [b""], item[at - 1], part + part if isinstance(part, bytes) else part * 2]
    item[at] = rng.choice([other for other in others if other != part])
    if rng.random() < 0.2:
        del item[at]
    return put(document, path, "0x" + (typed + rlp.encode(item)).hex())


def change_seals(rng: random.Random, document: Any) -> Any:
    """The seals of a QBFT header: one fewer, doubled, in the other writing, of another round, by other validators."""
    headers = document.get("headers")
    if not headers:
        return None
    at = rng.randrange(len(headers))
    try:
        fields = rlp.decode(bytes.fromhex(headers[at][2:]))
        extra = rlp.decode(fields[12])
        seals = extra[4]
    except (ValueError, IndexError, rlp.exceptions.RLPException):
        return None
    if not isinstance(extra, list) or not isinstance(seals, list) or not seals:
        return None
    seal = rng.choice(seals)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = seal[:32] + (order - int.from_bytes(seal[32:64], "big")).to_bytes(32, "big") + bytes([1 - seal[64]])
    spoil: list[Callable[[], Any]] = [
        lambda: seals.remove(seal),
        lambda: seals.append(seal),
        lambda: seals.append(high),
        lambda: seals.__setitem__(seals.index(seal), high),
        lambda: seals.__setitem__(seals.index(seal), seal[:64] + bytes([27 + seal[64]])),
        lambda: seals.__setitem__(seals.index(seal), bytes(65)),
        lambda: seals.reverse(),
        lambda: extra.__setitem__(3, rng.choice([b"", b"\x02", b"\x00\x01", b"\x01" * 5])),
        lambda: extra[1].pop(rng.randrange(4)),
        lambda: extra[1].reverse(),
        lambda: extra.__setitem__(2, rng.choice([b"", [bytes(20), b"\xff"], [bytes(20), b""], [bytes(20), b"\x01"], [bytes(19), b""]])),
        lambda: extra.append(b""),
        lambda: extra.__setitem__(0, bytes(31)),
    ]
    rng.choice(spoil)()
    fields[12] = rlp.encode(extra)
    return put(document, ("headers", at), "0x" + rlp.encode(fields).hex())


def change_note(rng: random.Random, document: Any) -> Any:
    """The checkpoint: its text, a line dropped, doubled, moved, renamed, of a stranger, with a changed byte."""
    finality = document.get("finality")
    if not isinstance(finality, dict) or "checkpoint" not in finality:
        return None
    note = finality["checkpoint"]
    text, _, lines = note.partition("\n\n")
    signatures = lines.split("\n")[:-1]
    if not signatures:
        return None
    at = rng.randrange(len(signatures))
    dash, name, encoded = signatures[at].split(" ")
    payload = bytearray(base64.b64decode(encoded))
    payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
    damaged = f"{dash} {name} {base64.b64encode(bytes(payload)).decode()}"
    stranger = bw.cosignature(*bw.STRANGER, text + "\n", bw.NOW)[:-1]
    others = [
        [*signatures[:at], *signatures[at + 1 :]],
        [*signatures, signatures[at]],
        [*signatures[:at], damaged, *signatures[at + 1 :]],
        [*signatures, damaged],
        [*signatures, stranger],
        [stranger],
        signatures[::-1],
        [*signatures, f"{dash} {rng.choice(['other', 'a+b', 'a b', 'ä', ''])} {encoded}"],
        [*signatures, f"- {name} {encoded}"],
        [*signatures, f"{dash} {name} {encoded[:-4]}"],
        [*signatures, *([stranger] * 33)],
        [*signatures, ""],
        [],
    ]
    chosen = rng.choice(others)
    if rng.random() < 0.25:
        parts = text.split("\n")
        parts[rng.randrange(len(parts))] = rng.choice(
            ["", "0", "9", "09", "10", "99999999999999999999", "x", base64.b64encode(bytes(32)).decode()]
        )
        text = "\n".join(parts)
    return put(document, ("finality", "checkpoint"), text + "\n\n" + "".join(line + "\n" for line in chosen))


def withhold(rng: random.Random, document: Any) -> Any:
    """What may be left out, left out."""
    ways: list[Callable[[Any], Any]] = [
        lambda d: put(d, ("finality",), None),
        lambda d: put(d, ("finality",), {"kind": "seals"}),
        lambda d: put(d, ("inputs",), None),
        lambda d: put(d, ("claim",), None),
        lambda d: put(d, ("finality", "consistency"), None),
        lambda d: put(d, ("finality", "consistency"), []),
        lambda d: put(d, ("claim", "status"), None),
        lambda d: put(d, ("claim", "certificate"), None),
        lambda d: put(d, ("claim", "status", "certificate"), None),
        lambda d: put(d, ("claim", "verdicts"), d["claim"]["verdicts"][:-1]),
        *(lambda d, at=at: put(d, ("datasets", at, "anchor"), None) for at in (0, 1)),
        *(lambda d, at=at: put(put(d, ("datasets", at, "anchor"), None), ("datasets", at, "attestation"), None) for at in (0, 1)),
        *(lambda d, name=name: put(d, ("datasets", 0, "items", 0, name), None) for name in ("slots", "asset", "exposures")),
        *(lambda d, kind=kind: put(d, ("subject", "kind"), kind) for kind in ("leaf", "claim", "statement")),
    ]
    try:
        changed = rng.choice(ways)(document)
    except (KeyError, IndexError, TypeError):
        return None
    return None if changed == document else changed


def resign(rng: random.Random, document: Any) -> Any:
    """A signature or signer spoiled: the other v, high s, r and s at the edges, somebody else named."""
    path = pick(rng, document, lambda value, path: path[-1] == "signature" and is_hex(value))
    if path is None:
        return None
    data = bytes.fromhex(get(document, path)[2:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(data[32:64], "big")).to_bytes(32, "big")
    others = [
        data[:64] + bytes([55 - data[64]]),
        data[:32] + high + bytes([55 - data[64]]),
        data[:32] + high + data[64:],
        data[:64] + bytes([data[64] - 27]),
        bytes(32) + data[32:],
        order.to_bytes(32, "big") + data[32:],
        data[:32] + order.to_bytes(32, "big") + data[64:],
        data[:32] + bytes(32) + data[64:],
        b"\xff" * 64 + data[64:],
    ]
    return put(document, path, "0x" + rng.choice(others).hex())


MUTATIONS: dict[str, Callable[[random.Random, Any], Any]] = {
    "hex digit": change_hex,
    "length": change_length,
    "number": change_number,
    "character": change_character,
    "type": change_type,
    "null": set_null,
    "drop": drop,
    "insert": insert,
    "swap items": swap_items,
    "swap fields": swap_fields,
    "graft": graft,
    "move sums": move_sums,
    "tree": change_tree,
    "record": change_record,
    "rlp": change_rlp,
    "seals": change_seals,
    "note": change_note,
    "withhold": withhold,
    "signature": resign,
}


def spoil_bytes(rng: random.Random, data: bytes) -> bytes:
    """A byte changed, dropped or added, or another writing of the same document."""
    at = rng.randrange(len(data))
    ways: list[Callable[[], bytes]] = [
        *[lambda: data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]] * 6,
        lambda: data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :],
        lambda: data[:at] + data[at + 1 :],
        lambda: data[:at] + data[at : at + 1] + data[at:],
        lambda: data[:at],
        lambda: json.dumps(json.loads(data), indent=1, ensure_ascii=False).encode(),
        lambda: json.dumps(json.loads(data), separators=(",", ":"), sort_keys=True).encode(),
        lambda: b"\xef\xbb\xbf" + data,
        lambda: data + b"\n",
        lambda: data.replace(b"{", b'{"schema":"x",', 1),
    ]
    return rng.choice(ways)()


def policy_mutation(rng: random.Random, base: Base) -> tuple[str, Any]:
    """A policy that trusts otherwise."""
    policy = base.policy
    keys, contracts, validators = policy["keys"], policy["contracts"], policy["validators"]
    at = rng.randrange(len(keys))
    contract = rng.choice(sorted(contracts))
    name = rng.choice(sorted(policy["schemas"]))
    ways: list[tuple[str, Callable[[], Any]]] = [
        ("key removed", lambda: put(policy, ("keys",), keys[:at] + keys[at + 1 :])),
        (
            "key ended",
            lambda: put(policy, ("keys", at, "valid_to"), rng.choice(["2025-01-02T00:00:00Z", "2025-04-07T04:26:43Z", str(base.now)])),
        ),
        ("key begins", lambda: put(policy, ("keys", at, "valid_from"), rng.choice(["2025-12-01T00:00:00Z", str(bw.BLOCK_TIME + 4)]))),
        ("key of another role", lambda: put(policy, ("keys", at, "role"), rng.choice(["approver", "verifier", "certifier", "logkeeper"]))),
        ("key of another institution", lambda: put(policy, ("keys", at, "institution"), rng.choice(["bank-a", "gfc", "bank-b"]))),
        ("contract removed", lambda: put(policy, ("contracts",), {k: v for k, v in contracts.items() if k != contract})),
        ("other address", lambda: put(policy, ("contracts", contract, "address"), "0x" + "dd" * 20)),
        ("other code", lambda: put(policy, ("contracts", contract, "code_hash"), "00" * 32)),
        ("no slots", lambda: put(policy, ("contracts", contract, "slots"), {})),
        ("other slots", lambda: put(policy, ("contracts", contract, "slots"), {"records": 1, "claims": 5, "certificates": None})),
        ("other schema", lambda: put(policy, ("schemas", name), "00" * 32)),
        ("no schema", lambda: put(policy, ("schemas",), {k: v for k, v in policy["schemas"].items() if k != name})),
        ("no library", lambda: put(policy, ("libraries",), ["00" * 32])),
        ("expired", lambda: put(policy, ("expires",), rng.choice(["2025-02-01T00:00:00Z", "2025-02-30T00:00:00Z", None]))),
        ("issued later", lambda: put(policy, ("issued",), rng.choice(["2099-01-01T00:00:00Z", "2025-13-01T00:00:00Z"]))),
        ("other chain", lambda: put(policy, ("chain", "id"), 5)),
        ("other kind", lambda: put(policy, ("chain", "kind"), rng.choice(["embedded", "qbft", "test"]))),
        ("no checkpoint", lambda: put(policy, ("checkpoint",), None)),
        ("no witnesses", lambda: put(policy, ("witnesses",), None)),
        ("threshold", lambda: put(policy, ("signers", "threshold"), rng.choice([1, 2, 3, 4]))),
        ("max age", lambda: put(policy, ("max_age",), rng.choice([None, 0, 1, 99, 100, 101, 10**9]))),
        ("slots of no kind", lambda: put(policy, ("contracts", contract, "slots"), {"odd": 1})),
    ]
    if policy["checkpoint"] is not None and base.world is not None:
        pinned = rng.choice([3, 6, base.world.options.log_size])
        stranger = bw.witness_key(*bw.STRANGER)
        ways += [
            ("pinned elsewhere", lambda: put(policy, ("checkpoint", "pinned"), base.world.checkpoint(pinned, {}))),  # type: ignore[union-attr]
            ("pinned badly", lambda: put(policy, ("checkpoint", "pinned"), "x\n1\ny\n\n")),
            ("other origin", lambda: put(policy, ("checkpoint", "origin"), "lingtan/1/00")),
            ("other log key", lambda: put(policy, ("checkpoint", "vkey"), bw.vkey(bw.STRANGER[1], bw.ORIGIN)[0])),
            ("spoiled log key", lambda: put(policy, ("checkpoint", "vkey"), policy["checkpoint"]["vkey"][:-4])),
        ]
        if policy["witnesses"] is not None:
            ways += [
                ("quorum", lambda: put(policy, ("witnesses", "quorum"), rng.choice([1, 2, 3, 4]))),
                ("witness removed", lambda: put(policy, ("witnesses", "keys"), policy["witnesses"]["keys"][1:])),
                ("witness added", lambda: put(policy, ("witnesses", "keys"), [*policy["witnesses"]["keys"], stranger])),
                ("witness twice", lambda: put(policy, ("witnesses", "keys"), policy["witnesses"]["keys"] * 2)),
            ]
    if validators:
        own = validators[0]["addresses"]
        ways += [
            ("other validators", lambda: put(policy, ("validators", 0, "addresses"), [*own[:3], "0x" + "99" * 20])),
            ("fewer validators", lambda: put(policy, ("validators", 0, "addresses"), own[: rng.randrange(4)])),
            ("validators of other blocks", lambda: put(policy, ("validators", 0, "from"), rng.choice([3, 4, 100]))),
            ("validators to a block", lambda: put(policy, ("validators", 0, "to"), rng.choice([2, 3, 5, 8]))),
            ("no validators", lambda: put(policy, ("validators",), None)),
            (
                "validators in two ranges",
                lambda: put(
                    policy, ("validators",), [{"from": 5, "addresses": own}, {"from": 0, "to": rng.choice([4, 5]), "addresses": own}]
                ),
            ),
            ("validators twice", lambda: put(policy, ("validators", 0, "addresses"), [*own, own[0]])),
        ]
    what, change = rng.choice(ways)
    return what, change()


def spoiled_policy(rng: random.Random, base: Base) -> tuple[str, bytes | None]:
    """A policy by its purpose, or signed wrongly, or spoiled like a document, or none."""
    chance = rng.random()
    if chance < 0.04:
        return "no policy", None
    if chance < 0.6:
        what, body = policy_mutation(rng, base)
        return f"policy, {what}", jcs(base.sign(body))
    signed = base.sign(base.policy)
    if chance < 0.7:
        return "policy, signatures", jcs(
            put(signed, ("signatures",), rng.choice([signed["signatures"][:1], [], signed["signatures"][::-1]]))
        )
    if chance < 0.75:
        return "policy, bytes", spoil_bytes(rng, jcs(signed))
    name = rng.choice(
        [key for key in MUTATIONS if key not in ("move sums", "tree", "record", "rlp", "seals", "note", "withhold", "signature")]
    )
    changed = MUTATIONS[name](rng, signed if chance < 0.85 else base.policy)
    if changed is None or not isinstance(changed, dict):
        return "policy, expired", jcs(base.sign(put(base.policy, ("expires",), "2025-02-01T00:00:00Z")))
    return f"policy, {name}", jcs(changed if chance < 0.85 else base.sign(changed))


def spoiled_setting(rng: random.Random, base: Base) -> Case:
    """The clock and the key that the reader gives."""
    fingerprint = hashlib.sha256(bytes.fromhex(base.policy_key)).hexdigest()
    grouped = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    encoded = base64.b64encode(bytes.fromhex(base.policy_key)).decode()
    keys = [
        None,
        "",
        "00" * 32,
        fingerprint,
        "sha256:" + grouped,
        "0x" + base.policy_key,
        f" {encoded} ",
        f"{base.policy_key},{fingerprint}",
        f"{base.policy_key},x",
    ]
    if rng.random() < 0.6:
        return base.case("policy key", policy_key=rng.choice(keys))
    times = [0, base.now - 86_400 * 365, base.now + 86_400 * 29, base.now + 86_400 * 31, base.now + 10**9, base.now - 402, base.now - 400]
    return base.case("clock", now=rng.choice(times))


def spoiled(rng: random.Random, chosen: list[Base]) -> Case:
    """One case: a base with one mutation, seldom two, seldom of the policy, the clock or the key."""
    base = rng.choice(chosen)
    chance = rng.random()
    if chance < 0.06:
        return spoiled_setting(rng, base)
    if chance < 0.22:
        name, policy = spoiled_policy(rng, base)
        return replace(base.case(name), policy=policy)
    if chance < 0.34:
        case = base.case("bytes")
        return replace(case, bundle=spoil_bytes(rng, case.bundle))
    document, names = base.document, []
    for _ in range(2 if chance > 0.92 else 1):
        for _ in range(20):
            name = rng.choice(list(MUTATIONS))
            changed = MUTATIONS[name](rng, document) if isinstance(document, dict) else None
            if changed is not None:
                document, names = changed, [*names, name]
                break
    return base.case(" and ".join(names), document)


def cases(seed: int, count: int, chosen: list[Base]) -> Iterator[Case]:
    """Yield every base as it is, then `count` spoiled ones."""
    rng = random.Random(seed)
    yield from (base.case("as it is") for base in chosen)
    for _ in range(count):
        yield spoiled(rng, chosen)
