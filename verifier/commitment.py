"""Read one dataset's commitment: the context and what the tree over it comes to (documents.md §5, §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.errors import Refused
from verifier.keccak import keccak256
from verifier.shapes import unhex
from verifier.sum_tree import COUNT_LIMIT, MEASURES, SUM_LIMIT, Context

INVENTORY_DATASETS = ("METERS", "OPERATIONAL")
FINANCED_DATASETS = ("FINANCED_PBOC", "FINANCED_PCAF")
REDUCTIONS = "REDUCTIONS"
DATASETS = (*FINANCED_DATASETS, *INVENTORY_DATASETS, REDUCTIONS)


@dataclass(frozen=True, slots=True)
class Commitment:
    """Hold what is signed and anchored of a dataset."""

    dataset: str
    context: Context
    n: int
    totals: tuple[int, ...]
    tree_root: bytes
    root: bytes

    def record_id(self) -> bytes:
        """Return the id under which PeriodLedger stores it: keccak256(abi.encode(org, dataset, start, end, revision))."""
        context = self.context
        words = [context.org, context.dataset]
        words += [value.to_bytes(32, "big") for value in (context.period_start, context.period_end, context.revision)]
        return keccak256(b"".join(words))


def read_commitment(item: Any) -> Commitment:
    """Return the commitment of a dataset item or of a line proof, both of checked shape."""
    context = item["context"]
    return Commitment(
        dataset=item["dataset"],
        context=Context(
            alg=context["alg"],
            measures=context["measures"],
            chain_id=int(context["chain_id"]),
            contract=unhex(context["contract"]),
            org=unhex(context["org"]),
            dataset=unhex(context["dataset"]),
            period_start=int(context["period_start"]),
            period_end=int(context["period_end"]),
            revision=context["revision"],
            schema_hash=unhex(context["schema_hash"]),
        ),
        n=int(item["n"]),
        totals=tuple(int(total) for total in item["totals"]),
        tree_root=unhex(item["tree_root"]),
        root=unhex(item["root"]),
    )


def refuse_form(commitment: Commitment) -> None:
    """Refuse a commitment that this release cannot stand for: alg 1, four measures, a known dataset, values in range."""
    context = commitment.context
    if context.alg != 1:
        raise Refused("ALG", f"hash algorithm {context.alg} is not in use", expected="1", found=str(context.alg), element="context.alg")
    if context.measures != MEASURES:
        raise Refused("MEASURES", "another number of measures", expected="4", found=str(context.measures), element="context.measures")
    if commitment.dataset not in DATASETS:
        raise Refused("DATASET", "the dataset is unknown", expected=" or ".join(DATASETS), found=commitment.dataset, element="dataset")
    if not 0 < commitment.n < COUNT_LIMIT:
        raise Refused("COUNT_RANGE", "a dataset has 1 to 2^32-1 leaves", expected="1 or more", found=str(commitment.n), element="n")
    if any(not 0 <= total < SUM_LIMIT for total in commitment.totals):
        raise Refused("SUM_RANGE", "a total is outside [0, 2^128)", found=str(list(commitment.totals)), element="totals")
