"""Draw a sample as `lingtan-verify sample` does: from a package or a bundle, by a seed, or by a nonce once R is anchored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from verifier import sample_sources as sources
from verifier import sampling
from verifier.bundle import MAX_BYTES
from verifier.errors import Malformed, Refused, UsageError
from verifier.log_proofs import LogProofs
from verifier.messages import line
from verifier.package import Package, open_package
from verifier.policy import Policy
from verifier.report import json_of
from verifier.verify_sample import Drawn


class Source:
    """What is drawn from: a package, or the bytes of a bundle."""

    def __init__(self, package: Package | None, bundle: bytes) -> None:
        self._package, self._bundle = package, bundle

    def leaves(self, dataset: str) -> list[dict[str, Any]]:
        """Return every leaf in order. Raises: UsageError where not all are in the bundle."""
        if self._package is not None:
            return sources.leaves_of(self._package, dataset)
        item, leaves = sources.bundle_leaves(self._bundle, dataset)
        if leaves is None:
            raise UsageError("SAMPLE_LEAVES", f"the bundle has {len(item['items'])} of {item['n']} leaves; draw from the package")
        return leaves

    def root_and_block(self, dataset: str) -> tuple[bytes, bytes]:
        """Return (R, hash of the anchor's block). Raises: UsageError where there is no anchor."""
        if self._package is not None:
            return sources.root_and_block(self._package, dataset)
        return sources.root_and_block_of_bundle(self._bundle, dataset)

    def drawn(self, dataset: str, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs) -> Drawn:
        """Return what the file, verified, says of a dataset."""
        if self._package is not None:
            return sources.drawn_from_package(self._package, dataset, policy, policy_key, now, log_proofs)
        return sources.drawn_from_bundle(self._bundle, dataset, policy, policy_key, now, log_proofs)


@contextmanager
def read_source(path: Path) -> Iterator[Source]:
    """Yield the package or bundle in a file, told by its first bytes. Raises: UsageError, Malformed."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
            bundle = b"" if start == b"PK" else start + file.read(MAX_BYTES)
    except OSError as error:
        raise UsageError("FILE", f"{path}: {error.strerror}", path=str(path)) from None
    if start != b"PK":
        if len(bundle) > MAX_BYTES:
            raise Malformed("BUNDLE_SIZE", "bundle", f"larger than {MAX_BYTES} bytes")
        yield Source(None, bundle)
        return
    with open_package(path) as package:
        yield Source(package, b"")


def seed_from(nonce: bytes, published: bytes | None, root: bytes, block_hash: bytes) -> bytes:
    """Return the seed of a nonce. Raises: Refused where another nonce was committed to."""
    found = sampling.commitment_of(nonce)
    if published is not None and found != published:
        raise Refused("SAMPLE_NONCE", "another nonce was committed to", element="nonce", expected=published.hex(), found=found.hex())
    return sampling.seed_of(root, nonce, block_hash)


def draw(arguments: argparse.Namespace, seed: bytes, leaves: list[dict[str, Any]]) -> None:
    """Print what is drawn: one line for each leaf with its name and how often it was drawn, or one JSON object."""
    size = sampling.sample_size(Fraction(1, 100), Fraction(95, 100)) if arguments.size is None else arguments.size
    if arguments.measure is None:
        drawn = sampling.draw_items(seed, size, len(leaves))
    else:
        drawn = sampling.draw_by_measure(seed, size, [int(leaf["values"][arguments.measure]) for leaf in leaves])
    chosen = sorted(set(drawn))
    if arguments.json:
        items = [{"index": index, **{name: leaves[index][name] for name in ("asset", "key") if name in leaves[index]}} for index in chosen]
        facts = {"seed": seed.hex(), "size": size, "dataset": arguments.dataset, "measure": arguments.measure}
        print(json_of({**facts, "draws": drawn, "items": items}))
    else:
        for index in chosen:
            leaf = leaves[index]
            print(f"{index}\t{leaf.get('asset') or leaf['key']}\t{drawn.count(index)}")
    print(line("drawn", arguments.lang, size=size, chosen=len(chosen), count=len(leaves)), file=sys.stderr)
