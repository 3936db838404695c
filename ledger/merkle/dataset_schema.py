"""The schema documents of the datasets: in a wheel beside this module, in a checkout under docs/spec/schemas (spec: commitments §5)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ledger.errors import ConfigurationError, NotFound
from ledger.records import canonical

INVENTORY_DATASETS: tuple[str, str] = ("METERS", "OPERATIONAL")
"""What an operational statement commits to."""

FINANCED_DATASETS: tuple[str, str] = ("FINANCED_PCAF", "FINANCED_PBOC")
"""What a financed statement commits to: one of them, never both."""

REDUCTIONS = "REDUCTIONS"
"""What a statement of reductions commits to."""

DATASETS: tuple[str, ...] = (*INVENTORY_DATASETS, *FINANCED_DATASETS, REDUCTIONS)


def get_schema_bytes(dataset: str) -> bytes:
    """Return the canonical bytes of the schema of `dataset`, as an evidence package carries them.

    Raises:
        NotFound: no dataset of this release has that name.
        ConfigurationError: the installation lacks the file.
    """
    if dataset not in DATASETS:
        raise NotFound(f"no dataset {dataset[:40]!r}", hint=f"expected one of {', '.join(DATASETS)}")
    return canonical.dump(canonical.load(_find_file(dataset).read_bytes()))


def schema_hash(dataset: str) -> bytes:
    """Return the 32-byte SHA-256 of the canonical schema of `dataset`.

    Raises:
        NotFound: no dataset of this release has that name.
        ConfigurationError: the installation lacks the file.
    """
    return hashlib.sha256(get_schema_bytes(dataset)).digest()


def _find_file(dataset: str) -> Path:
    here = Path(__file__).resolve()
    folders = (here.parent / "schemas", here.parents[2] / "docs" / "spec" / "schemas")
    for folder in folders:
        if (path := folder / f"{dataset}.json").is_file():
            return path
    raise ConfigurationError(f"the schema of {dataset} is not installed", hint="install the wheel again, or run inside the checkout")
