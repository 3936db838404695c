"""The embedded Ethereum engine: one process, one sqlite file, nothing to install.

Read lock.py (one process per file), store.py (the file), blocks.py (how a block is built), pool.py (what waits), engine.py (the engine),
execution.py (calls without a transaction), proofs.py (state proofs), block_log.py and checkpoint.py (what binds the history to the
outside), answers.py and rpc.py (the JSON-RPC surface), tester.py (eth-tester behind the same surface), fsck.py (is the file whole?).
Reasons and limits: docs/embedded-chain.md.
"""
