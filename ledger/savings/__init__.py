"""Energy savings of a project by IPMVP options A, B and C, exactly (spec: savings).

Reading order: given (what is known), sources (figures and meter files), reading (a document becomes what is known), rows (months and
days), conditions (degree-days and working days), regression (least squares, then frozen decimals), fit (statistics and limits),
retrofit, pv, compute (the door), result_document (what comes out).

The room has no store, no clock and no floats in what is claimed: the library's least squares gives coefficients, which are rounded to
stated decimals first; whatever follows is exact.
"""

from ledger.savings.compute import compute
from ledger.savings.given import SavingsInput
from ledger.savings.reading import load_savings, read_savings
from ledger.savings.result import SavingsResult
from ledger.savings.result_document import refused_savings_document, savings_document

__all__ = [
    "SavingsInput",
    "SavingsResult",
    "compute",
    "load_savings",
    "read_savings",
    "refused_savings_document",
    "savings_document",
]
