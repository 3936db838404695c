"""From activity data to a statement, its commitments and its evidence package.

Read methods/operational_1 (the method), rollup.py, validators and meter_checks.py (findings), restatement.py (against what it replaces),
commit.py (statement → sum trees), line_proof.py (one leaf), package.py (the whole).
"""
