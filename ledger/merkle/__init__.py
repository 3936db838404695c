"""Merkle trees: bytes in, bytes out (spec: commitments §2–4).

Read plain.py (RFC 9162 trees), sum_nodes.py (nodes that bind their sums), sums.py (the committed tree of a dataset),
bulk.py (the same for millions of leaves), keys.py (leaf keys and salts), dataset_schema.py (the schema hash of a dataset).
"""
