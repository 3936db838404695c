"""Method pboc_2021: the PBOC's technical guide of 2021, 银办发〔2021〕119号 (spec: method-pboc-2021). The exact reference, row by row.

The guide's text was not at hand: numerator, denominators and exclusions are **unverified** and have to be checked against it before a
report cites them. Where sources differ there is a switch in `Policies`.

| step | file | in → out |
|---|---|---|
| 1 | balance.py | month-end balances → their sum and how many |
| 2 | policies.py | exclusions that the bank chose |
| 3 | attribute.py | denominator, emissions of pcaf_2 without 3b and 3c → attributed grams, rounded once |
"""

from ledger.accounting.methods.pboc_2021.attribute import METHOD, attribute
from ledger.accounting.methods.pboc_2021.policies import Policies

__all__ = ["METHOD", "Policies", "attribute"]
