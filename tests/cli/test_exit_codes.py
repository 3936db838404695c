"""Every exit code of docs/cli.md, reached the way a person reaches it, with `error:` and then `hint:`."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger import errors
from ledger.chain import errors as chain_errors
from ledger.chain.keystore import SCRYPT_N_LIGHT, create_key
from ledger.cli import failures
from ledger.cli.messages import EXITS
from ledger.client.http import RequestRefused
from ledger.store import errors as store_errors
from tests.cli.city import City, organisation, readings


@contextmanager
def answering(status: str, body: bytes, content_type: str = "application/problem+json") -> Iterator[str]:
    """A server of somebody: it answers every request with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode() + body)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def lines(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith(("error:", "hint:"))]


def test_the_document_lists_exactly_the_codes_that_commands_end_with(root: Path) -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (root / "docs" / "cli.md").read_text(encoding="utf-8"), re.MULTILINE)
    constants = {name: value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    assert {name: int(code) for code, name in rows} == constants
    assert {code for code, _, _ in EXITS} == set(constants.values())


def test_findings_end_with_1_and_a_table(city: City, tmp_path: Path) -> None:
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(organisation() | {"units": []}), encoding="utf-8")
    refused = city.run("submit", "organisation", file, who="preparer", code=1)
    assert re.search(r"error +\S+ +/units", refused.stdout)
    assert lines(refused.stderr) == [
        "error: 1 findings of severity error stand against it",
        "hint: mend every place in the table and run the command again",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nosuch",), "No such command"),
        (("sign", "1"), "Missing option"),
        (("sign", "1", "--key", "/nowhere/key.json"), "does not exist"),
        (("--lang", "fr", "status"), "fr"),
        (("token",), "a command is missing"),
        (("keys", "new", "/nowhere/at/all/key.json"), "cannot"),
    ],
)
def test_a_command_given_wrongly_ends_with_2(city: City, words: tuple[str, ...], said: str) -> None:
    refused = city.run(*words, code=2)
    assert said in refused.stderr
    assert [line.split(":")[0] for line in lines(refused.stderr)] == ["error", "hint"]


def test_no_token_and_a_wrong_passphrase_end_with_2(city: City, tmp_path: Path) -> None:
    assert "no access token" in city.run("status", code=2).stderr
    refused = city.run("log-checkpoint", "--key", city.key("approver"), who="approver", code=2, LINGTAN_KEY_PASSPHRASE="another one")
    assert lines(refused.stderr)[0].startswith(f"error: wrong passphrase for {city.key('approver')}")
    assert "another one" not in refused.stderr
    nothing = city.run("log-checkpoint", "--key", city.key("approver"), who="approver", code=2, LINGTAN_KEY_PASSPHRASE=None)
    assert "no passphrase" in nothing.stderr
    file = tmp_path / "passphrase"
    file.write_text("a passphrase of tests\n")
    city.run("keys", "show", city.key("approver"), "--passphrase-file", file)


