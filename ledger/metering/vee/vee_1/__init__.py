"""Rule set vee_1. Frozen once used: another rule or threshold is another folder.

Read policies.py (all thresholds), registry.py (the rules in order), then one file a rule; estimation.py with interpolate.py, proxy_day.py,
proration.py and by_hand.py fill gaps.
"""
