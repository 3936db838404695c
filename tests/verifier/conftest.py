"""Signatures are checked once: the curves of the verifier are plain Python, and this room checks the same few signatures all the time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from verifier import ed25519, secp256k1


@pytest.fixture(scope="session", autouse=True)
def remembered_signatures() -> Iterator[None]:
    """Remember the answers of two pure functions by all their arguments; what changes a signature, key or message is computed anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ed25519, "is_valid", cache(ed25519.is_valid))
        patch.setattr(secp256k1, "recover", cache(secp256k1.recover))
        yield
