"""A small contract in hand-written EVM code, so that the engine's tests need no compiler, and helpers to send it things.

The first byte of the call data says what it does; a word is the 32 bytes that follow, and the next one.
"""

from __future__ import annotations

from pathlib import Path

from ledger.chain.embedded.blocks import Genesis
from ledger.chain.embedded.engine import Engine
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, created_address, sign_transaction
from ledger.clock import Clock, FixedClock

CHAIN_ID = 7001
START = 1_764_000_000
ALICE, BOB, CAROL = (Signer(bytes([number]) * 32) for number in (1, 2, 3))

# Actions: store word 1 = word 2 and log both; revert with the rest of the call data; answer chain id, block number, time, base fee, caller;
# loop for ever; run into an invalid opcode; answer the hash of the parent block; answer the word stored under word 1.
STORE, REVERT, CONTEXT, LOOP, INVALID, PARENT, LOAD = range(1, 8)

_OPCODES = {
    "EQ": 0x14, "BYTE": 0x1A, "CALLER": 0x33, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "BLOCKHASH": 0x40,
    "TIMESTAMP": 0x42, "NUMBER": 0x43, "CHAINID": 0x46, "BASEFEE": 0x48, "POP": 0x50, "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55,
    "JUMP": 0x56, "JUMPI": 0x57, "JUMPDEST": 0x5B, "DUP1": 0x80, "LOG2": 0xA2, "RETURN": 0xF3, "REVERT": 0xFD, "INVALID": 0xFE, "SUB": 0x03,
    "STOP": 0x00,
}  # fmt: skip

_PROGRAM = """
0 CALLDATALOAD 0 BYTE
DUP1 1 EQ @store JUMPI  DUP1 2 EQ @revert JUMPI  DUP1 3 EQ @context JUMPI  DUP1 4 EQ @loop JUMPI
DUP1 5 EQ @invalid JUMPI  DUP1 6 EQ @parent JUMPI  DUP1 7 EQ @load JUMPI  STOP
:store 33 CALLDATALOAD 1 CALLDATALOAD SSTORE  33 CALLDATALOAD 0 MSTORE  33 CALLDATALOAD 1 CALLDATALOAD 32 0 LOG2 STOP
:revert 1 CALLDATASIZE SUB 1 0 CALLDATACOPY  1 CALLDATASIZE SUB 0 REVERT
:context CHAINID 0 MSTORE NUMBER 32 MSTORE TIMESTAMP 64 MSTORE BASEFEE 96 MSTORE CALLER 128 MSTORE 160 0 RETURN
:loop @loop JUMP
:invalid INVALID
:parent 1 NUMBER SUB BLOCKHASH 0 MSTORE 32 0 RETURN
:load 1 CALLDATALOAD SLOAD 0 MSTORE 32 0 RETURN
"""


def assemble(program: str) -> bytes:
    """Return the code of a program: opcodes, small numbers (pushed), :label and @label."""
    words = program.split()
    labels: dict[str, int] = {}
    at = 0
    for word in words:
        if word[0] == ":":
            labels[word[1:]] = at
        at += 3 if word[0] == "@" else 2 if word.isdigit() else 1
    code = b""
    for word in words:
        if word[0] == ":":
            code += bytes([_OPCODES["JUMPDEST"]])
        elif word[0] == "@":
            code += b"\x61" + labels[word[1:]].to_bytes(2, "big")
        else:
            code += bytes([0x60, int(word)]) if word.isdigit() else bytes([_OPCODES[word]])
    return code


RUNTIME = assemble(_PROGRAM)
# PUSH2 length, DUP1, PUSH1 offset, PUSH1 0, CODECOPY, PUSH1 0, RETURN: twelve bytes, then the runtime code.
CREATION = b"\x61" + len(RUNTIME).to_bytes(2, "big") + bytes.fromhex("80600c6000396000f3") + RUNTIME
PROBE = created_address(ALICE.address, 0)


def word(value: int) -> bytes:
    """Return an integer as 32 bytes."""
    return value.to_bytes(32, "big")


def store(slot: int, value: int) -> bytes:
    """Return the call data that stores and logs."""
    return bytes([STORE]) + word(slot) + word(value)


def create_probe(nonce: int = 0, signer: Signer = ALICE, chain_id: int = CHAIN_ID) -> bytes:
    """Return the signed bytes that create the contract."""
    return sign_transaction(signer, Call(None, CREATION, 300_000), chain_id=chain_id, nonce=nonce).raw


def signed(
    nonce: int, data: bytes = b"", *, signer: Signer = ALICE, to: str = PROBE, gas: int = 100_000, chain_id: int = CHAIN_ID
) -> bytes:
    """Return the signed bytes of a call to the contract."""
    return sign_transaction(signer, Call(to, data, gas), chain_id=chain_id, nonce=nonce).raw


def open_engine(path: Path, clock: Clock | None = None, **options: int | dict[bytes, int]) -> Engine:
    """Return an engine over `path`; options are fields of its genesis."""
    clock = clock or FixedClock(START)
    genesis = Genesis(CHAIN_ID, START - 1, **options) if options else None  # type: ignore[arg-type]
    return Engine(path, CHAIN_ID, clock=clock, genesis=genesis)


def fill(engine: Engine, clock: FixedClock, blocks: int, per_block: int = 1, first_nonce: int = 0) -> int:
    """Seal blocks of calls that store and log, the contract's creation first; leave the clock past the head, return the next nonce."""
    nonce = first_nonce
    if nonce == 0:
        engine.submit(create_probe())
        nonce = 1
    for _ in range(blocks):
        clock.at = engine.head.timestamp
        for _ in range(per_block):
            engine.submit(signed(nonce, store(nonce, nonce + 1)))
            nonce += 1
        clock.advance(1)
        engine.settle()
    clock.advance(1)
    return nonce
