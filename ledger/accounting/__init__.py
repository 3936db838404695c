"""From activity data to a statement, its commitments and its evidence package.

Read methods/operational_1 (the method), rollup.py, checks.py and declared.py (findings), ranges.py (physical ranges of factors),
commit.py (statement → sum trees), line_proof.py (one leaf), package.py (the whole).
"""
