"""Method pcaf_2: PCAF Standard Part A, 2nd edition (spec: method-pcaf-2). The exact reference, one exposure at a time.

| step | file | in → out |
|---|---|---|
| 1 | balance.py | exposure → numerator N |
| 2 | denominators.py | exposure → denominator D, or why there is none |
| 3 | options.py, emissions.py | class and option → score and grams E |
| 4 | attribute.py | N, D, E → attributed grams, rounded once; reductions of green projects |

ledger.accounting.financed does the same over a whole book in columns, and is tested row by row against this.
"""

from ledger.accounting.methods.pcaf_2.attribute import METHOD, Policies, attribute

__all__ = ["METHOD", "Policies", "attribute"]