@pytest.mark.parametrize("content", [b'{"schema": 1.5}', b"\xff\xfe", b'{"a": 1, "a": 2}', b"[]"])
def test_a_document_that_cannot_be_read_ends_with_3_here_and_on_the_server(city: City, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tree.json"
    file.write_bytes(content)
    refused = city.run("submit", "organisation", file, who="preparer", code=3)
    assert str(file) in refused.stderr
    city.run("check", file, "--kind", "organisation", code=3)


def test_nobody_listening_ends_with_10(city: City) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    refused = city.run("status", "--url", f"http://127.0.0.1:{port}", who="preparer", code=10)
    assert "does not answer" in refused.stderr
    assert lines(refused.stderr)[1] == "hint: is `lingtan serve` running there?"


def test_a_server_of_somebody_else_is_told_from_ours(city: City) -> None:
    with answering("200 OK", b"<html>welcome", "text/html") as url:
        assert "something else than JSON" in city.run("status", "--url", url, who="preparer", code=10).stderr
    with answering("302 Found", b"<html>moved", "text/html") as url:
        assert "is it a server of ours" in city.run("status", "--url", url, who="preparer", code=12).stderr


def test_a_bad_token_and_a_role_that_may_not_end_with_11(city: City) -> None:
    bad = city.run("status", "--token", "lingtan_" + "0" * 64, code=11)
    assert "token" in lines(bad.stderr)[0]
    assert "0000" not in bad.stderr
    city.run("meter", "add", "M-2", "--unit", "hq", who="approver", code=11)
    city.run("keys", "commitment", "--bank", "bank-a", "--file", city.folder / "x.key", who="other", code=2)


def test_what_the_rules_refuse_ends_with_12(city: City) -> None:
    assert "no such statement" in city.run("status", "999999", who="preparer", code=12).stderr
    refused = city.run("period", "open", "2025-04", "--first-day", "2025-02-31", "--last-day", "2025-04-30", who="preparer", code=12)
    assert "first_day" in refused.stderr


def test_a_conflict_ends_with_13(city: City, tmp_path: Path) -> None:
    again = city.run("institution", "create", "bank-a", "--kind", "verifier", "--en", "x", "--zh", "x", who="operator", code=13)
    assert lines(again.stderr)[0].startswith("error:")
    out = tmp_path / "activity.csv"
    out.write_text("mine")
    city.run("template", "get", "activity", "--out", out, code=13)
    assert out.read_text() == "mine"
    # The server has the chain file open.
    assert "open in another process" in city.run("fsck", code=13).stderr


def test_too_many_requests_end_with_14_and_a_fault_of_the_server_with_70(city: City) -> None:
    with answering("429 Too Many Requests", b'{"title": "Too many", "code": "rate.exceeded", "hint": "wait"}') as url:
        assert lines(city.run("status", "--url", url, who="preparer", code=14).stderr) == ["error: Too many", "hint: wait"]
    with answering("500 Oops", b'{"title": "The server failed", "code": "server.failed"}') as url:
        city.run("status", "--url", url, who="preparer", code=70)
    with answering("503 Busy", b'{"title": "The ledger is busy", "code": "server.busy"}') as url:
        city.run("status", "--url", url, who="preparer", code=10)


def test_a_fault_of_ours_ends_with_70_and_shows_where(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    import ledger.cli.bank

    def broken(kind: str) -> tuple[str, bytes]:
        raise ZeroDivisionError(kind)

    monkeypatch.setattr(ledger.cli.bank, "template", broken)
    refused = city.run("template", "get", "activity", code=70)
    assert "Traceback" in refused.stderr
    assert lines(refused.stderr)[0] == "error: the command failed inside: ZeroDivisionError"


def test_an_interruption_ends_with_130(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    import ledger.cli.bank

    def stopped(kind: str) -> tuple[str, bytes]:
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger.cli.bank, "template", stopped)
    city.run("template", "get", "activity", code=130)


def test_no_error_of_the_ledger_shows_a_traceback(city: City, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("{}")
    words = (
        ("fsck",),
        ("status",),
        ("worker",),
        ("keys", "show", tmp_path / "no.json"),
        ("restore", tmp_path / "no.json", "--data", tmp_path / "r"),
    )
    for command in words:
        assert "Traceback" not in city.run(*command, code=None).stderr


def test_every_error_of_the_ledger_has_a_code_other_than_success(tmp_path: Path) -> None:
    def below(root: type[errors.LedgerError]) -> set[type[errors.LedgerError]]:
        return {root}.union(*(below(child) for child in root.__subclasses__()))

    known = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)} - {0}
    for error_class in below(errors.LedgerError):
        error = error_class.__new__(error_class)
        error.hint, error.facts = "", {}
        if isinstance(error, RequestRefused):
            continue
        assert failures.exit_code_of(error) in known, error_class
    assert failures.exit_code_of(store_errors.StoreBusy("")) == failures.NETWORK
    assert failures.exit_code_of(chain_errors.ChainLocked("")) == failures.CONFLICT
    assert failures.exit_code_of(chain_errors.CheckpointMismatch("")) == failures.FINDINGS


def test_the_codes_named_in_the_table_are_codes_of_errors() -> None:
    def below(root: type[errors.LedgerError]) -> set[str]:
        return {root.code}.union(*(below(child) for child in root.__subclasses__()))

    assert {code for code, _ in failures.BY_CODE} <= below(errors.LedgerError)


def test_a_key_file_of_others_is_shown_with_what_is_unsafe(city: City, tmp_path: Path) -> None:
    file = tmp_path / "weak.json"
    address = create_key(file, "a passphrase", scrypt_n=SCRYPT_N_LIGHT)
    file.chmod(0o644)
    shown = city.ask("keys", "show", file)
    assert shown["address"] == address
    assert {finding["code"] for finding in shown["findings"]} == {"key.permissions", "key.weak_kdf"}


def test_a_new_key_has_the_address_it_shows_and_never_replaces_a_file(city: City, tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    made = city.ask("keys", "new", file)
    assert city.ask("keys", "show", file) == {"file": str(file), "address": made["address"], "findings": []}
    before = file.read_bytes()
    assert "there already" in city.run("keys", "new", file, code=2).stderr
    assert file.read_bytes() == before
    assert "8 or more" in city.run("keys", "new", tmp_path / "short.json", code=2, LINGTAN_KEY_PASSPHRASE="short").stderr


def test_readings_are_not_checked_twice_as_something_else(tmp_path: Path, city: City) -> None:
    file = tmp_path / "readings.csv"
    file.write_text(readings(1), encoding="utf-8")
    assert city.ask("check", file)["kind"] == "meters"
    assert "cannot tell" in city.run("check", city.token("preparer"), code=2).stderr
