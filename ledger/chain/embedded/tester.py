"""eth-tester behind the same surface: a second, independent chain for tests (`test://`).

It has no persistence, accepts transactions signed for other chains and scans blocks for everything, so it never runs the product. What
product tests need and it lacks (eth_getProof, eth_getBlockReceipts, debug_getRawHeader, filters with alternatives) is answered from its
py-evm chain; its base fee is set to 0, as the product's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import rlp
from eth.vm.forks.cancun import CancunVM
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.backends.pyevm.main import get_default_genesis_params
from eth_typing import HexStr
from web3 import Web3
from web3.middleware.base import MiddlewareOnion
from web3.providers.eth_tester import EthereumTesterProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.embedded import answers
from ledger.chain.embedded.proofs import build_proof

ETH_TESTER_CHAIN_ID = 131277322940537


class TesterProvider(EthereumTesterProvider):
    """web3's provider for eth-tester with the methods that proofs and indexes need."""

    global_ccip_read_enabled = False

    def __init__(self) -> None:
        parameters = get_default_genesis_params() | {"base_fee_per_gas": 0, "gas_limit": 60_000_000}
        backend = PyEVMBackend(genesis_parameters=parameters, vm_configuration=((0, CancunVM),))
        super().__init__(EthereumTester(backend))
        self._chain: Any = backend.chain
        self._own: dict[str, Callable[[Any], Any]] = {
            "eth_getProof": self._proof,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getStorageAt": self._storage_at,
            "eth_getLogs": self._logs,
            "debug_getRawHeader": self._raw_header,
        }

    def request_func(self, w3: Web3, middleware_onion: MiddlewareOnion) -> Callable[..., RPCResponse]:
        """Return what answers requests: our methods directly, the others through web3's translation into eth-tester's Python."""
        translated = super().request_func(w3, middleware_onion)

        def ask(method: RPCEndpoint, params: Any) -> RPCResponse:
            return self.make_request(method, params) if method in self._own else translated(method, params)

        return ask

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request."""
        if method in self._own:
            return cast(RPCResponse, {"jsonrpc": "2.0", "id": "0", "result": self._own[method](params)})
        if method in ("eth_call", "eth_estimateGas"):
            # eth-tester charges a call its gas; a node does not, and a relayer here has no ether.
            free = {key: value for key, value in params[0].items() if key not in ("max_fee_per_gas", "max_priority_fee_per_gas")}
            params = [{**free, "gas_price": 0}, *params[1:]]
        return super().make_request(method, params)

    def _proof(self, params: Any) -> Any:
        address, slots, block = params
        header = self._block(block).header
        words = [slot if isinstance(slot, int) else int(slot, 16) for slot in slots]
        account = bytes.fromhex(HexStr(address)[2:])
        return answers.proof_answer(build_proof(self._chain.chaindb.db, header.state_root, account, words))

    def _storage_at(self, params: Any) -> Any:
        address, slot, block = params
        (shown,) = self._proof([address, [slot], block])["storageProof"]
        return answers.hex_word(int(shown["value"], 16))

    def _logs(self, params: Any) -> Any:
        wanted = {str(key).lower().replace("_", ""): value for key, value in params[0].items()}
        low, high = (self._block(wanted.get(name, "latest")).number for name in ("fromblock", "toblock"))
        found = [log for number in range(low, high + 1) for item in self._block_receipts([number]) for log in item["logs"]]
        return [log for log in found if _matches(log, wanted.get("address"), wanted.get("topics") or [])]

    def _block_receipts(self, params: Any) -> Any:
        block = self._block(params[0])
        return answers.receipts_answer(block, tuple(block.get_receipts(self._chain.chaindb)))

    def _raw_header(self, params: Any) -> Any:
        return answers.hex_bytes(rlp.encode(self._block(params[0]).header))

    def _block(self, wanted: Any) -> Any:
        head = self._chain.get_canonical_head().block_number
        number = {"latest": head, "pending": head, "earliest": 0}.get(wanted, wanted)
        return self._chain.get_canonical_block_by_number(number if isinstance(number, int) else int(number, 16))


def _matches(log: answers.Json, address: Any, topics: Any) -> bool:
    allowed = [address] if isinstance(address, str) else address
    if allowed and log["address"].lower() not in [item.lower() for item in allowed]:
        return False
    if len(topics) > len(log["topics"]):
        return False
    pairs = zip(topics, log["topics"], strict=False)
    return all(wanted is None or got in ([wanted] if isinstance(wanted, str) else wanted) for wanted, got in pairs)
