"""Key files: what is written, what is refused, and that other software reads them."""

from __future__ import annotations

import json
import pickle
import stat
from pathlib import Path

import pytest
from eth_account import Account

from ledger.chain.keystore import (
    SCRYPT_N,
    SCRYPT_N_LIGHT,
    Signer,
    check_key_file,
    create_key,
    load_key,
    read_address,
    read_passphrase,
    write_key,
)
from ledger.chain.recover import CURVE_ORDER, recover_signer, verify_signer
from ledger.errors import ConfigurationError, InputError, MalformedDocument, SignatureRefused

PASSPHRASE = "correct horse 零碳"
DIGEST = bytes(range(32))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "approver.json"
    create_key(path, PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    return path


def test_a_new_key_signs_as_the_address_it_was_given(key_file: Path) -> None:
    signer = load_key(key_file, PASSPHRASE)
    assert signer.address == read_address(key_file)
    assert recover_signer(DIGEST, signer.sign_digest(DIGEST)) == signer.address


def test_eth_account_opens_our_file(key_file: Path) -> None:
    private_key = Account.decrypt(json.loads(key_file.read_text()), PASSPHRASE)
    assert Account.from_key(private_key).address == read_address(key_file)


def test_the_published_scrypt_key_file_opens(tmp_path: Path) -> None:
    # "Web3 Secret Storage Definition", test vector for scrypt, version 3.
    path = tmp_path / "published.json"
    document = {
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32,
                "n": 262144,
                "r": 1,
                "p": 8,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    }
    path.write_text(json.dumps(document))
    private_key = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
    assert load_key(path, "testpassword").address == Signer(private_key).address


def test_the_file_is_readable_by_its_owner_alone_and_holds_no_clear_key(tmp_path: Path) -> None:
    private_key = b"\x42" * 32
    path = tmp_path / "key.json"
    write_key(path, private_key, PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert private_key.hex() not in path.read_text()


def test_a_key_file_is_never_replaced(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(ConfigurationError, match="exists"):
        create_key(key_file, PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    assert key_file.read_bytes() == before


def test_a_wrong_passphrase_is_named_as_such(key_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="wrong passphrase"):
        load_key(key_file, "another passphrase")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.update(version=4), "version 3"),
        (lambda document: document["crypto"].update(kdf="pbkdf2"), "scrypt"),
        (lambda document: document["crypto"]["kdfparams"].update(n=2**30), "1 GiB"),
        (lambda document: document["crypto"]["kdfparams"].update(n="many"), "positive integers"),
        (lambda document: document["crypto"].pop("mac"), "lacks or distorts"),
        (lambda document: document.update(address="00" * 20), "states the address"),
    ],
)
def test_a_malformed_key_file_is_refused_with_what_is_wrong(key_file: Path, change: object, message: str) -> None:
    document = json.loads(key_file.read_text())
    change(document)  # type: ignore[operator]
    key_file.write_text(json.dumps(document))
    with pytest.raises(MalformedDocument, match=message):
        load_key(key_file, PASSPHRASE)


def test_bytes_that_are_no_json_and_absent_files_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(b"\xff\x00")
    with pytest.raises(MalformedDocument):
        load_key(path, PASSPHRASE)
    with pytest.raises(ConfigurationError):
        load_key(tmp_path / "absent.json", PASSPHRASE)


def test_open_permissions_and_few_rounds_are_findings(key_file: Path) -> None:
    assert [finding.code for finding in check_key_file(key_file)] == ["key.weak_kdf"]
    key_file.chmod(0o644)
    findings = check_key_file(key_file)
    assert [(finding.code, finding.severity, finding.got) for finding in findings] == [
        ("key.permissions", "warning", "0644"),
        ("key.weak_kdf", "warning", str(SCRYPT_N_LIGHT)),
    ]


def test_the_default_asks_for_as_many_rounds_as_the_reference_clients(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    create_key(path, PASSPHRASE)
    assert json.loads(path.read_text())["crypto"]["kdfparams"]["n"] == SCRYPT_N == 2**17
    assert check_key_file(path) == ()


def test_the_passphrase_comes_from_the_file_then_the_environment_then_the_prompt(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from file\n")
    environment = {"LINGTAN_KEY_PASSPHRASE": "from environment"}
    assert read_passphrase(environment, file=file, prompt=lambda: "asked") == "from file"
    assert read_passphrase(environment, prompt=lambda: "asked") == "from environment"
    assert read_passphrase({}, prompt=lambda: "asked") == "asked"
    with pytest.raises(ConfigurationError, match="no passphrase"):
        read_passphrase({})
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="empty"):
        read_passphrase(environment, file=file)


def test_a_short_passphrase_and_a_key_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="7 characters"):
        create_key(tmp_path / "key.json", "1234567", scrypt_n=SCRYPT_N_LIGHT)
    for private_key in (b"\0" * 32, CURVE_ORDER.to_bytes(32, "big"), b"\1" * 31):
        with pytest.raises(InputError, match="private key"):
            Signer(private_key)


def test_a_signer_shows_its_address_and_nothing_else() -> None:
    signer = Signer(b"\x42" * 32)
    assert "42424242" not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_the_malleable_twin_of_a_signature_is_refused() -> None:
    signature = Signer(b"\x42" * 32).sign_digest(DIGEST)
    s = int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(SignatureRefused, match="upper half"):
        recover_signer(DIGEST, twin)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\1" * 64,
        b"\1" * 66,
        b"\1" * 64 + b"\0",
        b"\1" * 64 + b"\x1d",
        b"\0" * 32 + b"\1" * 32 + b"\x1b",
        b"\1" * 32 + b"\0" * 32 + b"\x1b",
        b"\xff" * 32 + b"\1" * 32 + b"\x1b",
    ],
)
def test_a_signature_in_another_form_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureRefused):
        recover_signer(DIGEST, signature)


def test_the_signer_of_another_digest_is_another_one() -> None:
    signer = Signer(b"\x42" * 32)
    verify_signer(DIGEST, signer.sign_digest(DIGEST), signer.address)
    with pytest.raises(SignatureRefused, match="expected"):
        verify_signer(DIGEST, signer.sign_digest(bytes(32)), signer.address)
