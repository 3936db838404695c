"""The methods of financed emissions that a book can be computed by: frozen folders, each with the dataset that it commits to.

A new method is a folder in ledger.accounting.methods and one item here. `t_zjfs_016_2024` (T/ZJFS 016-2024, credit carbon of banks in
Zhejiang) and `pcaf_3` (PCAF Part A, 3rd edition) wait for their texts: docs/spec/method-pboc-2021.md says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.accounting.methods.attribution import Outcome
from ledger.errors import InputError
from ledger.loans.exposure import Exposure

Policies = pcaf_2.Policies | pboc_2021.Policies


@dataclass(frozen=True)
class Method:
    """A method by its id: dataset of its commitments, reader of its policies, and its reference for one exposure."""

    id: str
    dataset: str
    read_policies: Callable[[Mapping[str, object]], Policies]
    attribute: Callable[[Exposure, Policies], Outcome]


def _pcaf_policies(document: Mapping[str, object]) -> Policies:
    if document:
        raise InputError(f"unknown policy {sorted(document)[0][:40]!r}", hint="pcaf_2 has none")
    return pcaf_2.Policies()


def _attribute(row: Exposure, policies: Policies) -> Outcome:
    if isinstance(policies, pboc_2021.Policies):
        return pboc_2021.attribute(row, policies)
    return pcaf_2.attribute(row, policies)


METHODS = (
    Method(pcaf_2.METHOD, "FINANCED_PCAF", _pcaf_policies, _attribute),
    Method(pboc_2021.METHOD, "FINANCED_PBOC", pboc_2021.Policies.from_document, _attribute),
)


def get_method(id: str) -> Method:
    """Return the method of this id.

    Raises:
        InputError: there is none.
    """
    for method in METHODS:
        if method.id == id:
            return method
    raise InputError(f"unknown method {id[:40]!r}", hint=f"expected {' or '.join(method.id for method in METHODS)}")


def method_of(policies: Policies) -> Method:
    """Return the method that these policies belong to."""
    return get_method(pboc_2021.METHOD if isinstance(policies, pboc_2021.Policies) else pcaf_2.METHOD)
