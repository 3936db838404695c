"""The bank's vault: whole or not there, private, and able to forget one record without losing root and totals."""

from __future__ import annotations

import base64
import fcntl
import os
import random
import shutil
import stat
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.accounting.commit import CommittedDataset
from ledger.accounting.financed.openings import ErasedExposure, OpenExposure, read_opening, verify_opening
from ledger.accounting.financed.records import read_record
from ledger.client.vault import Vault
from ledger.client.vault_writer import VaultWriter
from ledger.errors import ConfigurationError, Conflict, InputError, IntegrityError, MalformedDocument, NotFound
from tests.accounting.financed.committed import PSEUDONYMS, Kept, commit_rows, loans
from tests.child import Child
from tests.client.vault_child import STATEMENT, write, write_and_tell

NOW = 1_767_225_600


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CommittedDataset, Kept]:
    """A written vault to copy, and what is in it."""
    folder = tmp_path_factory.mktemp("bank") / "2025"
    write(folder)
    _, committed, kept = commit_rows(loans(333))
    return folder, committed, kept


@pytest.fixture
def folder(made: tuple[Path, CommittedDataset, Kept], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "vault"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_vault_gives_back_what_was_computed(folder: Path, made: tuple[Path, CommittedDataset, Kept]) -> None:
    _, committed, kept = made
    vault = Vault.open(folder)
    assert (vault.n, vault.dataset, vault.root, vault.statement) == (333, "FINANCED_PCAF", committed.tree.root, STATEMENT)
    assert vault.committed.to_document() == committed.to_document()
    expected = [OpenExposure(kept.salts[32 * at : 32 * at + 32], record) for at, record in enumerate(kept.records)]
    assert list(vault.exposures()) == expected
    assert vault.exposure(332) == expected[332]
    assert (folder / "records.jsonl").read_bytes() == b"".join(record + b"\n" for record in kept.records)
    vault.verify()


def test_every_group_opens_from_the_vault(folder: Path, made: tuple[Path, CommittedDataset, Kept]) -> None:
    vault = Vault.open(folder)
    for number in range(len(vault.sizes)):
        verify_opening(read_opening(vault.opening(number).to_bytes()), root=made[1].tree.root)
    for wrong in (-1, len(vault.sizes)):
        with pytest.raises(NotFound):
            vault.opening(wrong)


def test_an_exposure_is_found_by_its_pseudonym_and_a_stranger_is_not(folder: Path) -> None:
    vault = Vault.open(folder)
    for at in range(0, 333, 11):
        name = PSEUDONYMS.exposure(f"L{at}")
        position = vault.find(name)
        assert position is not None
        shown = vault.exposure(position)
        assert isinstance(shown, OpenExposure)
        assert read_record(shown.record).exposure == name
    assert vault.find(PSEUDONYMS.exposure("another")) is None


def test_only_the_owner_can_read_a_vault(folder: Path) -> None:
    write(folder.with_name("fresh"), 60)
    for path in (folder.with_name("fresh"), *folder.with_name("fresh").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    for path, mode in ((folder / "salts.bin", 0o640), (folder / "salts.bin", 0o604), (folder, 0o750)):
        before = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode)
        with pytest.raises(ConfigurationError, match="others can read"):
            Vault.open(folder)
        path.chmod(before)
    Vault.open(folder)


def open_whole(folder: Path) -> bytes:
    """Open a vault and look at all that it holds."""
    vault = Vault.open(folder)
    vault.verify()
    return vault.statement


def forms(secret: bytes) -> tuple[bytes, ...]:
    return secret, secret.hex().encode(), base64.b64encode(secret)


def test_an_erased_record_is_in_no_file_and_root_and_totals_stay(folder: Path, made: tuple[Path, CommittedDataset, Kept]) -> None:
    _, committed, kept = made
    vault = Vault.open(folder)
    name = PSEUDONYMS.exposure("L123")
    position = vault.find(name)
    assert position is not None
    salt, record = kept.salts[32 * position : 32 * position + 32], kept.records[position]
    secrets = [form for secret in (salt, record, bytes.fromhex(name)) for form in forms(secret)]
    assert any(form in data for form in secrets for data in content(folder).values()), "the search finds what is there"

    erasure = vault.erase(position, by="Li Wei", at=NOW, reason="the customer asked, case 17")

    # A copy, as somebody who steals the disk would have it.
    copy = Path(shutil.copytree(folder, folder.with_name("copy")))
    for found in content(copy).values():
        assert not any(form in found for form in secrets)
    again = Vault.open(copy)
    leaf = kept.leaves[32 * position : 32 * position + 32]
    assert again.exposure(position) == ErasedExposure(leaf)
    assert again.find(name) is None
    again.verify()
    assert (again.committed.tree.root, again.committed.tree.totals) == (committed.tree.root, committed.tree.totals)
    opening = read_opening(again.opening(again.group_of(position)).to_bytes())
    verify_opening(opening, root=committed.tree.root)
    assert opening.exposures.count(ErasedExposure(leaf)) == 1
    assert erasure.to_document() == again.erasures()[0]
    assert again.erasures() == (
        {
            "schema": "lingtan.erasure/1",
            "position": position,
            "leaf": leaf.hex(),
            "by": "Li Wei",
            "at": "2026-01-01T00:00:00Z",
            "reason": "the customer asked, case 17",
        },
    )


def test_other_exposures_are_found_and_unchanged_after_many_erasures(folder: Path) -> None:
    vault, names = Vault.open(folder), [PSEUDONYMS.exposure(f"L{at}") for at in range(333)]
    before, chosen = list(vault.exposures()), random.Random(1)
    ordered = sorted(names)
    # Runs of neighbours and single ones, both ends among them.
    gone = {*range(4), *range(100, 140), *range(329, 333), *chosen.sample(range(333), 60)}
    for position in sorted(gone, key=lambda _: chosen.random()):
        vault.erase(position, by="Li Wei", at=NOW, reason="retention")
    vault = Vault.open(folder)
    assert [vault.find(name) for name in ordered] == [None if at in gone else at for at in range(333)]
    after = list(vault.exposures())
    assert all(isinstance(item, ErasedExposure) if at in gone else item == before[at] for at, item in enumerate(after))
    assert [item.leaf() for item in after] == [item.leaf() for item in before]
    assert sorted(item["position"] for item in vault.erasures()) == sorted(gone)  # type: ignore[type-var]
    vault.verify()
    vault.opening(0)


def test_the_log_of_erasures_only_grows(folder: Path) -> None:
    vault, logs = Vault.open(folder), [b""]
    for position in (7, 3, 300):
        vault.erase(position, by="Li Wei", at=NOW, reason="retention")
        logs.append((folder / "erasures.jsonl").read_bytes())
    assert all(after.startswith(before) and len(after) > len(before) for before, after in pairwise(logs))
    assert [item["position"] for item in vault.erasures()] == [7, 3, 300]


def test_an_erasure_is_refused_without_name_and_reason_or_twice(folder: Path) -> None:
    vault = Vault.open(folder)
    before = content(folder)
    for by, reason in (("", "why"), ("Li Wei", " "), ("Li Wei", "line\nbreak"), ("x" * 201, "why"), ("Li Wei", "x" * 2001)):
        with pytest.raises(InputError):
            vault.erase(0, by=by, at=NOW, reason=reason)
    for position in (-1, 333):
        with pytest.raises(NotFound):
            vault.erase(position, by="Li Wei", at=NOW, reason="why")
    assert content(folder) == before
    vault.erase(0, by="Li Wei", at=NOW, reason="why")
    with pytest.raises(Conflict, match="erased already"):
        vault.erase(0, by="Li Wei", at=NOW, reason="why")


@pytest.mark.parametrize("part", ["log", "salt"])
def test_an_erasure_that_a_crash_cut_short_is_carried_out_when_the_vault_is_opened(folder: Path, tmp_path: Path, part: str) -> None:
    whole = Path(shutil.copytree(folder, tmp_path / "whole"))
    Vault.open(whole).erase(42, by="Li Wei", at=NOW, reason="why")
    # What a process killed after the log, or after the salt, has left.
    shutil.copy(whole / "erasures.jsonl", folder / "erasures.jsonl")
    if part == "salt":
        shutil.copy(whole / "salts.bin", folder / "salts.bin")
    vault = Vault.open(folder)
    assert isinstance(vault.exposure(42), ErasedExposure)
    assert content(folder) == content(whole)


def test_half_a_line_in_the_log_is_no_erasure_and_the_next_one_replaces_it(folder: Path) -> None:
    Vault.open(folder).erase(1, by="Li Wei", at=NOW, reason="why")
    with open(folder / "erasures.jsonl", "ab") as log:
        log.write(b'{"at":"2026-01-01T00:00:00Z","by":"Li')
    vault = Vault.open(folder)
    assert isinstance(vault.exposure(2), OpenExposure)
    vault.erase(2, by="Li Wei", at=NOW, reason="why")
    assert [item["position"] for item in vault.erasures()] == [1, 2]


@pytest.mark.parametrize("line", [b'{"position":333}', b'{"position":-1}', b'{"position":"1"}', b'{"position":true}', b"[]", b"{"])
def test_a_log_with_another_line_is_refused_and_nothing_is_overwritten(folder: Path, line: bytes) -> None:
    (folder / "erasures.jsonl").write_bytes(line + b"\n")
    before = content(folder)
    with pytest.raises(MalformedDocument):
        Vault.open(folder)
    assert content(folder) == before


def test_two_processes_do_not_erase_at_once(folder: Path) -> None:
    vault, handle = Vault.open(folder), os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(Conflict, match="another process"):
            vault.erase(0, by="Li Wei", at=NOW, reason="why")
    finally:
        os.close(handle)
    assert isinstance(vault.exposure(0), OpenExposure)


@pytest.mark.parametrize("marker", ["ledger.sqlite", "chain.sqlite", "keys/relayer.json", "keys/cursor.key"])
def test_a_vault_never_stands_in_a_servers_data_directory(folder: Path, tmp_path: Path, marker: str) -> None:
    server = tmp_path / "server"
    (server / marker).parent.mkdir(parents=True, exist_ok=True)
    (server / marker).write_bytes(b"")
    outside = tmp_path / "link"
    outside.symlink_to(server)
    for place in (server, server / "vault", server / "a" / "b", outside / "vault"):
        with pytest.raises(ConfigurationError, match="server's data directory"):
            VaultWriter(place)
    moved = Path(shutil.move(folder, server / "vault"))
    with pytest.raises(ConfigurationError, match="server's data directory"):
        Vault.open(moved)
    assert sorted(path.name for path in server.iterdir()) == sorted({Path(marker).parts[0], "vault"})


def test_a_vault_is_never_overwritten_and_a_failed_one_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    before = content(folder)
    with pytest.raises(Conflict, match="is there already"):
        write(folder)
    assert content(folder) == before
    groups, committed, _ = commit_rows(loans(60))
    with pytest.raises(InputError, match=r"^0 exposures were written"), VaultWriter(tmp_path / "new") as writer:
        writer.finish(STATEMENT, committed, groups)
    with pytest.raises(InputError, match="60 exposures were written"):
        write(tmp_path / "new", 60, missing=1)
    assert [path.name for path in tmp_path.iterdir()] == ["vault"]


def test_two_writers_of_one_folder_exclude_each_other(tmp_path: Path) -> None:
    with VaultWriter(tmp_path / "v"), pytest.raises(Conflict, match="another process"):
        VaultWriter(tmp_path / "v")
    write(tmp_path / "v", 60).verify()


@pytest.mark.parametrize(
    "name", ["salts.bin", "leaves.bin", "records.jsonl", "offsets.bin", "groups.jsonl", "vault.json", "statement.json"]
)
def test_a_changed_byte_in_any_file_is_found(folder: Path, name: str) -> None:
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises((IntegrityError, MalformedDocument)):
        open_whole(folder)
    path.unlink()
    with pytest.raises((IntegrityError, NotFound)):
        Vault.open(folder)


def test_a_folder_without_a_vault_is_not_found(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(NotFound, match="is no vault"):
            Vault.open(place)


def test_whatever_moment_a_writer_is_killed_at_the_vault_is_whole_or_not_there(tmp_path: Path) -> None:
    chosen = random.Random(4)
    for turn in range(3):
        folder = tmp_path / f"v{turn}"
        child = Child(write_and_tell, folder, 2000)
        assert child.read() == "writing"
        time.sleep(chosen.random() * 0.15 if turn else 0)
        child.kill()
        child.wait()
        if folder.exists():
            Vault.open(folder).verify()
        else:
            with pytest.raises(NotFound):
                Vault.open(folder)
            write(folder, 60).verify()
        assert not folder.with_name(f".{folder.name}.partial").exists()
