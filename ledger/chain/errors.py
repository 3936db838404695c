"""Errors of the chain room, and what pools and contracts say when they refuse.

By who must act: `ChainUnavailable`, `StorageFailed`, `OutcomeUnknown` — wait and send the same bytes again; `TransactionRejected`,
`ChainRefused` — the sender; `WrongChain`, `ChainLocked` — the operator; `ChainCorrupt`, `CheckpointMismatch`, `CheckpointHalted` — somebody
must investigate before work goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import LedgerError

Abi = Sequence[Mapping[str, Any]]

ERROR_SELECTOR = bytes.fromhex("08c379a0")
PANIC_SELECTOR = bytes.fromhex("4e487b71")


class ChainError(LedgerError):
    """The chain answered something that work cannot go on with."""

    code = "chain.error"


class ChainUnavailable(ChainError):
    """Nobody answered, or the answer came from something that is no Ethereum node. Nothing was changed by the question."""

    code = "chain.unavailable"


class StorageFailed(ChainUnavailable):
    """The embedded chain's file could not be read or written (full disk, failing disk). The head did not move; the pool is kept."""

    code = "chain.storage"


class OutcomeUnknown(ChainError):
    """A transaction was sent and no answer came back: it may be mined or not. Look for its hash; resend only the same bytes."""

    code = "chain.outcome_unknown"


class WrongChain(ChainError):
    """The chain behind the URL is another one than the settings name."""

    code = "chain.wrong_chain"

    def __init__(self, got: int, expected: int, place: str = "") -> None:
        super().__init__(
            f"another chain: got chain id {got}, expected {expected}" + (f" at {place}" if place else ""),
            hint="set the chain id that the operator published, or the URL of the right node",
            got=got,
            expected=expected,
        )
        self.got = got
        self.expected = expected


class ChainLocked(ChainError):
    """Another process has this chain file open: two writers would fork the chain."""

    code = "chain.locked"


class ChainCorrupt(ChainError):
    """The chain's file contradicts itself."""

    code = "chain.corrupt"


class CheckpointMismatch(ChainCorrupt):
    """The chain's head does not extend the last published checkpoint: an old backup, a replaced file, or a forged history."""

    code = "chain.checkpoint_mismatch"


class CheckpointHalted(ChainError):
    """A witness knows another history of this chain, or a longer one: nothing is published until somebody has looked."""

    code = "chain.checkpoint_halted"


class NotSupported(ChainError):
    """This engine or node does not offer the method."""

    code = "chain.not_supported"


class BlockUnknown(ChainError):
    """No such block, or its state is no longer kept."""

    code = "chain.block_unknown"


class TransactionRejected(ChainError):
    """The pool refused a transaction; it will never be mined as it is. `reason` is one of the words of `rejection_reason`."""

    code = "chain.rejected"

    def __init__(self, message: str, *, reason: str, hint: str = "", **facts: object) -> None:
        super().__init__(message, hint=hint, reason=reason, **facts)
        self.reason = reason


class ChainRefused(ChainError):
    """A contract reverted. `name` is the custom error's (or `Error`, `Panic`, a 0x selector), `arguments` go by parameter name.

    `data` holds the revert data as the EVM returned it; empty where the node gave none.
    """

    code = "chain.refused"

    def __init__(self, name: str, arguments: Mapping[str, object] | None = None, *, data: bytes = b"", message: str = "") -> None:
        self.name = name
        self.arguments: dict[str, object] = dict(arguments or {})
        self.data = data
        shown = ", ".join(f"{key}={_show(value)}" for key, value in self.arguments.items())
        super().__init__(message or f"the contract refused: {name}({shown})", name=name, arguments=self.arguments)


# What nodes say when a pool refuses, most specific first: geth, Besu, anvil, py-evm behind eth-tester, and ours.
_REJECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("already_known", ("already known", "already imported", "alreadyknown")),
    ("nonce_too_low", ("nonce too low", "nonce is too low", "below the account nonce")),
    ("replacement", ("replacement transaction underpriced", "another transaction with this nonce")),
    ("nonce_too_high", ("nonce too high", "nonce too distant", "nonce is too distant")),
    ("chain_id", ("invalid chain id", "chain id", "chainid", "only replay-protected")),
    ("intrinsic_gas", ("intrinsic gas", "insufficient gas")),
    ("gas_limit", ("exceeds block gas limit", "exceeds the usable gas", "gas limit reached", "exceeds gas limit", "gas limit too high")),
    ("funds", ("insufficient funds", "upfront cost", "does not have enough balance", "cannot afford")),
    (
        "fee",
        (
            "underpriced",
            "less than block base fee",
            "max fee per gas",
            "gas price below",
            "gasprice is less",
            "lower than block's base fee",
        ),
    ),
    ("pool_full", ("txpool is full", "pool is full")),
    ("type", ("transaction type not supported", "type not supported", "unknown transaction type")),
    ("signature", ("invalid sender", "invalid signature", "bad signature", "signature s value")),
    ("malformed", ("rlp", "decode", "malformed", "invalid transaction")),
)


def rejection_reason(message: str) -> str | None:
    """Return our word for a pool's refusal, or None when the message is about something else."""
    lowered = message.lower()
    if "invalid transaction nonce" in lowered:  # py-evm: the two directions share one sentence
        return "nonce_too_low" if _got_below_expected(lowered) else "nonce_too_high"
    if lowered.startswith("known transaction"):  # Besu; elsewhere in a sentence it means nothing
        return "already_known"
    for reason, phrases in _REJECTIONS:
        if any(phrase in lowered for phrase in phrases):
            return reason
    return None


def decode_revert(data: bytes, abi: Abi = ()) -> ChainRefused:
    """Return the refusal that revert data stands for: `Error(string)`, `Panic(uint256)`, or a custom error of `abi`.

    Args:
        data: what the EVM returned, selector first; may be empty (a bare revert).
        abi: JSON ABI of the contract; entries of type "error" are used.
    """
    if not data:
        return ChainRefused("Revert", {}, data=b"", message="the contract refused without a reason")
    selector, body = data[:4], data[4:]
    candidates: list[Mapping[str, Any]] = [
        {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
        {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
        *(entry for entry in abi if entry.get("type") == "error"),
    ]
    from eth_abi.abi import decode
    from eth_utils.crypto import keccak

    for entry in candidates:
        inputs = entry.get("inputs", [])
        types = [_abi_type(item) for item in inputs]
        if keccak(text=f"{entry['name']}({','.join(types)})")[:4] != selector:
            continue
        try:
            values = decode(types, body)
        except Exception:
            break  # revert data is whatever the contract wrote: it need not follow the selector it starts with
        names = [item.get("name") or str(index) for index, item in enumerate(inputs)]
        return ChainRefused(str(entry["name"]), dict(zip(names, values, strict=True)), data=data)
    return ChainRefused(
        "0x" + selector.hex(), {}, data=data, message=f"the contract refused with data nobody here can name: 0x{data[:68].hex()}"
    )


def _got_below_expected(lowered: str) -> bool:
    digits = [int(word) for word in "".join(c if c.isdigit() else " " for c in lowered).split()]
    return len(digits) >= 2 and digits[1] < digits[0]


def _abi_type(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(_abi_type(part) for part in item["components"]) + ")" + kind[len("tuple") :]


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
