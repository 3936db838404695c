"""Leaf keys, salts and schema hashes, against HMAC from RFC 2104 written out and the files themselves."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ledger.errors import InputError, NotFound
from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes, schema_hash
from ledger.merkle.keys import CommitmentKeys, line_asset, meter_asset
from ledger.records.meter_record import Quantity


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    padded = key.ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def test_keys_and_salts_are_the_hmacs_of_the_spec() -> None:
    secret = bytes(range(32))
    keys = CommitmentKeys(secret)
    message = b"meter/M1/el.import\x00" + (1735660800).to_bytes(8, "big") + (1767196800).to_bytes(8, "big")
    key = hmac_sha256(hmac_sha256(secret, b"lingtan/key/1"), message)
    assert keys.leaf_key(meter_asset("M1", Quantity.EL_IMPORT), 1735660800, 1767196800) == key
    assert keys.salt(b"c" * 32, key) == hmac_sha256(hmac_sha256(secret, b"lingtan/salt/1"), b"\x15" + b"c" * 32 + key)


def test_keys_differ_by_asset_period_and_secret() -> None:
    keys, other = CommitmentKeys(bytes(32)), CommitmentKeys(b"\x01" * 32)
    x, y = line_asset("U1", "x"), line_asset("U1", "y")
    assert len({keys.leaf_key(x, 0, 1), keys.leaf_key(y, 0, 1), keys.leaf_key(x, 0, 2), other.leaf_key(x, 0, 1)}) == 4


def test_the_secret_never_shows() -> None:
    assert repr(CommitmentKeys(b"S" * 32)) == "CommitmentKeys()"


def test_a_short_secret_and_a_bad_asset_are_refused() -> None:
    with pytest.raises(InputError):
        CommitmentKeys(bytes(31))
    with pytest.raises(InputError):
        meter_asset("M/1", Quantity.EL_IMPORT)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_schema_hash_is_that_of_the_file_as_published(dataset: str, root: Path) -> None:
    published = (root / "docs" / "spec" / "schemas" / f"{dataset}.json").read_bytes()
    assert get_schema_bytes(dataset) == published.strip()
    assert schema_hash(dataset) == hashlib.sha256(published.strip()).digest()


def test_an_unknown_dataset_is_not_found() -> None:
    with pytest.raises(NotFound, match="METRES"):
        schema_hash("METRES")
