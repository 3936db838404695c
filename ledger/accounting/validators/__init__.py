"""What an inventory and the figures published about it must not contain (spec: method-operational-1 §9; docs/findings.md).

In reading order: `units` (a missing branch), `ranges`, `figures` and `measured` (published figures in grams, and the quantities behind
them), `totals` (against the computed ones): these are part of the method. `subject` is what all others look at: `digits`, `sums`,
`published`, `explained`, `missing_figures`, `factor_units`, `declared_factors`, `regions`, `certificates`, `activity_records`,
`changes`, `intensity`. `registry` lists every check by name and has what the server, the inventory command and `lingtan check` call.
"""
