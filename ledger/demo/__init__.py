"""The seeded story: three banks, a year of meters, the whole loop, and a drill with four forgeries.

Read seeds.py (who and what), profiles.py (a plausible year), actors.py (people with their own keys, over HTTP), story.py (the steps),
drill.py (what is changed, and who notices).
"""
