"""EIP-712 hashing of our structs, and their JSON message form (spec: typed-data; documents §6).

A struct is a frozen dataclass whose annotations carry the Solidity type; everything else (type string, hash, message, tuple for the ABI)
follows from them. Guarantees: a struct that exists is in range; `from_message(to_message(x)) == x`. It does not check meaning (roles,
order of dates, who may sign): the contracts and the services do.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar, Self, cast, get_args, get_type_hints

from eth_hash.auto import keccak
from eth_utils.address import is_checksum_address, to_checksum_address

from ledger.errors import InputError

Bytes32 = Annotated[bytes, "bytes32"]
Address = Annotated[str, "address"]
Bool = Annotated[bool, "bool"]
Uint8 = Annotated[int, "uint8"]
Uint32 = Annotated[int, "uint32"]
Uint64 = Annotated[int, "uint64"]
Totals = Annotated[tuple[int, int, int, int], "uint128[4]"]
Bytes32List = Annotated[tuple[bytes, ...], "bytes32[]"]

DOMAIN_NAME = "Lingtan"
DOMAIN_VERSION = "1"
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
MAX_LIST_LENGTH = 1024

_HEX = re.compile(r"0x([0-9a-f]{2})*")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,77}")
_ARRAY = re.compile(r"(?P<item>.+)\[(?P<length>[0-9]*)\]")


@dataclass(frozen=True)
class Domain:
    """The EIP-712 domain of one contract on one chain; `contract` is an EIP-55 address."""

    chain_id: int
    contract: str

    def separator(self) -> bytes:
        """Return the 32-byte domain separator."""
        return _separator(self.chain_id, self.contract)

    def to_message(self) -> dict[str, object]:
        """Return the domain as wallets want it."""
        return {"name": DOMAIN_NAME, "version": DOMAIN_VERSION, "chainId": str(self.chain_id), "verifyingContract": self.contract.lower()}


@dataclass(frozen=True)
class StructField:
    """One member of a struct: its Solidity name and type, and the attribute that holds it."""

    name: str
    type: str
    attribute: str


class TypedStruct:
    """Base of the signed structs: a frozen dataclass whose annotations carry Solidity types.

    `contract` names the contract that receives the message, `method` its function that takes (struct, signature), and `roles` the roles
    whose key signs; none for what the admin signs.
    """

    contract: ClassVar[str]
    method: ClassVar[str]
    roles: ClassVar[tuple[int, ...]] = ()

    def __post_init__(self) -> None:
        problems = [
            {"field": field.name, "got": _short(value), "expected": expected}
            for field in struct_fields(type(self))
            if (expected := _check(field.type, value := getattr(self, field.attribute))) is not None
        ]
        if problems:
            raise _refusal(type(self), problems)
        for field in struct_fields(type(self)):
            if field.type == "address":
                object.__setattr__(self, field.attribute, to_checksum_address(getattr(self, field.attribute)))

    def struct_hash(self) -> bytes:
        """Return `hashStruct` of EIP-712: 32 bytes."""
        words = b"".join(_encode(field.type, getattr(self, field.attribute)) for field in struct_fields(type(self)))
        return keccak(type_hash(type(self)) + words)

    def digest(self, domain: Domain) -> bytes:
        """Return the 32 bytes that are signed: keccak256(0x1901 ‖ domain separator ‖ struct hash)."""
        return keccak(b"\x19\x01" + domain.separator() + self.struct_hash())

    def as_tuple(self) -> tuple[Any, ...]:
        """Return the values in the struct's order, as an ABI encoder takes them."""
        return tuple(getattr(self, field.attribute) for field in struct_fields(type(self)))

    def to_message(self) -> dict[str, object]:
        """Return the JSON message: integers as decimal strings, bytes and addresses as lower-case 0x hex."""
        return {field.name: _write(field.type, getattr(self, field.attribute)) for field in struct_fields(type(self))}

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Return the struct of a JSON message.

        Raises:
            InputError: unknown, missing, malformed or out-of-range fields, all of them in `facts["fields"]`.
        """
        known = struct_fields(cls)
        problems: list[dict[str, str]] = []
        for name in sorted(set(message) - {field.name for field in known}):
            problems.append({"field": name, "got": "a field that this struct has not", "expected": "no such field"})
        values: dict[str, Any] = {}
        for field in known:
            if field.name not in message:
                problems.append({"field": field.name, "got": "missing", "expected": _expected(field.type)})
                continue
            try:
                values[field.attribute] = _read(field.type, message[field.name])
            except ValueError:
                problems.append({"field": field.name, "got": _short(message[field.name]), "expected": _expected(field.type)})
        if problems:
            raise _refusal(cls, problems)
        return cls(**values)

    def to_typed_data(self, domain: Domain) -> dict[str, object]:
        """Return the whole EIP-712 document for a wallet's `eth_signTypedData_v4`."""
        members = [{"name": field.name, "type": field.type} for field in struct_fields(type(self))]
        domain_members = [part.split(" ") for part in DOMAIN_TYPE[len("EIP712Domain(") : -1].split(",")]
        return {
            "types": {"EIP712Domain": [{"name": name, "type": kind} for kind, name in domain_members], type(self).__name__: members},
            "primaryType": type(self).__name__,
            "domain": domain.to_message(),
            "message": self.to_message(),
        }


