"""Measurements of docs/performance.md: ratios taken in one run, never absolute times, never part of the tests.

Read machine.py (what was measured on), measure.py (interleaved repeats, results), then p1_bank_year.py and p6_anchoring.py.
Each runs as `python -m bench.<name>` and writes bench/results/<date>-<name>.json.
"""
