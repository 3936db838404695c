"""The border where foreign exceptions become ours.

Nothing foreign (web3, requests, sqlite, eth, rlp) leaves this room: every call crosses `border()`. Whatever the border does not know
becomes a plain `ChainError`, never a stray KeyError of a library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.chain.errors import Abi
from ledger.errors import LedgerError


@contextmanager
def border(*, abi: Abi = (), sending: bool = False) -> Iterator[None]:
    """Turn every foreign exception of the block into one of ours; ours pass unchanged.

    Args:
        abi: names custom errors in a revert.
        sending: the block hands a transaction over; a lost answer is then `OutcomeUnknown` and not `ChainUnavailable`.

    Raises:
        ChainError: or a subclass, with the foreign exception as its cause.
    """
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:
        from ledger.chain.foreign import translate

        raise translate(error, abi=abi, sending=sending) from error
