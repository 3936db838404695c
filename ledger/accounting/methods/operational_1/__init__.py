"""Method operational_1: Scope 1 fuels and Scope 2 electricity, location-based (spec: method-operational-1).

| step | file | in → out |
|---|---|---|
| 1 | inputs.py | what a statement is a function of |
| 2 | sources.py | records and meters → sources by unit and indicator, in base units |
| 3 | factors.py | choice or selection → factor of each indicator |
| 4–5 | lines.py | sources × factor → lines in grams |
| 6 | ../../rollup.py | lines → own and total of every unit |
| 7 | compute.py | all of it, with every finding |
"""

from ledger.accounting.methods.operational_1.compute import METHOD, Computation, compute
from ledger.accounting.methods.operational_1.inputs import Inputs, MeteredEnergy

__all__ = ["METHOD", "Computation", "Inputs", "MeteredEnergy", "compute"]
