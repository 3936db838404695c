"""The one seam: a typed client over any Ethereum JSON-RPC; `connect` opens it.

Above it nobody can tell engines and nodes apart, except by `kind` and by a checkpoint that only the embedded chain has.

Hashes and addresses are 0x hex text, block data is JSON-RPC as nodes send it. Every method raises `ledger.chain.errors` only; whoever
uses `client.w3` directly does so inside `with border(abi=…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from ledger.chain.border import border
from ledger.chain.errors import BlockUnknown, ChainUnavailable, NotSupported, OutcomeUnknown, TransactionRejected
from ledger.chain.headers import as_bytes, as_integer, encode_header, verify_header
from ledger.chain.wire import Block, Json, block_parameter, call_message, hex_text, hex_word, plain_json, read_receipt
from ledger.chain.wire import Head as Head
from ledger.chain.wire import Receipt as Receipt
from ledger.records.findings import Finding

if TYPE_CHECKING:
    from web3 import Web3

    from ledger.chain.embedded.cosigned import CosignedCheckpoint
    from ledger.chain.embedded.node import BlockCheckpoint, CosignedProof, EmbeddedNode

Kind = Literal["embedded", "node", "test"]
Transport = Callable[[str, Sequence[Any]], Mapping[str, Any]]


class ChainClient:
    """A connection to one chain. Safe from several threads; `close` it, or use it in a `with`."""

    def __init__(self, w3: Web3, chain_id: int, kind: Kind, transport: Transport, node: EmbeddedNode | None = None) -> None:
        """Use `ledger.chain.connect` instead: it checks the chain id."""
        self.w3, self.chain_id, self.kind = w3, chain_id, kind
        self._transport, self._node = transport, node

    # Transactions

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes over and return their hash. Bytes that the chain already has are a success: sending twice does no harm.

        Raises:
            TransactionRejected: they will not be mined as they are; `reason` says why.
            OutcomeUnknown: they were sent and no answer came back.
            ChainUnavailable: they were not taken (nobody listens, or the embedded chain's disk failed).
        """
        expected = "0x" + keccak(raw).hex()
        try:
            answered = self._request("eth_sendRawTransaction", ["0x" + raw.hex()], sending=True)
        except TransactionRejected as error:
            if error.reason != "already_known":
                raise
            return expected
        if answered != expected:
            raise OutcomeUnknown(
                f"the node answered {str(answered)[:80]!r}, expected the hash {expected}", hint="look for the hash on another node"
            )
        return expected

    def find_receipt(self, tx_hash: str) -> Receipt | None:
        """Return the receipt of a mined transaction, or None."""
        found = self._find("eth_getTransactionReceipt", [tx_hash])
        return None if found is None or found.get("blockHash") is None else read_receipt(found)

    def find_transaction(self, tx_hash: str) -> Json | None:
        """Return a transaction that is mined or waits in the pool (`blockNumber` None), or None."""
        return self._find("eth_getTransactionByHash", [tx_hash])

    def find_drop_reason(self, tx_hash: str) -> str | None:
        """Return why the embedded pool dropped a transaction; None where that is not known."""
        return self._request("lingtan_dropReason", [tx_hash]) if self.kind == "embedded" else None

    def transaction_count(self, address: str, block: Block = "latest") -> int:
        """Return the number of transactions of an account; at "pending" it counts what waits."""
        return as_integer(self._request("eth_getTransactionCount", [to_checksum_address(address), block_parameter(block)]))

    def nonce(self, address: str) -> int:
        """Return the account's next nonce in the chain, whatever waits."""
        return self.transaction_count(address, "latest")

    # Calls and state

    def call(self, to: str | None, data: bytes, *, sender: str | None = None, gas: int | None = None, block: Block = "latest") -> bytes:
        """Return what a contract answers, without a transaction.

        Raises:
            ChainRefused: it reverted; `data` holds its words.
            BlockUnknown: the block is not there, or its state is no longer kept.
        """
        return as_bytes(self._request("eth_call", [call_message(to, data, sender, gas), block_parameter(block)]))

    def estimate_gas(self, to: str | None, data: bytes, *, sender: str | None = None) -> int:
        """Return a gas limit that suffices now.

        Raises:
            ChainRefused: it would revert.
        """
        return as_integer(self._request("eth_estimateGas", [call_message(to, data, sender, None)]))

    def base_fee(self) -> int:
        """Return the base fee of the head in wei per gas: 0 on the embedded chain and on a zeroBaseFee network."""
        return as_integer(self.block("latest").get("baseFeePerGas") or 0)

    def code(self, address: str, block: Block = "latest") -> bytes:
        """Return a contract's runtime code; empty where there is none."""
        return as_bytes(self._request("eth_getCode", [to_checksum_address(address), block_parameter(block)]))

    def storage(self, address: str, slot: int, block: Block = "latest") -> bytes:
        """Return the 32 bytes of a storage slot."""
        params = [to_checksum_address(address), hex_word(slot), block_parameter(block)]
        return as_bytes(self._request("eth_getStorageAt", params)).rjust(32, b"\0")

    def get_proof(self, address: str, slots: Sequence[int], block: Block = "latest") -> Json:
        """Return account and storage proofs (EIP-1186).

        Raises:
            BlockUnknown: the node no longer keeps that block's state.
            NotSupported: the node gives no proofs.
        """
        # Slots are sent as 32 bytes: some nodes refuse 0x0.
        return self._get("eth_getProof", [to_checksum_address(address), [hex_word(slot) for slot in slots], block_parameter(block)])

    def logs(self, filter_: Json) -> list[Json]:
        """Return the logs that match a JSON-RPC filter."""
        return list(self._request("eth_getLogs", [dict(filter_)]))

    # Blocks

    def head(self) -> Head:
        """Return the newest block."""
        block = self.block("latest")
        return Head(as_integer(block["number"]), hex_text(block["hash"]), as_integer(block["timestamp"]))

    def block_number(self) -> int:
        """Return the newest block's number."""
        return as_integer(self._request("eth_blockNumber", []))

    def block(self, number: Block) -> Json:
        """Return a block with the hashes of its transactions.

        Raises:
            BlockUnknown: there is none.
        """
        return self._get("eth_getBlockByNumber", [block_parameter(number), False])

    def block_hash(self, number: int) -> str | None:
        """Return the hash of block `number`, or None."""
        found = self._find("eth_getBlockByNumber", [block_parameter(number), False])
        return hex_text(found["hash"]) if found else None

    def block_header_rlp(self, number: int) -> bytes:
        """Return the raw header of a block, checked against its hash.

        Raises:
            BlockUnknown: there is none.
            IntegrityError: the node's header does not hash to the block's hash.
        """
        block = self.block(number)
        try:
            header = as_bytes(self._request("debug_getRawHeader", [block_parameter(number)]))
        except NotSupported:
            return encode_header(block)
        verify_header(header, as_bytes(block["hash"]))
        return header

    def block_receipts(self, number: int) -> list[Json]:
        """Return the JSON-RPC receipts of a block, in order.

        Raises:
            BlockUnknown: there is no such block.
        """
        try:
            found = self._request("eth_getBlockReceipts", [block_parameter(number)])
        except NotSupported:
            found = [self._get("eth_getTransactionReceipt", [tx_hash]) for tx_hash in self.block(number)["transactions"]]
        if found is None:
            raise BlockUnknown(f"the chain has no block {number}", hint="ask for a block up to the head", number=number)
        return list(found)

    def checkpoint_for(self, number: int) -> BlockCheckpoint | None:
        """Return a signed checkpoint that covers block `number`, with its inclusion proof; None on a node, and without a checkpoint key.

        Raises:
            BlockUnknown: there is no such block.
            StorageFailed: a new checkpoint could not be published.
        """
        return self._node.checkpoint_for(number) if self._node else None

    def cosigned_checkpoint_for(self, number: int, since: int | None = None) -> CosignedProof | None:
        """Return the newest checkpoint that covers block `number` and that a quorum of witnesses cosigned, with the block's inclusion
        proof and, from or to the size `since`, the consistency proof; None on a node, without witnesses, and before they have answered.

        Raises:
            BlockUnknown: there is no such block.
            InputError: the log never had the size `since`.
        """
        return self._node.cosigned_checkpoint_for(number, since) if self._node else None

    def find_cosigned(self, at_least_size: int = 1) -> CosignedCheckpoint | None:
        """Return the newest checkpoint of at least this size that a quorum of witnesses cosigned; None where there is none."""
        return self._node.cosigned.find(at_least_size) if self._node and self._node.cosigned else None

    @property
    def node(self) -> EmbeddedNode | None:
        """The embedded chain behind this connection, for whoever looks after it; None behind a URL."""
        return self._node

    def log_inclusion(self, number: int, size: int) -> tuple[bytes, ...]:
        """Return the RFC 9162 path of block `number` in the embedded chain's block log of a size; empty on a node."""
        return self._node.engine.block_log.inclusion(number, size) if self._node else ()

    def log_consistency(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """Return the RFC 9162 proof that the embedded chain's block log of one size extends that of another; empty on a node."""
        return self._node.engine.block_log.consistency(old_size, new_size) if self._node else ()

    def check(self, *, replay: bool = False) -> tuple[Finding, ...]:
        """Return what is wrong with an embedded chain's file, and nothing for a node, which looks after its own.

        Args:
            replay: also execute every transaction again from genesis.
        """
        if self._node is None:
            return ()
        from ledger.chain.embedded.fsck import check_chain

        return check_chain(self._node.engine, replay=replay)

    # Life

    def ask_chain_id(self) -> int:
        """Return the chain id that the other side names."""
        return as_integer(self._request("eth_chainId", []))

    def close(self) -> None:
        """Close the connection; an embedded chain publishes its last checkpoint and gives its file back."""
        if self._node is not None:
            self._node.close()

    def __enter__(self) -> ChainClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _request(self, method: str, params: Sequence[Any], *, sending: bool = False) -> Any:
        with border(sending=sending):
            response = self._transport(method, params)
            from ledger.chain.foreign import read_response

            return plain_json(read_response(response, sending=sending))

    def _find(self, method: str, params: Sequence[Any]) -> Json | None:
        found = self._request(method, params)
        if found is not None and not isinstance(found, Mapping):
            raise ChainUnavailable(f"the node answered {method} with no object", hint="check that the URL is an Ethereum node")
        return found

    def _get(self, method: str, params: Sequence[Any]) -> Json:
        found = self._find(method, params)
        if found is None:
            raise BlockUnknown(f"the chain does not know {params} ({method})", hint="ask for a block up to the head")
        return found
