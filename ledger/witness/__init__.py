"""A witness: a small process of its own that cosigns the checkpoints of logs it follows, and never a rollback or a fork.

It follows the tlog-witness rules of C2SP, so it serves any such log. It knows checkpoints, Merkle proofs and its own state, and nothing of
the ledger: who runs one (a regulator, another bank, an auditor) need not trust the operator, nor read the rest of this house.
"""
