"""What every contract wrapper shares: its address and domain, call data for signed messages, views, events, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, TypeVar

from ledger.chain.abi import Event
from ledger.chain.artifacts import load_artifact
from ledger.chain.client import ChainClient
from ledger.chain.errors import ChainRefused
from ledger.chain.transaction import Call
from ledger.chain.typed_data import Domain, TypedStruct
from ledger.chain.typed_data.encoding import camel_case
from ledger.errors import InputError, SignatureRefused

SIGNATURE_LENGTH = 65
R = TypeVar("R")
S = TypeVar("S", bound=TypedStruct)


class Contract:
    """One deployed contract. Writes give call data for the outbox; only views and events touch the chain."""

    name: ClassVar[str]
    gas: ClassVar[Mapping[str, int]]

    def __init__(self, client: ChainClient, address: str) -> None:
        self._client = client
        self.address = address
        self.abi = load_artifact(self.name).abi
        self.domain = Domain(client.chain_id, address)

    def prepare(self, message: TypedStruct, signature: bytes) -> Call:
        """Return the call that submits a signed message; its gas limit bounds what the function can use.

        Raises:
            InputError: the message belongs to another contract.
            SignatureRefused: not 65 bytes. Who signed is for `ledger.chain.participants` and the contract to judge.
        """
        if message.contract != self.name:
            raise InputError(
                f"a {type(message).__name__} goes to {message.contract}, not to {self.name}", hint=f"use the wrapper of {message.contract}"
            )
        if len(signature) != SIGNATURE_LENGTH:
            raise SignatureRefused(f"the signature has {len(signature)} bytes, expected 65", hint="send r ‖ s ‖ v")
        return Call(self.address, self.abi.encode_call(message.method, (message.as_tuple(), signature)), self._gas_for(message))

    def read_call(self, struct: type[S], data: bytes) -> tuple[S, bytes]:
        """Return the signed message that call data submits, with its signature: `prepare` read backwards.

        Raises:
            ChainError: the data submits something else.
        """
        members, signature = self.abi.decode_call(struct.method, data)
        return struct(*members), bytes(signature)

    def events(self, logs: Iterable[Mapping[str, Any]]) -> tuple[Event, ...]:
        """Return this contract's events among the JSON-RPC logs of one receipt."""
        return self.abi.decode_logs(logs, self.address)

    def _view(self, function: str, *arguments: Any, block: int | None = None) -> tuple[Any, ...]:
        """Return what a view answers at a block (None: the head).

        Raises:
            ChainRefused: with the contract's own name for the refusal.
        """
        data = self.abi.encode_call(function, arguments)
        try:
            answer = self._client.call(self.address, data, block="latest" if block is None else block)
        except ChainRefused as error:
            raise self.abi.refused(error) from error
        return self.abi.decode_output(function, answer)

    def _record(self, record: type[R], function: str, *arguments: Any, block: int | None = None) -> R:
        """Return what a view answers as a dataclass: each field takes the output whose name is the same in camel case."""
        values = self._view(function, *arguments, block=block)
        names = self.abi.output_names(function)
        named = dict(zip(names, values[0] if len(values) == 1 and len(names) > 1 else values, strict=True))
        return record(**{field.name: named[camel_case(field.name)] for field in fields(record)})  # type: ignore[arg-type]

    def _gas_for(self, message: TypedStruct) -> int:
        return self.gas[message.method]
