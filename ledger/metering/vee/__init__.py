"""Validation, estimation and editing of a meter's days, by a rule set that never changes once it was used (spec: metering §8).

Read history.py (what a rule looks at), rule.py (what a rule is), then `vee_1/`: policies.py, the rules in registry.py, and what fills gaps
in estimation.py. Rules give findings and change nothing; estimation proposes an edit, which a person records.
"""