def struct_fields(struct: type[TypedStruct]) -> tuple[StructField, ...]:
    """Return the members of a struct in their order."""
    return _describe(cast(Hashable, struct)).fields


def type_string(struct: type[TypedStruct]) -> str:
    """Return `encodeType`: the name and members as the spec prints them."""
    return _describe(cast(Hashable, struct)).type_string


def type_hash(struct: type[TypedStruct]) -> bytes:
    """Return keccak256 of the type string."""
    return _describe(cast(Hashable, struct)).type_hash


@dataclass(frozen=True)
class _Description:
    fields: tuple[StructField, ...]
    type_string: str
    type_hash: bytes


@cache
def _describe(struct: Any) -> _Description:
    hints = get_type_hints(struct, include_extras=True)
    members = tuple(StructField(camel_case(field.name), get_args(hints[field.name])[1], field.name) for field in fields(struct))
    text = f"{struct.__name__}({','.join(f'{member.type} {member.name}' for member in members)})"
    return _Description(members, text, keccak(text.encode()))


@cache
def _separator(chain_id: int, contract: str) -> bytes:
    head = keccak(DOMAIN_TYPE.encode()) + keccak(DOMAIN_NAME.encode()) + keccak(DOMAIN_VERSION.encode())
    return keccak(head + chain_id.to_bytes(32, "big") + _encode("address", contract))


def camel_case(name: str) -> str:
    """Return the Solidity spelling of a name: `period_start` → `periodStart`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _encode(kind: str, value: Any) -> bytes:
    if array := _ARRAY.fullmatch(kind):
        return keccak(b"".join(_encode(array["item"], item) for item in value))
    if kind == "address":
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    if kind == "bytes32":
        return bytes(value)
    return int(value).to_bytes(32, "big")


def _expected(kind: str) -> str:
    if array := _ARRAY.fullmatch(kind):
        count = array["length"] or f"at most {MAX_LIST_LENGTH}"
        return f"a list of {count} items, each {_expected(array['item'])}"
    if kind == "address":
        return "an address: 0x and 40 hex digits, lower case or with its EIP-55 checksum"
    if kind == "bytes32":
        return "32 bytes: 0x and 64 lower-case hex digits"
    if kind == "bool":
        return "true or false"
    return f"a decimal string of an integer from 0 to 2^{kind[4:]} - 1"


def _check(kind: str, value: object) -> str | None:
    """Return what was expected where `value` is not of this type; None where it is."""
    return None if _fits(kind, value) else _expected(kind)


def _fits(kind: str, value: object) -> bool:
    if array := _ARRAY.fullmatch(kind):
        if not isinstance(value, tuple) or len(value) > MAX_LIST_LENGTH or (array["length"] and len(value) != int(array["length"])):
            return False
        return all(_fits(array["item"], item) for item in value)
    if kind == "address":
        return isinstance(value, str) and _is_address(value)
    if kind == "bytes32":
        return isinstance(value, bytes) and len(value) == 32
    if kind == "bool":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2 ** int(kind[4:])


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and (text[2:] == text[2:].lower() or is_checksum_address(text))


def _write(kind: str, value: Any) -> object:
    if array := _ARRAY.fullmatch(kind):
        return [_write(array["item"], item) for item in value]
    if kind == "address":
        return str(value).lower()
    if kind == "bytes32":
        return "0x" + value.hex()
    return value if kind == "bool" else str(int(value))


def _read(kind: str, value: object) -> object:
    """Return the value of one JSON member; ValueError where it has another form."""
    result: object = value
    if array := _ARRAY.fullmatch(kind):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError
        result = tuple(_read(array["item"], item) for item in value)
    elif kind == "bytes32":
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise ValueError
        result = bytes.fromhex(value[2:])
    elif kind.startswith("uint"):
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            raise ValueError
        result = int(value)
    if not _fits(kind, result):
        raise ValueError
    return result


def _short(value: object) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _refusal(struct: type[TypedStruct], problems: list[dict[str, str]]) -> InputError:
    listed = "; ".join(f"{item['field']}: got {item['got']}, expected {item['expected']}" for item in problems)
    return InputError(
        f"not a {struct.__name__} message: {listed}",
        hint=f"send exactly the fields of {type_string(struct)}",
        struct=struct.__name__,
        fields=tuple(problems),
    )
