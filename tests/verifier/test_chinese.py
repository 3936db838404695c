"""Under --lang zh no sentence is left in English: code words and data alone are."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, run
from tests.verifier.test_bundle_adversary import ATTEMPTS, KEPT, KEY, NOW
from verifier import chinese
from verifier.json_strict import dump

# Two words of lower-case letters beside each other are a phrase; ids, hex, paths and field names are not of that form.
PHRASE = re.compile(r"(?<![\w./\[\]'-])[a-z]{2,} [a-z]{2,}(?![\w./\[\]'-])")
BUNDLES = sorted(path.name.removesuffix(".lingtan.json") for path in KEPT.glob("*.lingtan.json"))


def english(text: str) -> list[str]:
    return [line for line in text.splitlines() if PHRASE.search(line)]


def answers(folder: Path, data: bytes, *extra: object) -> Iterator[str]:
    file = folder / "b.lingtan.json"
    file.write_bytes(data)
    yield run("bundle", file, "--lang", "zh", "--now", NOW, *extra).err


@pytest.mark.parametrize("name", BUNDLES)
def test_the_report_on_a_kept_bundle_is_chinese(tmp_path: Path, name: str) -> None:
    data = (KEPT / f"{name}.lingtan.json").read_bytes()
    trust = ("--policy", KEPT / "witnessed.policy.json", "--policy-key", KEY)
    for extra in ((), trust):
        for text in answers(tmp_path, data, *extra, "--no-recompute"):
            assert english(text) == []


@pytest.mark.parametrize("attempt", sorted(ATTEMPTS)[::4])
def test_the_report_on_a_changed_bundle_is_chinese(tmp_path: Path, attempt: str) -> None:
    document: Any = json.loads((KEPT / "claim-certified.lingtan.json").read_bytes())
    changed = copy.deepcopy(document)
    ATTEMPTS[attempt][0](changed)
    trust = ("--policy", KEPT / "witnessed.policy.json", "--policy-key", KEY, "--no-recompute")
    for text in answers(tmp_path, dump(changed), *trust):
        assert english(text) == []


def test_the_report_on_a_package_is_chinese(tmp_path: Path) -> None:
    evidence = ev.evidence()
    (tmp_path / "e.zip").write_bytes(evidence.package())
    (tmp_path / "p.json").write_bytes(evidence.policy())
    trust = ("--policy", tmp_path / "p.json", "--policy-key", POLICY_KEY, "--now", CLOCK, "--lang", "zh")
    assert english(run("package", tmp_path / "e.zip", *trust).err) == []
    assert english(run("package", tmp_path / "e.zip", "--lang", "zh").err) == []
    evidence.parts["library.json"] = evidence.parts["library.json"].replace(b'"0.5366"', b'"0.5365"')
    (tmp_path / "e.zip").write_bytes(evidence.package())
    assert english(run("package", tmp_path / "e.zip", *trust).err) == []


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1,"a":2}', b"[1.0]", b"\xff", b'{"schema":"lingtan.bundle/1"}', b"{ }"])
def test_why_a_file_cannot_be_read_is_said_in_chinese_with_its_code(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b.lingtan.json").write_bytes(data)
    found = run("bundle", tmp_path / "b.lingtan.json", "--lang", "zh")
    assert found.code == 3
    assert re.search(r"[\u4e00-\u9fff]", found.err)
    assert re.search("（[A-Z0-9_]+）", found.err)
    assert english(found.err) == []


def test_a_file_that_is_not_there_is_named_in_chinese(tmp_path: Path) -> None:
    found = run("bundle", tmp_path / "none.lingtan.json", "--lang", "zh")
    assert (found.code, english(found.err)) == (2, [])
    assert str(tmp_path / "none.lingtan.json") in found.err


def test_every_code_that_stops_or_refuses_has_a_chinese_reason() -> None:
    codes = {
        found[1]
        for path in (ev.ROOT / "verifier").glob("*.py")
        for found in re.finditer(r'(?:Malformed|Refused|UsageError|VerifierError|Disagreement)\(\s*"([A-Z_0-9]+)"', path.read_text())
    }
    assert len(codes) > 150
    assert [code for code in sorted(codes) if chinese.reason(code) == code] == []


def test_a_phrase_keeps_its_data_and_data_alone_is_left_as_it_is() -> None:
    assert chinese.phrase("METERS, 3 of 14 leaves") == "METERS，14 片叶子中的 3 片"
    assert chinese.phrase("none") == "无"
    for data in ("0x" + "ab" * 20, "item.asset", "line/branch-1/el", "17", "METERS"):
        assert chinese.phrase(data) == data


def test_a_text_made_to_be_slow_is_said_at_once() -> None:
    for text in ("a " + "/" * 9_000, "a " + "/" * 100_000, "library a" + ", library a" * 1_000 + "!", "1" * 100_000):
        assert chinese.phrase(text) == text
    assert chinese.phrase("METERS bank/2025 revision 2") == "METERS bank/2025 第 2 版"


def test_meters_without_names_are_said_so_beside_the_pass_in_both_languages(tmp_path: Path) -> None:
    data = (KEPT / "claim-certified.lingtan.json").read_bytes()
    for language, words in (("zh", "已绑定的是数值而非名称"), ("en", "the figures are bound, the names are not")):
        (tmp_path / "b.json").write_bytes(data)
        found = run("bundle", tmp_path / "b.json", "--lang", language, "--json", "--no-recompute")
        check = next(item for item in found.document["checks"] if item["id"] == "items.METERS")
        assert check["outcome"] == "PASS"
        assert check["means"].startswith(words)
        assert words in found.err
