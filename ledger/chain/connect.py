"""Open a chain by its URL.

`embedded:///path/chain.sqlite` (one process, one file), `http(s)://…` (any node; in production a Besu QBFT network) and `test://`
(eth-tester) give the same client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, unquote, urlsplit

from ledger.chain.border import border
from ledger.chain.client import ChainClient, Transport
from ledger.chain.errors import WrongChain
from ledger.clock import Clock
from ledger.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from web3 import Web3
    from web3.providers.base import BaseProvider
    from web3.types import RPCEndpoint

    from ledger.records.signed_note import NoteKey

REQUEST_TIMEOUT = 20
ETH_TESTER_CHAIN_ID = 131277322940537


def connect(
    url: str,
    chain_id: int,
    *,
    clock: Clock,
    checkpoint_key: Ed25519PrivateKey | None = None,
    checkpoint_folder: Path | None = None,
    witnesses: Sequence[NoteKey] = (),
    quorum: int = 0,
) -> ChainClient:
    """Open the chain behind a URL.

    Args:
        url: `embedded:///absolute/path/chain.sqlite`, `http(s)://…`, or `test://`.
        chain_id: what the chain must be; `test://` only knows 131277322940537.
        clock: gives an embedded chain its block times.
        checkpoint_key, checkpoint_folder: sign and publish an embedded chain's checkpoints there; both or neither.
        witnesses, quorum: whose cosignatures count, and how many make a checkpoint cosigned.

    Raises:
        WrongChain: the chain has another id.
        ChainUnavailable: nobody answers.
        ChainLocked, ChainCorrupt, CheckpointMismatch, StorageFailed: the embedded chain's file (see `ledger.chain.embedded`).
        ConfigurationError: the URL or the key settings make no sense.
    """
    parts = urlsplit(url)
    if parts.scheme == "embedded":
        return _open_embedded(parts, chain_id, clock, checkpoint_key, checkpoint_folder, witnesses, quorum)
    if parts.scheme in ("http", "https") and parts.hostname:
        return _open_node(url, chain_id)
    if parts.scheme == "test":
        return _open_tester(chain_id)
    raise ConfigurationError(
        f"no chain engine for the scheme {parts.scheme or '(none)'!r}",
        hint="expected embedded:///absolute/path/chain.sqlite, http://host:port, https://… or test://",
    )


def _open_embedded(
    parts: SplitResult,
    chain_id: int,
    clock: Clock,
    checkpoint_key: Ed25519PrivateKey | None,
    checkpoint_folder: Path | None,
    witnesses: Sequence[NoteKey],
    quorum: int,
) -> ChainClient:
    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute() or path.is_dir():
        raise ConfigurationError("the embedded chain needs an absolute file path", hint="expected embedded:///var/lib/lingtan/chain.sqlite")
    if (checkpoint_key is None) != (checkpoint_folder is None):
        raise ConfigurationError("a checkpoint key and a checkpoint folder belong together", hint="give both, or neither")
    if checkpoint_folder is not None and checkpoint_folder == path:
        raise ConfigurationError("the checkpoint folder is the chain file", hint="name a folder on another disk")
    with border():
        from ledger.chain.embedded.node import EmbeddedNode
        from ledger.chain.embedded.rpc import EmbeddedProvider

        node = EmbeddedNode.open(
            path,
            chain_id,
            clock=clock,
            checkpoint_key=checkpoint_key,
            checkpoint_folder=checkpoint_folder,
            witnesses=witnesses,
            quorum=quorum,
        )
        provider = EmbeddedProvider(node.engine)
        return ChainClient(_web3(provider), chain_id, "embedded", _direct(provider), node)


def _open_node(url: str, chain_id: int) -> ChainClient:
    with border():
        from web3 import Web3

        # No retries below us: the relay decides what is sent again, and when.
        provider = Web3.HTTPProvider(url, request_kwargs={"timeout": REQUEST_TIMEOUT}, exception_retry_configuration=None)
        client = ChainClient(_web3(provider), chain_id, "node", _direct(provider))
        got = client.ask_chain_id()
    if got != chain_id:
        raise WrongChain(got, chain_id, urlsplit(url).hostname or "")
    return client


def _open_tester(chain_id: int) -> ChainClient:
    if chain_id != ETH_TESTER_CHAIN_ID:
        raise WrongChain(ETH_TESTER_CHAIN_ID, chain_id, "test://")
    with border():
        from ledger.chain.embedded.tester import TesterProvider

        provider = TesterProvider()
        w3 = _web3(provider)

        def transport(method: str, params: Sequence[Any]) -> Mapping[str, Any]:
            # eth-tester speaks Python; web3's middleware for it turns that into what a node would say.
            return provider.request_func(w3, w3.middleware_onion)(cast("RPCEndpoint", method), params)

        return ChainClient(w3, chain_id, "test", transport)


def _direct(provider: BaseProvider) -> Transport:
    def transport(method: str, params: Sequence[Any]) -> Mapping[str, Any]:
        return provider.make_request(cast("RPCEndpoint", method), params)

    return transport


def _web3(provider: BaseProvider) -> Web3:
    # web3 takes a second to import, and most commands never open a chain.
    from web3 import Web3
    from web3.middleware import ExtraDataToPOAMiddleware

    # A contract could name a URL in an OffchainLookup revert, and web3 would fetch it.
    provider.global_ccip_read_enabled = False
    w3 = Web3(provider)
    # Always: a QBFT header's extra data is longer than web3 allows; elsewhere it does no harm.
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3
