"""Use cases as verbs, each one transaction committed at the edge.

Read context.py (who acts), house.py (what lives as long as the process), signing.py (signed messages on their way to the chain), then one
file per use case in the order of the story: institutions, participants, organisation, meters, periods, library, telemetry, activity,
statements, attestations, relay, anchors, packages, claims, verdicts, checkpoints, policy, fsck.
"""
