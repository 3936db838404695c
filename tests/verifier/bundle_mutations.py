"""Spoil a document, by its form or by what it means: each mutation takes a random generator and a document, and returns another or None."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import rlp

from tests.verifier import bundle_world as bw

EDGES = [0, 1, 2**32 - 1, 2**32, 2**53, 2**63, 2**64 - 1, 2**64, 2**96 - 1, 2**96, 2**127, 2**128 - 1, 2**128, 2**256 - 1, 2**256]


def jcs(value: Any) -> bytes:
    """RFC 8785 for what stands in these documents: ASCII keys, no floats. Ten times as fast as the library's."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


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
