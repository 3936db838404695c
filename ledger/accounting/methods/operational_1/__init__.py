"""Method operational_1: Scopes 1 and 2 (location- and market-based) and operational Scope 3 (spec: method-operational-1).

| step | file | in → out |
|---|---|---|
| 1 | inputs.py | what a statement is a function of, with the tree of the period |
| 2 | amounts.py, activity_records.py, meters.py, sources.py | records and meters → sources by unit and indicator, in base units |
| 3 | factors.py, factor_checks.py | choice or selection → factor of each indicator and use |
| 4–5 | lines.py | sources × factor → lines in grams of each gas |
| 6 | instruments.py, market.py | certificates and contracts in force → what covers each line, in whole Wh |
| 7 | uncertainty.py | sources → half-width of a line |
| 8 | ../../rollup.py | lines → own and total of every unit |
| 9 | compute.py | all of it, with every finding |
"""

from ledger.accounting.methods.operational_1.compute import METHOD, Computation, compute
from ledger.accounting.methods.operational_1.inputs import Inputs, MeteredEnergy

__all__ = ["METHOD", "Computation", "Inputs", "MeteredEnergy", "compute"]
