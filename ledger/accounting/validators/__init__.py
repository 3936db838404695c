"""What an inventory and the figures published about it must not contain (spec: method-operational-1 §9; docs/findings.md).

In reading order: `units` (a missing branch), `ranges` and `figures` (published figures in grams), `totals` (against the computed ones):
these four are part of the method. `digits`, `published`, `explained`, `records`, `factors`, `changes`, `intensity` look further; `registry`
lists every check and is what the server, the inventory command and `lingtan check` call.
"""
