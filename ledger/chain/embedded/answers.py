"""Blocks, transactions, receipts, logs and proofs in the JSON of the Ethereum execution API."""

from __future__ import annotations

from typing import Any, cast

import rlp
from eth._utils.address import generate_contract_address
from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth_utils.address import to_checksum_address

from ledger.chain.embedded.proofs import AccountProof
from ledger.chain.embedded.store import LogRow

Json = dict[str, Any]


def hex_bytes(value: bytes | None) -> str:
    """Return bytes as 0x hex, all digits."""
    return "0x" + bytes(value or b"").hex()


def hex_word(value: int, size: int = 32) -> str:
    """Return an integer as 0x hex of `size` bytes."""
    return "0x" + value.to_bytes(size, "big").hex()


def block_answer(block: BlockAPI, *, full: bool) -> Json:
    """Return a block; `full` gives whole transactions in place of their hashes."""
    header = block.header
    transactions: list[Any] = [
        transaction_answer(item, header, index) if full else hex_bytes(item.hash) for index, item in enumerate(block.transactions)
    ]
    return header_answer(header) | {
        "size": hex(len(rlp.encode(block))),
        "transactions": transactions,
        "uncles": [],
        "withdrawals": [],
        "withdrawalsRoot": hex_bytes(header.withdrawals_root),
    }


def header_answer(header: BlockHeaderAPI) -> Json:
    """Return the fields of a header, enough to encode it again."""
    return {
        "number": hex(header.block_number),
        "hash": hex_bytes(header.hash),
        "parentHash": hex_bytes(header.parent_hash),
        "sha3Uncles": hex_bytes(header.uncles_hash),
        "miner": to_checksum_address(header.coinbase),
        "stateRoot": hex_bytes(header.state_root),
        "transactionsRoot": hex_bytes(header.transaction_root),
        "receiptsRoot": hex_bytes(header.receipt_root),
        "logsBloom": hex_word(header.bloom, 256),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": "0x0",
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "extraData": hex_bytes(header.extra_data),
        "mixHash": hex_bytes(header.mix_hash),
        "nonce": hex_bytes(header.nonce),
        "baseFeePerGas": hex(header.base_fee_per_gas or 0),
        "withdrawalsRoot": hex_bytes(header.withdrawals_root),
        "blobGasUsed": hex(header.blob_gas_used or 0),
        "excessBlobGas": hex(header.excess_blob_gas or 0),
        "parentBeaconBlockRoot": hex_bytes(header.parent_beacon_block_root),
    }


def transaction_answer(transaction: SignedTransactionAPI, header: BlockHeaderAPI | None, index: int | None) -> Json:
    """Return a transaction; without a header it waits in the pool."""
    kind = transaction.type_id or 0
    answer: Json = {
        "blockHash": hex_bytes(header.hash) if header else None,
        "blockNumber": hex(header.block_number) if header else None,
        "transactionIndex": hex(index) if index is not None else None,
        "hash": hex_bytes(transaction.hash),
        "type": hex(kind),
        "chainId": hex(transaction.chain_id or 0),
        "nonce": hex(transaction.nonce),
        "from": to_checksum_address(transaction.sender),
        "to": None if transaction.to == CREATE_CONTRACT_ADDRESS else to_checksum_address(transaction.to),
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "gasPrice": hex(transaction.max_fee_per_gas if kind == 2 and header is None else effective_price(transaction, header)),
        "input": hex_bytes(transaction.data),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
        "v": hex(transaction.y_parity if kind else cast(Any, transaction).v),
    }
    if kind:
        answer["yParity"] = hex(transaction.y_parity)
        answer["accessList"] = [
            {"address": to_checksum_address(account), "storageKeys": [hex_word(key) for key in keys]}
            for account, keys in transaction.access_list
        ]
    if kind == 2:
        answer["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
        answer["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
    return answer


def receipts_answer(block: BlockAPI, receipts: tuple[ReceiptAPI, ...]) -> list[Json]:
    """Return the receipts of a block."""
    answers: list[Json] = []
    gas_before, logs_before = 0, 0
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        rows = [
            LogRow(
                block.number,
                logs_before + position,
                index,
                bytes(transaction.hash),
                bytes(log.address),
                tuple(topic.to_bytes(32, "big") for topic in log.topics),
                bytes(log.data),
            )
            for position, log in enumerate(receipt.logs)
        ]
        creates = transaction.to == CREATE_CONTRACT_ADDRESS
        answers.append(
            {
                "transactionHash": hex_bytes(transaction.hash),
                "transactionIndex": hex(index),
                "blockHash": hex_bytes(block.hash),
                "blockNumber": hex(block.number),
                "from": to_checksum_address(transaction.sender),
                "to": None if creates else to_checksum_address(transaction.to),
                "cumulativeGasUsed": hex(receipt.gas_used),
                "gasUsed": hex(receipt.gas_used - gas_before),
                "contractAddress": to_checksum_address(generate_contract_address(transaction.sender, transaction.nonce))
                if creates
                else None,
                "logs": [log_answer(row, bytes(block.hash), block.header.timestamp) for row in rows],
                "logsBloom": hex_word(receipt.bloom, 256),
                "status": hex(1 if receipt.state_root == b"\x01" else 0),
                "effectiveGasPrice": hex(effective_price(transaction, block.header)),
                "type": hex(transaction.type_id or 0),
            }
        )
        gas_before, logs_before = receipt.gas_used, logs_before + len(rows)
    return answers


def log_answer(row: LogRow, block_hash: bytes, timestamp: int) -> Json:
    """Return a log."""
    return {
        "address": to_checksum_address(row.address),
        "topics": [hex_bytes(topic) for topic in row.topics],
        "data": hex_bytes(row.data),
        "blockNumber": hex(row.block),
        "blockHash": hex_bytes(block_hash),
        "blockTimestamp": hex(timestamp),
        "transactionHash": hex_bytes(row.tx_hash),
        "transactionIndex": hex(row.tx),
        "logIndex": hex(row.log),
        "removed": False,
    }


def proof_answer(proof: AccountProof) -> Json:
    """Return an account proof with its storage proofs."""
    return {
        "address": to_checksum_address(proof.address),
        "balance": hex(proof.balance),
        "nonce": hex(proof.nonce),
        "codeHash": hex_bytes(proof.code_hash),
        "storageHash": hex_bytes(proof.storage_root),
        "accountProof": [hex_bytes(node) for node in proof.nodes],
        "storageProof": [
            {"key": hex_word(slot.slot), "value": hex(slot.value), "proof": [hex_bytes(node) for node in slot.nodes]}
            for slot in proof.slots
        ],
    }


def effective_price(transaction: SignedTransactionAPI, header: BlockHeaderAPI | None) -> int:
    """Return what a unit of gas costs the sender in this block, in wei."""
    base = (header.base_fee_per_gas or 0) if header else 0
    return int(min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas + base))
