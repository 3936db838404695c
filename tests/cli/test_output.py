"""How results are told: words or JSON, English or Chinese, colour or none, and a start that imports nothing heavy."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.cli.app import app, hoist
from ledger.cli.failures import INTERRUPTED, describe
from ledger.cli.invocation import write_result
from ledger.cli.labels import LABELS
from ledger.cli.local_time import Bank, utc
from ledger.cli.messages import EXITS, MESSAGES
from ledger.cli.meter_edit import amount
from ledger.cli.output import Output, printable, tonnes
from ledger.errors import InputError
from tests.child import started
from tests.cli.city import City, organisation
from tests.cli.conftest import Books

HEAVY = (
    "web3", "eth", "numpy", "sqlalchemy", "fastapi", "uvicorn", "httpx2", "cryptography", "eth_utils",
    "ledger.records.activity", "ledger.indicators.release", "ledger.accounting",
)  # fmt: skip


def test_the_start_imports_nothing_heavy() -> None:
    code = f"import sys, ledger.cli.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_json_is_one_document_on_stdout_and_errors_are_json_on_stderr(city: City, tmp_path: Path) -> None:
    result = city.run("--json", "library", "list", who="auditor")
    assert set(json.loads(result.stdout)) == {"items"}
    assert result.stderr == ""
    refused = city.run("status", "999999", "--json", who="preparer", code=12)
    assert refused.stdout == ""
    error = json.loads(refused.stderr)["error"]
    assert (error["exit"], error["code"]) == (12, "not_found")
    assert set(error) == {"exit", "code", "message", "hint", "errors"}
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(organisation() | {"units": []}), encoding="utf-8")
    judged = city.run("check", file, "--json", code=1)
    assert json.loads(judged.stdout)["accepted"] is False
    assert json.loads(judged.stderr)["error"]["code"] == "findings"
    wrong = city.run("nosuch", "--json", code=2)
    assert json.loads(wrong.stderr)["error"]["code"] == "usage"


def test_chinese_labels_errors_and_hints(city: City) -> None:
    assert "发布版" in city.run("library", "list", "--lang", "zh", who="auditor").stdout
    local = city.run("--lang", "zh", "status", code=2).stderr.splitlines()
    assert local[0].startswith("错误：")
    assert local[1].startswith("提示：")
    served = city.run("status", "999999", who="preparer", code=12, LINGTAN_LANG="zh").stderr
    assert served.startswith("错误：该资源不存在")
    assert json.loads(city.run("library", "list", "--lang", "zh", "--json", who="auditor").stdout)["items"]


def test_every_message_has_both_languages_with_the_same_facts() -> None:
    import string

    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    texts = (*MESSAGES, *LABELS)
    assert len({key for key, _, _ in texts}) == len(texts)
    for key, en, zh in texts:
        assert en, key
        assert facts(en) == facts(zh), key
    assert all(en and zh for _, en, zh in EXITS)


def on_a_terminal(*words: str, **environment: str) -> str:
    """Return what a command writes to a terminal of its own."""
    parent, child = pty.openpty()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_") and name != "NO_COLOR"}
    words = ("-m", "ledger.cli", *words)
    variables |= {"TERM": "xterm-256color"} | environment
    with started([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=child, stderr=child, env=variables) as command:
        os.close(child)
        written = b""
        end = time.monotonic() + 60
        while select.select([parent], [], [], max(end - time.monotonic(), 0))[0]:
            try:
                block = os.read(parent, 65536)
            except OSError:  # the other side is closed: the command has ended
                break
            written += block
        command.wait(max(end - time.monotonic(), 1))
    os.close(parent)
    return written.decode()


def test_no_color_writes_no_escape_even_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(organisation() | {"units": []}), encoding="utf-8")
    assert "\x1b[" in on_a_terminal("check", str(file))
    assert "\x1b" not in on_a_terminal("check", str(file), NO_COLOR="1")


def test_an_upload_shows_a_bar_on_a_terminal_and_nothing_in_a_pipe(city: City, books: Books) -> None:
    words = ("meter", "import", str(books.folder / "meters.csv"), "--token-file", str(city.token("preparer")), "--url", city.url)
    assert "uploading meters.csv" in on_a_terminal(*words)
    assert "uploading" not in city.run(*words).stderr


def test_a_reader_that_goes_away_is_no_refusal(city: City) -> None:
    words = [sys.executable, "-m", "ledger.cli", "library", "list", "--json", "--url", city.url, "--token-file", str(city.token("auditor"))]
    with started(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.wait(30) == INTERRUPTED


def test_what_a_file_says_cannot_steer_the_terminal(city: City, tmp_path: Path) -> None:
    file = tmp_path / "tree.json"
    tree = organisation() | {"institution": "x\x1b[2J\u202e[red]y"}
    file.write_text(json.dumps(tree), encoding="utf-8")
    shown = city.run("check", file, code=1).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert printable("a\r\nb\x9b") == "a\ufffd\ufffdb\ufffd"
    assert "[red]y" in printable(tree["institution"])


@pytest.mark.parametrize(
    ("grams", "text"), [(0, "0.000000 t"), (1, "0.000001 t"), ("1234567890123", "1,234,567.890123 t"), (-1_500_000, "-1.500000 t")]
)
def test_grams_become_exact_tonnes(grams: int | str, text: str) -> None:
    assert tonnes(grams) == text


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["status", "1", "--json"], ["--json", "status", "1"]),
        (["sign", "1", "--token-file", "f", "--key", "k", "--yes"], ["--token-file", "f", "--yes", "sign", "1", "--key", "k"]),
        (["check", "--url=http://x", "f"], ["--url=http://x", "check", "f"]),
        (["check", "--", "--json"], ["check", "--", "--json"]),
        (["status", "--lang"], ["--lang", "status"]),
    ],
)
def test_global_options_may_stand_anywhere_but_behind_two_dashes(given: list[str], ordered: list[str]) -> None:
    assert hoist(given) == ordered


def test_amounts_and_times_are_shown_as_the_people_of_a_bank_read_them() -> None:
    assert amount("58905000", "el.import") == "58.905 kWh"
    assert amount(5, "pv.generation") == "0.000005 kWh"
    assert amount("1234567", "water.volume") == "1,234.567 m3"
    assert amount("-2000000", "heat.energy") == "-2 GJ"
    assert amount(None, "el.import") == ""
    bank = Bank("oak", ZoneInfo("Asia/Shanghai"))
    assert bank.local("2025-02-28T16:15:00Z") == "2025-03-01T00:15+08:00"
    assert bank.local("2025-02-28T16:15:03Z") == "2025-03-01T00:15:03+08:00"
    assert bank.local("gateway without power") == "gateway without power"
    assert bank.local(4) == 4


def test_a_time_with_an_offset_is_sent_in_utc_and_anything_else_as_it_is() -> None:
    assert utc("2025-03-01T08:15+08:00") == utc("2025-03-01T00:15:00Z") == "2025-03-01T00:15:00Z"
    assert utc("2025-03-01T08:15:00") == "2025-03-01T08:15:00"
    assert utc("yesterday") == "yesterday"


def test_an_empty_file_is_called_empty(city: City, tmp_path: Path) -> None:
    file = tmp_path / "读数 三月.csv"
    file.write_bytes(b"")
    assert "is empty: 0 bytes" in city.run("check", file, code=3).stderr


def test_a_question_that_nobody_answers_does_nothing_and_ends_its_line() -> None:
    code = "from ledger.cli.invocation import Invocation; from ledger.cli.output import Output; Invocation(Output()).confirm('gw-1')"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.startswith("type gw-1 to go on: \n")
    assert "nothing was done" in done.stderr


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("place", "words"), [("/dev/full", "is no file"), ("{tmp}", "is no file"), ("{tmp}/nowhere/a.json", "no folder")])
def test_a_result_goes_into_a_file_or_is_refused_before_anything_is_read(tmp_path: Path, place: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        write_result(Path(place.format(tmp=tmp_path)), b"{}")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as refused:
        write_result(tmp_path / "a.json", b"{}")
    assert list(tmp_path.iterdir()) == []
    told = describe(refused.value, "en")
    assert (told.exit, told.trace) == (2, "")
    assert told.message == f"{tmp_path / 'a.json'}: No space left on device"
    assert "make room" in told.hint


def test_yes_and_no_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    Output("zh").table({}, ("name", "revoked"), [["a", True], ["b", False]])
    Output("en").record({}, [("accepted", True), ("lines", 1)])
    shown = capsys.readouterr().out
    assert "是" in shown
    assert "否" in shown
    assert "yes" in shown
    assert "True" not in shown


def test_an_interrupted_command_says_that_it_was_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ledger.cli.invocation.Invocation.client", pressed)
    with pytest.raises(SystemExit) as ended:
        app(["meter", "list"])
    assert ended.value.code == INTERRUPTED
    assert "stopped; nothing more was done" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        app(["meter", "list", "--json"])
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "interrupted"
